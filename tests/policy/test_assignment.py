"""RO2: language fit first, then the longest idle."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from router.policy.assignment import order
from router.policy.roster import Bar, Standing

NOW = datetime(2026, 6, 1, 15, tzinfo=UTC)


def standing(name: str, idle_minutes: int, *languages: str) -> Standing:
    idle_since = NOW - timedelta(minutes=idle_minutes)
    return Standing(name, name.title(), frozenset({"en", *languages}), None, "free", idle_since)


def names(standings: tuple[Standing, ...]) -> list[str]:
    return [one.person_id for one in standings]


DESK = [
    standing("ana", 5),
    standing("bo", 50),
    standing("cy", 10, "es"),
    standing("di", 1, "es"),
]


def test_ro2_the_longest_idle_is_first() -> None:
    assert names(order(DESK, "en")) == ["bo", "cy", "ana", "di"]


def test_ro2_language_comes_before_idleness() -> None:
    assert names(order(DESK, "es")) == ["cy", "di", "bo", "ana"]


def test_ro2_a_language_nobody_speaks_still_finds_a_person() -> None:
    assert names(order(DESK, "vi")) == ["bo", "cy", "ana", "di"]


def test_ro2_people_who_are_not_free_are_never_in_the_order() -> None:
    busy = replace(DESK[1], bar=Bar.ON_CALL, reason="on a call")
    assert names(order([busy, DESK[0]], "en")) == ["ana"]


def test_ro2_a_person_never_called_is_first_and_a_tie_is_settled_by_name() -> None:
    fresh = replace(standing("ed", 0), idle_since=None)
    twins = [standing("gil", 3), standing("flo", 3), fresh]
    assert names(order(twins, "en")) == ["ed", "flo", "gil"]
