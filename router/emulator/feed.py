"""Numbered, timed records that can be read from a point on and waited for."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from itertools import takewhile
from typing import Any

from .clock import Clock

Entry = dict[str, Any]


class Feed:
    """An ordered log; the oldest entries are forgotten beyond `limit`."""

    def __init__(self, clock: Clock, limit: int = 20_000) -> None:
        self._clock = clock
        self._entries: deque[Entry] = deque(maxlen=limit)
        self._numbers = itertools.count(1)
        # In the order they came, which is the order they wake in.
        self._waiters: dict[asyncio.Future[None], None] = {}

    def add(self, kind: str, **data: object) -> Entry:
        entry: Entry = {"seq": next(self._numbers), "at": round(self._clock.now(), 3), "kind": kind}
        entry.update(data)
        self._entries.append(entry)
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        return entry

    def after(self, seq: int = 0) -> list[Entry]:
        """Entries after number `seq`, looked for from the end: mostly few are new."""
        fresh = list(takewhile(lambda entry: entry["seq"] > seq, reversed(self._entries)))
        fresh.reverse()
        return fresh

    async def wait(self, after: int, seconds: float) -> list[Entry]:
        """Entries after `after`; when there are none yet, wait `seconds` of wall time for one."""
        found = self.after(after)
        if found or seconds <= 0:
            return found
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters[waiter] = None
        try:
            await asyncio.wait_for(waiter, seconds)
        except TimeoutError:
            pass
        finally:
            self._waiters.pop(waiter, None)
        return self.after(after)

    def clear(self) -> None:
        self._entries.clear()
