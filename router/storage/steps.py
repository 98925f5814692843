"""All that follows from one input, written in one statement, and committed with it if wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import psycopg
from sqlalchemy import literal_column, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ivr_flows.call import Call
from ivr_flows.outputs import Command, Event
from router.storage import calls
from router.storage.calls import Caller
from router.storage.incidents import SET_ANSWERS, KeyedAnswers, answer_values
from router.storage.outbox import INSERT_COMMANDS, WAKE, command_rows
from router.storage.projections import PUT_LEGS, PUT_OFFERS, changed_legs, changed_offers
from router.storage.queue_visits import PUT_VISIT, ended_visit
from router.storage.receipts import INSERT_RECEIPT, ONE_ANSWER, ReceiptKey, receipt_values
from router.storage.round_trip import Commit, Order, Prepared, send
from router.storage.timeline import INSERT_EVENTS, event_rows


@dataclass(frozen=True, slots=True)
class Follows:
    """What follows from an input besides the call itself.

    `answer` is stored under `receipt` where there is one, `keyed` with the incident. `wake` rouses
    the switchboard even without a command.
    """

    events: Sequence[Event] = ()
    commands: Sequence[Command] = ()
    receipt: ReceiptKey | None = None
    answer: str = ""
    keyed: KeyedAnswers | None = None
    wake: bool = False


# The foreign keys between them are checked when the whole statement has been executed.
_PARTS = {
    "incident": calls.INSERT_INCIDENT,
    "opened": calls.INSERT_CALL,
    "saved": calls.UPDATE,
    "legs": PUT_LEGS,
    "offers": PUT_OFFERS,
    "visit": PUT_VISIT,
    "events": INSERT_EVENTS,
    "commands": INSERT_COMMANDS,
    "receipt": INSERT_RECEIPT,
    "keyed": SET_ANSWERS,
}


@cache
def _statement(parts: tuple[str, ...], *, wakes: bool) -> Prepared:
    """A statement of just the parts that have something to write: an empty one is not free."""
    head = WAKE if wakes else select(literal_column("1"))
    named = [_PARTS[part].cte(f"put_{part}") for part in parts]
    return Prepared.of("_".join((*parts, *["wake"] * wakes)), head.add_cte(*named))


def open_call(
    session: Session,
    call: Call,
    caller: Caller,
    follows: Follows,
    now: datetime,
    *,
    commit: Commit | None = None,
    incident_id: str = "",
) -> bool:
    """Write a fresh call and its incident, which has the call's id, with all that follows.

    `incident_id` names the incident of a call that belongs to one already. False when its twin, a
    call of the same `caller.sid`, is already there: then roll back.
    """
    values = calls.opening_values(session, call, caller)
    parts = ["incident", "opened"]
    if incident_id:
        parts, values["new_incident_id"] = ["opened"], incident_id
        del values["new_callback_number"]
    statement = _follow(parts, values, None, call, follows, now)
    return _send(session, statement, commit=commit, seen_before=calls.ONE_CALL_A_SID)


def save_step(
    session: Session,
    before: Call,
    after: Call,
    follows: Follows,
    now: datetime,
    *,
    commit: Commit | None = None,
) -> bool:
    """Write the call with all that follows; of legs and offers, what a reader would see changed.

    False when `follows.receipt` names a request that was answered before: then roll back. The
    caller holds the call's row lock.
    """
    is_changed = after is not before
    values = calls.changing_values(after) if is_changed else {}
    statement = _follow(["saved"] * is_changed, values, before, after, follows, now)
    return _send(session, statement, commit=commit, seen_before=ONE_ANSWER)


def _follow(
    parts: list[str],
    values: dict[str, Any],
    before: Call | None,
    after: Call,
    follows: Follows,
    now: datetime,
) -> Order:
    """`parts` with their values, and those parts of what follows that have something to write."""
    rows = {
        "legs": changed_legs(before, after, now),
        "offers": changed_offers(before, after, now),
        "events": event_rows(after.id, now, follows.events),
        "commands": command_rows(after, follows.commands, now),
    }
    written = [name for name, some in rows.items() if some]
    values |= {f"new_{name}": rows[name] for name in written}
    if visit := ended_visit(before, after, now):
        written.append("visit")
        values |= visit
    if follows.receipt is not None:
        written.append("receipt")
        values |= receipt_values(follows.receipt, follows.answer)
    if follows.keyed is not None:
        written.append("keyed")
        values |= answer_values(follows.keyed)
    wakes = follows.wake or bool(rows["commands"])
    return _statement((*parts, *written), wakes=wakes), values


def _send(
    session: Session, order: Order, *, commit: Commit | None, seen_before: frozenset[str]
) -> bool:
    """Whether it was written; False when it violates one of the constraints `seen_before`."""
    try:
        send(session, order, commit=commit)
    except IntegrityError as error:
        if isinstance(error.orig, psycopg.Error):
            violated = error.orig.diag.constraint_name
            if violated in seen_before:
                return False
        raise
    return True
