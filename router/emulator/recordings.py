"""Recordings of calls and conferences: their life, their callbacks, and a sound of their length."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .call import Call
from .formats import rfc2822
from .rest.representations import represent_recording
from .webhooks import Webhook

if TYPE_CHECKING:
    from .conference import Conference
    from .world import World

# Twilio's WAV files: 8,000 samples a second of 16 bits.
RATE, SAMPLE_BYTES = 8_000, 2
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_CHUNK = bytes(RATE * SAMPLE_BYTES)
LIVE = ("in-progress", "paused")


@dataclass(frozen=True)
class Terms:
    """How to record, and whom to tell of what; the defaults are Twilio's."""

    callback: str = ""
    method: str = "POST"
    events: frozenset[str] = frozenset(["completed"])
    channels: int = 1
    track: str = "both"


_PLAIN = Terms()


@dataclass
class Recording:
    """What is known of a recording. `began` is when its sound begins."""

    sid: str
    source: str
    created: float
    began: float
    call_sid: str = ""
    conference_sid: str | None = None
    text: str = ""
    terms: Terms = _PLAIN
    status: str = "in-progress"
    updated: float = 0.0
    ended: float | None = None
    paused_at: float | None = None
    # While paused, silence is recorded unless PauseBehavior says to skip.
    skips: bool = False
    skipped: float = 0.0
    deleted: bool = False
    leg: Call | None = field(default=None, repr=False)

    @property
    def live(self) -> bool:
        return self.status in LIVE

    @property
    def duration(self) -> int:
        """Whole seconds of sound; 0 until it has ended."""
        return 0 if self.ended is None else round(self.ended - self.began - self.skipped)

    @property
    def resource(self) -> str:
        """Where it lies below the account."""
        return f"Recordings/{self.sid}"

    def media_url(self, world: World) -> str:
        """Twilio gives the address without an extension."""
        path = f"/2010-04-01/Accounts/{world.account_sid}/{self.resource}"
        return world.base_url + path

    def sound_bytes(self, channels: int) -> int:
        return _HEADER.size + self.duration * RATE * SAMPLE_BYTES * channels

    async def sound(self, channels: int) -> AsyncIterator[bytes]:
        """Silence of the right length as a WAV file, a second at a time: it may be hours."""
        frame = SAMPLE_BYTES * channels
        length = self.duration * RATE * frame
        shape = (16, 1, channels, RATE, RATE * frame, frame, SAMPLE_BYTES * 8)  # 1: plain samples
        yield _HEADER.pack(
            b"RIFF", _HEADER.size - 8 + length, b"WAVE", b"fmt ", *shape, b"data", length
        )
        for _ in range(self.duration * channels):
            yield _CHUNK


class Recordings:
    """All recordings, from their start to their callbacks."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.by_sid: dict[str, Recording] = {}

    def _new(self, source: str, call_sid: str, began: float, terms: Terms = _PLAIN) -> Recording:
        now = self._world.clock.now()
        sid = self._world.sids.new("RE")
        recording = Recording(sid, source, now, began, call_sid, terms=terms, updated=now)
        self.by_sid[sid] = recording
        return recording

    def add(self, call: Call, duration: int, source: str, text: str = "") -> Recording:
        """A recording that ends now and lasted `duration` seconds."""
        now = self._world.clock.now()
        recording = self._new(source, call.sid, now - duration)
        recording.text, recording.status, recording.ended = text, "completed", now
        self._changed(recording)
        return recording

    def start(self, call: Call, source: str, terms: Terms = _PLAIN) -> Recording:
        """Record a call from now until it ends or somebody stops it."""
        recording = self._new(source, call.sid, self._world.clock.now(), terms)
        recording.leg = call
        call.watch(lambda _, what: self.stop(recording) if what == "ended" else None)
        self._began(recording)
        return recording

    def start_conference(
        self, conference: Conference, call_sid: str, terms: Terms = _PLAIN
    ) -> Recording:
        """Record a conference from now; `call_sid` is of whoever asked. Its end stops it."""
        recording = self._new("Conference", call_sid, self._world.clock.now(), terms)
        recording.conference_sid = conference.sid
        conference.on_end.append(lambda: self.stop(recording))
        self._began(recording)
        return recording

    def _began(self, recording: Recording) -> None:
        self._changed(recording)
        self._progress(recording)

    def pause(self, recording: Recording, *, skip: bool) -> None:
        if recording.status == "in-progress":
            recording.status, recording.skips = "paused", skip
            recording.paused_at = self._world.clock.now()
            self._changed(recording)

    def resume(self, recording: Recording) -> None:
        if recording.status == "paused":
            self._end_pause(recording)
            recording.status = "in-progress"
            self._changed(recording)

    def _end_pause(self, recording: Recording) -> None:
        if recording.paused_at is not None and recording.skips:
            recording.skipped += self._world.clock.now() - recording.paused_at
        recording.paused_at = None

    def stop(self, recording: Recording) -> None:
        """Twilio: what lasted no time at all is absent."""
        if not recording.live:
            return
        self._end_pause(recording)
        recording.ended = self._world.clock.now()
        recording.status = "completed" if recording.duration else "absent"
        self._changed(recording)
        self._progress(recording)

    def delete(self, recording: Recording) -> None:
        """Twilio keeps what is known of a deleted recording for 40 days."""
        recording.deleted, recording.status = True, "deleted"
        self._changed(recording)

    def _changed(self, recording: Recording) -> None:
        recording.updated = self._world.clock.now()
        self._world.events.add(
            "recording",
            recording=recording.sid,
            call=recording.call_sid,
            conference=recording.conference_sid,
            status=recording.status,
        )
        self._world.history.keep(recording.sid, lambda: represent_recording(self._world, recording))

    def _progress(self, recording: Recording) -> None:
        if recording.terms.callback and recording.status in recording.terms.events:
            self._send(recording, recording.terms.callback, recording.terms.method)

    def tell(self, recording: Recording, call: Call, url: str, method: str = "POST") -> None:
        """Tell `url` of a recording that is complete."""
        self._send(recording, url, method, call)

    def _send(self, recording: Recording, url: str, method: str, call: Call | None = None) -> None:
        call = call or recording.leg
        params = self._params(recording)
        if call is not None:
            call.tell("recording", url, method, params, complete=True)
            return
        hook = Webhook("recording", url, params, method)
        self._world.webhooks.tell(recording.conference_sid or recording.sid, hook)

    def _params(self, recording: Recording) -> dict[str, str]:
        params = {
            "AccountSid": self._world.account_sid,
            "RecordingSid": recording.sid,
            "RecordingUrl": recording.media_url(self._world),
            "RecordingStatus": recording.status,
            "RecordingChannels": str(recording.terms.channels),
            "RecordingSource": recording.source,
            "RecordingStartTime": rfc2822(recording.began),
            "ErrorCode": "0",
        }
        if not recording.live:
            params["RecordingDuration"] = str(recording.duration)
        if recording.conference_sid:
            params["ConferenceSid"] = recording.conference_sid
        else:
            params["CallSid"] = recording.call_sid
            params["RecordingTrack"] = recording.terms.track
        return params
