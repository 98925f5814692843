"""The whole network: what there is, and the few things everything shares."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from .addresses import Address, CallerId
from .call import Call
from .carrier import Carrier
from .clock import Clock
from .conference import Conferences
from .debugger import Debugger
from .faults import Faults
from .feed import Feed
from .history import History
from .keys import ApiKey
from .messages import Messages
from .numbers import Application, Number
from .party import Party
from .queue import Queues
from .recordings import Recordings
from .rest.representations import represent_call
from .sids import Sids
from .softphones import Softphones
from .switches import Switches
from .twiml import verbs
from .webhooks import Webhooks

# How many turns of the loop without anything else to run make it idle (see `idle`), on a loop that
# tells what is ready and on one that does not; and when to stop waiting for that.
_CALM_TURNS, _IDLE_TURNS, _MOST_TURNS = 3, 25, 10_000

# Calls that are kept to be read, like Twilio's, but not for ever.
MAX_CALLS = 20_000

# Where a few area codes lie, for the geography fields of webhooks.
_PLACES = {
    "+1512": ("AUSTIN", "TX", "78701"),
    "+1602": ("PHOENIX", "AZ", "85003"),
    "+1919": ("DURHAM", "NC", "27701"),
}


class World:
    """One account's network."""

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        clock: Clock,
        switches: Switches | None = None,
        seed: int | None = None,
    ) -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.clock = clock
        self.switches = switches or Switches()
        self.sids = Sids(seed)
        self.base_url = ""
        self.friendly_name = "Emulated account"
        self.created = clock.now()
        self.api_keys: dict[str, str] = {}  # secrets by SID
        self.keys: dict[str, ApiKey] = {}
        self.rest_in_flight = 0
        self.allow_any_host = False
        self.faults = Faults()
        self.events = Feed(clock)
        self.unexpected_rings = Feed(clock)
        self.debugger = Debugger(clock, self.events)
        self.webhooks = Webhooks(self)
        self.history = History(self)
        self.carrier = Carrier(self)
        self.calls: dict[str, Call] = {}
        self.conferences = Conferences(self)
        self.queues = Queues(self)
        self.messages = Messages(self)
        self.recordings = Recordings(self)
        self.numbers: dict[str, Number] = {}
        self.applications: dict[str, Application] = {}
        self.addresses: dict[str, Address] = {}
        self.caller_ids: dict[str, CallerId] = {}  # by number
        self.parties: dict[str, Party] = {}
        self.softphones = Softphones(self)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._idling = 0
        clock.settle = self.settle
        verbs.install()

    async def settle(self) -> None:
        """Wait until nothing moves: no webhook in flight, and no task with anything to do."""
        await self.idle()
        while self.webhooks.in_flight:
            await self.webhooks.landed()
            await self.idle()

    async def idle(self) -> None:
        """Let everything that can run do so; what waits for time or for the application stays."""
        # CPython's loop keeps what is ready to run here; another loop is given turns enough.
        ready = getattr(asyncio.get_running_loop(), "_ready", None)
        needed, calm = (_IDLE_TURNS if ready is None else _CALM_TURNS), 0
        self._idling += 1
        try:
            for _ in range(_MOST_TURNS):
                await asyncio.sleep(0)
                # Whoever else waits here is ready to run as well, and does nothing but that.
                busy = ready is not None and len(ready) >= self._idling
                calm = 0 if busy else calm + 1
                if calm >= needed:
                    return
        finally:
            self._idling -= 1

    def keep(self, task: asyncio.Task[Any]) -> None:
        """Hold a task until it is done, and log what it died of."""
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self.keep(asyncio.get_running_loop().create_task(work))

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.fault_of_ours(task.exception())

    def fault_of_ours(self, error: BaseException | None, call_sid: str = "") -> None:
        self.events.add("emulator_error", error=repr(error), call=call_sid)

    def application(self, sid: str) -> Application | None:
        """The named TwiML application; without a name, the only one there is."""
        if not sid and len(self.applications) == 1:
            return next(iter(self.applications.values()))
        return self.applications.get(sid)

    def geography(self, address: str, prefixes: tuple[str, ...]) -> dict[str, str]:
        """City, state, zip and country of a number, as far as they are known."""
        if not address.startswith("+1"):
            return {}
        known = self.parties[address].profile.facts if address in self.parties else {}
        city, state, zip_code = _PLACES.get(address[:5], ("", "", ""))
        fields = {"City": city, "State": state, "Zip": zip_code, "Country": "US"}
        return {
            prefix + key: known.get(prefix + key, value)
            for prefix in prefixes
            for key, value in fields.items()
        }

    def describe_call(self, call: Call) -> dict[str, Any]:
        return represent_call(self, call)

    def describe_leg(self, call: Call) -> dict[str, Any]:
        """What the control API tells of a leg: above all, what it hears and since when."""
        hearing, seat = call.hearing, call.seat
        room = seat.room if seat else None
        alone = room is not None and bool(room.name) and len(room.seats) == 1
        return {
            "sid": call.sid,
            "from": call.from_,
            "to": call.to,
            "direction": call.direction,
            "status": call.status,
            "parent": call.parent.sid if call.parent else None,
            "party": call.endpoint.number if isinstance(call.endpoint, Party) else None,
            "started": call.started,
            "ended": call.ended,
            "hears": {
                "kind": hearing.kind,
                "text": hearing.text,
                "with": list(hearing.people),
                "heard_by": list(hearing.heard_by),
                "where": hearing.where,
                "since": call.hearing_since,
            },
            "room": room.name if room else None,
            "alone": alone,
        }

    def reset(self) -> None:
        """End everything and forget it, without a word to anybody; numbers and switches stay."""
        self.softphones.reset()
        for call in list(self.calls.values()):
            call.callback = None
            call.vanish()
        for task in list(self._tasks):
            task.cancel()
        self.calls.clear()
        self.parties.clear()
        self.caller_ids.clear()
        self.conferences = Conferences(self)
        self.queues = Queues(self)
        self.messages = Messages(self)
        self.recordings = Recordings(self)
        self.history = History(self)
        self.faults = Faults()
        self.carrier.forget_queue()
        for feed in (self.events, self.unexpected_rings, self.debugger.log, self.webhooks.log):
            feed.clear()

    def remember(self, call: Call) -> None:
        """Keep a call; the oldest ones that are over are forgotten in the end."""
        self.calls[call.sid] = call
        if len(self.calls) <= MAX_CALLS:
            return
        over = [sid for sid, call in self.calls.items() if call.over]
        for sid in over[: MAX_CALLS // 10]:
            del self.calls[sid]

    def live_calls(self) -> list[Call]:
        return [call for call in self.calls.values() if not call.over]
