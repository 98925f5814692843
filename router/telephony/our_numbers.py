"""What the carrier does with calls to our numbers: read, compared with what it should, and set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twilio.rest import Client

from router.telephony.line_reading import Asked
from router.telephony.rest import Done, Failed, Result, Unknown
from router.telephony.static_fallback import address_for
from router.telephony.urls import OVERRIDES, Urls

MATCHES = 20  # Twilio searches by parts of numbers

TAKEN_ELSEWHERE = ("voice_application_sid", "trunk_sid")
"""Settings beside which the addresses do not count; empty for a number of ours."""

WORDS: Mapping[str, str] = {
    "voice_url": "voice address",
    "voice_method": "voice method",
    "voice_fallback_url": "fallback address",
    "voice_fallback_method": "fallback method",
    "status_callback": "status callback",
    "status_callback_method": "status callback's method",
    "sms_url": "message address",
    "sms_method": "message method",
    "voice_application_sid": "voice application",
    "trunk_sid": "SIP trunk",
}


def wanted_settings(urls: Urls, program_id: str, line: str, static_url: str) -> dict[str, str]:
    """How a number of ours is to be set.

    Its fallback is the document hosted elsewhere, where there is one: while anything of ours
    answers, our own fail-safe does, so the number's fallback is for the hour when nothing does.
    """
    fallback, method = urls.inbound_fallback(), "POST"
    if static_url:
        fallback, method = address_for(static_url, program_id, line) + OVERRIDES, "GET"
    return {
        "voice_url": urls.inbound(),
        "voice_method": "POST",
        "voice_fallback_url": fallback,
        "voice_fallback_method": method,
        "status_callback": urls.inbound_status(),
        "status_callback_method": "POST",
        "sms_url": urls.at("/sms/inbound"),
        "sms_method": "POST",
    }


def read_settings(carrier: Asked, our_e164: str) -> dict[str, str] | Failed | Unknown:
    """How the carrier has the number set; Failed("not_our_number") for one it does not have."""
    found = _find(carrier, our_e164)
    if isinstance(found, (Failed, Unknown)):
        return found
    return {name: str(getattr(found, name, None) or "") for name in WORDS}


def differences(wanted: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """What of a number's settings is not as wanted, in words."""
    taken = [f"is answered by a {WORDS[name]}" for name in TAKEN_ELSEWHERE if found.get(name)]
    return taken + [
        f"{WORDS[name]} is {found.get(name) or 'empty'}"
        for name, value in wanted.items()
        if found.get(name, "") != value
    ]


def claim_number(carrier: Asked, our_e164: str, wanted: Mapping[str, str]) -> Result:
    """Set a number of ours as wanted."""
    found = _find(carrier, our_e164)
    if isinstance(found, (Failed, Unknown)):
        return found
    settings = {**wanted, **dict.fromkeys(TAKEN_ELSEWHERE, "")}
    answer = carrier.ask(lambda _client: found.update(**settings))
    return answer if isinstance(answer, (Failed, Unknown)) else Done(str(found.sid))


def _find(carrier: Asked, our_e164: str) -> Any:  # noqa: ANN401 - the client's own type
    def read(client: Client) -> list[Any]:
        return list(client.incoming_phone_numbers.list(phone_number=our_e164, limit=MATCHES))

    found = carrier.ask(read)
    if isinstance(found, (Failed, Unknown)):
        return found
    exact = [one for one in found if one.phone_number == our_e164]
    return exact[0] if exact else Failed("not_our_number", permanent=True)
