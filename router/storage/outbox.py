"""Effects that follow the commit (Law 7): written with the call, carried out afterwards.

A row goes from ready to attempting (recorded before the attempt), then to done, failed or void. One
left attempting has an unknown result: its executor looks it up before anything else happens.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, func, insert, literal, select, update
from sqlalchemy.orm import Session

from ivr_flows import outputs
from ivr_flows.call import Call
from ivr_flows.outputs import (
    CallBackNow,
    CallBackTried,
    CancelCallBack,
    Command,
    NotifySupervisor,
    PlanCallBack,
    RedirectLeg,
    RequestDispatch,
    Say,
    TextCaller,
    Urgency,
)
from router.storage.recordset import plain, rows_of
from router.storage.tables import outbox

CALL, CALLER, DISPATCH, NOTIFY, CAD = "call", "caller", "dispatch", "notify", "cad"
"""Kinds: `call` and `caller` (who is to be called back, or texted) are the switchboard's and never
pass the broker; the others are Celery queues.
"""

CHANNEL = "outbox"  # of LISTEN and NOTIFY, with an empty payload

_COMMANDS: Mapping[str, type[Command]] = {
    name: getattr(outputs, name)
    for name in (
        "PlaceLeg",
        "EndLeg",
        "ReleaseFromQueue",
        "RedirectLeg",
        "SetEndsRoom",
        "HoldLeg",
        "MuteLeg",
        "RemoveLeg",
        "Announce",
        "CheckLeg",
        "LookInRoom",
        "RescueCaller",
        "RequestDispatch",
        "NotifySupervisor",
        "PlanCallBack",
        "CallBackNow",
        "CancelCallBack",
        "CallBackTried",
        "TextCaller",
    )
}
_OF_CALLER = (PlanCallBack, CallBackNow, CancelCallBack, CallBackTried, TextCaller)


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One effect. `stage` and `version` are the call's when it was ordered; check them again."""

    id: int
    kind: str
    name: str
    payload: Mapping[str, Any]
    call_id: str | None
    leg_id: str
    urgency: int
    stage: str
    version: int
    state: str
    due_at: datetime
    attempts: int
    attempted_at: datetime | None
    worker: str
    error: str

    def command(self) -> Command:
        """The command the row carries. Raises KeyError for a row that carries a task."""
        kind = _COMMANDS[self.name]
        known: dict[str, Any] = {}
        for field in fields(kind):
            if field.name not in self.payload:
                continue
            value = self.payload[field.name]
            if field.name == "urgency":
                value = Urgency(value)
            elif field.name == "say":
                value = Say(**value)
            known[field.name] = value
        return kind(**known)


_NAMES = ("kind", "name", "payload", "call_id", "leg_id", "urgency", "stage", "version", "due_at")
_ROW = [outbox.c[field.name] for field in fields(OutboxRow)]
INSERT_COMMANDS = insert(outbox).from_select(
    _NAMES, select(rows_of(outbox, _NAMES, "new_commands"))
)
"""Orders what `command_rows` made."""
WAKE = select(func.pg_notify(CHANNEL, ""))
"""Wakes whoever listens, at the commit."""
_ADD = WAKE.add_cte(INSERT_COMMANDS.cte("added"))


def command_rows(call: Call, commands: Sequence[Command], now: datetime) -> list[dict[str, Any]]:
    """Rows for INSERT_COMMANDS: the commands that follow from a step of the call."""
    return [
        plain(
            {
                "kind": _kind_of(command),
                "name": type(command).__name__,
                "payload": _document(command),
                "call_id": call.id,
                "leg_id": getattr(command, "leg_id", ""),
                "urgency": int(command.urgency),
                "stage": call.stage.value,
                "version": call.version,
                "due_at": now + _delay(command),
            }
        )
        for command in commands
    ]


def add_commands(session: Session, call: Call, commands: Sequence[Command], now: datetime) -> None:
    """Order the commands, and wake whoever listens; nothing for none."""
    if commands:
        rows = command_rows(call, commands, now)
        session.connection().execute(_ADD, {"new_commands": rows})


def add_task(
    session: Session,
    kind: str,
    name: str,
    payload: Mapping[str, Any],
    *,
    due_at: datetime,
    call_id: str | None = None,
    urgency: Urgency = Urgency.PAGE,
) -> None:
    """Order a task of the workers. `payload` holds ids, never personal data."""
    row = {
        "kind": kind,
        "name": name,
        "payload": dict(payload),
        "call_id": call_id,
        "leg_id": "",
        "urgency": int(urgency),
        "stage": "",
        "version": 0,
        "due_at": due_at,
    }
    session.connection().execute(_ADD, {"new_commands": [plain(row)]})


def wake(session: Session) -> None:
    """Wake whoever listens, at the commit, without ordering anything."""
    session.connection().execute(WAKE)


def claim_due(
    session: Session,
    kinds: Collection[str],
    limit: int,
    worker: str,
    now: datetime | None = None,
) -> list[OutboxRow]:
    """Take up to `limit` due rows, most urgent first, and record the attempt.

    Commit before acting on them. Rows that another executor holds are passed over. `now` defaults
    to the database's clock.
    """
    instant = func.clock_timestamp() if now is None else literal(now)
    due = (
        select(outbox.c.id)
        .where(outbox.c.state == "ready", outbox.c.kind.in_(kinds), outbox.c.due_at <= instant)
        .order_by(outbox.c.urgency, outbox.c.due_at, outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    taken = session.execute(
        update(outbox)
        .where(outbox.c.id == due.c.id)
        .values(
            state="attempting",
            attempted_at=instant,
            attempts=outbox.c.attempts + 1,
            worker=worker,
        )
        .returning(*_ROW)
    )
    rows = [_row(row) for row in taken]
    return sorted(rows, key=lambda row: (row.urgency, row.due_at, row.id))


def next_due_at(session: Session, kinds: Collection[str]) -> datetime | None:
    """When the earliest ready row of those kinds is due, or None."""
    earliest: datetime | None = session.scalar(
        select(func.min(outbox.c.due_at)).where(outbox.c.state == "ready", outbox.c.kind.in_(kinds))
    )
    return earliest


def mark_done(session: Session, row_id: int) -> None:
    """The effect has happened."""
    _finish(session, row_id, "done")


def mark_failed(session: Session, row_id: int, error: str) -> None:
    """The effect did not happen and will not be tried again. `error` holds no personal data."""
    _finish(session, row_id, "failed", error)


def mark_void(session: Session, row_id: int, why: str) -> None:
    """The call has moved on: the effect is no longer wanted."""
    _finish(session, row_id, "void", why)


def mark_ready(session: Session, row_id: int, due_at: datetime, error: str = "") -> None:
    """Give an attempt back that certainly had no effect, to be made again at `due_at`."""
    session.execute(
        update(outbox)
        .where(outbox.c.id == row_id, outbox.c.state == "attempting")
        .values(state="ready", due_at=due_at, error=error, worker="")
    )


_FINISH = (
    update(outbox)
    .where(outbox.c.id == bindparam("row_id"), outbox.c.state.in_(("ready", "attempting")))
    .values(
        state=bindparam("new_state"),
        error=bindparam("new_error"),
        finished_at=func.clock_timestamp(),
    )
)


def _finish(session: Session, row_id: int, state: str, error: str = "") -> None:
    values = {"row_id": row_id, "new_state": state, "new_error": error}
    session.connection().execute(_FINISH, values)


def is_ready(session: Session, call_id: str, name: str) -> bool:
    """Whether an effect of that name is still to be carried out for the call."""
    ready = (
        select(outbox.c.id)
        .where(outbox.c.call_id == call_id, outbox.c.name == name, outbox.c.state == "ready")
        .exists()
    )
    return bool(session.scalar(select(ready)))


def find_row(session: Session, row_id: int) -> OutboxRow | None:
    """One effect by id, or None."""
    row = session.execute(select(*_ROW).where(outbox.c.id == row_id)).first()
    return None if row is None else _row(row)


def _row(row: Row[*tuple[Any, ...]]) -> OutboxRow:
    return OutboxRow(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it


def _kind_of(command: Command) -> str:
    if isinstance(command, RequestDispatch):
        return DISPATCH
    if isinstance(command, _OF_CALLER):
        return CALLER
    return NOTIFY if isinstance(command, NotifySupervisor) else CALL


def _delay(command: Command) -> timedelta:
    return timedelta(seconds=command.after_seconds if isinstance(command, RedirectLeg) else 0)


def _document(command: Command) -> dict[str, Any]:
    return {field.name: _plain(getattr(command, field.name)) for field in fields(command)}


def _plain(value: Any) -> Any:  # noqa: ANN401 - a command's fields are of few kinds
    if isinstance(value, Say):
        return {
            "prompt": value.prompt,
            "language": value.language,
            "parameters": dict(value.parameters),
        }
    if isinstance(value, Mapping):
        return dict(value)
    return int(value) if isinstance(value, Urgency) else value
