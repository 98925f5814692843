"""Announced incidents: written by the 911 centre's system, used once by the call they are for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ivr_flows.facts import Announcement
from router.storage.crypto import search_hash
from router.storage.tables import announcements, calls, incidents

MOST_LIVE = 500  # an hour of the busiest centre; the newest are looked at


@dataclass(frozen=True, slots=True)
class Announced:
    """What a repeated announcement finds: its code, until when, and the call that has used it."""

    code: str | None
    expires_at: datetime
    call_id: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """An announced incident in words: for people who may read the call's record."""

    number: str
    location: str
    note: str


def lock_number(session: Session, program_id: str, number: str) -> None:
    """Let announcements of one incident be taken one after another, until the transaction ends."""
    key = f"announcement {program_id} {number}"
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})


def find_announced(session: Session, incident_id: str) -> Announced | None:
    """The announcement of an incident, used or not, or None."""
    row = session.execute(
        select(announcements.c.code, announcements.c.expires_at, announcements.c.call_id).where(
            announcements.c.incident_id == incident_id
        )
    ).first()
    return None if row is None else Announced(*row)


def list_codes(session: Session, program_id: str, now: datetime) -> frozenset[str]:
    """Codes in use. Codes that have expired unused are freed first."""
    unused = (announcements.c.program_id == program_id) & announcements.c.call_id.is_(None)
    session.execute(
        update(announcements).where(unused, announcements.c.expires_at <= now).values(code=None)
    )
    codes = session.scalars(
        select(announcements.c.code).where(unused, announcements.c.code.is_not(None))
    )
    return frozenset(code for code in codes if code is not None)


@dataclass(frozen=True, slots=True)
class NewAnnouncement:
    """What is written of an announced incident; `trunk` is E.164 or ""."""

    incident_id: str
    program_id: str
    code: str
    trunk: str
    answers: Mapping[str, str]
    note: str
    announced_by: str
    announced_at: datetime
    expires_at: datetime


def save_announcement(session: Session, given: NewAnnouncement) -> None:
    """Write it, or renew it as one that no call has used.

    Raises IntegrityError when another has taken the code.
    """
    values = {
        "code": given.code,
        "trunk_hash": search_hash(session, given.trunk) if given.trunk else None,
        "answers": dict(given.answers),
        "note": given.note or None,
        "announced_by": given.announced_by,
        "announced_at": given.announced_at,
        "expires_at": given.expires_at,
        "call_id": None,
        "used_at": None,
    }
    statement = insert(announcements).values(
        incident_id=given.incident_id, program_id=given.program_id, **values
    )
    session.execute(
        statement.on_conflict_do_update(index_elements=[announcements.c.incident_id], set_=values)
    )


_number_hash = func.coalesce(
    bindparam("number_hash", type_=announcements.c.trunk_hash.type),
    select(calls.c.caller_number_hash).where(calls.c.id == bindparam("call_id")).scalar_subquery(),
)
_LIVE = (
    select(
        announcements.c.incident_id,
        incidents.c.number,
        announcements.c.code,
        announcements.c.answers,
        announcements.c.announced_at,
        func.coalesce(incidents.c.callback_number_hash == _number_hash, False),
        announcements.c.trunk_hash == _number_hash,
        announcements.c.trunk_hash.is_(None),
    )
    .join(incidents, incidents.c.id == announcements.c.incident_id)
    .where(
        announcements.c.program_id == bindparam("program_id"),
        announcements.c.call_id.is_(None),
        announcements.c.code.is_not(None),
        announcements.c.expires_at > bindparam("now"),
    )
    .order_by(announcements.c.announced_at.desc())
    .limit(MOST_LIVE)
)


def list_live(
    session: Session, program_id: str, call_id: str, caller_number: str, now: datetime
) -> list[Announcement]:
    """Announcements that a call could still use, newest first.

    `caller_number` (E.164) is for a call that is not written yet; for others it is looked up.
    """
    values = {
        "program_id": program_id,
        "call_id": call_id,
        "number_hash": search_hash(session, caller_number) if caller_number else None,
        "now": now,
    }
    rows = session.connection().execute(_LIVE, values)
    return [
        Announcement(
            incident_id,
            number,
            code,
            answers,
            age_seconds=(now - announced_at).total_seconds(),
            by_number=by_number,
            by_trunk=None if is_open else bool(by_trunk),
        )
        for incident_id, number, code, answers, announced_at, by_number, by_trunk, is_open in rows
    ]


def find_told(session: Session, call_id: str) -> Told | None:
    """What 911 told in words of the incident that the call is about; None when it told nothing."""
    row = session.execute(
        select(incidents.c.number, incidents.c.location, announcements.c.note)
        .join(announcements, announcements.c.incident_id == incidents.c.id)
        .join(calls, calls.c.incident_id == incidents.c.id)
        .where(calls.c.id == call_id)
    ).first()
    return None if row is None else Told(row.number, row.location or "", row.note or "")


_USE = (
    update(announcements)
    .where(
        announcements.c.incident_id == bindparam("announced_id"),
        announcements.c.call_id.is_(None),
        announcements.c.expires_at > bindparam("now"),
    )
    .values(call_id=bindparam("user_id"), used_at=bindparam("now"))
    .returning(announcements.c.incident_id)
    .cte("used")
)
_USE_AND_LINK = (
    update(calls)
    .where(calls.c.id == bindparam("user_id"), select(_USE.c.incident_id).exists())
    .values(incident_id=select(_USE.c.incident_id).scalar_subquery())
    .returning(calls.c.id)
)


def use_announcement(session: Session, incident_id: str, call_id: str, now: datetime) -> bool:
    """Give an announced incident to the call, and link them. False when another call has it.

    One conditional update decides (Law 6); the call's row is there.
    """
    values = {"announced_id": incident_id, "user_id": call_id, "now": now}
    return session.connection().execute(_USE_AND_LINK, values).first() is not None
