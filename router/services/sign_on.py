"""Signs people on and off, and pauses them: whether they are offered calls (RO1, RO7).

A call that waits is offered to whoever has become free by the switchboard's sweep.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from router.errors import ConflictError, NotFoundError
from router.policy.roster import Standing, examine
from router.services.clock import DatabaseClock, read_now
from router.storage import outbox, people, presence, roster
from router.storage.database import Sessions
from router.storage.people import Person


def sign_on(
    sessions: Sessions, person_id: str, *, now: datetime | None = None
) -> dict[str, Standing]:
    """Let a person be offered calls, and end a pause; returns their standing by desk.

    Raises NotFoundError, or ConflictError for a person who cannot be rung.
    """
    with sessions.begin() as session:
        person = _get_person(session, person_id)
        if not person.is_active:
            raise ConflictError(f"{person_id} has been taken off the roster.")
        if person.phone is None:
            raise ConflictError(f"{person_id} has no telephone number, so nobody could ring them.")
        at = now or read_now(session, DatabaseClock())
        presence.sign_on(session, person_id, at)
        outbox.wake(session)
        return _standings(session, person, at)


def sign_off(sessions: Sessions, person_id: str) -> bool:
    """Offer the person nothing more; True when a call still holds them, which they finish.

    Raises NotFoundError.
    """
    with sessions.begin() as session:
        _get_person(session, person_id)
        presence.sign_off(session, person_id)
        found = presence.find_presence(session, person_id)
        return found is not None and found.claimed_call_id is not None


def pause(sessions: Sessions, person_id: str, reason: str, *, now: datetime | None = None) -> None:
    """Offer a person nothing until `resume`; the reason is shown to supervisors.

    Raises NotFoundError, or ConflictError for a person who is not signed on.
    """
    with sessions.begin() as session:
        _get_person(session, person_id)
        found = presence.find_presence(session, person_id)
        if found is None or found.signed_on_at is None:
            raise ConflictError(f"{person_id} is not signed on, so there is nothing to pause.")
        presence.pause(session, person_id, reason, now or read_now(session, DatabaseClock()))


def resume(
    sessions: Sessions, person_id: str, *, now: datetime | None = None
) -> dict[str, Standing]:
    """End a pause; returns the person's standing by desk. Raises NotFoundError."""
    with sessions.begin() as session:
        person = _get_person(session, person_id)
        presence.resume(session, person_id)
        outbox.wake(session)
        return _standings(session, person, now or read_now(session, DatabaseClock()))


def _get_person(session: Session, person_id: str) -> Person:
    person = people.find_person(session, person_id)
    if person is None:
        raise NotFoundError(f'There is nobody with the id "{person_id}" on any roster.')
    return person


def _standings(session: Session, person: Person, at: datetime) -> dict[str, Standing]:
    by_desk = roster.list_by_desk(session, person.program_id, at)
    return {
        desk: standing
        for desk, rows in by_desk.items()
        for standing in examine(rows, at)
        if standing.person_id == person.id
    }
