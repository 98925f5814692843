"""RE3: SIP addresses with what their headers tell of a call."""

from __future__ import annotations

from types import MappingProxyType

from ivr_flows.call import Call, Leg, Place, Role, Stage
from router.telephony.sip_address import compose, fill_in, is_sip
from tests.ivr_flows.story import START

ADDRESS = compose(
    "sip:desk@east.example",
    {"X-Incident": "{incident_number}", "X-Call": "id {call_id}", "X-From": "Switchback & co"},
)


def call(**answers: str) -> Call:
    leg = Leg("abc-1", Role.CALLER, Place.FLOW)
    told = MappingProxyType(answers)
    return Call(
        "abc", "austin", 1, "direct", Stage.SCREENING, START, START, legs=(leg,), answers=told
    )


def test_re3_headers_tell_what_is_known_of_the_call() -> None:
    assert fill_in(ADDRESS, call(incident_number="P26-4711")) == (
        "sip:desk@east.example?X-Incident=P26-4711&X-Call=id%20abc&X-From=Switchback%20%26%20co"
    )


def test_re3_a_header_of_what_is_not_known_stays_away() -> None:
    assert "X-Incident" not in fill_in(ADDRESS, call())
    assert fill_in("sip:desk@east.example", call()) == "sip:desk@east.example"


def test_re3_a_number_that_somebody_keyed_cannot_make_the_address_too_long() -> None:
    assert fill_in(ADDRESS, call(incident_number="7" * 64)).count("7") == 40


def test_a_telephone_number_is_no_sip_address() -> None:
    assert not is_sip("+15125550110")
    assert is_sip("sips:desk@east.example")
