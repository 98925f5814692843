"""People: who they are, how they are reached, and when they are on shift."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from sqlalchemy import Row, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from router.policy.shift import Shift
from router.storage.crypto import search_hash
from router.storage.tables import desk_members, people, presence, shifts


@dataclass(frozen=True, slots=True)
class Person:
    """One person. `name` may be said aloud to colleagues; `phone` is E.164, or None."""

    id: str
    program_id: str
    name: str
    phone: str | None
    roles: tuple[str, ...]
    languages: tuple[str, ...]
    credentials: tuple[str, ...] = ()
    is_active: bool = True


_PERSON = (
    people.c.id,
    people.c.program_id,
    people.c.name,
    people.c.phone,
    people.c.roles,
    people.c.languages,
    people.c.credentials,
    people.c.is_active,
)


def save_person(session: Session, person: Person) -> None:
    """Write a person, new or known by id, with the presence row that claims are made on."""
    values = {
        "id": person.id,
        "program_id": person.program_id,
        "name": person.name,
        "phone": person.phone,
        "phone_hash": None if person.phone is None else search_hash(session, person.phone),
        "roles": list(person.roles),
        "languages": list(person.languages),
        "credentials": list(person.credentials),
        "is_active": person.is_active,
    }
    changed = {name: value for name, value in values.items() if name != "id"}
    statement = insert(people).values(**values)
    session.execute(statement.on_conflict_do_update(index_elements=[people.c.id], set_=changed))
    session.execute(insert(presence).values(person_id=person.id).on_conflict_do_nothing())


def find_person(session: Session, person_id: str) -> Person | None:
    """The person of that id, or None."""
    row = session.execute(select(*_PERSON).where(people.c.id == person_id)).first()
    return None if row is None else _person(row)


def find_person_by_phone(session: Session, phone: str) -> Person | None:
    """The active person who is reached at `phone` (E.164), or None."""
    row = session.execute(
        select(*_PERSON)
        .where(people.c.phone_hash == search_hash(session, phone), people.c.is_active)
        .order_by(people.c.id)
        .limit(1)
    ).first()
    return None if row is None else _person(row)


def list_people(session: Session, program_id: str) -> list[Person]:
    """Everyone of a program, by name."""
    rows = session.execute(
        select(*_PERSON).where(people.c.program_id == program_id).order_by(people.c.name)
    )
    return [_person(row) for row in rows]


def set_desks(session: Session, program_id: str, person_id: str, desks: Collection[str]) -> None:
    """Make the person a member of exactly these desks of the program."""
    session.execute(
        delete(desk_members).where(
            desk_members.c.program_id == program_id,
            desk_members.c.person_id == person_id,
            desk_members.c.desk.not_in(list(desks)),
        )
    )
    for desk in desks:
        row = {"program_id": program_id, "desk": desk, "person_id": person_id}
        session.execute(insert(desk_members).values(**row).on_conflict_do_nothing())


def add_shift(session: Session, program_id: str, desk: str, person_id: str, shift: Shift) -> int:
    """Put a person on a desk's roster for a recurring shift; returns the shift's id."""
    row = {"program_id": program_id, "desk": desk, "person_id": person_id, **shift_columns(shift)}
    return int(session.execute(insert(shifts).values(**row).returning(shifts.c.id)).scalar_one())


def add_team_shift(session: Session, program_id: str, team_id: str, shift: Shift) -> int:
    """Put a response team on duty for a recurring shift; returns the shift's id."""
    row = {"program_id": program_id, "team_id": team_id, **shift_columns(shift)}
    return int(session.execute(insert(shifts).values(**row).returning(shifts.c.id)).scalar_one())


def list_shifts(session: Session, person_id: str) -> list[tuple[int, str, Shift]]:
    """The person's shifts: id, desk, hours; by id."""
    rows = session.execute(
        select(shifts).where(shifts.c.person_id == person_id).order_by(shifts.c.id)
    ).mappings()
    return [(row["id"], row["desk"], shift_of(dict(row))) for row in rows]


def delete_shift(session: Session, shift_id: int) -> bool:
    """Take a shift off the roster; False when there is none."""
    gone = session.execute(
        delete(shifts).where(shifts.c.id == shift_id).returning(shifts.c.id)
    ).first()
    return gone is not None


def shift_columns(shift: Shift) -> dict[str, Any]:
    """A shift's hours as columns of `shifts`."""
    return {
        "zone": shift.zone,
        "weekdays": sorted(shift.weekdays),
        "starts": shift.starts,
        "ends": shift.ends,
        "first_on": shift.first_on,
        "last_on": shift.last_on,
    }


def shift_of(row: Mapping[str, Any]) -> Shift:
    """A shift's hours from the columns, or from the JSON, of a row of `shifts`."""
    return Shift(
        zone=row["zone"],
        weekdays=frozenset(row["weekdays"]),
        starts=_time(row["starts"]),
        ends=_time(row["ends"]),
        first_on=_date(row["first_on"]),
        last_on=_date(row["last_on"]),
    )


def _time(value: time | str) -> time:
    return time.fromisoformat(value) if isinstance(value, str) else value


def _date(value: date | str | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _person(row: Row[*tuple[Any, ...]]) -> Person:
    return Person(
        id=row.id,
        program_id=row.program_id,
        name=row.name,
        phone=row.phone,
        roles=tuple(row.roles),
        languages=tuple(row.languages),
        credentials=tuple(row.credentials),
        is_active=row.is_active,
    )
