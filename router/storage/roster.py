"""Everything that policy.roster asks about the people of desks, in one statement."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Date, Row, and_, case, cast, func, or_, select
from sqlalchemy.orm import Session

from router.policy.roster import Claim, RosterRow
from router.storage.people import shift_of
from router.storage.tables import desk_members, desks, legs, offers, people, presence, shifts

# A shift's own dates are in its zone, and it may have begun the day before.
_DATE_SLACK = timedelta(days=2)


def list_on_desk(session: Session, program_id: str, desk: str, at: datetime) -> list[RosterRow]:
    """Active members of one desk with the shifts that may cover `at`, by person id."""
    return list_by_desk(session, program_id, at).get(desk, [])


def list_by_desk(session: Session, program_id: str, at: datetime) -> dict[str, list[RosterRow]]:
    """As `list_on_desk`, for every desk of a program that has members."""
    hours = (
        select(
            shifts.c.desk,
            shifts.c.person_id,
            func.jsonb_agg(
                func.jsonb_build_object(
                    *(part for name in _HOURS for part in (name, shifts.c[name]))
                )
            ).label("hours"),
        )
        .where(
            shifts.c.program_id == program_id,
            shifts.c.person_id.is_not(None),
            or_(shifts.c.first_on.is_(None), shifts.c.first_on <= cast(at + _DATE_SLACK, Date)),
            or_(shifts.c.last_on.is_(None), shifts.c.last_on >= cast(at - _DATE_SLACK, Date)),
        )
        .group_by(shifts.c.desk, shifts.c.person_id)
        .subquery("hours")
    )
    rows = session.execute(
        select(
            desk_members.c.desk,
            desks.c.role,
            desks.c.required_credentials,
            people.c.id,
            people.c.name,
            people.c.roles,
            people.c.languages,
            people.c.credentials,
            presence,
            case((_is_offered(), Claim.OFFERED.value), else_=Claim.ON_CALL.value).label("claim"),
            hours.c.hours,
        )
        .join_from(desk_members, people, people.c.id == desk_members.c.person_id)
        .join(presence, presence.c.person_id == people.c.id)
        .join(
            desks,
            and_(
                desks.c.program_id == desk_members.c.program_id,
                desks.c.name == desk_members.c.desk,
            ),
        )
        .outerjoin(
            hours, and_(hours.c.desk == desk_members.c.desk, hours.c.person_id == people.c.id)
        )
        .where(desk_members.c.program_id == program_id, people.c.is_active)
        .order_by(desk_members.c.desk, people.c.id)
    )
    by_desk: dict[str, list[RosterRow]] = {}
    for row in rows:
        by_desk.setdefault(row.desk, []).append(_roster_row(row))
    return by_desk


_HOURS = ("zone", "weekdays", "starts", "ends", "first_on", "last_on")


def _is_offered() -> Any:  # noqa: ANN401 - an SQL expression
    """Whether the claiming call only rings the person, or asks them, so far."""
    return and_(
        presence.c.claimed_call_id.is_not(None),
        select(offers.c.leg_id)
        .join(legs, legs.c.id == offers.c.leg_id)
        .where(
            offers.c.call_id == presence.c.claimed_call_id,
            offers.c.person_id == presence.c.person_id,
            offers.c.state.in_(("ringing", "answered")),
        )
        .exists(),
    )


def _roster_row(row: Row[*tuple[Any, ...]]) -> RosterRow:
    claimed = row.claimed_call_id is not None
    return RosterRow(
        person_id=row.id,
        name=row.name,
        roles=frozenset(row.roles),
        required_role=row.role,
        languages=frozenset(row.languages),
        credentials=frozenset(row.credentials),
        required_credentials=frozenset(row.required_credentials),
        shifts=tuple(shift_of(hours) for hours in row.hours or ()),
        signed_on_at=row.signed_on_at,
        paused_at=row.paused_at,
        pause_reason=row.pause_reason,
        claimed_call_id=row.claimed_call_id,
        claim=Claim(row.claim) if claimed else Claim.NONE,
        wrap_up_until=row.wrap_up_until,
        idle_since=row.idle_since,
    )
