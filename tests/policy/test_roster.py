"""RO1: who may be offered a call, and a reason for everyone who may not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from router.policy.roster import Bar, Claim, RosterRow, examine
from router.policy.shift import EVERY_DAY, Shift

NOW = datetime(2026, 6, 1, 15, tzinfo=UTC)
ALWAYS = Shift("America/Chicago", EVERY_DAY, time(0), time(0))
NIGHTS = Shift("America/Chicago", EVERY_DAY, time(22), time(6))
FREE = RosterRow(
    person_id="ana",
    name="Ana Example",
    roles=frozenset({"clinician"}),
    required_role="clinician",
    shifts=(ALWAYS,),
    signed_on_at=NOW - timedelta(hours=2),
)


def test_ro1_a_person_on_shift_signed_on_and_unclaimed_is_free() -> None:
    (standing,) = examine([FREE], NOW)
    assert standing.is_free
    assert standing.reason == "free"
    assert standing.idle_since == FREE.signed_on_at


@pytest.mark.parametrize(
    ("changes", "bar", "reason"),
    [
        ({"shifts": ()}, Bar.NOT_ON_SHIFT, "not on shift"),
        ({"shifts": (NIGHTS,)}, Bar.NOT_ON_SHIFT, "not on shift"),
        ({"signed_on_at": None}, Bar.NOT_SIGNED_ON, "on shift, but not signed on"),
        (
            {"signed_on_at": NOW + timedelta(seconds=1)},
            Bar.NOT_SIGNED_ON,
            "on shift, but not signed on",
        ),
        ({"paused_at": NOW, "pause_reason": "missed_calls"}, Bar.PAUSED, "paused: missed calls"),
        ({"paused_at": NOW}, Bar.PAUSED, "paused: no reason given"),
        ({"claimed_call_id": "c1", "claim": Claim.ON_CALL}, Bar.ON_CALL, "on a call"),
        ({"claimed_call_id": "c1"}, Bar.ON_CALL, "on a call"),
        (
            {"claimed_call_id": "c1", "claim": Claim.OFFERED},
            Bar.OFFERED_ANOTHER_CALL,
            "is being offered another call",
        ),
        (
            {"wrap_up_until": NOW + timedelta(seconds=39.2)},
            Bar.WRAP_UP,
            "in wrap-up for another 40 s",
        ),
        (
            {"roles": frozenset({"supervisor"})},
            Bar.MISSING_ROLE,
            "does not have the role clinician",
        ),
        (
            {"required_credentials": frozenset({"state_license", "phone_system"})},
            Bar.MISSING_CREDENTIAL,
            "lacks phone system and state license",
        ),
    ],
)
def test_ro1_everyone_left_out_has_a_reason(changes: dict[str, Any], bar: Bar, reason: str) -> None:
    (standing,) = examine([replace(FREE, **changes)], NOW)
    assert not standing.is_free
    assert (standing.bar, standing.reason) == (bar, reason)


def test_ro1_a_pause_or_wrap_up_that_is_over_leaves_a_person_free() -> None:
    rows = [
        replace(FREE, wrap_up_until=NOW),
        replace(FREE, paused_at=NOW + timedelta(seconds=1)),
        replace(FREE, shifts=(NIGHTS, ALWAYS)),
        replace(FREE, required_credentials=frozenset({"a"}), credentials=frozenset({"a", "b"})),
    ]
    assert all(standing.is_free for standing in examine(rows, NOW))


def test_ro7_the_end_of_wrap_up_is_known_to_the_board() -> None:
    until = NOW + timedelta(seconds=30)
    (standing,) = examine([replace(FREE, wrap_up_until=until)], NOW)
    assert standing.free_at == until


def test_ro1_everyone_is_answered_for_in_the_order_given() -> None:
    rows = [replace(FREE, person_id=name) for name in ("cy", "ana", "bo")]
    assert [standing.person_id for standing in examine(rows, NOW)] == ["cy", "ana", "bo"]
    assert examine([], NOW) == []
