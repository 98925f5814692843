"""Earlier calls from a number or about an incident, in one query (IN7, EL7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import LargeBinary, bindparam, text
from sqlalchemy.orm import Session

from router.storage.crypto import search_hash

MOST_CALLS = 100

# A caller is known by the number they call from, by the callback number that 911 announced for an
# incident, or by the incident's own number. The number that a 911 centre transfers from says
# nothing of the caller, so on its lines the first does not count.
_EARLIER = text("""
WITH own AS (
    SELECT coalesce(
        CAST(:number_hash AS bytea),
        (SELECT caller_number_hash FROM calls WHERE id = :call_id)
    ) AS hash WHERE NOT :is_transfer
    UNION
    SELECT i.callback_number_hash FROM incidents i
    JOIN announcements a ON a.incident_id = i.id
    WHERE i.program_id = :program_id AND i.number = :number AND :number <> ''
), ids AS (
    SELECT c.id FROM own JOIN calls c ON c.caller_number_hash = own.hash
    UNION
    SELECT c.id FROM own JOIN incidents i ON i.callback_number_hash = own.hash
    JOIN announcements a ON a.incident_id = i.id
    JOIN calls c ON c.incident_id = i.id
    UNION
    SELECT c.id FROM incidents i JOIN calls c ON c.incident_id = i.id
    WHERE i.program_id = :program_id AND i.number = :number AND :number <> ''
)
SELECT c.opened_at, coalesce(c.state -> 'given_back', '[]'::jsonb) AS given_back
FROM ids JOIN calls c USING (id)
WHERE c.id <> :call_id AND c.program_id = :program_id AND c.opened_at > :since
ORDER BY c.opened_at DESC
LIMIT :most
""").bindparams(bindparam("number_hash", type_=LargeBinary), bindparam("most", MOST_CALLS))


@dataclass(frozen=True, slots=True)
class EarlierCall:
    """One earlier call; `given_back` names desks whose clinicians gave it back to 911."""

    opened_at: datetime
    given_back: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose earlier calls: of the call `call_id`, about the incident `number` where one is known.

    `caller_number` (E.164) is for a call that is not written yet.
    """

    program_id: str
    call_id: str
    number: str
    is_transfer: bool
    caller_number: str = ""


def list_earlier(session: Session, whose: Whose, since: datetime) -> list[EarlierCall]:
    """Earlier calls of the same caller or incident, newest first, 100 at most."""
    given = whose.caller_number
    values = {
        "program_id": whose.program_id,
        "call_id": whose.call_id,
        "number": whose.number,
        "is_transfer": whose.is_transfer,
        "number_hash": search_hash(session, given) if given else None,
        "since": since,
    }
    rows = session.connection().execute(_EARLIER, values)
    return [EarlierCall(row.opened_at, tuple(row.given_back)) for row in rows]
