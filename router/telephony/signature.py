"""Whether Twilio signed a request. Fails closed: no token, no header or no match is a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from twilio.request_validator import RequestValidator, compare, get_signature_algorithm
from werkzeug.datastructures import MultiDict

SIGNATURE_HEADER = "X-Twilio-Signature"
SETTINGS_HEADER = "X-Twilio-Webhooks-Signature-Settings"
JSON_BODY_LIMIT = 256 * 1024  # Twilio's JSON events are a few kilobytes


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What was signed: the full path with its query, and the form or the raw JSON body."""

    path: str
    form: MultiDict[str, str]
    body: str | None  # the raw body when it is JSON, else None
    signature: str
    settings: str = ""  # names the algorithm when a shared key signs instead of the auth token


class SignatureChecker:
    """Checks signatures under `public_url` by each token: two while one replaces the other."""

    def __init__(self, public_url: str, tokens: Sequence[str]) -> None:
        self._public_url = public_url.rstrip("/")
        self._validators = [RequestValidator(token) for token in dict.fromkeys(tokens) if token]

    def is_signed(self, request: SignedRequest) -> bool:
        """Whether one of our tokens signed the request.

        The address comes from configuration, never from the request's Host. A JSON body counts
        only when its hash is part of the signed address.
        """
        if not request.signature:
            return False
        url = urlsplit(self._public_url + request.path)._replace(fragment="").geturl()
        if request.body is not None and "bodySHA256" not in parse_qs(urlsplit(url).query):
            return False
        signed: object = request.form if request.body is None else request.body
        algorithm = get_signature_algorithm(request.settings)
        # Every token is tried, matched or not, so that the time taken does not tell which one it
        # was.
        answers = [
            _is_usual(validator, url, request)
            or bool(validator.validate(url, signed, request.signature, algorithm))
            for validator in self._validators
        ]
        return any(answers)


def _is_usual(validator: RequestValidator, url: str, request: SignedRequest) -> bool:
    """Whether a form was signed for just this address by the auth token, as nearly all are.

    `validate` also tries the address with and without its port, and so computes two signatures.
    """
    if request.body is not None or request.settings:
        return False
    expected = validator.compute_signature(url, request.form)
    return bool(compare(expected, request.signature))
