"""<Gather>: keys and speech."""

from __future__ import annotations

import asyncio
import re

from ..webhooks import Webhook
from .attributes import Attributes
from .parse import Element
from .session import Next, Session
from .speech import LANGUAGE, pause, play, say

_NESTED = {"Say": say, "Play": play, "Pause": pause}
_KEYS = "0123456789*#"
MAX_HINTS = 500  # Twilio's limit of entries
MAX_SPEECH_SECONDS = 60
_MODEL = re.compile(
    r"^(default|numbers_and_commands|phone_call|experimental_\w+|googlev2_\w+|deepgram_[\w-]+)$"
)
_PROFANE = re.compile(r"\b(fuck|shit|bitch|cunt|asshole)\w*", re.IGNORECASE)


def mask(text: str) -> str:
    """Twilio's profanityFilter: the first letter stays, asterisks stand for the others."""
    return _PROFANE.sub(lambda word: word[0][0] + "*" * (len(word[0]) - 1), text)


class Gather:
    """Defaults of Twilio: timeout 5 s, finishOnKey #, input dtmf, any number of digits.

    Speech ends after `speechTimeout` seconds without a word: `auto` is a short pause (the switch
    `speech_end_seconds`), and what is not given is as long as `timeout`. With `bargeIn` off nothing
    stops the prompt: keys are kept, words are not heard.
    """

    def __init__(self, session: Session, element: Element) -> None:
        read = session.attributes(element)
        self.session = session
        self.element = element
        self.inputs = set(read.words("input", ("dtmf", "speech"), "dtmf", 13326)) or {"dtmf"}
        self.timeout = read.number("timeout", 5, 13313)
        self.most = read.number("numDigits", 0, 13314, low=1)
        self.finish_key = read.choice("finishOnKey", ("", *_KEYS), "#", 13310)
        self.on_empty = read.flag("actionOnEmptyResult", default=False, code=13338)
        self.barge_in = read.flag("bargeIn", default=True, code=13332)
        self.method = read.method(code=13312)
        self.partial_url = read.text("partialResultCallback")
        self.partial_method = read.method("partialResultCallbackMethod", 13329)
        self.filters = read.flag("profanityFilter", default=True, code=13333)
        self.longest_speech = read.number(
            "maxSpeechTime", MAX_SPEECH_SECONDS, 13328, low=1, high=MAX_SPEECH_SECONDS
        )
        self.speech_pause = self._speech_pause(read)
        self._check(read)
        self.digits = ""
        self.speech = ""
        self.partials = 0
        self.speaking_since: float | None = None
        self.finished_on = ""
        self.prompting = False
        self.done = False
        # Every input wakes the collector; what it means is in the fields above.
        self.touched = self._future()

    def _speech_pause(self, read: Attributes) -> float:
        if read.text("speechTimeout") == "auto":
            if read.text("speechModel") == "default":
                message = "Gather: speechTimeout auto cannot be used with model default"
                self.session.warn(13335, message)
            return self.session.world.switches.speech_end_seconds
        return float(read.number("speechTimeout", self.timeout, 13327, low=1))

    def _check(self, read: Attributes) -> None:
        """What only matters to a recogniser: wrong values are told of."""
        hints = read.text("hints").split(",")
        read.check("hints", fine=len(hints) <= MAX_HINTS, code=13330)
        read.check("language", fine=bool(LANGUAGE.match(read.text("language"))), code=13331)
        read.check("speechModel", fine=bool(_MODEL.match(read.text("speechModel"))), code=13334)
        read.flag("enhanced", default=False)
        read.flag("debug", default=False)

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
        deaf = self.prompting and not self.barge_in
        if self.done or "speech" not in self.inputs or deaf:
            return False
        if self.speaking_since is None:
            self.speaking_since = self.session.world.clock.now()
        heard = mask(text) if self.filters else text
        self.speech = f"{self.speech} {heard}".strip()
        if self.partial_url:
            self._tell_partial()
        self._touch()
        return True

    def _tell_partial(self) -> None:
        """Asynchronous, its answer ignored: what has been understood so far."""
        source = self.session.source(self.partial_url, self.partial_method, {}, "partial")
        if source is not None:
            call = self.session.call
            params = call.params() | {
                "UnstableSpeechResult": self.speech,
                "Stability": "0.9",
                "SequenceNumber": str(self.partials),
            }
            self.partials += 1
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
        self.prompting = True
        playing = asyncio.ensure_future(self._play_nested())
        try:
            if self.barge_in:
                await asyncio.wait([playing, self.touched], return_when=asyncio.FIRST_COMPLETED)
            else:
                await playing
        finally:
            self.prompting = False
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
            if not await clock.wait(self.touched, self._patience()):
                return

    def _patience(self) -> float:
        """Seconds until what there is counts as all."""
        if self.digits or self.speaking_since is None:
            return self.timeout
        spoken = self.session.world.clock.now() - self.speaking_since
        return min(self.speech_pause, self.longest_speech - spoken)

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
