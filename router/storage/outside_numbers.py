"""Numbers of parties outside that were given for one call."""

from __future__ import annotations

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from router.storage.tables import outside_numbers


def add_number(session: Session, call_id: str, number: str, given_by: str) -> str:
    """Keep a number (E.164) for a call; returns what its leg names it by."""
    row_id = session.scalar(
        insert(outside_numbers)
        .values(call_id=call_id, number=number, given_by=given_by)
        .returning(outside_numbers.c.id)
    )
    return str(row_id)


def find_number(session: Session, call_id: str, name: str) -> str | None:
    """The number that was given for the call under that name, or None."""
    if not (name.isascii() and name.isdecimal()):
        return None
    return session.scalar(
        select(outside_numbers.c.number).where(
            outside_numbers.c.id == int(name), outside_numbers.c.call_id == call_id
        )
    )
