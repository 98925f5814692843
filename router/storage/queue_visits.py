"""Waits in a desk's line that are over: who came when, and was taken when, or was not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, literal_column, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from sqlalchemy.types import NULLTYPE

from ivr_flows.call import Call, OfferState, Stage
from router.policy.queueing import SKIP_PRIORITY, Served
from router.policy.skip_cost import Visit
from router.storage.tables import queue_visits

_IN_LINE = frozenset({Stage.WAITING, Stage.CONSULTING, Stage.RETURNING})
_NAMES = ("call_id", "desk", "queued_at", "program_id", "priority", "left_at", "is_served")
_bound = {name: bindparam(f"visit_{name}", type_=NULLTYPE) for name in _NAMES}
_earlier = queue_visits.alias("earlier")
_overtaken = (
    select(func.count())
    .where(
        _earlier.c.program_id == _bound["program_id"],
        _earlier.c.desk == _bound["desk"],
        _earlier.c.left_at >= _bound["queued_at"],
        _earlier.c.queued_at > _bound["queued_at"],
        # The predicate of ix_queue_visits_skips, letter for letter, so that the index is used.
        _earlier.c.priority >= literal_column(str(SKIP_PRIORITY)),
        _earlier.c.is_served,
    )
    .scalar_subquery()
)
_put = insert(queue_visits).values(**_bound, overtaken=_overtaken)
PUT_VISIT = _put.on_conflict_do_update(
    index_elements=[queue_visits.c.call_id, queue_visits.c.desk, queue_visits.c.queued_at],
    # Whoever took the call was lost on the way, and the call waited on.
    set_={name: _put.excluded[name] for name in ("priority", "left_at", "is_served", "overtaken")},
)
"""Writes the wait that a step has ended, from `ended_visit`."""


def ended_visit(before: Call | None, after: Call, now: datetime) -> dict[str, Any]:
    """The parameters of PUT_VISIT, when the step takes the call out of a line; else nothing."""
    if before is None or not _waits(before):
        return {}
    is_same = (before.desk, before.queued_at) == (after.desk, after.queued_at)
    if is_same and _waits(after):
        return {}
    values = {
        "call_id": before.id,
        "desk": before.desk,
        "queued_at": before.queued_at,
        "program_id": before.program,
        "priority": before.priority,
        "left_at": now,
        "is_served": is_same and _is_taken(after),
    }
    return {f"visit_{name}": value for name, value in values.items()}


def _waits(call: Call) -> bool:
    """Whether it waits in line and nobody has taken it, as `list_waiting` sees it."""
    is_in_line = bool(call.desk) and call.queued_at is not None and call.stage in _IN_LINE
    return is_in_line and not _is_taken(call)


def _is_taken(call: Call) -> bool:
    taken = {
        offer.leg_id
        for offer in call.offers
        if offer.desk == call.desk and offer.state is OfferState.ACCEPTED
    }
    return any(leg.is_live and leg.id in taken for leg in call.legs)


def list_served(session: Session, program_id: str, desk: str, since: datetime) -> list[Served]:
    """Calls of a desk's line that somebody has taken since."""
    rows = session.execute(
        select(
            queue_visits.c.priority,
            queue_visits.c.queued_at,
            queue_visits.c.left_at,
            queue_visits.c.overtaken,
        ).where(
            queue_visits.c.program_id == program_id,
            queue_visits.c.desk == desk,
            queue_visits.c.left_at >= since,
            queue_visits.c.is_served,
        )
    )
    return [Served(*row) for row in rows]


def list_visits(
    session: Session, program_id: str, desk: str, since: datetime, until: datetime
) -> list[Visit]:
    """Waits in a desk's line that ended in the time, in the order in which they ended."""
    rows = session.execute(
        select(
            queue_visits.c.call_id,
            queue_visits.c.priority,
            queue_visits.c.queued_at,
            queue_visits.c.left_at,
            queue_visits.c.is_served,
        )
        .where(
            queue_visits.c.program_id == program_id,
            queue_visits.c.desk == desk,
            queue_visits.c.left_at >= since,
            queue_visits.c.left_at < until,
        )
        .order_by(queue_visits.c.left_at, queue_visits.c.call_id)
    )
    return [Visit(*row) for row in rows]
