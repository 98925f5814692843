"""Law 10, SE: only what Twilio signed is let in. Vectors: twilio-python 9.13.0's own tests."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict

from router.telephony.signature import SignatureChecker, SignedRequest

TOKEN = "12345"
FORM = MultiDict(
    {
        "CallSid": "CA1234567890ABCDE",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
        "Caller": "+14158675309",
    }
)
PATH = "/myapp.php?foo=1&bar=2"
SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
BODY = '{"property": "value", "boolean": true}'
BODY_PATH = f"{PATH}&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
BODY_SIGNATURE = "a9nBmqA0ju/hNViExpshrM61xv4="


def a_request(
    path: str = PATH,
    form: MultiDict[str, str] = FORM,
    body: str | None = None,
    signature: str = SIGNATURE,
    settings: str = "",
) -> SignedRequest:
    return SignedRequest(path, form, body, signature, settings)


def a_checker(url: str = "https://mycompany.com", *tokens: str) -> SignatureChecker:
    return SignatureChecker(url, tokens or (TOKEN,))


def test_the_published_form_vector_is_accepted() -> None:
    assert a_checker().is_signed(a_request())


@pytest.mark.parametrize(
    ("url", "signature"),
    [
        ("https://mycompany.com:443", "kvajT1Ptam85bY51eRf/AJRuM3w="),
        ("https://mycompany.com", "kvajT1Ptam85bY51eRf/AJRuM3w="),
        ("http://mycompany.com:80", "0ZXoZLH/DfblKGATFgpif+LLRf4="),
    ],
    ids=["with the port", "signed with a port we do not name", "http with its port"],
)
def test_the_published_port_vectors_are_accepted(url: str, signature: str) -> None:
    assert a_checker(url).is_signed(a_request(signature=signature))


def test_the_published_vector_of_a_repeated_parameter_is_accepted() -> None:
    form = MultiDict({"Sid": "CA123", "SidAccount": "AC123"})
    form.setlist("Digits", ["5678", "1234", "1234"])
    assert a_checker().is_signed(a_request(form=form, signature="IK+Dwps556ElfBT0I3Rgjkr1wJU="))


def test_the_published_json_vector_is_accepted() -> None:
    asked = a_request(BODY_PATH, MultiDict(), BODY, BODY_SIGNATURE)
    assert a_checker().is_signed(asked)


@pytest.mark.parametrize(
    "asked",
    [
        a_request(signature=""),
        a_request(signature="RSOYDt4T1cUTdK1PDd93/VVr8B9="),
        a_request(signature="é" * 28),
        a_request(path="/myapp.php?foo=1&bar=3"),
        a_request(form=MultiDict({**FORM.to_dict(), "Digits": "9"})),
        a_request(form=MultiDict({**FORM.to_dict(), "More": ""})),
        a_request(BODY_PATH, MultiDict(), BODY + " ", BODY_SIGNATURE),
        a_request(PATH, MultiDict(), BODY, SIGNATURE),
        a_request(f"{PATH}&bodySHA256=", MultiDict(), BODY, SIGNATURE),
        a_request(settings="key=k,algorithm=HMAC_MD5"),
    ],
    ids=[
        "no signature",
        "another signature",
        "letters that are no signature",
        "another query",
        "another digit",
        "one parameter more",
        "another body",
        "a body without its hash",
        "a body with an empty hash",
        "an algorithm nobody knows",
    ],
)
def test_se1_anything_else_is_refused(asked: SignedRequest) -> None:
    assert not a_checker().is_signed(asked)


def test_a_fragment_is_no_part_of_what_is_signed() -> None:
    assert a_checker().is_signed(a_request(path=f"{PATH}#ct=1000&rp=all"))


@pytest.mark.parametrize("tokens", [("new", TOKEN), (TOKEN, "old")])
def test_both_tokens_are_accepted_while_one_replaces_the_other(tokens: tuple[str, str]) -> None:
    assert a_checker("https://mycompany.com", *tokens).is_signed(a_request())


@pytest.mark.parametrize("tokens", [(), ("",), ("other",)])
def test_se1_without_the_token_nothing_is_accepted(tokens: tuple[str, ...]) -> None:
    checker = SignatureChecker("https://mycompany.com", tokens)
    assert not checker.is_signed(a_request())
    blank = SignatureChecker("https://mycompany.com", ("x",))
    assert not blank.is_signed(a_request(signature=""))
