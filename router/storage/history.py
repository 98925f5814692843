"""Earlier calls from a number or about an incident, whether it is blocked, and who waits for it.

One query, for IN6, IN7, IN8 and EL7.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

MOST_CALLS = 100

# A caller is known by the number they call from, by the callback number that 911 announced for an
# incident, by the incident's own number, or by the person whom 911 says it is about. The number
# that a 911 centre transfers from says nothing of the caller, so on its lines the first does not
# count. OFFSET 0 has the calls looked up one by one: joined, the planner reads all that the program
# had since, thousands for a handful of ids that it takes for many.
EARLIER = text("""
WITH own AS (
    SELECT caller_number_hash AS hash FROM calls WHERE id = :call_id AND NOT :is_transfer
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
    UNION
    SELECT c.id FROM incidents i JOIN incidents other ON other.person_hash = i.person_hash
    JOIN calls c ON c.incident_id = other.id
    WHERE i.program_id = :program_id AND i.number = :number AND :number <> ''
), earlier AS (
    SELECT c.opened_at, coalesce(c.state -> 'given_back', '[]'::jsonb) AS given_back
    FROM ids CROSS JOIN LATERAL (
        SELECT * FROM calls WHERE calls.id = ids.id OFFSET 0
    ) c
    WHERE c.id <> :call_id AND c.program_id = :program_id AND c.opened_at > :since
    ORDER BY c.opened_at DESC
    LIMIT :most
)
SELECT earlier.opened_at, earlier.given_back, blocked.is_blocked, blocked.call_back_id
FROM (
    SELECT EXISTS (
        SELECT FROM blocked_numbers b JOIN calls c ON c.caller_number_hash = b.number_hash
        WHERE c.id = :call_id AND NOT :is_transfer AND b.program_id = :program_id
        AND b.lifted_at IS NULL AND b.expires_at > :now
    ) AS is_blocked, (
        SELECT b.id FROM call_backs b
        WHERE b.program_id = :program_id AND b.closed_at IS NULL AND b.call_id <> :call_id
        AND (b.number_hash IN (SELECT hash FROM own) OR b.call_id IN (SELECT id FROM ids))
        ORDER BY b.created_at DESC LIMIT 1
    ) AS call_back_id
) blocked LEFT JOIN earlier ON true
""").bindparams(bindparam("most", MOST_CALLS))


@dataclass(frozen=True, slots=True)
class EarlierCall:
    """One earlier call; `given_back` names desks whose clinicians gave it back to 911."""

    opened_at: datetime
    given_back: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose earlier calls: of the call `call_id`, about the incident `number` where one is known.

    `is_transfer` where the call comes from a 911 centre's number, and not from the caller's own.
    """

    program_id: str
    call_id: str
    number: str
    is_transfer: bool


def read_history(
    session: Session, whose: Whose, since: datetime, now: datetime
) -> tuple[list[EarlierCall], bool, str]:
    """Earlier calls of the same caller or incident, 100 at most; whether the number is blocked.

    The last is the call-back that is open for them, or "" (IN6).
    """
    values = {
        "program_id": whose.program_id,
        "call_id": whose.call_id,
        "number": whose.number,
        "is_transfer": whose.is_transfer,
        "since": since,
        "now": now,
    }
    rows = session.connection().execute(EARLIER, values).all()
    calls = [EarlierCall(row.opened_at, tuple(row.given_back)) for row in rows if row.opened_at]
    return calls, bool(rows[0].is_blocked), rows[0].call_back_id or ""
