"""Answering machine detection: how long it takes and what it decides, as Twilio describes it.

Twilio measures the speech of whoever answers: a short greeting and then a pause is a human, a long
greeting a machine, no sound at all unknown. https://www.twilio.com/docs/voice/answering-machine-detection
"""

from __future__ import annotations

from dataclasses import dataclass

from ..call import Call
from ..errors import TwilioError
from ..party import VOICEMAIL_GREETING_SECONDS
from .base import Form, method, number, text, url_of

_WORDS = ("Enable", "DetectMessageEnd")
_DEFAULT_SPEECH_END = 1.2
# What DetectMessageEnd waits for, by how the phone answers.
_MESSAGE_ENDS = {"machine": "beep", "machine_silence": "silence", "machine_other": "other"}


@dataclass
class Detection:
    """What a request asked for: thresholds in seconds, and where to tell the result."""

    until_message_end: bool
    timeout: float
    speech: float
    speech_end: float
    silence: float
    url: str
    method: str

    def decide(self, call: Call) -> tuple[str, float]:
        """AnsweredBy, and after how many seconds it is known."""
        word, seconds = self._decide(call)
        return (word, seconds) if seconds <= self.timeout else ("unknown", self.timeout)

    def _decide(self, call: Call) -> tuple[str, float]:
        # The switch is the time a human takes with Twilio's thresholds: "Hello?" and a pause.
        hello = max(0.0, call.world.switches.amd_seconds - _DEFAULT_SPEECH_END)
        who = call.answered_by
        if who == "fax":
            return "fax", call.world.switches.amd_seconds
        if who == "nobody":
            return "unknown", self.silence
        if who not in _MESSAGE_ENDS:
            return "human", hello + self.speech_end if hello else 0.0
        greeting = VOICEMAIL_GREETING_SECONDS
        if greeting < self.speech:  # a threshold longer than the greeting takes it for a human's
            return "human", greeting + self.speech_end
        if not self.until_message_end:
            return "machine_start", self.speech
        end = _MESSAGE_ENDS[who]
        pause = 0.0 if end == "beep" else self.speech_end
        return f"machine_end_{end}", greeting + pause

    async def run(self, call: Call) -> None:
        word, seconds = self.decide(call)
        await call.world.clock.sleep(seconds)
        call.detected_by = word
        call.detection_ms = round(seconds * 1000)
        call.changed()

    async def run_beside(self, call: Call) -> None:
        """Detect while the call goes on, and tell of it."""
        await self.run(call)
        if not self.url:
            call.world.debugger.report(21262, "No AMD status callback URL provided", call.sid)
            return
        params = {
            "CallSid": call.sid,
            "AccountSid": call.world.account_sid,
            "AnsweredBy": call.detected_by,
            "MachineDetectionDuration": str(call.detection_ms),
        }
        call.tell("amd", self.url, self.method, params, complete=True)


def detection_of(form: Form, callback: str) -> Detection | None:
    """The detection a form asks for; `callback` is AsyncAmdStatusCallback or AmdStatusCallback.

    Raises: TwilioError 21234 for an unknown mode or a threshold outside Twilio's range.
    """
    mode = text(form, "MachineDetection")
    if mode and mode not in _WORDS:
        raise TwilioError(21234, mode)

    def seconds(name: str, default: int, low: int, high: int) -> float:
        return number(form, f"MachineDetection{name}", default, low, high, 21234) / 1000

    asked = Detection(
        mode == "DetectMessageEnd",
        timeout=float(number(form, "MachineDetectionTimeout", 30, 3, 59, 21234)),
        speech=seconds("SpeechThreshold", 2_400, 1_000, 6_000),
        speech_end=seconds("SpeechEndThreshold", 1_200, 500, 5_000),
        silence=seconds("SilenceTimeout", 5_000, 2_000, 10_000),
        url=url_of(form, callback),
        method=method(form, f"{callback}Method"),
    )
    return asked if mode else None
