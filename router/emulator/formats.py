"""How Twilio writes things down."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import parse_qsl

EMERGENCY = frozenset(["911", "933", "112"])  # Twilio: 933 is the test number
SCHEMES = ("client:", "sip:", "sips:", "sim:", "whatsapp:", "app:")
_E164 = re.compile(r"^\+[1-9]\d{6,14}$")


def rfc2822(moment: float) -> str:
    return format_datetime(datetime.fromtimestamp(moment, UTC))


def boolean(value: object) -> str:
    return "true" if value else "false"


def is_address(text: str) -> bool:
    """Something that can be called: a number, a client, a SIP address, a SIM, an application."""
    return is_number(text) or text.startswith(SCHEMES)


def is_number(text: str) -> bool:
    return bool(_E164.match(text)) or text in EMERGENCY


def allowed_headers(given: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Those of a SIP address's headers that Twilio passes on: X- ones and User-to-User."""
    return {
        name: value
        for name, value in given
        if name.lower().startswith("x-") or name.lower() == "user-to-user"
    }


def sip_headers(address: str) -> dict[str, str]:
    """The headers that an address such as `sip:desk@example.org?X-Case=17` brings along."""
    if not address.startswith(("sip:", "sips:")):
        return {}
    return allowed_headers(parse_qsl(address.partition("?")[2], keep_blank_values=True))


def split_client(address: str) -> tuple[str, dict[str, str]]:
    """`client:ana?case=17` is the client ana, whose page gets the parameters with the call."""
    if not address.startswith("client:"):
        return address, {}
    plain, _, query = address.partition("?")
    return plain, dict(parse_qsl(query, keep_blank_values=True))


def normalise(text: str) -> str:
    """A North American number as it may be written, in E.164; anything else as it is."""
    if text.startswith(SCHEMES):
        return (
            text.split(";", maxsplit=1)[0].split("?", maxsplit=1)[0]
            if text.startswith("sip")
            else text
        )
    digits = re.sub(r"[\s().\-]", "", text)
    if re.fullmatch(r"\d{10}", digits):
        return "+1" + digits
    if re.fullmatch(r"1\d{10}", digits):
        return "+" + digits
    return digits
