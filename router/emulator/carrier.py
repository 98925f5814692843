"""Places calls: the calls-per-second queue, set-up, ringing, and what is found at the number."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from .audio import Hearing
from .call import Call, Callback, Source
from .clock import Timer
from .formats import is_number, split_client
from .numbers import Number, Wiring
from .twiml.session import Session

if TYPE_CHECKING:
    from .numbers import Application
    from .world import World

BRIDGING_SECONDS = 0.1
QUEUE_SECONDS = 86_400  # Twilio: how long a REST call may wait for its turn


class Carrier:
    """Takes calls to where they go."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._next_free = 0.0
        self._waiting: deque[tuple[Call, Callable[[], None] | None]] = deque()
        self._timer: Timer | None = None

    def queue(self, call: Call, on_released: Callable[[], None] | None = None) -> None:
        """Place a REST call in its turn: first in, first out, so many a second.

        Twilio: one that waited 24 hours is canceled. One that is canceled gives its turn away.
        """
        self._waiting.append((call, on_released))
        self._schedule()

    def _schedule(self) -> None:
        """Come back when the next turn is due, or the longest wait is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            due = min(self._next_free, self._waiting[0][0].created + QUEUE_SECONDS)
            wait = due - self._world.clock.now()
            self._timer = self._world.clock.call_later(wait, self._release)

    def _release(self) -> None:
        self._timer = None
        now, rate = self._world.clock.now(), self._world.switches.calls_per_second
        while self._waiting:
            call, on_released = self._waiting[0]
            expired = call.created + QUEUE_SECONDS <= now
            if not (call.over or expired or self._next_free <= now):
                break
            self._waiting.popleft()
            if call.over:
                continue
            if expired:
                call.finish("canceled")
                continue
            # Turns are counted from when each was due: a busy loop must not lower the rate.
            due = max(self._next_free, call.created)
            self._next_free = due + (1.0 / rate if rate > 0 else 0.0)
            call.queue_time_ms = round((now - call.created) * 1000)
            self.place(call)
            if on_released is not None:
                on_released()
        self._schedule()

    def forget_queue(self) -> None:
        self._waiting.clear()
        self._next_free = 0.0
        self._schedule()

    def place(self, call: Call) -> None:
        """Set up a leg to its number; <Dial> legs come here at once, REST calls in their turn."""
        if call.direction == "outbound-dial" and self._is_full(call):
            return
        call.set_status("initiated", "initiated")
        call.later(self._world.switches.dial_setup_seconds, lambda: self._arrive(call))

    def _arrive(self, call: Call) -> None:
        world = self._world
        if call.to in world.numbers and call.application is None:
            self.incoming(self._loop_back(call), world.numbers[call.to])
            return
        if call.application is not None:
            inner = self._loop_back(call)
            inner.extra.update(call.client_parameters)
            self.incoming_by_client(inner, call.application)
            return
        address, parameters = split_client(call.to)
        call.client_parameters |= parameters
        party = world.parties.get(address)
        call.later(
            call.ring_timeout + world.switches.ring_timeout_buffer,
            lambda: self._rang_out(call),
        )
        if party is None or not party.reachable:
            world.unexpected_rings.add(
                "call", number=call.to, **{"from": call.from_}, call=call.sid
            )
            world.events.add("unexpected_ring", number=call.to, call=call.sid)
            if is_number(call.to):
                call.set_status("ringing", "ringing")
            else:
                # A client or SIP address nobody is registered at is not found.
                call.finish("failed" if call.to.startswith("sip") else "no-answer", "404")
            return
        call.endpoint = party
        party.ring(call)

    def _rang_out(self, call: Call) -> None:
        if not call.live:
            call.finish("no-answer", "487")

    def incoming(self, call: Call, number: Number) -> None:
        """A call from outside reaches one of the account's numbers."""
        call.phone_number_sid = number.sid
        if self._is_full(call):
            return
        # Twilio: an application of the number takes the place of its own addresses.
        wiring: Wiring = self._world.applications.get(number.voice_application_sid, number)
        if wiring.status_callback:
            call.callback = Callback(wiring.status_callback, wiring.status_callback_method)
        call.fallback = Callback(wiring.voice_fallback_url, wiring.voice_fallback_method)
        caller = self._world.parties.get(call.from_)
        if wiring.voice_caller_id_lookup and caller is not None:
            call.extra["CallerName"] = caller.profile.name.upper()
        self.run_incoming(call, Source(wiring.voice_url, wiring.voice_method))

    def _is_full(self, call: Call) -> bool:
        """Whether the account has as many calls as it may; then this one is over."""
        limit = self._world.switches.concurrent_calls
        full = bool(limit) and len(self._world.live_calls()) > limit
        if full:
            self._world.debugger.report(10004, "Call concurrency limit exceeded", call.sid)
            call.finish("failed" if call.direction != "inbound" else "busy")
        return full

    def incoming_by_client(self, call: Call, application: Application) -> None:
        """A client party's call goes to the TwiML application it names."""
        if application.status_callback:
            callback = Callback(application.status_callback, application.status_callback_method)
            call.callback = callback
        fallback_url = application.voice_fallback_url
        call.fallback = Callback(fallback_url, application.voice_fallback_method)
        self.run_incoming(call, Source(application.voice_url, application.voice_method))

    def run_incoming(self, call: Call, source: Source) -> None:
        call.set_status("ringing")
        if not source.url:
            # Seen on real accounts: a number without a voice URL fails the call, saying nothing.
            call.finish("failed")
            return
        call.set_backdrop(Hearing("ringback"))
        call.run(run_document(call, source))

    def _loop_back(self, call: Call) -> Call:
        """Twilio: a call to one of its own numbers (or applications) runs what is set up there."""
        inner = Call(self._world, call.from_, call.to, "inbound")
        outer_end, inner_end = LoopEnd(inner), LoopEnd(call)
        call.endpoint, inner.endpoint = outer_end, inner_end
        call.set_status("ringing", "ringing")
        call.later(
            call.ring_timeout + self._world.switches.ring_timeout_buffer,
            lambda: self._rang_out(call),
        )
        return inner


class LoopEnd:
    """The far end of a leg that is another leg of this carrier."""

    def __init__(self, peer: Call) -> None:
        self._peer = peer

    def ring(self, _call: Call) -> None:
        """The peer's own document decides; nothing rings."""

    def answered(self, call: Call) -> None:
        if call.direction == "inbound":
            self._peer.answer()

    def hears(self, _call: Call, hearing: Hearing) -> None:
        if hearing.kind in ("say", "play"):
            text = hearing.text
            # What is said as the call is answered is heard once the two have been put together.
            wait = BRIDGING_SECONDS if self._peer.seat is None else 0.0
            self._peer.after(wait, lambda: self._peer.speak("recorded voice", text))
        elif self._peer.seat is not None:
            self._peer.seat.room.refresh()

    def hears_speech(self, _call: Call, who: str, text: str) -> None:
        self._peer.speak(who, text)

    def hears_tones(self, _call: Call, digits: str) -> None:
        self._peer.press(digits)

    def hears_beep(self, _call: Call) -> None:
        """A beep means nothing to the peer's document."""

    def over(self, _call: Call, status: str) -> None:
        if self._peer.over:
            return
        if self._peer.live or self._peer.direction == "inbound":
            self._peer.finish("completed" if self._peer.live else "canceled")
        else:
            self._peer.finish(status if status != "completed" else "no-answer")

    def people(self, _call: Call) -> tuple[str, ...]:
        """Those in the room the peer is in."""
        seat = self._peer.seat
        if seat is None or not seat.room.live:
            return ()
        others = [s for s in seat.room.seats if s.reaches(seat)]
        return tuple(
            name
            for other in others
            if not isinstance(other.call.endpoint, LoopEnd)
            for name in other.call.people()
        )

    def facts(self) -> dict[str, str]:
        return {}


async def run_document(call: Call, source: Source) -> None:
    """Run a call's own document to its end, which is the end of the call."""
    ending = await Session(call).run(source)
    call.finish(ending.status)
