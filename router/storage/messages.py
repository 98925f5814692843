"""Text messages, ours and theirs: written before they are sent, sent once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from router.storage.crypto import search_hash
from router.storage.tables import messages

READY, ATTEMPTING = "ready", "attempting"


@dataclass(frozen=True, slots=True)
class Message:
    """One message. Numbers and `body` are personal data."""

    id: str
    program_id: str | None
    dispatch_id: str | None
    person_id: str | None
    sender: str | None
    recipient: str | None
    body: str
    sid: str | None
    status: str


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to write; `call_id` and `dispatch_id` say what it is about."""

    id: str
    program_id: str
    body: str
    person_id: str | None = None
    call_id: str | None = None
    dispatch_id: str | None = None
    sender: str | None = None
    recipient: str | None = None
    sid: str | None = None


_MESSAGE = (
    messages.c.id,
    messages.c.program_id,
    messages.c.dispatch_id,
    messages.c.person_id,
    messages.c.sender,
    messages.c.recipient,
    messages.c.body,
    messages.c.sid,
    messages.c.status,
)


def insert_outbound(session: Session, message: NewMessage, now: datetime) -> bool:
    """Write a message that waits to be sent; False when one of its id is there already."""
    return _insert(session, message, now, direction="outbound", status=READY)


def insert_inbound(session: Session, message: NewMessage, now: datetime) -> bool:
    """Write a message that came in; False when its sid is known: it was told twice."""
    return _insert(session, message, now, direction="inbound", status="received")


def _insert(session: Session, message: NewMessage, now: datetime, **more: Any) -> bool:  # noqa: ANN401
    written = session.execute(
        insert(messages)
        .values(
            id=message.id,
            program_id=message.program_id,
            call_id=message.call_id,
            dispatch_id=message.dispatch_id,
            person_id=message.person_id,
            sender=message.sender,
            sender_hash=_hash(session, message.sender),
            recipient=message.recipient,
            recipient_hash=_hash(session, message.recipient),
            body=message.body,
            sid=message.sid,
            status_at=now,
            **more,
        )
        .on_conflict_do_nothing()
        .returning(messages.c.id)
    )
    return written.first() is not None


def find_message(session: Session, message_id: str) -> Message | None:
    """The message, or None."""
    row = session.execute(select(*_MESSAGE).where(messages.c.id == message_id)).one_or_none()
    return None if row is None else _message(row)


def change_message(
    session: Session,
    message_id: str,
    sources: Collection[str],
    now: datetime,
    **values: Any,  # noqa: ANN401 - the table's columns
) -> Message | None:
    """Set columns if the status is one of `sources`; the message as it is then, or None."""
    row = session.execute(
        update(messages)
        .where(messages.c.id == message_id, messages.c.status.in_(sources))
        .values(status_at=now, **values)
        .returning(*_MESSAGE)
    ).one_or_none()
    return None if row is None else _message(row)


def list_ids(session: Session, status: str, older_than: datetime, limit: int = 100) -> list[str]:
    """Outbound messages that have had `status` since before `older_than`, oldest first."""
    return list(
        session.scalars(
            select(messages.c.id)
            .where(messages.c.direction == "outbound", messages.c.status == status)
            .where(messages.c.status_at < older_than)
            .order_by(messages.c.status_at)
            .limit(limit)
        )
    )


def _hash(session: Session, number: str | None) -> bytes | None:
    return None if number is None else search_hash(session, number)


def _message(row: Row[*tuple[Any, ...]]) -> Message:
    return Message(*row)
