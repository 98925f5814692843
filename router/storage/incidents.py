"""Incidents: what the 911 centre knows of an event, joined to the calls about it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from router.storage.crypto import search_hash
from router.storage.tables import incidents


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident; `number` is the 911 centre's, "" until it is known."""

    id: str
    program_id: str
    number: str = ""
    call_type: str = ""
    caller_party: str = ""
    callback_number: str | None = None
    location: str | None = None


def insert_incident(session: Session, incident: Incident) -> None:
    """Write a new incident."""
    callback = incident.callback_number
    session.execute(
        insert(incidents).values(
            id=incident.id,
            program_id=incident.program_id,
            number=incident.number,
            call_type=incident.call_type,
            caller_party=incident.caller_party,
            callback_number=callback,
            callback_number_hash=None if callback is None else search_hash(session, callback),
            location=incident.location,
        )
    )


def update_incident(
    session: Session,
    incident_id: str,
    *,
    call_type: str,
    caller_party: str,
    callback_number: str,
    location: str,
) -> None:
    """Write what the 911 centre tells anew; "" leaves what is known."""
    values: dict[str, object] = {
        name: value
        for name, value in (
            ("call_type", call_type),
            ("caller_party", caller_party),
            ("callback_number", callback_number),
            ("location", location),
        )
        if value
    }
    if callback_number:
        values["callback_number_hash"] = search_hash(session, callback_number)
    if values:
        session.execute(update(incidents).where(incidents.c.id == incident_id).values(values))


def set_person(session: Session, incident_id: str, person: str) -> None:
    """Keep a hash of the 911 centre's own name for the person whom the incident is about."""
    session.execute(
        update(incidents)
        .where(incidents.c.id == incident_id)
        .values(person_hash=search_hash(session, f"person:{person}"))
    )


def find_incident(session: Session, incident_id: str) -> Incident | None:
    """The incident of that id, or None."""
    row = session.execute(select(*_INCIDENT).where(incidents.c.id == incident_id)).first()
    return None if row is None else Incident(*row)


def find_by_number(session: Session, program_id: str, number: str) -> Incident | None:
    """The newest incident that the 911 centre calls `number`, or None."""
    row = session.execute(
        select(*_INCIDENT)
        .where(incidents.c.program_id == program_id, incidents.c.number == number)
        .order_by(incidents.c.created_at.desc())
        .limit(1)
    ).first()
    return None if row is None else Incident(*row)


_ANSWERS = ("number", "call_type", "caller_party")


@dataclass(frozen=True, slots=True)
class KeyedAnswers:
    """What was keyed during a call about its incident; "" leaves what is known."""

    incident_id: str
    number: str = ""
    call_type: str = ""
    caller_party: str = ""


SET_ANSWERS = (
    update(incidents)
    .where(incidents.c.id == bindparam("keyed_incident_id"))
    .values(
        {
            name: func.coalesce(func.nullif(bindparam(f"keyed_{name}"), ""), incidents.c[name])
            for name in _ANSWERS
        }
    )
)
"""Writes KeyedAnswers from `answer_values`."""


def answer_values(keyed: KeyedAnswers) -> dict[str, str]:
    """The parameters of SET_ANSWERS."""
    names = ("incident_id", *_ANSWERS)
    return {f"keyed_{name}": getattr(keyed, name) for name in names}


def note_location(session: Session, incident_id: str, location: str) -> None:
    """Write where it is, unless 911 or somebody else has said so already."""
    session.execute(
        update(incidents)
        .where(incidents.c.id == incident_id, incidents.c.location.is_(None))
        .values(location=location)
    )


_INCIDENT = (
    incidents.c.id,
    incidents.c.program_id,
    incidents.c.number,
    incidents.c.call_type,
    incidents.c.caller_party,
    incidents.c.callback_number,
    incidents.c.location,
)
