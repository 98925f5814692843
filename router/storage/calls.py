"""Calls: the locked snapshot that inputs are applied to, its projections, lists for the sweep."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, func, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from sqlalchemy.types import NULLTYPE

from ivr_flows.call import Call, Stage, from_document, to_document
from router.storage.crypto import encrypted, search_hash
from router.storage.round_trip import Prepared, as_instant, send
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


_LOCK = Prepared.of(
    "lock_call",
    select(calls.c.state, func.clock_timestamp())
    .where(calls.c.id == bindparam("call_id"))
    .with_for_update(),
)


def lock_call(session: Session, call_id: str) -> LockedCall | None:
    """The call, locked until the transaction ends; None when there is no such call.

    Raises OperationalError (LockNotAvailable) after the connection's lock_timeout.
    """
    [rows] = send(session, (_LOCK, {"call_id": call_id}))
    if not rows:
        return None
    [(state, database_now)] = rows
    return LockedCall(from_document(json.loads(state or b"")), as_instant(database_now))


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
    "passed_over",
    "due_at",
    "closed_at",
    "state",
)
_OPENING = ("id", "program_id", "program_version", "line", "opened_at", *_CHANGING)
_CALLER = ("caller_sid", "caller_number", "caller_number_hash", "incident_id")


def _parameters(names: Iterable[str]) -> dict[str, BindParameter[Any]]:
    """Untyped: their values come as the columns hold them, see `opening_values`."""
    return {name: bindparam(f"new_{name}", type_=NULLTYPE) for name in names}


INSERT_INCIDENT = insert(incidents).values(
    id=bindparam("new_incident_id"),
    program_id=bindparam("new_program_id"),
    callback_number=bindparam("new_callback_number", type_=NULLTYPE),
    callback_number_hash=bindparam("new_caller_number_hash", type_=NULLTYPE),
)
INSERT_CALL = insert(calls).values(_parameters((*_OPENING, *_CALLER)))
"""Writes a fresh call, and INSERT_INCIDENT its incident, from `opening_values`.

Waits for a twin, a call of the same `caller_sid`, that is being written by another transaction; a
violation of one of ONE_CALL_A_SID when it is there.
"""
ONE_CALL_A_SID = frozenset({"uq_calls_caller_sid", "uq_legs_sid"})  # whichever is written first


@dataclass(frozen=True, slots=True)
class Caller:
    """Who rang: the carrier's id of the call, and the number in E.164, or "" when withheld."""

    sid: str
    number: str = ""


def opening_values(session: Session, call: Call, caller: Caller) -> dict[str, Any]:
    """The parameters of INSERT_CALL and INSERT_INCIDENT; the incident has the call's id."""
    number = caller.number or None
    values = {
        **columns_of(call),
        "id": call.id,
        "program_id": call.program,
        "program_version": call.program_version,
        "line": call.line,
        "opened_at": call.opened_at,
        "caller_sid": caller.sid,
        "caller_number": encrypted(session, calls.c.caller_number, number),
        "caller_number_hash": search_hash(session, number) if number else None,
        "callback_number": encrypted(session, incidents.c.callback_number, number),
        "incident_id": call.id,
    }
    return {f"new_{name}": value for name, value in values.items()}


UPDATE = update(calls).where(calls.c.id == bindparam("call_id")).values(_parameters(_CHANGING))
"""Writes the snapshot of a call from `changing_values`."""


def changing_values(call: Call) -> dict[str, Any]:
    """The parameters of UPDATE."""
    values = {f"new_{name}": value for name, value in columns_of(call).items()}
    return {"call_id": call.id, **values}


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
        "passed_over": list(call.passed_over),
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
