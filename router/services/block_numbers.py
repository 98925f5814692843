"""Puts numbers on the blocked list and takes them off: a block slows, and refuses nobody (IN8)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.exc import IntegrityError

from router.errors import ConflictError, InvalidInputError, NotFoundError
from router.services.clock import DatabaseClock, read_now
from router.services.edit_roster import parse_phone
from router.storage import blocked_numbers as stored
from router.storage.blocked_numbers import Block
from router.storage.database import Sessions

MOST_DAYS = 365  # nobody stays on the list without being looked at again


def block_number(
    sessions: Sessions, program_id: str, phone: str, *, reason: str, days: int, blocked_by: str
) -> Block:
    """Slow calls from a number for some days.

    Raises InvalidInputError, and ConflictError when the number is on the list.
    """
    number = parse_phone(phone)
    if not reason.strip():
        raise InvalidInputError("reason", "say why; whoever looks at the list later needs it")
    if not 1 <= days <= MOST_DAYS:
        raise InvalidInputError("days", f"a block lasts 1 to {MOST_DAYS} days")
    try:
        with sessions.begin() as session:
            now = read_now(session, DatabaseClock())
            if not any(
                one.number == number for one in stored.list_blocks(session, program_id, now)
            ):
                stored.lift_block(session, program_id, number, "expired", now)
            block = Block(number, reason.strip(), blocked_by, now, now + timedelta(days=days))
            stored.insert_block(session, program_id, block)
    except IntegrityError:
        raise ConflictError("The number is on the list already; remove it first.") from None
    return block


def unblock_number(sessions: Sessions, program_id: str, phone: str, *, lifted_by: str) -> None:
    """Take a number off the list. Raises NotFoundError when it is not on it."""
    number = parse_phone(phone)
    with sessions.begin() as session:
        now = read_now(session, DatabaseClock())
        if not stored.lift_block(session, program_id, number, lifted_by, now):
            raise NotFoundError("the number is not on the list")


def list_blocked(sessions: Sessions, program_id: str) -> list[Block]:
    """Numbers on the list now."""
    with sessions() as session:
        return stored.list_blocks(session, program_id, read_now(session, DatabaseClock()))
