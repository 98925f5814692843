"""Queues: first in, first out; no priority, no reordering."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .audio import Room, Seat
from .call import Call, Source
from .rest.representations import represent_member, represent_queue

if TYPE_CHECKING:
    from .world import World


@dataclass
class Claim:
    """A <Dial><Queue> that takes a waiting caller, and how each side hears of the other."""

    dialer: Call
    whisper_url: str
    whisper_method: str
    inbox: asyncio.Queue[str]


class Member:
    """A waiting leg. `inbox` gets what ends its wait: leave, hangup, error, a Source, a Claim."""

    def __init__(self, queue: Queue, call: Call) -> None:
        self.queue, self.call = queue, call
        self.since = call.world.clock.now()
        self.inbox: asyncio.Queue[str | Source | Claim] = asyncio.Queue()

    @property
    def waited(self) -> int:
        return round(self.call.world.clock.now() - self.since)

    @property
    def position(self) -> int:
        return self.queue.members.index(self) + 1 if self in self.queue.members else 0


class Queue:
    """Waiting legs in the order they came."""

    def __init__(self, world: World, name: str, max_size: int) -> None:
        self.world = world
        self.sid = world.sids.new("QU")
        self.name = name
        self.max_size = max_size
        self.created = self.updated = world.clock.now()
        self.members: list[Member] = []
        self._waiting_dialers: list[asyncio.Future[Member]] = []
        self._served = 0
        self._waited_total = 0.0
        # The sum of when the members came: asking each of a thousand how long it waits is slow.
        self._since_total = 0.0
        self.changed()

    def changed(self) -> None:
        self.updated = self.world.clock.now()
        self.world.history.keep(self.sid, lambda: represent_queue(self.world, self))
        self.world.history.keep(f"{self.sid}/members", self.represent_members)

    def represent_members(self) -> dict[str, Any]:
        """Everybody who waits as REST shows them, by CallSid."""
        return {m.call.sid: represent_member(self.world, m) for m in self.members}

    @property
    def average_wait(self) -> int:
        """Mean wait of everybody who is or was in the queue, in seconds."""
        count = len(self.members) + self._served
        waiting = self.world.clock.now() * len(self.members) - self._since_total
        return round((waiting + self._waited_total) / count) if count else 0

    def add(self, member: Member) -> None:
        self.members.append(member)
        self._since_total += member.since
        self.changed()
        self.world.events.add("queue", queue=self.name, event="join", call=member.call.sid)
        while self._waiting_dialers:
            dialer = self._waiting_dialers.pop(0)
            if not dialer.done():
                self.remove(member)
                dialer.set_result(member)
                return

    def remove(self, member: Member) -> None:
        if member not in self.members:
            return
        self.members.remove(member)
        self._since_total -= member.since
        self._served += 1
        self._waited_total += self.world.clock.now() - member.since
        self.changed()
        self.world.events.add("queue", queue=self.name, event="leave", call=member.call.sid)

    def find(self, call_sid: str) -> Member | None:
        """A waiting member by CallSid, or the first by the word Front."""
        if call_sid == "Front":
            return self.members[0] if self.members else None
        return next((m for m in self.members if m.call.sid == call_sid), None)

    def next_member(self) -> asyncio.Future[Member]:
        """The front of the queue, or whoever joins next."""
        future: asyncio.Future[Member] = asyncio.get_running_loop().create_future()
        if self.members:
            member = self.members[0]
            self.remove(member)
            future.set_result(member)
        else:
            self._waiting_dialers.append(future)
        return future


class Bridge(Room):
    """Two legs talking to each other."""

    def __init__(self, first: Call, second: Call) -> None:
        super().__init__()
        self.live = True
        for call in (first, second):
            self.add(Seat(call, self))
        self.refresh()

    def end(self) -> None:
        calls = [seat.call for seat in self.seats]
        for seat in list(self.seats):
            self.remove(seat)
        for call in calls:
            call.update_hearing()


class Queues:
    """All queues of the account."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.by_sid: dict[str, Queue] = {}

    def named(self, name: str) -> Queue | None:
        return next((q for q in self.by_sid.values() if name in (q.name, q.sid)), None)

    def create(self, name: str, max_size: int | None = None) -> Queue:
        """A new queue; Twilio's default size unless one is given (at most 5,000)."""
        queue = Queue(self._world, name, max_size or self._world.switches.queue_max_size)
        self.by_sid[queue.sid] = queue
        return queue
