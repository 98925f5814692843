"""What requests were answered, so that a repeated one gets the same answer (Law 5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, tuple_
from sqlalchemy.orm import Session

from router.storage.tables import receipts


@dataclass(frozen=True, slots=True)
class ReceiptKey:
    """Names one request of a leg: the URL's action, and what tells its repetition from a new one.

    `token` is the step where the URL carries one, else "" for an action that happens once.
    """

    leg_id: str
    action: str
    token: str = ""


INSERT_RECEIPT = insert(receipts).values(
    leg_id=bindparam("receipt_leg_id"),
    action=bindparam("receipt_action"),
    token=bindparam("receipt_token"),
    answer=bindparam("receipt_answer"),
)
"""Stores an answer from `receipt_values`; a violation of ONE_ANSWER for one answered before.

Needs the call's row lock: then the first answer is committed and can be read.
"""
ONE_ANSWER = frozenset({"pk_receipts"})


def receipt_values(key: ReceiptKey, answer: str) -> dict[str, str]:
    """The parameters of INSERT_RECEIPT."""
    return {
        "receipt_leg_id": key.leg_id,
        "receipt_action": key.action,
        "receipt_token": key.token,
        "receipt_answer": answer,
    }


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
