"""The list of numbers whose calls are slowed (IN8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from router.storage.crypto import search_hash
from router.storage.tables import blocked_numbers, calls

_B = blocked_numbers.c


@dataclass(frozen=True, slots=True)
class Block:
    """One number on the list (E.164), why, by whom and until when."""

    number: str
    reason: str
    blocked_by: str
    blocked_at: datetime
    expires_at: datetime


def insert_block(session: Session, program_id: str, block: Block) -> None:
    """Put a number on the list. Raises IntegrityError when it is there."""
    session.execute(
        insert(blocked_numbers).values(
            program_id=program_id,
            number=block.number,
            number_hash=search_hash(session, block.number),
            reason=block.reason,
            blocked_by=block.blocked_by,
            blocked_at=block.blocked_at,
            expires_at=block.expires_at,
        )
    )


def list_blocks(session: Session, program_id: str, now: datetime) -> list[Block]:
    """Numbers that are on the list now, newest first."""
    rows = session.execute(
        select(_B.number, _B.reason, _B.blocked_by, _B.blocked_at, _B.expires_at)
        .where(_B.program_id == program_id, _B.lifted_at.is_(None), _B.expires_at > now)
        .order_by(_B.blocked_at.desc())
    )
    return [Block(*row) for row in rows]


def lift_block(
    session: Session, program_id: str, number: str, lifted_by: str, now: datetime
) -> bool:
    """Take a number off the list; False when it is not on it, or its time was over."""
    was = session.execute(
        update(blocked_numbers)
        .where(
            _B.program_id == program_id,
            _B.number_hash == search_hash(session, number),
            _B.lifted_at.is_(None),
        )
        .values(lifted_by=lifted_by, lifted_at=now)
        .returning(_B.expires_at)
    ).first()
    return was is not None and was.expires_at > now


_OF_CALL = (
    select(_B.id)
    .join(calls, calls.c.caller_number_hash == _B.number_hash)
    .where(
        calls.c.id == bindparam("call_id"),
        _B.program_id == bindparam("program_id"),
        _B.lifted_at.is_(None),
        _B.expires_at > bindparam("now"),
    )
)


def is_call_blocked(session: Session, program_id: str, call_id: str, now: datetime) -> bool:
    """Whether the call comes from a number that is on the list now."""
    values = {"call_id": call_id, "program_id": program_id, "now": now}
    return session.connection().execute(_OF_CALL, values).first() is not None
