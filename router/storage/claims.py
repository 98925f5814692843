"""What the switchboard takes from the outbox: most urgent first, placed calls at a rate.

Law 8: Twilio queues what exceeds its calls per second first in, first out, so they leave here in
our order. A call to 911 takes its place in the flow and never waits for one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from ivr_flows.call import call_id_of
from ivr_flows.outputs import RequestDispatch, Urgency
from router.storage.outbox import CALL, CALLER, OutboxRow
from router.storage.rate import reserve_call_slot
from router.storage.tables import dispatch_pages, legs, outbox, welfare_pages

PLACE_LEG = "PlaceLeg"
PLACE_PAGE = "PlacePage"
PLACE_WELFARE_PAGE = "PlaceWelfarePage"
PLACEMENTS = frozenset({PLACE_LEG, PLACE_PAGE, PLACE_WELFARE_PAGE})

_ROW = [outbox.c[field.name] for field in fields(OutboxRow)]


@dataclass(frozen=True, slots=True)
class Claims:
    """Rows taken, each recorded as being attempted; commit before acting on them.

    `wait_seconds` is when there may be more to take, None when nothing is known to come.
    """

    urgent: list[OutboxRow]
    others: list[OutboxRow]
    wait_seconds: float | None


@dataclass(frozen=True, slots=True)
class Limits:
    """How many rows one claim may take, and the account's rate of placing calls."""

    urgent: int
    others: int
    account: str
    calls_per_second: float


def claim_commands(session: Session, worker: str, now: datetime, limits: Limits) -> Claims:
    """Take due call commands, most urgent first."""
    urgent = _claim(
        session, outbox.c.urgency == int(Urgency.RETURN_TO_911), worker, now, limits.urgent
    )
    for row in urgent:
        if row.name in PLACEMENTS:
            reserve_call_slot(session, limits.account, limits.calls_per_second, now, urgent=True)
    is_other = outbox.c.urgency > int(Urgency.RETURN_TO_911)
    no_placement = outbox.c.name.not_in(PLACEMENTS)
    others = _claim(session, is_other & no_placement, worker, now, limits.others)
    waits = [_seconds_to_next(session, now)]
    while len(others) < limits.others:
        placed, wait_seconds = _claim_placement(session, is_other, worker, now, limits)
        if placed is None:
            waits.append(wait_seconds)
            break
        others.append(placed)
    return Claims(urgent, others, min((one for one in waits if one is not None), default=None))


def _seconds_to_next(session: Session, now: datetime) -> float | None:
    next_at = session.execute(
        select(func.min(outbox.c.due_at)).where(
            outbox.c.state == "ready", outbox.c.kind == CALL, outbox.c.due_at > now
        )
    ).scalar_one()
    return None if next_at is None else float((next_at - now).total_seconds())


def _claim_placement(
    session: Session,
    which: ColumnElement[bool],
    worker: str,
    now: datetime,
    limits: Limits,
) -> tuple[OutboxRow | None, float | None]:
    """The most urgent call that waits to be placed, or None and the seconds until one may be."""
    waiting = which & outbox.c.name.in_(PLACEMENTS)
    first = session.scalars(_due_ids(waiting, now, 1)).one_or_none()
    if first is None:
        return None, None
    wait_seconds = reserve_call_slot(session, limits.account, limits.calls_per_second, now)
    if wait_seconds:
        return None, wait_seconds
    return _attempt(session, [first], worker, now)[0], 0.0


def _claim(
    session: Session, which: ColumnElement[bool], worker: str, now: datetime, limit: int
) -> list[OutboxRow]:
    ids = list(session.scalars(_due_ids(which, now, limit))) if limit > 0 else []
    return _attempt(session, ids, worker, now) if ids else []


def _due_ids(which: ColumnElement[bool], now: datetime, limit: int) -> Any:  # noqa: ANN401 - Select
    return (
        select(outbox.c.id)
        .where(outbox.c.state == "ready", outbox.c.kind == CALL, outbox.c.due_at <= now, which)
        .order_by(outbox.c.urgency, outbox.c.due_at, outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


def _attempt(session: Session, ids: list[int], worker: str, now: datetime) -> list[OutboxRow]:
    taken = session.execute(
        update(outbox)
        .where(outbox.c.id.in_(ids))
        .values(state="attempting", attempted_at=now, attempts=outbox.c.attempts + 1, worker=worker)
        .returning(*_ROW)
    )
    rows = [OutboxRow(*row) for row in taken]
    return sorted(rows, key=lambda row: (row.urgency, row.due_at, row.id))


def list_stale(session: Session, older_than: datetime, limit: int = 100) -> list[OutboxRow]:
    """Call commands attempted before `older_than` whose result was never recorded, urgent first."""
    rows = session.execute(
        select(*_ROW)
        .where(outbox.c.state == "attempting", outbox.c.kind == CALL)
        .where(outbox.c.attempted_at < older_than)
        .order_by(outbox.c.urgency, outbox.c.attempted_at)
        .limit(limit)
    )
    return [OutboxRow(*row) for row in rows]


def reclaim(session: Session, row: OutboxRow, worker: str, now: datetime) -> OutboxRow | None:
    """Begin the attempt of a stale row again; None when somebody else has settled or begun it."""
    taken = session.execute(
        update(outbox)
        .where(outbox.c.id == row.id, outbox.c.state == "attempting")
        .where(outbox.c.attempted_at == row.attempted_at)
        .values(attempted_at=now, attempts=outbox.c.attempts + 1, worker=worker)
        .returning(*_ROW)
    ).one_or_none()
    return None if taken is None else OutboxRow(*taken)


def find_placement(session: Session, leg_id: str) -> OutboxRow | None:
    """The order to ring a leg, its row held until the transaction ends, or None."""
    row = session.execute(
        select(*_ROW)
        .where(outbox.c.call_id == call_id_of(leg_id))
        .where(outbox.c.leg_id == leg_id, outbox.c.name == PLACE_LEG)
        .order_by(outbox.c.id.desc())
        .limit(1)
        .with_for_update()
    ).one_or_none()
    return None if row is None else OutboxRow(*row)


def list_known_sids(session: Session, sids: Collection[str]) -> set[str]:
    """Those of the sids that a leg or a page of ours has."""
    if not sids:
        return set()
    of_legs = select(legs.c.sid).where(legs.c.sid.in_(sids))
    of_pages = select(dispatch_pages.c.sid).where(dispatch_pages.c.sid.in_(sids))
    of_welfare = select(welfare_pages.c.sid).where(welfare_pages.c.sid.in_(sids))
    return {sid for sid in session.scalars(of_legs.union_all(of_pages, of_welfare)) if sid}


def lock_ready(
    session: Session, kind: str, name: str | None, now: datetime, limit: int
) -> list[OutboxRow]:
    """Due rows of one kind, held until the transaction ends; those held elsewhere are left out.

    Of one `name` where it is given. For effects in the database itself, which are carried out and
    crossed out in one commit.
    """
    due = (
        select(*_ROW)
        .where(outbox.c.state == "ready", outbox.c.kind == kind, outbox.c.due_at <= now)
        .order_by(outbox.c.urgency, outbox.c.due_at, outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    if name is not None:
        due = due.where(outbox.c.name == name)
    return [OutboxRow(*row) for row in session.execute(due)]


def claim_tasks(
    session: Session, worker: str, now: datetime, stale_before: datetime, limit: int
) -> list[OutboxRow]:
    """Take due tasks of the broker's queues, and those whose hand-over was begun and never ended.

    Orders for a team are left out: they become requests without the broker.
    """
    is_due = (outbox.c.state == "ready") & (outbox.c.due_at <= now)
    is_stale = (outbox.c.state == "attempting") & (outbox.c.attempted_at < stale_before)
    ids = session.scalars(
        select(outbox.c.id)
        .where(outbox.c.kind.not_in((CALL, CALLER)), outbox.c.name != RequestDispatch.__name__)
        .where(is_due | is_stale)
        .order_by(outbox.c.urgency, outbox.c.due_at, outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = list(ids)
    return _attempt(session, found, worker, now) if found else []
