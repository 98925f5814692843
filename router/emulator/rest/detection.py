"""What a request asks of answering machine detection (see ..detection)."""

from __future__ import annotations

from ..detection import MODES, THRESHOLDS, Detection
from ..errors import TwilioError
from .base import Form, method, number, text, url_of


def detection_of(form: Form, callback: str) -> Detection | None:
    """The detection a form asks for; `callback` is AsyncAmdStatusCallback or AmdStatusCallback.

    Raises: TwilioError 21234 for an unknown mode or a threshold outside Twilio's range.
    """
    mode = text(form, "MachineDetection")
    if mode and mode not in MODES:
        raise TwilioError(21234, mode)

    seconds = {
        name: number(form, f"MachineDetection{name}", *limits, 21234) / 1000
        for name, limits in THRESHOLDS.items()
    }
    asked = Detection(
        mode == "DetectMessageEnd",
        timeout=float(number(form, "MachineDetectionTimeout", 30, 3, 59, 21234)),
        speech=seconds["SpeechThreshold"],
        speech_end=seconds["SpeechEndThreshold"],
        silence=seconds["SilenceTimeout"],
        url=url_of(form, callback),
        method=method(form, f"{callback}Method"),
    )
    return asked if mode else None
