"""<Record>: the sound is not kept, but a recording is, with its length and its callbacks."""

from __future__ import annotations

import asyncio

from .parse import Element
from .session import Next, Session


async def record(session: Session, element: Element) -> Next:
    """Twilio's defaults: timeout 5 s of silence, maxLength 3600 s, any key ends it."""
    read = session.attributes(element)
    call, clock = session.call, session.world.clock
    timeout = read.number("timeout", 5, 13611, low=1)
    longest = read.number("maxLength", 3600, 13612, low=1)
    keys = read.text("finishOnKey", "1234567890*#")
    method = read.method(code=13610)
    ended_by = ""
    touched: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    began = clock.now()
    heard: list[str] = []

    def on_digit(digit: str) -> bool:
        nonlocal ended_by
        if digit not in keys:
            return False
        ended_by = digit
        if not touched.done():
            touched.set_result(None)
        return True

    def on_speech(text: str) -> bool:
        nonlocal touched
        heard.append(text)
        if not touched.done():
            touched.set_result(None)
        return True

    def on_hangup(reason: str) -> None:
        """Twilio requests the action when the caller hangs up too; nobody hears its answer."""
        target = session.source(element.get("action"), method, {}, "action")
        if reason == "participant_hung_up" and target is not None:
            params = _params(session, element, began, "hangup", heard)
            call.tell("action", target.url, method, params)

    call.digit_sinks.append(on_digit)
    call.speech_sinks.append(on_speech)
    with call.leaving(on_hangup):
        while not ended_by:
            left = min(timeout, began + longest - clock.now())
            if not await clock.wait(touched, left):
                break
            touched = asyncio.get_running_loop().create_future()
    call.digit_sinks.remove(on_digit)
    call.speech_sinks.remove(on_speech)
    if not heard and not ended_by:
        return None
    params = _params(session, element, began, ended_by, heard)
    return session.source(element.get("action"), method, params, "action")


def _params(
    session: Session, element: Element, began: float, ended_by: str, heard: list[str]
) -> dict[str, str]:
    duration = round(session.world.clock.now() - began)
    recording = session.world.recordings.add(
        session.call, duration, "RecordVerb", text=" ".join(heard)
    )
    callback = session.source(element.get("recordingStatusCallback"), "POST", {}, "recording")
    if element.has("recordingStatusCallback") and callback is not None:
        session.world.recordings.tell(recording, session.call, callback.url)
    return {
        "RecordingUrl": recording.media_url(session.world),
        "RecordingSid": recording.sid,
        "RecordingDuration": str(duration),
        "Digits": ended_by,
    }
