"""What requests were answered, so that a repeated one gets the same answer (Law 5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
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


_INSERT = (
    insert(receipts)
    .on_conflict_do_nothing(index_elements=[receipts.c.leg_id, receipts.c.action, receipts.c.token])
    .returning(receipts.c.leg_id)
)


def add_receipt(session: Session, key: ReceiptKey, answer: str) -> bool:
    """Store the answer; False when this request was answered before, and nothing is stored.

    Needs the call's row lock: then the first answer is committed and can be read.
    """
    row = {"leg_id": key.leg_id, "action": key.action, "token": key.token, "answer": answer}
    return session.connection().execute(_INSERT, row).first() is not None


def find_answer(session: Session, key: ReceiptKey) -> str | None:
    """The TwiML that this request was answered, or None."""
    return session.scalar(
        select(receipts.c.answer).where(
            receipts.c.leg_id == key.leg_id,
            receipts.c.action == key.action,
            receipts.c.token == key.token,
        )
    )


def delete_receipts(session: Session, before: datetime) -> int:
    """Forget answers older than `before`; returns how many. Twilio repeats within seconds."""
    done = session.connection().execute(delete(receipts).where(receipts.c.created_at < before))
    return done.rowcount
