"""RO5 and RE2: the order of a line, who is offered whom, and no promise where nothing is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_flows.return_to_911 import PRIORITY_SKIP
from router.policy.queueing import (
    SKIP_PRIORITY,
    DeskFigures,
    Guard,
    Line,
    QueuePlace,
    Served,
    Waiting,
    left_to_others,
    line_up,
    match,
    place,
)

NOW = datetime(2026, 6, 1, 15, tzinfo=UTC)
GUARD = Guard(wait_seconds=600, overtaken=2)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def waiting(
    call_id: str, minutes: float, priority: int = 0, *passed_over: str, is_rung: bool = False
) -> Waiting:
    return Waiting(call_id, priority, ago(minutes), is_rung, frozenset(passed_over))


def skip(call_id: str, minutes: float, *passed_over: str, is_rung: bool = False) -> Waiting:
    return waiting(call_id, minutes, SKIP_PRIORITY, *passed_over, is_rung=is_rung)


def ids(line: Line) -> list[str]:
    return [one.call_id for one in line.calls]


LINE = [waiting("a", 9), waiting("b", 3), waiting("c", 6)]
LINED_UP = line_up(LINE, NOW)


def test_re2_the_flows_and_the_policy_mean_the_same_by_going_ahead() -> None:
    assert PRIORITY_SKIP == SKIP_PRIORITY


def test_ro5_the_earliest_is_next() -> None:
    places = {one.call_id: place(one.call_id, LINED_UP).position for one in LINE}
    assert places == {"a": 1, "c": 2, "b": 3}


def test_re2_returns_go_ahead_of_every_held_call_and_two_keep_their_order() -> None:
    line = line_up([*LINE, skip("second", 1), skip("first", 2), waiting("urgent", 1, 50)], NOW)
    assert ids(line) == ["first", "second", "urgent", "a", "c", "b"]
    assert place("a", line) == QueuePlace(4, 3, None)


def test_re2_a_return_that_joins_the_queue_is_held_like_the_others() -> None:
    assert ids(line_up([*LINE, waiting("joined", 4)], NOW)) == ["a", "c", "joined", "b"]


def test_ro5_a_call_that_does_not_wait_yet_is_last() -> None:
    assert place("new", LINED_UP) == QueuePlace(4, 3, None)
    assert place("new", Line(())) == QueuePlace(1, 0, None)


def overtakers(number: int) -> list[Served]:
    """Returns taken within the last minutes."""
    return [Served(SKIP_PRIORITY, ago(5 - n), ago(4.5 - n)) for n in range(number)]


@pytest.mark.parametrize(
    ("minutes", "overtaken", "is_protected"),
    [(10, 2, True), (11, 4, True), (9.9, 2, False), (30, 1, False), (30, 0, False)],
)
def test_re2_a_held_call_that_gave_way_long_and_often_is_next(
    minutes: float, overtaken: int, *, is_protected: bool
) -> None:
    held = [waiting("old", minutes), waiting("young", 2)]
    line = line_up([*held, skip("back", 1)], NOW, GUARD, overtakers(overtaken))
    assert ids(line) == (["old", "back", "young"] if is_protected else ["back", "old", "young"])
    assert (line.protected is not None) is is_protected
    assert place("old", line).position == (1 if is_protected else 2)  # what the caller is told


def test_re2_one_held_call_at_most_goes_before_the_returns() -> None:
    held = [waiting("older", 30), waiting("old", 20)]
    line = line_up([*held, skip("one", 2), skip("two", 1)], NOW, GUARD, overtakers(3))
    assert ids(line) == ["older", "one", "two", "old"]


def test_re2_a_return_gives_way_once() -> None:
    taken = [*overtakers(3), Served(0, ago(40), ago(1), overtaken=3)]
    held = [waiting("older", 30), waiting("old", 20)]
    assert ids(line_up([*held, skip("back", 2)], NOW, GUARD, taken)) == ["back", "older", "old"]
    # One that came after that has given way to nobody yet.
    assert ids(line_up([*held, skip("new", 0.5)], NOW, GUARD, taken))[0] == "older"


def test_re2_returns_before_the_held_call_came_are_no_overtaking() -> None:
    before = [Served(SKIP_PRIORITY, ago(40 - n), ago(29 - n)) for n in range(5)]
    assert ids(line_up([waiting("old", 30), skip("back", 1)], NOW, GUARD, before))[0] == "back"


def test_re2_without_a_return_in_line_the_guard_changes_nothing() -> None:
    held = [waiting("low", 60, -1), waiting("old", 30), waiting("young", 2, 50)]
    line = line_up(held, NOW, GUARD, overtakers(4))
    assert ids(line) == ["young", "old", "low"]
    assert line.protected is None


def test_re2_a_return_is_offered_to_all_who_are_free_at_once() -> None:
    line = line_up([*LINE, skip("back", 1), skip("later", 0.5)], NOW)
    assert match(line, ["tom", "uma", "vic"]) == {"back": ("tom", "uma", "vic")}


def test_re2_whoever_becomes_free_while_a_return_rings_is_rung_for_it_too() -> None:
    line = line_up([*LINE, skip("back", 1, is_rung=True)], NOW)
    assert match(line, ["uma"]) == {"back": ("uma",)}


def test_re2_whom_a_return_has_passed_over_are_there_for_the_next() -> None:
    line = line_up([*LINE, skip("back", 1, "tom"), skip("later", 0.5, "tom")], NOW)
    assert match(line, ["tom", "uma"]) == {"back": ("uma",), "a": ("tom",)}


def test_re2_a_protected_call_takes_one_person_and_the_return_the_others() -> None:
    line = line_up([waiting("old", 30), skip("back", 1)], NOW, GUARD, overtakers(2))
    assert match(line, ["tom", "uma", "vic"]) == {"old": ("tom",), "back": ("uma", "vic")}


def test_ro2_the_first_in_line_chooses_first_and_nobody_is_offered_twice() -> None:
    line = line_up([waiting("a", 9, 0, "tom"), waiting("b", 3), waiting("c", 1)], NOW)
    assert match(line, ["tom", "uma"]) == {"a": ("uma",), "b": ("tom",)}
    assert match(line, []) == {}
    assert left_to_others(line, "b", ["tom", "uma"]) == {"uma"}
    assert left_to_others(line, "c", ["tom", "uma"]) == {"tom", "uma"}
    assert left_to_others(line, "a", ["tom", "uma"]) == frozenset()


def test_ro2_a_held_call_that_rings_takes_nobody_more() -> None:
    line = line_up([waiting("a", 9, is_rung=True), waiting("b", 3)], NOW)
    assert match(line, ["tom"]) == {"b": ("tom",)}


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
    assert place("b", LINED_UP, figures).expected_wait_seconds == expected


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
    line = line_up([Waiting(str(index), *one) for index, one in enumerate(drawn)], NOW)
    positions = [place(one.call_id, line).position for one in line.calls]
    assert positions == list(range(1, len(line.calls) + 1))
