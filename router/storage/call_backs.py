"""Callers who are to be called back, the tries, and the words to 911 about those not reached."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from router.storage.crypto import search_hash
from router.storage.tables import (
    announcements,
    call_back_tries,
    call_backs,
    calls,
    incidents,
    legs,
    presence,
    welfare_pages,
)

PLANNED, CALLING, WELFARE, CLOSED = "planned", "calling", "welfare", "closed"


@dataclass(frozen=True, slots=True)
class CallBackRow:
    """One call-back. `due_at` is its next try or its next line of 911; `call_id` was lost."""

    id: str
    program_id: str
    call_id: str
    moment: str
    state: str
    outcome: str
    reason: str
    is_risky: bool
    by_choice: bool
    to_911: bool
    tries: int
    ringing_call_id: str | None
    requested_by: str
    due_at: datetime | None
    created_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class TryRow:
    """One call that was made for a call-back."""

    call_id: str
    call_back_id: str
    number: int
    called_by: str
    outcome: str
    begun_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class WelfarePage:
    """One spoken request to one line of 911."""

    id: str
    call_back_id: str
    line_id: str
    state: str
    sid: str | None
    step: int


_ROW = [call_backs.c[field.name] for field in fields(CallBackRow)]
_TRY = [call_back_tries.c[field.name] for field in fields(TryRow)]
_PAGE = [welfare_pages.c[field.name] for field in fields(WelfarePage)]


def insert_call_back(session: Session, number: str | None, **values: Any) -> bool:  # noqa: ANN401 - columns
    """Write a call-back to `number` (E.164); False when one of that call is open already."""
    number_hash = search_hash(session, number) if number else None
    written = session.execute(
        insert(call_backs)
        .values(number=number, number_hash=number_hash, **values)
        .on_conflict_do_nothing()
        .returning(call_backs.c.id)
    )
    return written.first() is not None


def lock_call_back(session: Session, call_back_id: str) -> CallBackRow | None:
    """The call-back, its row held until the transaction ends, or None."""
    row = session.execute(
        select(*_ROW).where(call_backs.c.id == call_back_id).with_for_update()
    ).one_or_none()
    return None if row is None else CallBackRow(*row)


def lock_open(session: Session, call_id: str) -> CallBackRow | None:
    """The open call-back of a call, held like that, or None."""
    row = session.execute(
        select(*_ROW)
        .where(call_backs.c.call_id == call_id, call_backs.c.closed_at.is_(None))
        .with_for_update()
    ).one_or_none()
    return None if row is None else CallBackRow(*row)


def lock_due(session: Session, now: datetime) -> CallBackRow | None:
    """The call-back that is longest due, held like that; those held elsewhere are passed over."""
    row = session.execute(
        select(*_ROW)
        .where(call_backs.c.due_at <= now)
        .order_by(call_backs.c.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    return None if row is None else CallBackRow(*row)


def change_call_back(session: Session, call_back_id: str, **values: Any) -> None:  # noqa: ANN401 - columns
    """Set columns of a call-back whose row is held."""
    session.execute(update(call_backs).where(call_backs.c.id == call_back_id).values(**values))


def list_call_backs(session: Session, call_id: str) -> list[CallBackRow]:
    """All call-backs of a call that was lost, oldest first."""
    rows = session.execute(
        select(*_ROW).where(call_backs.c.call_id == call_id).order_by(call_backs.c.created_at)
    )
    return [CallBackRow(*row) for row in rows]


def list_open(session: Session) -> list[CallBackRow]:
    """Every call-back that is not over, the next one first."""
    rows = session.execute(
        select(*_ROW)
        .where(call_backs.c.closed_at.is_(None))
        .order_by(call_backs.c.due_at, call_backs.c.id)
    )
    return [CallBackRow(*row) for row in rows]


def find_number(session: Session, call_back_id: str) -> str | None:
    """The number (E.164) that is called back, or None."""
    return session.scalar(select(call_backs.c.number).where(call_backs.c.id == call_back_id))


def find_callback_number(session: Session, call_id: str, *, is_transfer: bool) -> str | None:
    """Where the caller of a call can be reached (E.164), or None.

    A transfer comes from the 911 centre's own number, so there it is the number that 911 announced
    for the incident, if it did.
    """
    if not is_transfer:
        return session.scalar(select(calls.c.caller_number).where(calls.c.id == call_id))
    announced = exists().where(announcements.c.incident_id == incidents.c.id)
    return session.scalar(
        select(incidents.c.callback_number)
        .join(calls, calls.c.incident_id == incidents.c.id)
        .where(calls.c.id == call_id, announced)
    )


def find_place(session: Session, call_id: str) -> str:
    """The last known place of the call's incident, in words, or ""."""
    place = session.scalar(
        select(incidents.c.location)
        .join(calls, calls.c.incident_id == incidents.c.id)
        .where(calls.c.id == call_id)
    )
    return place or ""


# -- tries -----------------------------------------------------------------------------------------


def insert_try(session: Session, row: TryRow) -> None:
    """Write that a call is made for a call-back."""
    values = {field.name: getattr(row, field.name) for field in fields(TryRow)}
    session.execute(insert(call_back_tries).values(values))


def end_try(session: Session, call_id: str, outcome: str, now: datetime) -> str | None:
    """Record what a try came to; the call-back's id, or None for a call that is no try."""
    call_back_id: str | None = session.scalar(
        update(call_back_tries)
        .where(call_back_tries.c.call_id == call_id)
        .values(outcome=outcome, ended_at=now)
        .returning(call_back_tries.c.call_back_id)
    )
    return call_back_id


def list_tries(session: Session, call_back_ids: Collection[str]) -> list[TryRow]:
    """The tries of some call-backs, first ones first."""
    rows = session.execute(
        select(*_TRY)
        .where(call_back_tries.c.call_back_id.in_(call_back_ids))
        .order_by(call_back_tries.c.begun_at)
    )
    return [TryRow(*row) for row in rows]


def take_leg_over(
    session: Session, leg_id: str, person_id: str, call_id: str, now: datetime
) -> None:
    """A person's leg goes on as one of the call `call_id`: theirs are the sid and the claim."""
    session.execute(update(legs).where(legs.c.id == leg_id).values(sid=None))
    session.execute(
        update(presence)
        .where(presence.c.person_id == person_id)
        .values(claimed_call_id=call_id, claimed_at=now)
    )


# -- welfare requests ------------------------------------------------------------------------------


def insert_page(session: Session, page_id: str, call_back_id: str, line_id: str) -> None:
    """Write a spoken request that waits to be placed."""
    session.execute(
        insert(welfare_pages).values(
            id=page_id, call_back_id=call_back_id, line_id=line_id, state="ready"
        )
    )


def find_page(session: Session, page_id: str) -> WelfarePage | None:
    """The request to one line, or None."""
    row = session.execute(select(*_PAGE).where(welfare_pages.c.id == page_id)).one_or_none()
    return None if row is None else WelfarePage(*row)


def list_pages(session: Session, call_back_id: str) -> list[WelfarePage]:
    """The requests made for a call-back, first ones first."""
    rows = session.execute(
        select(*_PAGE)
        .where(welfare_pages.c.call_back_id == call_back_id)
        .order_by(welfare_pages.c.created_at)
    )
    return [WelfarePage(*row) for row in rows]


def change_page(session: Session, page_id: str, sources: Collection[str], **values: Any) -> bool:  # noqa: ANN401
    """Set columns of a request if its state is one of `sources`; whether it was."""
    changed = session.execute(
        update(welfare_pages)
        .where(welfare_pages.c.id == page_id, welfare_pages.c.state.in_(sources))
        .values(**values)
        .returning(welfare_pages.c.id)
    )
    return changed.first() is not None
