"""RE2: the routing functions, run as a desk simulated by hand; dev.py bench has the figures."""

from __future__ import annotations

import pytest

from router.policy.queueing import Guard
from router.policy.skip_cost import Visit, measure
from tests.bench.queue import Desk, Simulation, erlang_c


def test_theory_is_that_of_the_reference() -> None:
    """The published table: 6 call takers at 85 % and 94 %, 2 % returns, 307 s."""
    assert erlang_c(1, 0.5) == 0.5
    for load, held, returned in ((0.85, 217, 32), (0.94, 730, 44)):
        theory = Desk(load).theory()
        assert theory.held == pytest.approx(held, abs=1)
        assert theory.returned == pytest.approx(returned, abs=1)


def test_re2_in_a_simulated_desk_no_held_call_is_taken_before_a_waiting_return() -> None:
    found = Simulation(Desk(0.94, returns=0.1), seed=7, guard=None).run(4000)
    returns = [one for one in found.visits if one.is_skip]
    held = [one for one in found.visits if not one.is_skip]
    assert len(returns) > 300
    for back in returns:
        assert not any(back.queued_at < one.left_at < back.left_at for one in held)
    assert [one.left_at for one in returns] == sorted(one.left_at for one in returns)
    assert [one.left_at for one in held] == sorted(one.left_at for one in held)
    cost = measure(found.visits)
    assert 0 < cost.mean_return_seconds < cost.mean_held_seconds / 3
    assert 0 < cost.added_per_held_seconds < cost.mean_held_seconds


def test_little_s_law_holds_of_the_simulated_line() -> None:
    """The waits add up to the line that was seen: nobody is lost, nobody served twice."""
    found = Simulation(Desk(0.85), seed=3).run(3000)
    assert len({one.call_id for one in found.visits}) == len(found.visits) > 2950
    total = sum(one.wait_seconds for one in found.visits)
    assert total == pytest.approx(found.waiting_seconds, rel=0.02)


def test_re2_the_guard_leaves_ordinary_loads_as_they_are_and_acts_in_a_bad_night() -> None:
    ordinary = Simulation(Desk(0.85), seed=3).run(5000)
    assert ordinary.guarded == 0
    bad_night = Desk(0.98, returns=0.5)
    plain = Simulation(bad_night, seed=5, guard=None).run(3000)
    guarded = Simulation(bad_night, seed=5, guard=Guard(300, 3)).run(3000)
    assert guarded.guarded > 50
    assert _longest_held(guarded.visits) < _longest_held(plain.visits)


def _longest_held(visits: list[Visit]) -> float:
    return max(one.wait_seconds for one in visits if not one.is_skip)
