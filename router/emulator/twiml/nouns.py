"""The nouns of <Dial> that are phones: whom each of them rings, and with what."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from ..formats import allowed_headers, is_address, is_number, normalise
from .parse import Element
from .session import Session

MAX_SIP_URI = 255  # Twilio's limits
MAX_SIP_HEADERS = 1_024
MAX_SIP_WORD = 255
# Which error tells of a wrong `method` of the noun.
METHOD_CODES = {"Number": 13221, "Sip": 13241}


@dataclass
class Callee:
    """Whom a noun rings: `headers` go with a SIP INVITE, `parameters` to a client or app."""

    address: str
    headers: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    application: str = ""


def find_callee(session: Session, noun: Element) -> Callee | None:
    """Whom `noun` rings; None, with Twilio's warning, when it cannot be anybody."""
    readers = {
        "Client": _client,
        "Sip": _sip,
        "Application": _application,
        "Sim": _sim,
        "WhatsApp": _whatsapp,
    }
    callee = readers.get(noun.tag, _number)(session, noun)
    if callee is not None and not is_address(callee.address):
        session.warn(13223, f"Dial: Invalid phone number format '{callee.address}'")
        return None
    return callee


def _number(session: Session, noun: Element) -> Callee | None:
    tones = noun.get("sendDigits")
    if tones.strip("0123456789*#wWABCD"):
        session.warn(13222, f"Dial->Number: Invalid sendDigits value '{tones}'")
    return Callee(normalise(noun.text))


def _client(_session: Session, noun: Element) -> Callee | None:
    inner = noun.child("Identity")
    identity = (inner.text if inner is not None else noun.text).removeprefix("client:")
    return Callee(f"client:{identity}", parameters=noun.parameters())


def _sip(session: Session, noun: Element) -> Callee | None:
    read = session.attributes(noun)
    for name in ("username", "password"):
        read.check(name, fine=len(read.text(name)) <= MAX_SIP_WORD, code=13249)
    if noun.has("username") and not noun.has("password"):
        session.warn(13249, "Dial: Invalid username or password attribute")
    inner = [child for child in noun.children if child.tag == "Uri"]
    if len(inner) > 1:
        session.warn(13250, "Dial: Too many URIs passed")
    uri = inner[0].text if inner else noun.text
    address, _, query = uri.partition("?")
    if not address.startswith(("sip:", "sips:")) or "@" not in address or len(uri) > MAX_SIP_URI:
        session.warn(13243, f"Dial->SIP: Invalid SIP URI '{uri}'")
        return None
    return Callee(normalise(address), headers=_sip_headers(session, noun, query))


def _sip_headers(session: Session, noun: Element, query: str) -> dict[str, str]:
    """The X- headers (and User-to-User) of the INVITE: of the address, and of <Headers>."""
    given = parse_qsl(query, keep_blank_values=True)
    inner = noun.child("Headers")
    if inner is not None:
        given += [(header.get("name"), header.get("value")) for header in inner.children]
    if sum(len(name) + len(value) for name, value in given) > MAX_SIP_HEADERS:
        session.warn(13253, "Dial: Header is too long")
        return {}
    headers = allowed_headers(given)
    for name, _value in given:
        if name not in headers:
            session.warn(13252, f"Dial: Invalid header name '{name}'")
    return headers


def _application(session: Session, noun: Element) -> Callee | None:
    """Another TwiML application of the account, which is called like a phone."""
    inner = noun.child("ApplicationSid")
    sid = inner.text if inner is not None else noun.text
    if sid not in session.world.applications:
        session.warn(13215, f"Dial: Invalid nested element: there is no application '{sid}'")
        return None
    return Callee(f"app:{sid}", parameters=noun.parameters(), application=sid)


def _sim(_session: Session, noun: Element) -> Callee | None:
    return Callee(f"sim:{noun.text}")


def _whatsapp(_session: Session, noun: Element) -> Callee | None:
    number = normalise(noun.text.removeprefix("whatsapp:"))
    return Callee(f"whatsapp:{number}" if is_number(number) else noun.text)
