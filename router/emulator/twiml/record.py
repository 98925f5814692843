"""<Record>: the sound is not kept, but a recording is, with its length and its callbacks."""

from __future__ import annotations

import asyncio

from ..call import HUNG_UP
from ..recordings import Recording
from .parse import Element
from .recording import read_terms
from .session import Next, Session

_KEYS = "1234567890*#"


class Record:
    """Twilio's defaults: a beep, timeout 5 s of silence, maxLength 3600 s, any key ends it."""

    def __init__(self, session: Session, element: Element) -> None:
        read = session.attributes(element)
        self.session, self.element = session, element
        self.call, self.clock = session.call, session.world.clock
        self.timeout = read.number("timeout", 5, 13611, low=1)
        self.longest = read.number("maxLength", 3600, 13612, low=1)
        self.keys = read.text("finishOnKey", _KEYS)
        if self.keys.strip(_KEYS):
            read.check("finishOnKey", fine=False, code=13613)
            self.keys = _KEYS
        self.method = read.method(code=13610)
        self.beeps = read.flag("playBeep", default=True, code=13616)
        read.flag("transcribe", default=False, code=13614)
        self.terms = read_terms(session, element)
        self.began = self.clock.now()
        self.recording: Recording | None = None
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
        result = self._result("hangup")
        if reason == HUNG_UP and target is not None:
            self.call.tell("action", target.url, self.method, result)

    async def run(self) -> Next:
        if self.beeps and self.call.endpoint is not None:
            self.call.endpoint.hears_beep(self.call)
        self.recording = self.session.world.recordings.start(self.call, "RecordVerb", self.terms)
        self.call.digit_sinks.append(self.on_digit)
        self.call.speech_sinks.append(self.on_speech)
        with self.call.leaving(self.on_leaving):
            await self._listen()
        self.call.digit_sinks.remove(self.on_digit)
        self.call.speech_sinks.remove(self.on_speech)
        result = self._result(self.ended_by)
        if not self.heard and not self.ended_by:
            return None
        action = self.element.get("action")
        return self.session.source(action, self.method, result, "action")

    async def _listen(self) -> None:
        while not self.ended_by:
            left = min(self.timeout, self.began + self.longest - self.clock.now())
            if not await self.clock.wait(self.touched, left):
                return
            self._renew()

    def _result(self, ended_by: str) -> dict[str, str]:
        if self.recording is None:
            return {}
        recording, recordings = self.recording, self.session.world.recordings
        recording.text = " ".join(self.heard)
        if not self.heard and not ended_by:
            recording.began = self.clock.now()  # a silent one is absent, as one of no length
        recordings.stop(recording)
        return {
            "RecordingUrl": recording.media_url(self.session.world),
            "RecordingSid": recording.sid,
            "RecordingDuration": str(recording.duration),
            "Digits": ended_by,
        }


async def record(session: Session, element: Element) -> Next:
    return await Record(session, element).run()
