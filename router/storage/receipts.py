"""What requests were answered, so that a repeated one gets the same answer (Law 5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from router.storage.recordset import rows_of
from router.storage.tables import receipts


@dataclass(frozen=True, slots=True)
class ReceiptKey:
    """Names one request of a leg: the URL's action, and what tells its repetition from a new one.

    `token` is the step where the URL carries one, else "" for an action that happens once.
    """

    leg_id: str
    action: str
    token: str = ""


_NAMES = ("leg_id", "action", "token", "answer")
INSERT_RECEIPTS = (
    insert(receipts)
    .from_select(_NAMES, select(rows_of(receipts, _NAMES, "new_receipts")))
    .on_conflict_do_nothing(index_elements=[receipts.c.leg_id, receipts.c.action, receipts.c.token])
    .returning(receipts.c.leg_id)
)
"""Stores answers from `receipt_row`; returns nothing for a request that was answered before.

Needs the call's row lock: then the first answer is committed and can be read.
"""


def receipt_row(key: ReceiptKey, answer: str) -> dict[str, str]:
    """A row for INSERT_RECEIPTS."""
    return {"leg_id": key.leg_id, "action": key.action, "token": key.token, "answer": answer}


def find_answer(session: Session, key: ReceiptKey) -> str | None:
    """The TwiML that this request was answered, or None."""
    return session.scalar(
        select(receipts.c.answer).where(
            receipts.c.leg_id == key.leg_id,
            receipts.c.action == key.action,
            receipts.c.token == key.token,
        )
    )


def delete_receipts(session: Session, before: datetime, limit: int) -> int:
    """Forget up to `limit` answers older than `before`, the oldest first; returns how many.

    Those that another transaction holds are passed over.
    """
    key = (receipts.c.leg_id, receipts.c.action, receipts.c.token)
    oldest = (
        select(*key)
        .where(receipts.c.created_at < before)
        .order_by(receipts.c.created_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    done = session.connection().execute(delete(receipts).where(tuple_(*key).in_(oldest)))
    return done.rowcount
