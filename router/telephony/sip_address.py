"""SIP addresses of 911 lines with the headers that go with a call, as Twilio takes them.

Headers stand in the address as its query. A value may name what is known of the call in braces:
the incident's number, the call's id; a header whose value is not known stays away. Nothing personal
can be named. https://www.twilio.com/docs/voice/twiml/sip
"""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from urllib.parse import parse_qsl, quote, urlencode

from ivr_flows.call import Call

SCHEMES = ("sip:", "sips:")
MAX_FILLED_IN = 40  # characters: publishing has made sure that the address stays short enough


def is_sip(address: str) -> bool:
    """Whether an address is a SIP address, and not a telephone number."""
    return address.startswith(SCHEMES)


def compose(address: str, headers: Mapping[str, str]) -> str:
    """The address with its headers, the braces in their values still to be filled in."""
    return f"{address}?{urlencode(headers, quote_via=quote)}" if headers else address


def fill_in(address: str, call: Call) -> str:
    """The address with what its headers name of the call."""
    plain, _, query = address.partition("?")
    incident_number = call.answers.get("incident_number", "")[:MAX_FILLED_IN]
    known = {"incident_number": incident_number, "call_id": call.id[:MAX_FILLED_IN]}
    headers = {
        name: value.format(**known)
        for name, value in parse_qsl(query)
        if all(known[field] for _, field, _, _ in Formatter().parse(value) if field)
    }
    return compose(plain, headers)
