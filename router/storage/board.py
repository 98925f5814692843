"""What the live board and a call's record read. Nothing here is read to decide anything."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from ivr_flows.call import Call, from_document
from router.storage.tables import (
    calls,
    desks,
    dispatch_requests,
    legs,
    offers,
    outbox,
    people,
    presence,
    program_versions,
    programs,
    teams,
)

LONGEST_CALL = timedelta(hours=2)  # how far back the index on opened_at is read for ended calls


@dataclass(frozen=True, slots=True)
class BoardCall:
    """A call as the board reads it; `caller_number` is not masked yet."""

    call: Call
    caller_number: str


@dataclass(frozen=True, slots=True)
class BoardDesk:
    """A desk of a program."""

    program_id: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class BoardDispatch:
    """A dispatch request without its details."""

    id: str
    call_id: str | None
    status: str
    team: str
    minutes: int | None
    requested_at: datetime
    status_at: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Engagement:
    """Which call has claimed a person, and since when."""

    call_id: str
    since_at: datetime | None


def database_now(session: Session) -> datetime:
    """The database's clock."""
    now: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    return now


def list_titles(session: Session) -> dict[str, str]:
    """Titles of programs by id."""
    return {row.id: row.title for row in session.execute(select(programs.c.id, programs.c.title))}


def list_board_calls(session: Session) -> list[BoardCall]:
    """Calls that are not closed, oldest first."""
    rows = session.execute(
        select(calls.c.state, calls.c.caller_number)
        .where(calls.c.stage != "closed")
        .order_by(calls.c.opened_at, calls.c.id)
    )
    return [BoardCall(from_document(row.state), row.caller_number or "") for row in rows]


def list_just_ended(session: Session, closed_after: datetime, limit: int) -> list[BoardCall]:
    """Calls closed after that instant, newest first."""
    rows = session.execute(
        select(calls.c.state, calls.c.caller_number)
        .where(
            calls.c.program_id.in_(select(programs.c.id)),
            calls.c.opened_at > closed_after - LONGEST_CALL,
            calls.c.stage == "closed",
            calls.c.closed_at > closed_after,
        )
        .order_by(calls.c.closed_at.desc(), calls.c.id)
        .limit(limit)
    )
    return [BoardCall(from_document(row.state), row.caller_number or "") for row in rows]


def find_board_call(session: Session, call_id: str) -> BoardCall | None:
    """The call, closed or not; None when there is none."""
    row = session.execute(
        select(calls.c.state, calls.c.caller_number).where(calls.c.id == call_id)
    ).first()
    return None if row is None else BoardCall(from_document(row.state), row.caller_number or "")


def list_board_desks(session: Session) -> list[BoardDesk]:
    """Every desk of every program."""
    rows = session.execute(
        select(desks.c.program_id, desks.c.name, desks.c.role).order_by(
            desks.c.program_id, desks.c.role, desks.c.name
        )
    )
    return [BoardDesk(row.program_id, row.name, row.role) for row in rows]


def list_board_dispatches(session: Session, closed_after: datetime) -> list[BoardDispatch]:
    """Requests that are open, or were closed after that instant; oldest first."""
    rows = session.execute(
        select(
            dispatch_requests.c.id,
            dispatch_requests.c.call_id,
            dispatch_requests.c.status,
            teams.c.name.label("team"),
            dispatch_requests.c.minutes,
            dispatch_requests.c.requested_at,
            dispatch_requests.c.status_at,
            dispatch_requests.c.due_at,
        )
        .outerjoin(teams, teams.c.id == dispatch_requests.c.team_id)
        .where(
            or_(
                dispatch_requests.c.closed_at.is_(None),
                dispatch_requests.c.closed_at > closed_after,
            )
        )
        .order_by(dispatch_requests.c.requested_at, dispatch_requests.c.id)
    )
    return [
        BoardDispatch(
            id=row.id,
            call_id=row.call_id,
            status=row.status,
            team=row.team or "",
            minutes=row.minutes,
            requested_at=row.requested_at,
            status_at=row.status_at,
            due_at=row.due_at,
        )
        for row in rows
    ]


def list_engagements(session: Session) -> dict[str, Engagement]:
    """People whom a call has claimed."""
    rows = session.execute(
        select(presence.c.person_id, presence.c.claimed_call_id, presence.c.claimed_at).where(
            presence.c.claimed_call_id.is_not(None)
        )
    )
    return {row.person_id: Engagement(row.claimed_call_id, row.claimed_at) for row in rows}


def list_names(session: Session, person_ids: Collection[str]) -> dict[str, str]:
    """Names of people by id."""
    if not person_ids:
        return {}
    rows = session.execute(select(people.c.id, people.c.name).where(people.c.id.in_(person_ids)))
    return {row.id: row.name for row in rows}


def list_notices(session: Session, call_ids: Collection[str]) -> list[tuple[str, str, datetime]]:
    """What supervisors were told of those calls: call id, subject, when."""
    if not call_ids:
        return []
    rows = session.execute(
        select(outbox.c.call_id, outbox.c.payload["subject"].as_string(), outbox.c.created_at)
        .where(outbox.c.call_id.in_(call_ids), outbox.c.name == "NotifySupervisor")
        .order_by(outbox.c.id)
    )
    return [(row[0], row[1] or "", row[2]) for row in rows]


def find_oldest_late_command(session: Session, due_before: datetime) -> datetime | None:
    """When the longest overdue call command was due; None when none is late."""
    due_at: datetime | None = session.execute(
        select(func.min(outbox.c.due_at)).where(
            outbox.c.kind == "call", outbox.c.state == "ready", outbox.c.due_at < due_before
        )
    ).scalar_one()
    return due_at


def list_unfinished(
    session: Session, person_id: str, closed_after: datetime
) -> list[tuple[str, datetime]]:
    """Calls closed after that instant without a disposition that the person had, oldest first."""
    rows = session.execute(
        select(calls.c.id, calls.c.closed_at)
        .where(
            calls.c.id.in_(
                select(legs.c.call_id)
                .outerjoin(offers, offers.c.leg_id == legs.c.id)
                .where(
                    legs.c.person_id == person_id,
                    or_(offers.c.leg_id.is_(None), offers.c.state == "accepted"),
                )
            ),
            calls.c.stage == "closed",
            calls.c.disposition == "",
            calls.c.closed_at > closed_after,
        )
        .order_by(calls.c.closed_at)
    )
    return [(row.id, row.closed_at) for row in rows]


@dataclass(frozen=True, slots=True)
class ProgramWords:
    """What a record needs of its program's published version: choices by key, and the time zone."""

    return_reasons: tuple[str, ...]
    dispositions: tuple[str, ...]
    time_zone: str


def get_program_words(session: Session, program: str, version: int) -> ProgramWords:
    """Return reasons and dispositions in the order of their keys; none without a publication."""
    document = session.execute(
        select(program_versions.c.document).where(
            program_versions.c.program_id == program, program_versions.c.version == version
        )
    ).scalar()
    menus = (document or {}).get("menus", {})

    def choices(name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(value for _, value in sorted(menus.get(name, {}).items())))

    return ProgramWords(
        choices("return_reasons"),
        choices("dispositions"),
        (document or {}).get("time_zone", "UTC"),
    )
