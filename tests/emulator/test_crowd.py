"""The same calls at real time and by hand: everybody hears the same. dev.py soak plays 200."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from router.emulator.client import Network
from tests.emulator import crowd
from tests.emulator.conftest import Stage, Thread

CALLS, GAP = int(os.environ.get("SWITCHBACK_CROWD", "40")), 0.05
# A machine too busy to keep real time (its loop comes late) is given more: the same clock, slower.
SPEEDS, LARGEST_LAG = (1.0, 0.5, 0.25), 0.08


@contextmanager
def lag_of(thread: Thread) -> Iterator[list[float]]:
    """How late the emulator's loop was, at worst, while this was open."""
    worst = [0.0]

    async def watch() -> None:
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await asyncio.sleep(0.01)
            worst[0] = max(worst[0], loop.time() - before - 0.01)

    task = asyncio.run_coroutine_threadsafe(watch(), thread.loop)
    try:
        yield worst
    finally:
        task.cancel()


@pytest.mark.timeout(300)
def test_the_same_calls_at_real_time_and_by_hand(stage: Stage, thread: Thread) -> None:
    crowd.open_lines(stage.app, stage.client)
    by_hand = crowd.play(stage.net, CALLS, seed=1, gap=GAP)
    running = Network(stage.net.base_url)
    for speed in SPEEDS:
        running.reset()
        running.time("fast", speed)
        with lag_of(thread) as worst:
            at_real_time = crowd.play(running, CALLS, seed=1, gap=GAP)
        if worst[0] < LARGEST_LAG / speed:
            break
    assert crowd.differences(by_hand, at_real_time) == []
    told = [entry["kind"] for entries in by_hand.values() for entry in entries]
    for kind in ("talking_with", "speech", "beep", "missed", "pressed", "said", "silence", "wait"):
        assert kind in told
