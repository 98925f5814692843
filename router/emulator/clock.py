"""Time as the network sees it: real, N times faster, or moved by hand.

Everything that waits does so on this clock, so a test can play an hour in a moment and two runs by
hand happen in the same order. HTTP time-outs alone run on the wall clock, because the application
under test does.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

MODES = ("real", "fast", "manual")
MAX_SPEED = 10_000.0
_FEW_CANCELLED = 1_000


@dataclass(order=True)
class Timer:
    """Something due at a moment; equal moments happen in the order they were asked for."""

    due: float
    order: int
    action: Callable[[], None] = field(compare=False)
    forget: Callable[[], None] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        if not self.cancelled:
            self.cancelled = True
            # What it would have done may hold a whole call: let go of it at once.
            self.action = _nothing
            self.forget()


class Clock:
    """The hands, and everything that is due when they get there."""

    def __init__(self, mode: str = "real", speed: float = 1.0, start: float | None = None) -> None:
        """Begin at `start` (seconds since the epoch) instead of the present moment."""
        self.mode = mode
        self.speed = speed
        self._heap: list[Timer] = []
        self._cancelled = 0
        self._order = itertools.count()
        self._base = time.time() if start is None else start
        self._mark = time.monotonic()
        self._wake: asyncio.TimerHandle | None = None
        self._advancing = asyncio.Lock()
        self.settle: Callable[[], Awaitable[None]] = _no_settling

    def now(self) -> float:
        """Seconds since the epoch, by this clock."""
        if self.mode == "manual":
            return self._base
        return self._base + (time.monotonic() - self._mark) * self.speed

    def configure(self, mode: str, speed: float = 1.0) -> None:
        """Change the way time runs without moving the hands."""
        self._base, self._mark = self.now(), time.monotonic()
        self.mode, self.speed = mode, speed if mode == "fast" else 1.0
        self._arm()

    def call_later(self, delay: float, action: Callable[[], None]) -> Timer:
        due = self.now() + max(0.0, delay)
        timer = Timer(due, next(self._order), action, self._forget)
        heapq.heappush(self._heap, timer)
        if self._heap[0] is timer:
            self._arm()
        return timer

    def _forget(self) -> None:
        """A timer was cancelled: clear the heap when it is mostly such, as of 4-hour limits."""
        self._cancelled += 1
        if self._cancelled > _FEW_CANCELLED and self._cancelled * 2 > len(self._heap):
            self._heap = [timer for timer in self._heap if not timer.cancelled]
            heapq.heapify(self._heap)
            self._cancelled = 0

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return
        await self.wait(asyncio.get_running_loop().create_future(), seconds)

    async def wait(self, future: asyncio.Future[None], seconds: float) -> bool:
        """Wait for `future` at most `seconds`; True when it came before the time was up."""
        if future.done():
            return True
        if seconds <= 0:
            return False
        gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def open_gate(_: object = None) -> None:
            if not gate.done():
                gate.set_result(None)

        timer = self.call_later(seconds, open_gate)
        future.add_done_callback(open_gate)
        try:
            await gate
        finally:
            timer.cancel()
            future.remove_done_callback(open_gate)
        return future.done()

    async def advance(self, seconds: float) -> None:
        """Move the hands, letting everything due happen one at a time and settle in between."""
        async with self._advancing:
            if self.mode != "manual":
                raise RuntimeError("time is not in manual mode")
            target = self._base + seconds
            await self.settle()
            while timer := self._due(target):
                self._base = max(self._base, timer.due)
                timer.action()
                await self.settle()
            self._base = target

    def _due(self, target: float) -> Timer | None:
        while self._heap and (self._heap[0].cancelled or self._heap[0].due <= target):
            timer = heapq.heappop(self._heap)
            if not timer.cancelled:
                return timer
        return None

    def _arm(self) -> None:
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        while self._heap and self._heap[0].cancelled:
            heapq.heappop(self._heap)
        if self.mode == "manual" or not self._heap:
            return
        delay = max(0.0, (self._heap[0].due - self.now()) / self.speed)
        self._wake = asyncio.get_running_loop().call_later(delay, self._ring)

    def _ring(self) -> None:
        self._wake = None
        while timer := self._due(self.now()):
            timer.action()
        self._arm()


def _nothing() -> None:
    """What a cancelled timer does."""


async def _no_settling() -> None:
    await asyncio.sleep(0)
