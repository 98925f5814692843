"""RE5: the document hosted elsewhere, and numbers that carry it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from router.telephony import our_numbers
from router.telephony.rest import Carrier, Done, Failed
from router.telephony.static_fallback import (
    MOST_CHARACTERS,
    MOST_LINES,
    FallbackLine,
    address_for,
    fallback_document,
    numbers_dialled,
    numbers_to_dial,
)
from router.telephony.urls import Urls
from tests.emulator.conftest import ACCOUNT, LINE, TOKEN
from tests.emulator.conftest import Stage as Network

GRAMMAR = Path(__file__).parents[3] / "shared/spec/twiml_voice_grammar.json"
LINES = (
    FallbackLine("+15125550110", 15),
    FallbackLine("+15125550111", 15),
    FallbackLine("+15125550112", 20),
)
DOCUMENT = fallback_document(LINES, "+15125550100")
ANA = "+15125550102"


def parsed(document: str) -> ET.Element:
    return ET.fromstring(document)  # noqa: S314 - our own


def test_re5_the_document_dials_every_line_in_order_and_the_last_again() -> None:
    expected = [line.number for line in LINES] + ["+15125550112"]
    assert numbers_dialled(DOCUMENT) == numbers_to_dial(LINES) == expected
    root = parsed(DOCUMENT)
    assert [verb.tag for verb in root][-1] == "Redirect"
    assert "Hangup" not in {one.tag for one in root.iter()}
    assert all("action" not in one.attrib and "url" not in one.attrib for one in root.iter())
    assert [dial.get("callerId") for dial in root.iter("Dial")] == [None, None, None, LINE]
    assert {one.get("language") for one in root.iter("Say")} == {"en-US", "es-US"}


def test_re5_the_document_fits_into_a_rest_parameter() -> None:
    most = [FallbackLine(f"+151255501{number:02}", 30) for number in range(MOST_LINES + 5)]
    assert len(fallback_document(most, LINE)) <= MOST_CHARACTERS
    assert numbers_dialled(fallback_document(most, LINE)) == numbers_to_dial(most)


def test_re5_no_document_is_made_without_a_line() -> None:
    with pytest.raises(ValueError, match="alone"):
        fallback_document((), LINE)


@pytest.mark.skipif(not GRAMMAR.exists(), reason="../shared is not here")
def test_re5_the_document_keeps_to_the_grammar_of_the_sdks() -> None:
    elements: dict[str, Any] = json.loads(GRAMMAR.read_text(encoding="utf-8"))["elements"]
    for one in parsed(DOCUMENT).iter():
        known = elements[one.tag]
        assert set(one.attrib) <= set(known["attributes"]), one.tag
        assert {child.tag for child in one} <= set(known["children"]), one.tag


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ("It works", "is not a TwiML document"),
        ('<!DOCTYPE Response [<!ENTITY a "b">]>' + DOCUMENT, "is not a TwiML document"),
        ("<html><body/></html>", "is not a TwiML document"),
        ("<Response/>", "is not a TwiML document"),
        (DOCUMENT.replace("<Dial ", "<Dial action='/next' ", 1), "needs an address"),
        (DOCUMENT.replace('<Redirect method="GET" />', ""), "does not begin anew"),
        (DOCUMENT.replace('method="GET"', 'method="POST"'), "another method than GET"),
    ],
)
def test_re5_a_document_that_could_leave_a_caller_alone_is_told(
    document: str, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        numbers_dialled(document)


def test_an_address_may_name_program_and_line() -> None:
    each = "https://x.test/{program}/{line}.xml"
    assert address_for(each, "austin", "direct") == "https://x.test/austin/direct.xml"
    assert address_for("https://x.test/one.xml", "austin", "direct") == "https://x.test/one.xml"


@pytest.fixture
def carrier(stage: Network) -> Iterator[Carrier]:
    carrier = Carrier(ACCOUNT, TOKEN, Urls(stage.app.base), base_url=stage.world.base_url)
    yield carrier
    carrier.close()


@pytest.mark.parametrize("static_url", ["", "http://files.test/{program}.xml"])
def test_re5_a_number_is_pointed_at_us_and_its_fallback_away_from_us(
    stage: Network, carrier: Carrier, static_url: str
) -> None:
    application = stage.client.applications.create(friendly_name="another")
    stage.line(voice_application_sid=str(application.sid))
    wanted = our_numbers.wanted_settings(Urls(stage.app.base), "austin", "direct", static_url)
    before = our_numbers.read_settings(carrier, LINE)
    assert isinstance(before, dict)
    assert our_numbers.differences(wanted, before)[0] == "is answered by a voice application"
    assert isinstance(our_numbers.claim_number(carrier, LINE, wanted), Done)
    after = our_numbers.read_settings(carrier, LINE)
    assert isinstance(after, dict)
    assert our_numbers.differences(wanted, after) == []
    assert after["voice_url"].startswith(f"{stage.app.base}/voice/inbound#ct=1000")
    fallback = (after["voice_fallback_url"].partition("#")[0], after["voice_fallback_method"])
    ours = (f"{stage.app.base}/voice/inbound/fallback", "POST")
    assert fallback == (("http://files.test/austin.xml", "GET") if static_url else ours)


def test_a_number_that_is_not_the_accounts_cannot_be_claimed(
    stage: Network, carrier: Carrier
) -> None:
    stage.line()
    missing = Failed("not_our_number", permanent=True)
    assert our_numbers.claim_number(carrier, ANA, {}) == missing
    assert our_numbers.read_settings(carrier, ANA) == missing
    assert our_numbers.read_settings(carrier, LINE[:-1]) == missing  # found by part of a number
