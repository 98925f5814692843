"""DI3 and DI4: who is asked, who is left out and why, and how a request moves on."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from router.policy.dispatch import (
    ALLOWED,
    OPEN,
    SEEKING,
    TAKEN,
    Deadlines,
    LeftOut,
    Status,
    Team,
    Wanted,
    choose,
    due_after,
    may_become,
    sources_of,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NORTH = Team("north", 1, on_shift=True, free=True, members=2)


@pytest.mark.parametrize(
    ("team", "wanted", "reason"),
    [
        (
            Team("t", 1, on_shift=True, free=True, members=2),
            Wanted(asked=frozenset({"t"})),
            "already_asked",
        ),
        (Team("t", 1, on_shift=True, free=True, members=0), Wanted(), "no_members"),
        (Team("t", 1, on_shift=False, free=True, members=2), Wanted(), "off_shift"),
        (Team("t", 1, on_shift=True, free=False, members=2), Wanted(), "busy"),
        (
            Team("t", 1, on_shift=True, free=True, members=2),
            Wanted(frozenset({"youth"})),
            "lacks_skill",
        ),
        (
            Team("t", 1, on_shift=True, free=True, members=2, zones=frozenset({"south"})),
            Wanted(zone="north"),
            "outside_zone",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_di3_every_team_left_out_has_a_reason(team: Team, wanted: Wanted, reason: str) -> None:
    choice = choose(
        [team, NORTH], Wanted(zone=wanted.zone, asked=wanted.asked, skills=wanted.skills)
    )
    assert choice.left_out["t"] == LeftOut(reason)
    if not wanted.skills:
        assert choice.team_ids == ("north",)


def test_di3_teams_are_asked_in_the_programs_order() -> None:
    teams = [
        Team(name, place, on_shift=True, free=True, members=2)
        for name, place in (("b", 2), ("a", 2), ("c", 1))
    ]
    assert choose(teams, Wanted()).team_ids == ("c", "a", "b")


def test_a_team_without_zones_goes_everywhere_and_a_request_without_a_zone_takes_any_team() -> None:
    south = Team("south", 2, on_shift=True, free=True, members=1, zones=frozenset({"south"}))
    assert choose([NORTH, south], Wanted(zone="south")).team_ids == ("north", "south")
    assert choose([NORTH, south], Wanted()).team_ids == ("north", "south")


def test_the_first_reason_that_holds_is_the_one_recorded() -> None:
    team = Team("t", 1, on_shift=False, free=False, members=2)
    assert choose([team], Wanted()).left_out == {"t": LeftOut.OFF_SHIFT}


CHAIN = ["requested", "approved", "assigned", "acknowledged", "en_route", "on_scene", "cleared"]


def test_di4_the_chain_runs_from_request_to_clear() -> None:
    assert all(may_become(old, new) for old, new in pairwise(CHAIN))


@pytest.mark.parametrize("old", list(Status))
def test_di4_a_request_goes_back_only_from_a_team_that_did_not_take_it(old: Status) -> None:
    earlier = CHAIN[: CHAIN.index(old)] if old in CHAIN else CHAIN
    allowed = ["approved"] if old is Status.ASSIGNED else []
    assert [new for new in earlier if may_become(old, new)] == allowed


def test_di4_every_status_has_a_row_and_only_three_are_final() -> None:
    assert set(ALLOWED) == set(Status)
    assert set(Status) - OPEN == {Status.CLEARED, Status.CANCELLED, Status.UNANSWERED}
    assert SEEKING | TAKEN == OPEN


def test_di4_a_request_that_nobody_took_can_end_unanswered_and_one_that_was_taken_cannot() -> None:
    assert sources_of("unanswered") == {"requested", "approved", "assigned"}
    assert sources_of("acknowledged") == {"assigned"}


def test_every_status_without_a_team_has_a_deadline() -> None:
    deadlines = Deadlines()
    for status in Status:
        due_at = due_after(status, NOW, deadlines)
        assert (due_at is not None) == (status in SEEKING)
    assert due_after(Status.ASSIGNED, NOW, deadlines) == NOW + timedelta(seconds=90)
