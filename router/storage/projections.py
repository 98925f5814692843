"""Legs and offers as look-ups, lists and reports read them: projections of the call's snapshot."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from ivr_flows.call import Call, Leg
from router.storage.recordset import plain, rows_of
from router.storage.tables import legs, offers

_LEG_NAMES = (
    "id",
    "call_id",
    "role",
    "place",
    "sid",
    "person_id",
    "line_id",
    "room",
    "is_present",
    "answered_at",
    "ended_at",
)
_OFFER_NAMES = (
    "leg_id",
    "call_id",
    "person_id",
    "desk",
    "state",
    "offered_at",
    "due_at",
    "decided_at",
)

_leg_rows = rows_of(legs, _LEG_NAMES, "new_legs")
_put_legs = insert(legs).from_select(_LEG_NAMES, select(_leg_rows))
PUT_LEGS = _put_legs.on_conflict_do_update(
    index_elements=[legs.c.id],
    set_={
        "place": _put_legs.excluded.place,
        # A leg keeps the first sid it was known by.
        "sid": func.coalesce(legs.c.sid, _put_legs.excluded.sid),
        "person_id": _put_legs.excluded.person_id,
        "line_id": _put_legs.excluded.line_id,
        "room": _put_legs.excluded.room,
        "is_present": _put_legs.excluded.is_present,
        "answered_at": func.coalesce(legs.c.answered_at, _put_legs.excluded.answered_at),
        "ended_at": func.coalesce(legs.c.ended_at, _put_legs.excluded.ended_at),
    },
)


def changed_legs(before: Call | None, after: Call, now: datetime) -> list[dict[str, Any]]:
    """Rows for PUT_LEGS: the legs that look different to a reader."""
    known = {leg.id: _leg_view(leg) for leg in before.legs} if before is not None else {}
    return [
        plain(
            {
                "id": leg.id,
                "call_id": after.id,
                "role": leg.role.value,
                "place": leg.place.value,
                "sid": leg.sid,
                "person_id": leg.person_id,
                "line_id": leg.line_id,
                "room": leg.room,
                "is_present": leg.present,
                "answered_at": now if leg.is_answered else None,
                "ended_at": None if leg.is_live else now,
            }
        )
        for leg in after.legs
        if known.get(leg.id) != _leg_view(leg)
    ]


_offer_rows = rows_of(offers, _OFFER_NAMES, "new_offers")
_put_offers = insert(offers).from_select(_OFFER_NAMES, select(_offer_rows))
PUT_OFFERS = _put_offers.on_conflict_do_update(
    index_elements=[offers.c.leg_id],
    set_={
        "state": _put_offers.excluded.state,
        "due_at": _put_offers.excluded.due_at,
        "decided_at": func.coalesce(offers.c.decided_at, _put_offers.excluded.decided_at),
    },
)


def changed_offers(before: Call | None, after: Call, now: datetime) -> list[dict[str, Any]]:
    """Rows for PUT_OFFERS: the offers that are new or have moved on."""
    known = {offer.leg_id: offer for offer in before.offers} if before is not None else {}
    return [
        plain(
            {
                "leg_id": offer.leg_id,
                "call_id": after.id,
                "person_id": offer.person_id,
                "desk": offer.desk,
                "state": offer.state.value,
                "offered_at": offer.offered_at,
                "due_at": offer.due_at,
                "decided_at": None if offer.is_live else now,
            }
        )
        for offer in after.offers
        if known.get(offer.leg_id) != offer
    ]


def _leg_view(leg: Leg) -> tuple[Any, ...]:
    return (leg.place, leg.sid, leg.person_id, leg.line_id, leg.room, leg.present)
