"""RO5 and RE2: a truthful place among the waiting, and no promise where nothing is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.policy.queueing import DeskFigures, QueuePlace, Waiting, place

NOW = datetime(2026, 6, 1, 15, tzinfo=UTC)


def waiting(call_id: str, minutes_ago: int, priority: int = 0) -> Waiting:
    return Waiting(call_id, priority, NOW - timedelta(minutes=minutes_ago))


LINE = [waiting("a", 9), waiting("b", 3), waiting("c", 6)]


def test_ro5_the_earliest_is_next() -> None:
    places = {one.call_id: place(one.call_id, LINE).position for one in LINE}
    assert places == {"a": 1, "c": 2, "b": 3}


def test_re2_priority_goes_ahead_of_every_held_call_and_two_returns_keep_their_order() -> None:
    line = [*LINE, waiting("second", 1, priority=10), waiting("first", 2, priority=10)]
    assert place("first", line).position == 1
    assert place("second", line).position == 2
    assert place("a", line) == QueuePlace(3, 2, None)


def test_ro5_a_call_that_does_not_wait_yet_is_last() -> None:
    assert place("new", LINE) == QueuePlace(4, 3, None)
    assert place("new", []) == QueuePlace(1, 0, None)


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        (None, None),
        (DeskFigures(staffed=0, free=0), None),
        (DeskFigures(staffed=0, free=0, handling_seconds=600, handled=50), None),
        (DeskFigures(staffed=2, free=0), None),
        (DeskFigures(staffed=2, free=0, handling_seconds=600, handled=4), None),
        (DeskFigures(staffed=2, free=0, handling_seconds=600, handled=5), 900),
        (DeskFigures(staffed=2, free=2, handling_seconds=600, handled=5), 300),
        (DeskFigures(staffed=3, free=3), 0),
    ],
)
def test_ro5_a_wait_is_told_only_when_figures_carry_it(
    figures: DeskFigures | None, expected: int | None
) -> None:
    assert place("b", LINE, figures).expected_wait_seconds == expected


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 5)).map(
            lambda drawn: (drawn[0], NOW + timedelta(seconds=drawn[1]))
        ),
        max_size=12,
    )
)
def test_ro5_every_waiting_call_has_a_place_of_its_own(
    drawn: list[tuple[int, datetime]],
) -> None:
    line = [Waiting(str(index), *one) for index, one in enumerate(drawn)]
    positions = sorted(place(one.call_id, line).position for one in line)
    assert positions == list(range(1, len(line) + 1))
