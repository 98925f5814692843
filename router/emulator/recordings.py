"""Recordings: their metadata; the sound is generated when it is asked for."""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .call import Call
from .formats import rfc2822

if TYPE_CHECKING:
    from .world import World

_RATE = 8_000
_MAX_SOUND_SECONDS = 60


@dataclass
class Recording:
    """What is known of a recording."""

    sid: str
    call_sid: str
    duration: int
    source: str
    text: str
    created: float

    def media_url(self, world: World) -> str:
        """Twilio gives the address without an extension."""
        path = f"/2010-04-01/Accounts/{world.account_sid}/Recordings/{self.sid}"
        return world.base_url + path

    def sound(self) -> bytes:
        """Silence of the right length, as a WAV file."""
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(1)
            sound.setframerate(_RATE)
            sound.writeframes(b"\x80" * _RATE * min(self.duration, _MAX_SOUND_SECONDS))
        return buffer.getvalue()


class Recordings:
    """All recordings, and their callbacks."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.by_sid: dict[str, Recording] = {}

    def add(self, call: Call, duration: int, source: str, text: str = "") -> Recording:
        now = self._world.clock.now()
        sid = self._world.sids.new("RE")
        self.by_sid[sid] = Recording(sid, call.sid, duration, source, text, now)
        return self.by_sid[sid]

    def tell(self, recording: Recording, call: Call, url: str) -> None:
        params = {
            "AccountSid": self._world.account_sid,
            "CallSid": recording.call_sid,
            "RecordingSid": recording.sid,
            "RecordingUrl": recording.media_url(self._world),
            "RecordingStatus": "completed",
            "RecordingDuration": str(recording.duration),
            "RecordingChannels": "1",
            "RecordingSource": recording.source,
            "RecordingStartTime": rfc2822(recording.created - recording.duration),
            "ErrorCode": "0",
        }
        call.tell("recording", url, "POST", params, complete=True)
