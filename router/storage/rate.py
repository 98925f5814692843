"""One rate of placing calls for an account, whatever number of processes place them (Law 8)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from router.storage.tables import rate_limits


def reserve_call_slot(
    session: Session, account: str, per_second: float, now: datetime, *, urgent: bool = False
) -> float:
    """Take the account's next place in the flow of calls.

    Returns 0.0 when it was taken, else the seconds until one is free, and nothing was taken: the
    place is not promised, for a more urgent call may come first. An `urgent` call takes a place
    that is not free yet and never waits. Holds the account's row until the transaction ends.
    """
    gap = timedelta(seconds=1 / per_second)
    taken = insert(rate_limits).values(account=account, next_at=now + gap)
    taken = taken.on_conflict_do_update(
        index_elements=[rate_limits.c.account],
        set_={"next_at": func.greatest(rate_limits.c.next_at, now) + gap},
        where=or_(rate_limits.c.next_at <= now, literal(urgent)),
    )
    if session.execute(taken.returning(rate_limits.c.account)).first() is not None:
        return 0.0
    next_at: datetime = session.scalars(
        select(rate_limits.c.next_at).where(rate_limits.c.account == account)
    ).one()
    return max(0.001, (next_at - now).total_seconds())
