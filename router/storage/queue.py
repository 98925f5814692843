"""Who waits for a desk, and how long its people take for a call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, literal_column, select
from sqlalchemy.orm import Session

from router.policy.queueing import Waiting
from router.storage.tables import calls, legs, offers

RECENT_CALLS = 20  # enough for a mean, few enough to follow the hour


@dataclass(frozen=True, slots=True)
class WaitingCall:
    """One call in a desk's queue, and the version of its program that it follows."""

    place: Waiting
    program_id: str
    program_version: int
    desk: str


# The predicate of ix_calls_waiting, letter for letter, so that the index is used.
_IN_QUEUE: ColumnElement[bool] = literal_column(
    "desk <> '' AND stage IN ('waiting', 'consulting', 'returning')"
)


def list_waiting(
    session: Session, program_id: str | None = None, desk: str | None = None
) -> list[WaitingCall]:
    """Calls in the queue of a desk that nobody has taken, of every desk or program left out.

    In the order of their priority and arrival.
    """
    # A clinician who stays while 911 is sought is no answer from 911's desk.
    of_the_desk = [offers.c.call_id == calls.c.id, offers.c.desk == calls.c.desk]
    taken = (
        select(offers.c.leg_id)
        .join(legs, legs.c.id == offers.c.leg_id)
        .where(*of_the_desk, offers.c.state == "accepted", legs.c.place != "ended")
        .exists()
    )
    rung = (
        select(offers.c.leg_id)
        .where(*of_the_desk, offers.c.state.in_(("ringing", "answered")))
        .exists()
    )
    statement = (
        select(
            calls.c.id,
            calls.c.priority,
            calls.c.queued_at,
            calls.c.program_id,
            calls.c.program_version,
            calls.c.desk,
            rung,
            calls.c.passed_over,
        )
        .where(_IN_QUEUE, calls.c.queued_at.is_not(None), ~taken)
        .order_by(
            calls.c.program_id,
            calls.c.desk,
            calls.c.priority.desc(),
            calls.c.queued_at,
            calls.c.id,
        )
    )
    if program_id is not None:
        statement = statement.where(calls.c.program_id == program_id)
    if desk is not None:
        statement = statement.where(calls.c.desk == desk)
    return [
        WaitingCall(
            Waiting(call_id, priority, queued_at, is_rung, frozenset(passed_over)),
            program,
            version,
            desk_name,
        )
        for call_id, priority, queued_at, program, version, desk_name, is_rung, passed_over in (
            session.execute(statement)
        )
    ]


def talk_seconds(
    session: Session, program_id: str, desk: str, since: datetime
) -> tuple[float, int]:
    """Mean seconds from accepting a call to leaving it, over how many of the desk's last calls."""
    recent = (
        select((legs.c.ended_at - offers.c.decided_at).label("talk"))
        .join_from(offers, legs, legs.c.id == offers.c.leg_id)
        .join(calls, calls.c.id == offers.c.call_id)
        .where(
            offers.c.desk == desk,
            offers.c.state == "accepted",
            offers.c.decided_at >= since,
            legs.c.ended_at.is_not(None),
            calls.c.program_id == program_id,
        )
        .order_by(offers.c.decided_at.desc())
        .limit(RECENT_CALLS)
        .subquery()
    )
    row = session.execute(
        select(func.extract("epoch", func.avg(recent.c.talk)), func.count()).select_from(recent)
    ).one()
    return float(row[0] or 0.0), int(row[1])
