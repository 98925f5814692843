"""Legs as we have them, for the repairer to hold against what the carrier says."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Integer,
    Select,
    cast,
    column,
    func,
    literal_column,
    select,
    union,
)
from sqlalchemy.orm import Session

from ivr_flows.call import Place, Role, Stage
from router.storage.claims import PLACE_LEG
from router.storage.tables import calls, legs, outbox, programs

LONGEST_CALL = timedelta(hours=24)  # Twilio ends any call after that, at the latest


@dataclass(frozen=True, slots=True)
class LiveLeg:
    """A leg as our record has it; `sid` is "" for one that the carrier never named to us.

    `seeks_911` as in `ivr_flows.call.Leg`.
    """

    id: str
    call_id: str
    sid: str
    role: Role
    place: str
    room: int
    step: int
    program_id: str
    seeks_911: bool = False


def list_live_legs(session: Session, now: datetime, limit: int = 2000) -> list[LiveLeg]:
    """Legs that have a sid and have not ended, oldest first; of closed calls those of a day."""
    return _read(
        session,
        _SELECT.where(
            legs.c.place != "ended", legs.c.sid.is_not(None), calls.c.id.in_(_may_be_live(now))
        )
        .order_by(legs.c.created_at)
        .limit(limit),
    )


def list_ended_callers(session: Session, sids: Collection[str]) -> list[LiveLeg]:
    """Callers' legs of those sids that have ended as far as we know."""
    if not sids:
        return []
    return _read(
        session,
        _SELECT.where(
            legs.c.sid.in_(sids), legs.c.place == "ended", legs.c.role == Role.CALLER.value
        ),
    )


def list_never_rung(session: Session, now: datetime, limit: int = 100) -> list[LiveLeg]:
    """Legs that are to be rung and that no order will ring any more."""
    under_way = (
        select(outbox.c.id)
        .where(outbox.c.call_id == legs.c.call_id, outbox.c.leg_id == legs.c.id)
        .where(outbox.c.name == PLACE_LEG, outbox.c.state.in_(("ready", "attempting")))
        .exists()
    )
    return _read(
        session,
        _SELECT.where(
            legs.c.place == "planned",
            legs.c.sid.is_(None),
            ~under_way,
            calls.c.id.in_(_may_be_live(now)),
        ).limit(limit),
    )


def _may_be_live(now: datetime) -> CompoundSelect[str]:
    """Calls that may have a live leg; by their indexes, for there are millions of past ones."""
    is_open = select(calls.c.id).where(calls.c.stage != literal_column(f"'{Stage.CLOSED.value}'"))
    of_today = select(calls.c.id).where(
        calls.c.program_id.in_(select(programs.c.id)), calls.c.opened_at > now - LONGEST_CALL
    )
    return union(is_open, of_today)


# The step stands in the call's own document alone.
_EACH = func.jsonb_array_elements(calls.c.state["legs"]).table_valued(column("value")).alias("each")
_STEP = (
    select(cast(_EACH.c.value.op("->>")("step"), Integer))
    .where(_EACH.c.value.op("->>")("id") == legs.c.id)
    .correlate(legs, calls)
    .scalar_subquery()
)
_SELECT = select(
    legs.c.id,
    legs.c.call_id,
    legs.c.sid,
    legs.c.role,
    legs.c.place,
    legs.c.room,
    _STEP,
    calls.c.program_id,
    (legs.c.place == Place.DIAL.value) & legs.c.line_id.is_(None) & ~legs.c.is_present,
).join_from(legs, calls, calls.c.id == legs.c.call_id)


def _read(session: Session, statement: Select[Any]) -> list[LiveLeg]:
    return [
        LiveLeg(leg_id, call_id, sid or "", Role(role), place, room, step or 0, *rest)
        for leg_id, call_id, sid, role, place, room, step, *rest in session.execute(statement)
    ]
