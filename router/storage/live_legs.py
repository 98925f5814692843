"""Legs that we believe to be alive, for the repairer to ask the carrier about."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from router.storage.tables import legs


@dataclass(frozen=True, slots=True)
class LiveLeg:
    """A leg that has a sid and has not ended as far as we know."""

    id: str
    call_id: str
    sid: str
    place: str


def list_live_legs(session: Session, limit: int = 1000) -> list[LiveLeg]:
    """Live legs, those of closed calls too, oldest first."""
    rows = session.execute(
        select(legs.c.id, legs.c.call_id, legs.c.sid, legs.c.place)
        .where(legs.c.place != "ended", legs.c.sid.is_not(None))
        .order_by(legs.c.created_at)
        .limit(limit)
    )
    return [LiveLeg(leg_id, call_id, sid or "", place) for leg_id, call_id, sid, place in rows]
