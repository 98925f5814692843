"""RE2: what going ahead cost the held callers, worked out again from the history of a desk."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from router.policy.queueing import SKIP_PRIORITY
from router.policy.skip_cost import Visit, count_overtakes, measure, replay

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def visit(name: str, came: float, left: float, priority: int = 0, *, served: bool = True) -> Visit:
    return Visit(name, priority, at(came), at(left), served)


def back(name: str, came: float, left: float) -> Visit:
    return visit(name, came, left, SKIP_PRIORITY)


def test_a_return_that_went_ahead_of_two_cost_each_one_turn() -> None:
    """Turns at 100, 160 and 250: in order of arrival `a` and `b` have the first two of them."""
    cost = measure([back("r", 90, 100), visit("a", 0, 160), visit("b", 10, 250)])
    assert (cost.returns, cost.held, cost.overtaken, cost.overtakes) == (1, 2, 2, 2)
    assert cost.added_seconds == (160 - 100) + (250 - 160)
    assert cost.mean_return_seconds == 10
    assert cost.mean_held_seconds == (160 + 240) / 2
    assert cost.added_per_held_seconds == 75


def test_a_return_that_found_nobody_waiting_cost_nothing() -> None:
    cost = measure([back("r", 0, 5), visit("a", 1, 60)])
    assert (cost.overtaken, cost.added_seconds) == (0, 0.0)


def test_two_returns_over_one_held_call() -> None:
    cost = measure([back("r", 1, 10), back("s", 2, 20), visit("a", 0, 30)])
    assert (cost.overtaken, cost.overtakes, cost.added_seconds) == (1, 2, 20)


def test_who_left_the_line_stays_as_they_were_and_is_counted() -> None:
    left = visit("gone", 0, 15, served=False)
    cost = measure([back("r", 1, 10), left, visit("a", 5, 30)])
    assert (cost.held, cost.left_overtaken, cost.overtaken, cost.added_seconds) == (1, 1, 0, 0.0)


def test_held_calls_keep_their_priorities_in_the_replay() -> None:
    calls = [back("r", 3, 10), visit("low", 0, 30), visit("high", 1, 20, priority=50)]
    waits = {one.call_id: seconds for one, seconds in replay(calls).items()}
    assert waits == {"high": 9, "low": 20, "r": 27}


def test_a_day_is_counted_within_the_whole_history() -> None:
    calls = [back("r", 90, 100), visit("a", 0, 160), visit("b", 10, 250)]
    later = measure(calls, lambda one: one.left_at >= at(200))
    assert (later.returns, later.held, later.added_seconds) == (0, 1, 90)


def test_of_nothing_nothing_follows() -> None:
    cost = measure([])
    assert (cost.returns, cost.added_per_held_seconds, cost.mean_return_seconds) == (0, 0.0, 0.0)


@pytest.mark.parametrize("seed", range(20))
def test_what_held_callers_lost_is_what_returns_won(seed: int) -> None:
    """Turns stay, so that the sum of all waits does; and no held call can have gained."""
    chance = random.Random(seed)
    calls: list[Visit] = []
    came = sorted(chance.uniform(0, 1000) for _ in range(60))
    line: list[tuple[int, float]] = []
    turn, upcoming = 0.0, list(came)
    while upcoming or line:
        turn += chance.expovariate(1 / 15)
        if not line and upcoming:
            turn = max(turn, upcoming[0])
        while upcoming and upcoming[0] <= turn:
            line.append((-SKIP_PRIORITY * (chance.random() < 0.2), upcoming.pop(0)))
        priority, arrival = min(line)
        line.remove((priority, arrival))
        calls.append(visit(f"c{len(calls)}", arrival, turn, -priority))
    waits = replay(calls)
    lost = [one.wait_seconds - waits[one] for one in calls if not one.is_skip]
    won = sum(waits[one] - one.wait_seconds for one in calls if one.is_skip)
    assert min(lost) >= 0
    assert sum(lost) == pytest.approx(won)
    assert measure(calls).added_seconds == pytest.approx(won)
    slow = {
        one: sum(
            other.is_skip and other.queued_at > one.queued_at and other.left_at <= one.left_at
            for other in calls
        )
        for one in calls
        if not one.is_skip
    }
    assert {one: n for one, n in count_overtakes(calls).items() if not one.is_skip} == slow
