"""Calls: the locked snapshot that inputs are applied to, its projections, lists for the sweep."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ivr_flows.call import Call, Stage, from_document, to_document
from router.storage.crypto import search_hash
from router.storage.tables import calls, dispositions, incidents


@dataclass(frozen=True, slots=True)
class LockedCall:
    """A call under its row lock, and the database's clock at that moment."""

    call: Call
    database_now: datetime


@dataclass(frozen=True, slots=True)
class CallRow:
    """One call as lists show it; the snapshot itself is `call`."""

    call: Call
    incident_id: str | None


_LOCK = (
    select(calls.c.state, func.clock_timestamp())
    .where(calls.c.id == bindparam("call_id"))
    .with_for_update()
)


def lock_call(session: Session, call_id: str) -> LockedCall | None:
    """The call, locked until the transaction ends; None when there is no such call.

    Raises OperationalError (LockNotAvailable) after the connection's lock_timeout.
    """
    row = session.connection().execute(_LOCK, {"call_id": call_id}).first()
    return None if row is None else LockedCall(from_document(row[0]), row[1])


_CHANGING = (
    "version",
    "stage",
    "desk",
    "priority",
    "language",
    "decision",
    "reason",
    "outcome",
    "disposition",
    "stage_at",
    "queued_at",
    "due_at",
    "closed_at",
    "state",
)
_OPENING = ("id", "program_id", "program_version", "line", "opened_at", *_CHANGING)
_CALLER = ("caller_sid", "caller_number", "caller_number_hash", "incident_id")
_INCIDENT = insert(incidents).values(
    id=bindparam("new_incident_id"),
    program_id=bindparam("new_program_id"),
    callback_number=bindparam("new_callback_number"),  # encrypted for its own column
    callback_number_hash=bindparam("new_caller_number_hash"),
)
_INSERT = (
    insert(calls)
    .values({name: bindparam(f"new_{name}") for name in (*_OPENING, *_CALLER)})
    .on_conflict_do_nothing(index_elements=[calls.c.caller_sid])
    .returning(calls.c.id)
    .add_cte(_INCIDENT.cte("incident"))
)


def insert_call(
    session: Session,
    call: Call,
    *,
    caller_sid: str,
    caller_number: str,
    incident_id: str,
) -> bool:
    """Write a fresh call and its incident, which has the id `incident_id`.

    False when its twin, a call of the same `caller_sid`, is already there: then roll back. Waits
    for a twin that is being written by another transaction. `caller_number` is E.164, or "".
    """
    values = {
        **columns_of(call),
        "id": call.id,
        "program_id": call.program,
        "program_version": call.program_version,
        "line": call.line,
        "opened_at": call.opened_at,
        "caller_sid": caller_sid,
        "caller_number": caller_number or None,
        "caller_number_hash": search_hash(session, caller_number) if caller_number else None,
        "callback_number": caller_number or None,
        "incident_id": incident_id,
    }
    named = {f"new_{name}": value for name, value in values.items()}
    return session.connection().execute(_INSERT, named).first() is not None


UPDATE = (
    update(calls)
    .where(calls.c.id == bindparam("call_id"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
)
"""Writes the snapshot of the call `call_id` from `new_*` parameters; see `columns_of`."""


def columns_of(call: Call) -> dict[str, Any]:
    """The columns of a call that its steps change."""
    return {
        "version": call.version,
        "stage": call.stage.value,
        "desk": call.desk,
        "priority": call.priority,
        "language": call.language,
        "decision": call.decision,
        "reason": call.reason,
        "outcome": call.outcome,
        "disposition": call.disposition,
        "stage_at": call.stage_at,
        "queued_at": call.queued_at,
        "due_at": call.due_at,
        "closed_at": call.closed_at,
        "state": to_document(call),
    }


def find_call(session: Session, call_id: str) -> CallRow | None:
    """The call without a lock, for reading, or None."""
    row = session.execute(
        select(calls.c.state, calls.c.incident_id).where(calls.c.id == call_id)
    ).first()
    return None if row is None else CallRow(from_document(row[0]), row[1])


def find_call_id_by_sid(session: Session, caller_sid: str) -> str | None:
    """The call that the caller's leg of that CallSid began, or None."""
    return session.scalar(select(calls.c.id).where(calls.c.caller_sid == caller_sid))


def find_caller_number(session: Session, call_id: str) -> str | None:
    """The caller's number in E.164, or None when it was withheld or there is no such call."""
    return session.scalar(select(calls.c.caller_number).where(calls.c.id == call_id))


def list_due_call_ids(session: Session, now: datetime, limit: int = 100) -> list[str]:
    """Calls one of whose deadlines has passed, longest overdue first."""
    rows = session.scalars(
        select(calls.c.id).where(calls.c.due_at <= now).order_by(calls.c.due_at).limit(limit)
    )
    return list(rows)


def list_live_calls(session: Session, program_id: str | None = None) -> list[CallRow]:
    """Calls that are not closed, oldest first; of one program where it is named."""
    statement = (
        select(calls.c.state, calls.c.incident_id)
        .where(calls.c.stage != literal_column(f"'{Stage.CLOSED.value}'"))
        .order_by(calls.c.opened_at)
    )
    if program_id is not None:
        statement = statement.where(calls.c.program_id == program_id)
    return [CallRow(from_document(row[0]), row[1]) for row in session.execute(statement)]


def set_incident(session: Session, call_id: str, incident_id: str) -> None:
    """Link the call to its incident."""
    session.execute(update(calls).where(calls.c.id == call_id).values(incident_id=incident_id))


def insert_disposition(session: Session, call_id: str, code: str, recorded_by: str) -> None:
    """Record how the call ended; an earlier record stays beside it."""
    row = {"call_id": call_id, "code": code, "recorded_by": recorded_by}
    session.connection().execute(insert(dispositions), row)
