"""Who waits for a desk, and how long its people take for a call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal_column, or_, select, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from router.policy.queueing import SKIP_PRIORITY, Waiting
from router.storage.tables import calls, legs, offers

RECENT_CALLS = 20  # enough for a mean, few enough to follow the hour


@dataclass(frozen=True, slots=True)
class WaitedFor:
    """A desk in whose line somebody waits, and the newest version of the program they follow."""

    program_id: str
    desk: str
    program_version: int


@dataclass(frozen=True, slots=True)
class Seekers:
    """Those of a line who could be offered one of the `free` people: the first `most` of them.

    Of those ahead of a call where one is named. Returns are among them in any case.
    """

    free: tuple[str, ...]
    most: int
    ahead_of: Waiting | None = None


# The predicate of ix_calls_waiting, letter for letter, so that the index is used.
_IN_QUEUE: ColumnElement[bool] = literal_column(
    "desk <> '' AND stage IN ('waiting', 'consulting', 'returning')"
)


# A clinician who stays while 911 is sought is no answer from 911's desk; nor is whoever gives the
# caller on, where they are of the desk that is rung.
_GIVES = calls.c.state[("transfer", "before")].has_key(legs.c.id)
_OF_THE_DESK = (offers.c.call_id == calls.c.id, offers.c.desk == calls.c.desk)
_TAKEN = (
    select(offers.c.leg_id)
    .join(legs, legs.c.id == offers.c.leg_id)
    .where(
        *_OF_THE_DESK, offers.c.state == "accepted", legs.c.place != "ended", _GIVES.is_not(true())
    )
    .exists()
)
_RUNG = (
    select(offers.c.leg_id)
    .where(*_OF_THE_DESK, offers.c.state.in_(("ringing", "answered")))
    .exists()
)
_IN_LINE = (_IN_QUEUE, calls.c.queued_at.is_not(None))
_ORDER = (calls.c.priority.desc(), calls.c.queued_at, calls.c.id)


def list_desks_waited_for(
    session: Session, program_id: str | None = None, desk: str | None = None
) -> list[WaitedFor]:
    """Desks that somebody waits for, of every desk or program left out."""
    statement = (
        select(calls.c.program_id, calls.c.desk, func.max(calls.c.program_version))
        .where(*_IN_LINE)
        .group_by(calls.c.program_id, calls.c.desk)
        .order_by(calls.c.program_id, calls.c.desk)
    )
    if program_id is not None:
        statement = statement.where(calls.c.program_id == program_id)
    if desk is not None:
        statement = statement.where(calls.c.desk == desk)
    return [WaitedFor(*row) for row in session.execute(statement)]


def list_waiting(
    session: Session, program_id: str, desk: str, seekers: Seekers | None = None
) -> list[Waiting]:
    """Calls in a desk's line that nobody has taken, by priority and arrival; all, or `seekers`."""
    statement = _line_of(program_id, desk).order_by(*_ORDER)
    if seekers is not None:
        # Hundreds may be held for whom none of these people can be rung: they stay in the database.
        spent = calls.c.passed_over.contains(list(seekers.free))
        is_skip = calls.c.priority >= SKIP_PRIORITY
        statement = statement.where(or_(is_skip, and_(~spent, ~_RUNG))).limit(seekers.most)
        if seekers.ahead_of is not None:
            statement = statement.where(_is_ahead_of(seekers.ahead_of))
    return _read(session, statement)


def list_first_held(
    session: Session, program_id: str, desk: str, before: datetime
) -> list[Waiting]:
    """The held call that came first, before an instant, of each priority."""
    statement = (
        _line_of(program_id, desk)
        .where(calls.c.priority < SKIP_PRIORITY, calls.c.queued_at <= before)
        .ext(distinct_on(calls.c.priority))
        .order_by(*_ORDER)
    )
    return _read(session, statement)


def list_rung_transfers(session: Session, program_id: str, desk: str) -> list[Waiting]:
    """Transfers that ring a desk, have rung everybody who was free, and nobody has taken."""
    statement = _line_of(program_id, desk).where(
        calls.c.stage == "consulting", calls.c.state["next_ring_at"].as_string().is_(None), _RUNG
    )
    return _read(session, statement.order_by(*_ORDER))


def _line_of(program_id: str, desk: str) -> Select[Any]:
    return select(
        calls.c.id, calls.c.priority, calls.c.queued_at, _RUNG, calls.c.passed_over
    ).where(calls.c.program_id == program_id, calls.c.desk == desk, *_IN_LINE, ~_TAKEN)


def _is_ahead_of(one: Waiting) -> ColumnElement[bool]:
    earlier = or_(
        calls.c.queued_at < one.queued_at,
        and_(calls.c.queued_at == one.queued_at, calls.c.id < one.call_id),
    )
    return or_(calls.c.priority > one.priority, and_(calls.c.priority == one.priority, earlier))


def _read(session: Session, statement: Select[Any]) -> list[Waiting]:
    return [
        Waiting(call_id, priority, queued_at, is_rung, frozenset(passed_over))
        for call_id, priority, queued_at, is_rung, passed_over in session.execute(statement)
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
