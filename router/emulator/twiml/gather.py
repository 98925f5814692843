"""<Gather>: keys and speech."""

from __future__ import annotations

import asyncio

from ..webhooks import Webhook
from .parse import Element
from .session import Next, Session
from .speech import pause, play, say

_NESTED = {"Say": say, "Play": play, "Pause": pause}


class Gather:
    """Defaults of Twilio: timeout 5 s, finishOnKey #, input dtmf, any number of digits."""

    def __init__(self, session: Session, element: Element) -> None:
        read = session.attributes(element)
        self.session = session
        self.element = element
        self.inputs = set(read.words("input", "dtmf")) or {"dtmf"}
        self.timeout = read.number("timeout", 5, 13313)
        self.most = read.number("numDigits", 0, 13314, low=1)
        self.finish_key = read.text("finishOnKey", "#")
        self.on_empty = read.flag("actionOnEmptyResult", default=False, code=13338)
        self.barge_in = read.flag("bargeIn", default=True, code=13332)
        self.method = read.method(code=13312)
        self.partial_url = read.text("partialResultCallback")
        self.partial_method = read.method("partialResultCallbackMethod", 13329)
        self.digits = ""
        self.speech = ""
        self.finished_on = ""
        self.done = False
        # Every input wakes the collector; what it means is in the fields above.
        self.touched = self._future()

    @staticmethod
    def _future() -> asyncio.Future[None]:
        return asyncio.get_running_loop().create_future()

    def _touch(self) -> None:
        if not self.touched.done():
            self.touched.set_result(None)

    def on_digit(self, digit: str) -> bool:
        if self.done or "dtmf" not in self.inputs:
            return False
        if digit in self.finish_key and self.finish_key:
            self.done = True
            self.finished_on = digit
        else:
            self.digits += digit
            self.done = bool(self.most) and len(self.digits) >= self.most
        self._touch()
        return True

    def on_speech(self, text: str) -> bool:
        if self.done or "speech" not in self.inputs:
            return False
        self.speech = f"{self.speech} {text}".strip()
        if self.partial_url:
            self._tell_partial()
        self.done = True
        self._touch()
        return True

    def _tell_partial(self) -> None:
        source = self.session.source(self.partial_url, self.partial_method, {}, "partial")
        if source is not None:
            call = self.session.call
            params = call.params() | {
                "UnstableSpeechResult": self.speech,
                "Stability": "0.9",
                "SequenceNumber": "0",
            }
            hook = Webhook("partial", source.url, params, source.method, call.sid)
            self.session.world.webhooks.tell(call.sid, hook)

    async def run(self) -> Next:
        call = self.session.call
        call.digit_sinks.append(self.on_digit)
        call.speech_sinks.append(self.on_speech)
        self.session.world.events.add("gather", call=call.sid, input=sorted(self.inputs))
        typed, call.typed_ahead = call.typed_ahead, ""
        for digit in typed:
            self.on_digit(digit)
        try:
            await self._prompt()
            await self._collect()
        finally:
            if self.on_digit in call.digit_sinks:
                call.digit_sinks.remove(self.on_digit)
            if self.on_speech in call.speech_sinks:
                call.speech_sinks.remove(self.on_speech)
        return self._result()

    async def _prompt(self) -> None:
        """The nested verbs; the first key or word stops them."""
        playing = asyncio.ensure_future(self._play_nested())
        try:
            if self.barge_in:
                await asyncio.wait([playing, self.touched], return_when=asyncio.FIRST_COMPLETED)
            else:
                await playing
        finally:
            if not playing.done():
                playing.cancel()
        if playing.cancelled() or not playing.done():
            await asyncio.wait([playing])
        elif playing.exception() is not None:
            raise playing.exception() or RuntimeError

    async def _play_nested(self) -> None:
        for child in self.element.children:
            if child.valid:
                await _NESTED[child.tag](self.session, child)

    async def _collect(self) -> None:
        clock = self.session.world.clock
        while not self.done:
            self.touched = self._future()
            if not await clock.wait(self.touched, self.timeout):
                return
        if self.speech:
            await clock.sleep(self.session.world.switches.speech_end_seconds)

    def _result(self) -> Next:
        params: dict[str, str] = {}
        if self.speech and not self.digits:
            params = {"SpeechResult": self.speech, "Confidence": "0.9"}
        elif self.digits or self.on_empty:
            params = {"Digits": self.digits}
            if self.digits and self.finished_on:
                params["FinishedOnKey"] = self.finished_on
            if not self.digits and "speech" in self.inputs:
                params["SpeechResult"] = ""
        if not params:
            return None
        action = self.element.get("action")
        return self.session.source(action, self.method, params, "action")


async def gather(session: Session, element: Element) -> Next:
    return await Gather(session, element).run()
