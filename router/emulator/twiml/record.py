"""<Record>: the sound is not kept, but a recording is, with its length and its callbacks."""

from __future__ import annotations

import asyncio

from ..call import HUNG_UP
from .parse import Element
from .session import Next, Session


class Record:
    """Twilio's defaults: timeout 5 s of silence, maxLength 3600 s, any key ends it."""

    def __init__(self, session: Session, element: Element) -> None:
        read = session.attributes(element)
        self.session, self.element = session, element
        self.call, self.clock = session.call, session.world.clock
        self.timeout = read.number("timeout", 5, 13611, low=1)
        self.longest = read.number("maxLength", 3600, 13612, low=1)
        self.keys = read.text("finishOnKey", "1234567890*#")
        self.method = read.method(code=13610)
        self.began = self.clock.now()
        self.ended_by = ""
        self.heard: list[str] = []
        self._renew()

    def _renew(self) -> None:
        self.touched: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def _touch(self) -> None:
        if not self.touched.done():
            self.touched.set_result(None)

    def on_digit(self, digit: str) -> bool:
        if digit not in self.keys:
            return False
        self.ended_by = digit
        self._touch()
        return True

    def on_speech(self, text: str) -> bool:
        self.heard.append(text)
        self._touch()
        return True

    def on_leaving(self, reason: str) -> None:
        """Twilio requests the action when the caller hangs up too; nobody hears its answer."""
        target = self.session.source(self.element.get("action"), self.method, {}, "action")
        if reason == HUNG_UP and target is not None:
            self.call.tell("action", target.url, self.method, self._result("hangup"))

    async def run(self) -> Next:
        self.call.digit_sinks.append(self.on_digit)
        self.call.speech_sinks.append(self.on_speech)
        with self.call.leaving(self.on_leaving):
            while not self.ended_by:
                left = min(self.timeout, self.began + self.longest - self.clock.now())
                if not await self.clock.wait(self.touched, left):
                    break
                self._renew()
        self.call.digit_sinks.remove(self.on_digit)
        self.call.speech_sinks.remove(self.on_speech)
        if not self.heard and not self.ended_by:
            return None
        action = self.element.get("action")
        return self.session.source(action, self.method, self._result(self.ended_by), "action")

    def _result(self, ended_by: str) -> dict[str, str]:
        duration = round(self.clock.now() - self.began)
        recordings = self.session.world.recordings
        recording = recordings.add(self.call, duration, "RecordVerb", " ".join(self.heard))
        callback = self.element.get("recordingStatusCallback")
        target = self.session.source(callback, "POST", {}, "recording") if callback else None
        if target is not None:
            recordings.tell(recording, self.call, target.url)
        return {
            "RecordingUrl": recording.media_url(self.session.world),
            "RecordingSid": recording.sid,
            "RecordingDuration": str(duration),
            "Digits": ended_by,
        }


async def record(session: Session, element: Element) -> Next:
    return await Record(session, element).run()
