"""All that follows from one input, written in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Boolean, bindparam, func, select
from sqlalchemy.orm import Session

from ivr_flows.call import Call
from ivr_flows.outputs import Command, Event
from router.storage.calls import UPDATE, columns_of
from router.storage.outbox import ADDED, CHANNEL, command_rows
from router.storage.projections import PUT_LEGS, PUT_OFFERS, changed_legs, changed_offers
from router.storage.receipts import INSERT_RECEIPTS, ReceiptKey, receipt_row
from router.storage.timeline import INSERT_EVENTS, event_rows


@dataclass(frozen=True, slots=True)
class Follows:
    """What follows from an input besides the call itself.

    `answer` is stored under `receipt` where there is one. `wake` rouses the switchboard even
    without a command.
    """

    events: Sequence[Event] = ()
    commands: Sequence[Command] = ()
    receipt: ReceiptKey | None = None
    answer: str = ""
    wake: bool = False


_receipt = INSERT_RECEIPTS.cte("receipt")
_orders = select(ADDED.c.id).exists()
_notify = (
    select(func.pg_notify(CHANNEL, ""))
    .where(_orders | bindparam("wake", type_=Boolean))
    .scalar_subquery()
)
_FOLLOW = select(select(_receipt.c.leg_id).exists(), _notify).add_cte(
    PUT_LEGS.cte("put_legs"), PUT_OFFERS.cte("put_offers"), INSERT_EVENTS.cte("new_lines")
)
_SAVE = _FOLLOW.add_cte(UPDATE.cte("saved"))


def save_step(
    session: Session, before: Call | None, after: Call, follows: Follows, now: datetime
) -> bool:
    """Write the call with all that follows; of legs and offers, what a reader would see changed.

    False when `follows.receipt` names a request that was answered before: then roll back. The
    caller holds the call's row lock. Without `before`, the call itself has just been inserted.
    """
    key = follows.receipt
    values = {
        "new_legs": changed_legs(before, after, now),
        "new_offers": changed_offers(before, after, now),
        "new_events": event_rows(after.id, now, follows.events),
        "new_rows": command_rows(after, follows.commands, now),
        "new_receipts": [] if key is None else [receipt_row(key, follows.answer)],
        "wake": follows.wake,
    }
    statement = _FOLLOW
    if before is not None:
        statement = _SAVE
        columns = columns_of(after)
        values |= {"call_id": after.id, **{f"new_{name}": columns[name] for name in columns}}
    stored, _ = session.connection().execute(statement, values).one()
    return key is None or bool(stored)
