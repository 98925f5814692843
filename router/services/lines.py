"""Opens a call when a number of ours is rung; a repetition of that request finds the same call."""

from __future__ import annotations

import secrets
from dataclasses import replace

from ivr_flows import engine
from ivr_flows.inputs import CallArrived, LegStatusChanged
from router.errors import NotFoundError
from router.services.apply_input import (
    ARRIVED,
    Answer,
    Exchange,
    apply_input,
    commit_within,
    open_call,
    try_twice,
)
from router.storage.calls import Caller, find_call_id_by_sid
from router.storage.database import Deadline, within
from router.storage.programs import find_line
from router.storage.receipts import ReceiptKey
from router.telephony.webhook import Arrival

# No vowels and no look-alikes: ids are read out on the phone, and never spell a word.
_ALPHABET = "bcdfghjkmnpqrstvwxyz23456789"
_ID_LENGTH = 12


def new_call_id() -> str:
    """A fresh id for a call: 12 characters, more than 57 bits of chance."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))


def receive_call(
    exchange: Exchange, arrival: Arrival, *, deadline: Deadline | None = None
) -> Answer:
    """The first answer to a caller, or again what it was.

    Raises NotFoundError when the number rung is not one of ours, or its program not published.
    """
    return try_twice(lambda: _receive(exchange, arrival, deadline), deadline)


def _receive(exchange: Exchange, arrival: Arrival, deadline: Deadline | None) -> Answer:
    with within(deadline), exchange.sessions() as session:
        line = find_line(session, arrival.to_e164) if arrival.to_e164 else None
        if line is None:
            raise NotFoundError("the number rung is not a line of a published program")
        commit = commit_within(deadline, line.database_now)
        published = exchange.programs.get(session, line.program_id, line.program_version)
        now = exchange.clock.now(line.database_now)
        call = engine.arrive(new_call_id(), line.name, published.program, now)
        call = replace(call, caller_id=arrival.caller_id)
        call = call.with_leg(replace(call.caller, sid=arrival.sid))
        opened = open_call(
            exchange,
            session,
            call,
            published,
            caller=Caller(arrival.sid, arrival.from_e164),
            commit=commit,
        )
        if opened is not None:
            return opened
        call_id = find_call_id_by_sid(session, arrival.sid)
    if call_id is None:
        raise NotFoundError("the call was opened by another request and is gone")
    leg_id = f"{call_id}-1"
    receipt = ReceiptKey(leg_id, ARRIVED)
    return apply_input(exchange, leg_id, CallArrived(leg_id), receipt=receipt, deadline=deadline)


def note_caller_status(
    exchange: Exchange, sid: str, status: str, *, deadline: Deadline | None = None
) -> Answer:
    """A status callback of one of our numbers, which knows the caller's leg by its sid alone.

    Raises NotFoundError for a sid that began no call.
    """
    with within(deadline), exchange.sessions() as session:
        call_id = find_call_id_by_sid(session, sid)
    if call_id is None:
        raise NotFoundError("no call began with that sid")
    given = LegStatusChanged(f"{call_id}-1", status, sid)
    return apply_input(exchange, call_id, given, deadline=deadline)
