"""The document that connects callers with 911 when everything of ours is down (RE5).

It is a file, hosted by somebody else: it names no address of ours, and needs nobody to answer. A
Dial without an action goes on to the next verb, and the last verb begins the document anew, so that
it never ends in silence or in a hang-up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from twilio.twiml.voice_response import VoiceResponse

MOST_CHARACTERS = 4000  # Twilio's limit for a document given inline; a fetched one may have 64 kB
MOST_LINES = 12
PROGRAM, LINE = "{program}", "{line}"  # stand in an address for the program's and a line's name

_CONNECTING = (
    ("en-US", "We have a technical problem. Stay on the line, we connect you to 9 1 1."),
    ("es-US", "Tenemos un problema técnico. No cuelgue, le comunicamos con el 9 1 1."),
)
_AGAIN = (
    ("en-US", "If you still need help, stay on the line. We call 9 1 1 again."),
    ("es-US", "Si aún necesita ayuda, no cuelgue. Llamamos de nuevo al 9 1 1."),
)
_PAUSE_SECONDS = 2  # a line that fails at once must not be rung ten times a second


@dataclass(frozen=True, slots=True)
class FallbackLine:
    """A line of 911: its number (E.164), and how long it may ring."""

    number: str
    ring_seconds: int


def fallback_document(lines: Sequence[FallbackLine], caller_id: str) -> str:
    """TwiML that dials the lines in order, the last one again, and over again.

    911 is shown the caller's number; `caller_id`, a number of ours, only when the last line is rung
    again, for callers whose withheld number the carrier does not take. Raises ValueError without
    lines.
    """
    if not lines:
        raise ValueError("a document without a line of 911 would leave the caller alone")
    response = VoiceResponse()
    _say(response, _CONNECTING)
    for line in lines[:MOST_LINES]:
        _dial(response, line, None)
        response.pause(length=_PAUSE_SECONDS)
    _say(response, _AGAIN)
    _dial(response, lines[-1], caller_id or None)
    response.pause(length=_PAUSE_SECONDS)
    _say(response, _AGAIN)
    # Where files are hosted, only GET may be allowed. An empty address is the document's own.
    response.redirect("", method="GET")
    return str(response)


def numbers_dialled(document: str) -> list[str]:
    """What a document dials, in order.

    Raises ValueError with a sentence for one that could end in silence or needs somebody's answer.
    """
    try:
        if "<!" in document:  # no document of ours has a DOCTYPE, whose entities may grow
            raise ValueError("is not a TwiML document")
        root = ET.fromstring(document)  # noqa: S314 - without entities
    except ET.ParseError:
        raise ValueError("is not a TwiML document") from None
    verbs = list(root)
    if root.tag != "Response" or not verbs:
        raise ValueError("is not a TwiML document")
    needing = [one.tag for one in root.iter() if one.get("action") or one.get("url")]
    if needing:
        raise ValueError(f"needs an address that answers, in {needing[0]}")
    last = verbs[-1]
    if last.tag != "Redirect" or (last.text or "").strip():
        raise ValueError("does not begin anew at its end")
    if last.get("method") != "GET":
        raise ValueError("begins anew by another method than GET, which a host of files refuses")
    return [
        (noun.text or "").strip()
        for dial in verbs
        if dial.tag == "Dial"
        for noun in (list(dial) or [dial])
    ]


def numbers_to_dial(lines: Sequence[FallbackLine]) -> list[str]:
    """What `fallback_document` of these lines dials, in order."""
    return [line.number for line in (*lines[:MOST_LINES], *lines[-1:])]


def names_lines(static_url: str) -> bool:
    """Whether each line of ours has a document of its own there, for a 911 centre of its own."""
    return LINE in static_url


def address_for(static_url: str, program_id: str, line: str) -> str:
    """Where the document of a line of a program is hosted."""
    return static_url.replace(PROGRAM, program_id).replace(LINE, line)


def _say(response: VoiceResponse, sentences: Sequence[tuple[str, str]]) -> None:
    for language, sentence in sentences:
        response.say(sentence, language=language)


def _dial(response: VoiceResponse, line: FallbackLine, caller_id: str | None) -> None:
    dial = response.dial(timeout=line.ring_seconds, caller_id=caller_id)
    dial.number(line.number)
