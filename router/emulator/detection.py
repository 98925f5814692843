"""Answering machine detection: how long it takes and what it decides, as Twilio describes it.

Twilio measures the speech of whoever answers: a short greeting and then a pause is a human, a long
one a machine, no sound at all unknown. https://www.twilio.com/docs/voice/answering-machine-detection
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .call import Call

MODES = ("Enable", "DetectMessageEnd")
_DEFAULT_SPEECH_END = 1.2
# What DetectMessageEnd waits for, by how the phone answers.
_MESSAGE_ENDS = {"machine": "beep", "machine_silence": "silence", "machine_other": "other"}
# Twilio's ranges and defaults of the thresholds, in milliseconds.
THRESHOLDS = {
    "SpeechThreshold": (2_400, 1_000, 6_000),
    "SpeechEndThreshold": (1_200, 500, 5_000),
    "SilenceTimeout": (5_000, 2_000, 10_000),
}


@dataclass
class Detection:
    """What was asked for: thresholds in seconds, and where to tell the result."""

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
        greeting = call.greeting_seconds
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
        if call.over and call.started is None:
            return
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
