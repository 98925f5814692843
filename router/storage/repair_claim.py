"""One repairer an account at a time: what it suspects, it alone remembers."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from router.storage.tables import repair_claims


def claim_repair(
    session: Session, account: str, worker: str, now: datetime, lease: timedelta
) -> bool:
    """Take or keep the account's repair until `lease` from now; False when another has it."""
    ours = insert(repair_claims).values(account=account, worker=worker, held_until=now + lease)
    ours = ours.on_conflict_do_update(
        index_elements=[repair_claims.c.account],
        set_={"worker": worker, "held_until": now + lease},
        where=or_(repair_claims.c.worker == worker, repair_claims.c.held_until <= now),
    )
    return session.execute(ours.returning(repair_claims.c.account)).first() is not None
