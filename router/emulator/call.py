"""One leg: a phone connected to the carrier, with its status, what it hears and what it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from .audio import SILENCE, Hearing, Seat
from .clock import Timer
from .formats import is_number, rfc2822
from .webhooks import Webhook

if TYPE_CHECKING:
    from .numbers import Application
    from .world import World

Work = Coroutine[Any, Any, None]
FINAL = frozenset(["completed", "busy", "failed", "no-answer", "canceled"])
# What a leg ended with in SIP, where nothing more exact is known: answered, and given up.
_SIP_CODES = {"completed": "200", "canceled": "487"}
DEFAULT_TIME_LIMIT = 14_400  # Twilio: a call lasts at most 4 hours

# Facts of a phone that say how it reacts; they are not parameters of its calls.
_NOT_SENT = ("Refer", "Notify", "Dial", "SipResponseCode", "StirStatus")

# Why a leg leaves what it is in: words of Twilio's ReasonParticipantLeft where it has one.
HUNG_UP = "participant_hung_up"
UPDATED = "participant_updated_via_api"


@dataclass
class Source:
    """A document to run: where to ask for it, or its text."""

    url: str = ""
    method: str = "POST"
    params: dict[str, str] = field(default_factory=dict)
    twiml: str = ""
    kind: str = "voice"


@dataclass(frozen=True)
class Callback:
    """Where to tell of a call's or a conference's events, and of which."""

    url: str
    method: str = "POST"
    events: frozenset[str] = frozenset(["completed"])


class Endpoint(Protocol):
    """What is at the far end of a leg: a party's phone, or another leg of this carrier."""

    def ring(self, call: Call, /) -> None: ...

    def answered(self, call: Call, /) -> None: ...

    def hears(self, call: Call, hearing: Hearing, /) -> None: ...

    def hears_speech(self, call: Call, who: str, text: str, /) -> None: ...

    def hears_tones(self, call: Call, digits: str, /) -> None: ...

    def hears_beep(self, call: Call, /) -> None: ...

    def over(self, call: Call, status: str, /) -> None: ...

    def people(self, call: Call, /) -> tuple[str, ...]: ...

    def facts(self) -> dict[str, str]: ...


class Call:
    """A leg. It is changed only from the event loop, so each method is one indivisible step."""

    def __init__(
        self, world: World, from_: str, to: str, direction: str, parent: Call | None = None
    ) -> None:
        self.world = world
        self.sid = world.sids.new("CA")
        self.from_, self.to, self.direction, self.parent = from_, to, direction, parent
        self.status = "queued"
        self.created = self.updated = world.clock.now()
        self.started: float | None = None
        self.ended: float | None = None
        self.queue_time_ms = 0
        self.answered_by = ""
        self.detected_by = ""  # by answering machine detection; answered_by is the truth
        self.detection_ms = 0
        self.greeting_seconds = 0.0
        self.sip_code = ""
        self.sip_headers: dict[str, str] = {}
        self.application: Application | None = None  # the TwiML application it calls
        self.on_refer: Callable[[str], bool] | None = None
        self.phone_number_sid: str | None = None
        self.endpoint: Endpoint | None = None
        self.program: Callable[[], Work] | None = None
        self.fallback: Callback | None = None
        self.callback: Callback | None = None
        self.callback_sequence = 0
        self.ring_timeout = 60.0
        self.time_limit = DEFAULT_TIME_LIMIT
        self.cookies: dict[str, str] = {}
        self.extra: dict[str, str] = {}
        self.client_parameters: dict[str, str] = {}  # of a <Client>, for the page that rings
        self.microphone_off = False
        self.out_of_reach = False  # the signal is lost, and nobody has noticed yet
        self.sounds: list[Hearing] = []
        self.seat: Seat | None = None
        self.backdrop: Hearing | None = None
        self.hearing = SILENCE
        self.hearing_since = self.created
        self.digit_sinks: list[Callable[[str], bool]] = []
        self.speech_sinks: list[Callable[[str], bool]] = []
        self.typed_ahead = ""
        self.doing = ""
        self._cleanups: list[Callable[[str], None]] = []
        self._watchers: list[Callable[[Call, str], None]] = []
        self._timers: list[Timer] = []
        self._task: asyncio.Task[None] | None = None
        world.remember(self)
        self.changed()

    # What it is

    @property
    def live(self) -> bool:
        return self.status == "in-progress"

    @property
    def over(self) -> bool:
        return self.status in FINAL

    @property
    def duration(self) -> int:
        """Whole seconds from answer to end; 0 for a call nobody answered."""
        if self.started is None:
            return 0
        return round((self.ended or self.world.clock.now()) - self.started)

    @property
    def sip_call_id(self) -> str:
        """A SIP Call-Id of this leg's own."""
        return f"{self.sid[2:]}@emulator.invalid"

    def people(self) -> tuple[str, ...]:
        """Those at the far end, once it has been answered."""
        there = self.live and not self.out_of_reach
        return self.endpoint.people(self) if self.endpoint and there else ()

    def params(self) -> dict[str, str]:
        """The parameters Twilio puts in every request about this call."""
        params = {
            "CallSid": self.sid,
            "AccountSid": self.world.account_sid,
            "From": self.from_,
            "To": self.to,
            "Caller": self.from_,
            "Called": self.to,
            "CallStatus": self.status,
            "ApiVersion": "2010-04-01",
            "Direction": self.direction,
        }
        if self.parent is not None:
            params["ParentCallSid"] = self.parent.sid
        params.update(self.world.geography(self.from_, ("From", "Caller")))
        params.update(self.world.geography(self.to, ("To", "Called")))
        if self.direction == "inbound" and self.endpoint is not None:
            facts = self.endpoint.facts()
            params.update({k: v for k, v in facts.items() if not k.startswith(_NOT_SENT)})
            if self.world.switches.stir_verstat and is_number(self.from_):
                params.setdefault("StirVerstat", self.world.switches.stir_verstat)
        return params | self.extra

    def changed(self) -> None:
        self.updated = self.world.clock.now()
        self.world.history.keep(self.sid, lambda: self.world.describe_call(self))

    # Its life

    def watch(self, watcher: Callable[[Call, str], None]) -> None:
        """Tell `watcher` of 'answered', 'left' (redirected by REST) and 'ended'."""
        self._watchers.append(watcher)

    def unwatch(self, watcher: Callable[[Call, str], None]) -> None:
        if watcher in self._watchers:
            self._watchers.remove(watcher)

    def _announce(self, what: str) -> None:
        for watcher in list(self._watchers):
            watcher(self, what)

    def set_status(self, status: str, event: str = "", **extra: str) -> None:
        self.status = status
        self.changed()
        self.world.events.add(
            "call", call=self.sid, status=status, **{"from": self.from_}, to=self.to
        )
        if event:
            self._progress(event, extra)

    def _progress(self, event: str, extra: dict[str, str]) -> None:
        """A call progress callback, if somebody subscribed to this event."""
        if self.callback is None or event not in self.callback.events or not self.callback.url:
            return
        params = self.params() | extra
        params["Timestamp"] = rfc2822(self.world.clock.now())
        params["CallbackSource"] = "call-progress-events"
        params["SequenceNumber"] = str(self.callback_sequence)
        stir = self.endpoint.facts().get("StirStatus") if self.endpoint is not None else None
        if stir and event in ("ringing", "answered"):
            params["StirStatus"] = stir
        self.callback_sequence += 1
        self.tell("status", self.callback.url, self.callback.method, params, complete=True)

    def tell(
        self, kind: str, url: str, method: str, params: dict[str, str], *, complete: bool = False
    ) -> None:
        """Send something about this call whose answer does not matter."""
        everything = params if complete else self.params() | params
        hook = Webhook(kind, url, everything, method, self.sid, self.cookies)
        self.world.webhooks.tell(self.sid, hook)

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Something that happens to this call unless it is over by then."""

        def act() -> None:
            if not self.over:
                action()

        self._timers.append(self.world.clock.call_later(seconds, act))

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """As `later`, but what is due now is done now."""
        if seconds > 0:
            self.later(seconds, action)
        else:
            action()

    def answer(self) -> None:
        if self.live or self.over:
            return
        self.started = self.world.clock.now()
        if self.endpoint is not None:
            self.endpoint.answered(self)
        self.set_status("in-progress", "answered")
        self.limit_time(self.time_limit)
        self.update_hearing()
        if self.seat is not None:
            self.seat.room.refresh()
        self._announce("answered")
        if self.program is not None:
            self.run(self.program())

    def limit_time(self, seconds: int) -> None:
        """End the call `seconds` after its answer; a later limit takes the place of this one."""
        self.time_limit = seconds
        if self.started is not None:
            left = self.started + seconds - self.world.clock.now()
            self.later(left, lambda: self.hang_up() if self.time_limit == seconds else None)

    def run(self, work: Work) -> None:
        """Let the leg do something of its own; what it did before has been stopped."""
        self._task = asyncio.get_running_loop().create_task(work)
        self._task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        """A fault of the emulator ends one call, never the network."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self.world.fault_of_ours(error, self.sid)
            self.finish("failed")

    def take_over(self, work: Work) -> None:
        """REST moves the leg: it leaves where it is at once and does `work` instead."""
        self.stop(UPDATED)
        self._announce("left")
        self.run(work)

    def stop(self, reason: str) -> None:
        """Leave everything: rooms, queues, sounds, and the document that was running."""
        for cleanup in reversed(self._cleanups[:]):
            cleanup(reason)
        self._cleanups.clear()
        self.sounds.clear()
        self.digit_sinks.clear()
        self.speech_sinks.clear()
        self.backdrop = None
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()
        self._task = None

    @contextmanager
    def leaving(self, cleanup: Callable[[str], None]) -> Iterator[None]:
        """While inside, `cleanup(reason)` runs at once when the leg is hung up or moved."""
        self._cleanups.append(cleanup)
        try:
            yield
        finally:
            if cleanup in self._cleanups:
                self._cleanups.remove(cleanup)

    def hang_up(self) -> None:
        """End it: a call nobody answered is no-answer for who dialled in, canceled for us."""
        unanswered = "no-answer" if self.direction == "inbound" else "canceled"
        self.finish("completed" if self.live else unanswered)

    def finish(self, status: str, sip_code: str = "") -> None:
        """The one end of every call."""
        if self.over:
            return
        sip_code = sip_code or _SIP_CODES.get(status, "")
        was_queued = self.status == "queued"
        self.status = status
        self.ended = self.world.clock.now()
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self.stop(HUNG_UP)
        if self.endpoint is not None:
            self.endpoint.over(self, status)
        extra = {"CallDuration": str(self.duration)}
        if status == "completed":
            extra["Duration"] = str(-(-self.duration // 60))
        if sip_code:
            self.sip_code = extra["SipResponseCode"] = sip_code
        # Twilio: a call canceled while still queued fires no callbacks.
        silent = was_queued and status == "canceled"
        self.set_status(status, "" if silent else "completed", **extra)
        self._announce("ended")
        self._watchers.clear()

    def vanish(self) -> None:
        """The network is reset: the leg stops without telling anybody."""
        for timer in self._timers:
            timer.cancel()
        self._watchers.clear()
        self._cleanups.clear()
        self.status, self.endpoint, self.seat = "completed", None, None
        if self._task is not None:
            self._task.cancel()

    # What it hears and says

    def update_hearing(self) -> None:
        hearing = self._current_hearing()
        # A phone that rings hears nothing of the call; who dials hears it ringing.
        deaf = self.over or self.out_of_reach or not (self.live or self.direction == "inbound")
        if hearing == self.hearing or deaf:
            return
        self.hearing, self.hearing_since = hearing, self.world.clock.now()
        if self.endpoint is not None:
            self.endpoint.hears(self, hearing)

    def _current_hearing(self) -> Hearing:
        if self.sounds:
            return self.sounds[-1]
        if self.seat is not None:
            return self.seat.room.hearing(self.seat)
        return self.backdrop or SILENCE

    def set_backdrop(self, hearing: Hearing | None) -> None:
        """What is heard while no verb plays anything: ringing, or the quiet of a queue."""
        self.backdrop = hearing
        self.update_hearing()

    @contextmanager
    def sounding(self, hearing: Hearing) -> Iterator[None]:
        self.sounds.append(hearing)
        self.update_hearing()
        try:
            yield
        finally:
            # By identity: a document started again may be saying the very same words.
            self.sounds = [sound for sound in self.sounds if sound is not hearing]
            self.update_hearing()

    def beep(self) -> None:
        """The far end beeps, as a voicemail does after its greeting."""
        if self.seat is not None:
            for other in self.seat.room.listeners(self):
                if other.endpoint is not None:
                    other.endpoint.hears_beep(other)

    def lose_signal(self) -> None:
        """The far phone is out of reach though the carrier does not know yet."""
        self.hearing, self.hearing_since = SILENCE, self.world.clock.now()
        if self.endpoint is not None:
            self.endpoint.hears(self, SILENCE)
        self.out_of_reach = True
        if self.seat is not None:
            self.seat.room.refresh()

    def press(self, digits: str) -> None:
        """Keys of the far phone: to whoever listens, else a tone into the room."""
        for digit in digits:
            if self.over or self.out_of_reach:
                return
            if any(sink(digit) for sink in self.digit_sinks[::-1]):
                continue
            if self.world.switches.digit_typeahead:
                self.typed_ahead += digit
            if self.seat is not None:
                for other in self.seat.room.listeners(self):
                    if other.endpoint is not None:
                        other.endpoint.hears_tones(other, digit)

    def speak(self, who: str, text: str) -> None:
        """Speech from the far phone: to whoever listens for it and to everyone who hears it."""
        if self.microphone_off or self.out_of_reach:
            return
        for sink in self.speech_sinks[::-1]:
            if sink(text):
                break
        if self.seat is not None:
            self.seat.room.spoke(self.seat, text)
            for other in self.seat.room.listeners(self):
                if other.endpoint is not None:
                    other.endpoint.hears_speech(other, who, text)
