"""Say, Play and Pause: what a leg is made to hear."""

from __future__ import annotations

import re

from .parse import Element
from .session import Next, Session

# Twilio: loop="0" plays up to 1,000 times.
LOOPS_FOR_EVER = 1_000
# Twilio: each digit of <Play digits> is a short tone, each w a half second's wait.
TONE_SECONDS, WAIT_SECONDS = 0.25, 0.5
_TONES = re.compile(r"^[0-9A-D*#wW]+$")


def _loops(session: Session, element: Element, code: int) -> int:
    count = session.attributes(element).number("loop", 1, code)
    return count or LOOPS_FOR_EVER


async def _repeat(session: Session, kind: str, text: str, seconds: float, loops: int) -> None:
    """A sound, several times over; without a duration it is heard once, with its count."""
    if seconds <= 0:
        await session.sound(kind, text, 0, loops)
        return
    for _ in range(loops):
        await session.sound(kind, text, seconds)


async def say(session: Session, element: Element) -> Next:
    if not element.text:
        session.warn(13520, "Say: Invalid text")
        return None
    seconds = session.speech_seconds(element.text)
    await _repeat(session, "say", element.text, seconds, _loops(session, element, 13510))
    return None


async def play(session: Session, element: Element) -> Next:
    digits = element.get("digits")
    if digits and _TONES.match(digits):
        await send_tones(session, digits)
        return None
    if digits:
        session.warn(13430, f"Play: Invalid DTMF String '{digits}'")
        return None
    source = session.source(element.text, "GET", {}, "media") if element.text else None
    if source is None:
        session.warn(11100, "Play: Invalid URL format")
        return None
    loops = _loops(session, element, 13410)
    await _repeat(session, "play", source.url, session.world.switches.play_seconds, loops)
    return None


async def send_tones(session: Session, digits: str) -> None:
    for digit in digits:
        waiting = digit in "wW"
        if not waiting and session.call.endpoint is not None:
            session.call.endpoint.hears_tones(session.call, digit)
        await session.world.clock.sleep(WAIT_SECONDS if waiting else TONE_SECONDS)


async def pause(session: Session, element: Element) -> Next:
    await session.world.clock.sleep(session.attributes(element).number("length", 1, 13910))
    return None
