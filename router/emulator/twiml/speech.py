"""Say, Play and Pause: what a leg is made to hear."""

from __future__ import annotations

import re

from ..audio import Hearing
from ..urls import is_local
from .parse import Element
from .session import Next, Session

# Twilio: loop="0" plays up to 1,000 times.
LOOPS_FOR_EVER = 1_000
MAX_SPOKEN = 4_096  # Twilio's limit of characters in one <Say>; more is 13521
# Twilio: each digit of <Play digits> is a short tone, each w a half second's wait.
TONE_SECONDS, WAIT_SECONDS = 0.25, 0.5
_TONES = re.compile(r"^[0-9A-D*#wW]+$")
_VOICE = re.compile(r"^(man|woman|alice|(Polly|Google|ElevenLabs)\.[\w-]+)$")
LANGUAGE = re.compile(r"^[a-z]{2,3}(-[A-Za-z]{2,5})*$")
# Twilio's list of what <Play> can play.
_SOUNDS = re.compile(r"^audio/(mpeg|mp3|wav|wave|x-wav|aiff|x-aifc|x-aiff|x-gsm|gsm|ulaw)$")


def _loops(session: Session, element: Element, code: int) -> int:
    count = session.attributes(element).number("loop", 1, code)
    return count or LOOPS_FOR_EVER


async def _repeat(session: Session, hearing: Hearing, seconds: float, loops: int) -> None:
    """A sound, several times over; without a duration it is heard once, with its count."""
    if seconds <= 0:
        await session.sound(hearing, 0, loops)
        return
    for _ in range(loops):
        await session.sound(hearing, seconds)


async def say(session: Session, element: Element) -> Next:
    if not element.text:
        session.warn(13520, "Say: Invalid text")
        return None
    if len(element.text) > MAX_SPOKEN:
        session.warn(13521, f"Say: {len(element.text)} characters are more than {MAX_SPOKEN}")
        return None
    read = session.attributes(element)
    voice, language = read.text("voice"), read.text("language")
    read.check("voice", fine=bool(_VOICE.match(voice)), code=13511)
    read.check("language", fine=bool(LANGUAGE.match(language)), code=13512)
    seconds = session.speech_seconds(element.text) + element.rest_seconds
    hearing = Hearing("say", element.text, voice=voice, language=language)
    await _repeat(session, hearing, seconds, _loops(session, element, 13510))
    return None


async def play(session: Session, element: Element) -> Next:
    digits = element.get("digits")
    if digits and _TONES.match(digits):
        for _ in range(_loops(session, element, 13410)):
            await send_tones(session, digits)
        return None
    if digits:
        session.warn(13430, f"Play: Invalid DTMF String '{digits}'")
        return None
    source = session.source(element.text, "GET", {}, "media") if element.text else None
    if source is None:
        session.warn(11100, "Play: Invalid URL format")
        return None
    if not await _can_be_had(session, element, source.url):
        return None
    loops = _loops(session, element, 13410)
    seconds = session.world.switches.play_seconds
    await _repeat(session, Hearing("play", source.url), seconds, loops)
    return None


async def _can_be_had(session: Session, element: Element, url: str) -> bool:
    """Fetch the sound as Twilio does (by GET, cached); what lies elsewhere is taken to be there."""
    world = session.world
    elsewhere = not is_local(url) and not world.allow_any_host
    if element.at_hand or elsewhere or not world.switches.fetch_media:
        return True
    reply = await session.fetch("media", url)
    if not reply.ok:
        session.warn(reply.error or 11200, f"Play: {reply.message or 'HTTP retrieval failure'}")
        return False
    if not _SOUNDS.match(reply.content_type):
        session.warn(13420, f"Play: Invalid Content-Type '{reply.content_type}'")
        return False
    return True


async def send_tones(session: Session, digits: str) -> None:
    for digit in digits:
        waiting = digit in "wW"
        if not waiting and session.call.endpoint is not None:
            session.call.endpoint.hears_tones(session.call, digit)
        await session.world.clock.sleep(WAIT_SECONDS if waiting else TONE_SECONDS)


async def pause(session: Session, element: Element) -> Next:
    await session.world.clock.sleep(session.attributes(element).number("length", 1, 13910))
    return None
