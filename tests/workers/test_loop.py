"""Threads that go on whatever happens in a turn."""

from __future__ import annotations

import itertools
import queue

import pytest

from workers import loop
from workers.loop import Loop


def test_a_turn_that_fails_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "AFTER_ERROR_SECONDS", 0.0)
    turns: queue.Queue[int] = queue.Queue()
    count = itertools.count(1)

    def turn() -> float:
        number = next(count)
        turns.put(number)
        if number == 1:
            raise RuntimeError("the database is away")
        return 60.0

    thread = Loop("test", turn)
    thread.start()
    assert [turns.get(timeout=30), turns.get(timeout=30)] == [1, 2]
    thread.stop()
    thread.join(5)
    assert not thread.is_alive()


def test_waking_ends_the_wait_even_when_it_comes_during_the_turn() -> None:
    turns: queue.Queue[int] = queue.Queue()
    count = itertools.count(1)
    thread: Loop

    def turn() -> float:
        number = next(count)
        turns.put(number)
        if number == 1:
            thread.wake()
        return 60.0

    thread = Loop("test", turn)
    thread.start()
    assert [turns.get(timeout=30), turns.get(timeout=30)] == [1, 2]
    thread.stop()
    thread.join(5)
    assert not thread.is_alive()
