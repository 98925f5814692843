"""Changes who is on the roster: people, their desks and their shifts; nothing by halves."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time

import phonenumbers
from sqlalchemy.orm import Session

from router.errors import InvalidInputError, NotFoundError
from router.policy.roster import Standing, examine
from router.policy.shift import Shift
from router.programs.document import ProgramDocument
from router.programs.reading import from_stored
from router.services.clock import DatabaseClock, read_now
from router.storage import people as stored
from router.storage import programs, roster
from router.storage.database import Sessions
from router.storage.people import Person

ROLES = frozenset({"clinician", "supervisor", "call_taker", "responder", "operator"})
PERSON_ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
LANGUAGE = re.compile(r"[a-z]{2,3}")
CREDENTIAL = re.compile(r"[a-z][a-z0-9_]*")
NAME_LETTERS = 60


@dataclass(frozen=True, slots=True)
class PersonEntry:
    """A person as someone enters them; `phone` in any usual notation, "" for none."""

    id: str
    name: str
    phone: str
    roles: tuple[str, ...]
    languages: tuple[str, ...] = ("en",)
    desks: tuple[str, ...] = ()
    credentials: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hours:
    """Recurring hours as someone enters them, by the wall clock of the program's zone.

    `days` are the weekdays they start on, 0 being Monday; see policy.shift for the rest.
    """

    days: frozenset[int]
    starts: time
    ends: time

    def in_zone(self, zone: str) -> Shift:
        """The shift they are in a zone."""
        return Shift(zone, self.days, self.starts, self.ends)


def add_person(
    sessions: Sessions, program_id: str, entry: PersonEntry, hours: Hours | None = None
) -> Person:
    """Write a person, new or known by id, and make them a member of exactly these desks.

    With `hours` they have those on each of the desks, and no others. Raises NotFoundError for an
    unknown program, InvalidInputError naming the field.
    """
    with sessions.begin() as session:
        document = get_document(session, program_id)
        person = save_person(session, document, entry)
        if hours is not None:
            shift = hours.in_zone(document.time_zone)
            replace_shifts(session, program_id, person.id, [(desk, shift) for desk in entry.desks])
        return person


def save_person(session: Session, document: ProgramDocument, entry: PersonEntry) -> Person:
    """As `add_person`, in the caller's transaction."""
    faults = list(find_faults(session, document, entry))
    if faults:
        raise InvalidInputError(*faults[0])
    person = Person(
        id=entry.id,
        program_id=document.name,
        name=entry.name.strip(),
        phone=parse_phone(entry.phone) if entry.phone else None,
        roles=tuple(sorted(set(entry.roles))),
        languages=tuple(dict.fromkeys(entry.languages)),
        credentials=tuple(sorted(set(entry.credentials))),
    )
    stored.save_person(session, person)
    stored.set_desks(session, document.name, person.id, entry.desks)
    return person


def remove_person(sessions: Sessions, person_id: str) -> None:
    """Take a person off every roster; what they did stays on record. Raises NotFoundError."""
    with sessions.begin() as session:
        person = stored.find_person(session, person_id)
        if person is None:
            raise NotFoundError(f'There is nobody with the id "{person_id}".')
        stored.save_person(
            session,
            Person(
                id=person.id,
                program_id=person.program_id,
                name=person.name,
                phone=person.phone,
                roles=person.roles,
                languages=person.languages,
                credentials=person.credentials,
                is_active=False,
            ),
        )
        stored.set_desks(session, person.program_id, person_id, ())


def add_shift(sessions: Sessions, person_id: str, desk: str, hours: Hours) -> int:
    """Put a person on a desk's roster for a recurring shift; returns the shift's id.

    Raises NotFoundError, or InvalidInputError when they are no member of the desk.
    """
    with sessions.begin() as session:
        person = stored.find_person(session, person_id)
        if person is None:
            raise NotFoundError(f'There is nobody with the id "{person_id}".')
        members = roster.list_by_desk(
            session, person.program_id, read_now(session, DatabaseClock())
        )
        if person_id not in {row.person_id for row in members.get(desk, ())}:
            raise InvalidInputError("desk", f'{person_id} is no member of the desk "{desk}"')
        shift = hours.in_zone(get_document(session, person.program_id).time_zone)
        return stored.add_shift(session, person.program_id, desk, person_id, shift)


def list_shifts(sessions: Sessions, person_id: str) -> list[tuple[int, str, Shift]]:
    """A person's shifts: id, desk and hours. Raises NotFoundError."""
    with sessions() as session:
        if stored.find_person(session, person_id) is None:
            raise NotFoundError(f'There is nobody with the id "{person_id}".')
        return stored.list_shifts(session, person_id)


def remove_shift(sessions: Sessions, shift_id: int) -> None:
    """Take a shift off the roster. Raises NotFoundError."""
    with sessions.begin() as session:
        if not stored.delete_shift(session, shift_id):
            raise NotFoundError(f"There is no shift {shift_id}.")


def replace_shifts(
    session: Session, program_id: str, person_id: str, shifts: Sequence[tuple[str, Shift]]
) -> None:
    """Make these (desk, hours) all the shifts a person has; unchanged ones keep their ids."""
    wanted = list(shifts)
    for shift_id, desk, shift in stored.list_shifts(session, person_id):
        if (desk, shift) in wanted:
            wanted.remove((desk, shift))
        else:
            stored.delete_shift(session, shift_id)
    for desk, shift in wanted:
        stored.add_shift(session, program_id, desk, person_id, shift)


def list_standings(
    sessions: Sessions, program_id: str, *, now: datetime | None = None
) -> dict[str, list[Standing]]:
    """Everyone on each desk: free, or left out and why (RO1). Raises NotFoundError."""
    with sessions() as session:
        document = get_document(session, program_id)
        at = now or read_now(session, DatabaseClock())
        by_desk = roster.list_by_desk(session, program_id, at)
        return {desk: examine(by_desk.get(desk, ()), at) for desk in document.desks}


def get_document(session: Session, program_id: str) -> ProgramDocument:
    """The program in force. Raises NotFoundError with what to do."""
    active = programs.find_active_version(session, program_id)
    if active is None:
        raise NotFoundError(
            f'No program "{program_id}" is published. Publish one first: '
            "switchback program publish FILE"
        )
    return from_stored(active.document)


def parse_phone(text: str) -> str:
    """A telephone number in E.164; ten digits are taken as American. Raises InvalidInputError."""
    try:
        number = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number) or number.extension:
        raise InvalidInputError("phone", "is no telephone number; write one like +15125550120")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def find_faults(
    session: Session, document: ProgramDocument, entry: PersonEntry
) -> Iterator[tuple[str, str]]:
    """What is wrong with an entry: field and sentence."""
    yield from _form_faults(entry)
    yield from _desk_faults(document.desks.keys(), _desk_roles(document), entry)
    yield from _phone_faults(session, document, entry)
    known = stored.find_person(session, entry.id)
    if known is not None and known.program_id != document.name:
        yield "id", f'"{entry.id}" is a person of another program; choose another id'


def _form_faults(entry: PersonEntry) -> Iterator[tuple[str, str]]:
    if not PERSON_ID.fullmatch(entry.id):
        yield "id", f'"{entry.id}" should be lower-case letters, digits and -'
    if not entry.name.strip() or len(entry.name) > NAME_LETTERS or not entry.name.isprintable():
        yield "name", f"should be what colleagues call them, at most {NAME_LETTERS} letters"
    if not entry.roles or not ROLES.issuperset(entry.roles):
        yield "roles", "should be one or more of " + ", ".join(sorted(ROLES))
    if not entry.languages or not all(map(LANGUAGE.fullmatch, entry.languages)):
        yield "languages", "should be codes like en or es"
    if not all(map(CREDENTIAL.fullmatch, entry.credentials)):
        yield "credentials", "should be lower-case letters, digits and _"


def _desk_roles(document: ProgramDocument) -> dict[str, str]:
    return {name: desk.role for name, desk in document.desks.items()}


def _desk_faults(
    desks: Collection[str], roles: Mapping[str, str], entry: PersonEntry
) -> Iterator[tuple[str, str]]:
    for desk in entry.desks:
        if desk not in desks:
            yield "desks", f'"{desk}" is no desk of the program; there are ' + ", ".join(desks)
        elif roles[desk] not in entry.roles:
            yield "desks", f'"{desk}" is for people with the role {roles[desk]}'
    if entry.desks and not entry.phone:
        yield "phone", "is missing; members of a desk are rung"


def _phone_faults(
    session: Session, document: ProgramDocument, entry: PersonEntry
) -> Iterator[tuple[str, str]]:
    if not entry.phone:
        return
    try:
        phone = parse_phone(entry.phone)
    except InvalidInputError as error:
        yield error.field, error.message
        return
    owner = stored.find_person_by_phone(session, phone)
    if owner is not None and owner.id != entry.id:
        yield "phone", f"is {owner.id}'s already; each person needs one of their own"
    outside = programs.list_return_numbers(session, document.name)
    reserved = set(programs.list_line_numbers(session, document.name).values())
    if phone in reserved | {number for _psap, _line, number, _seconds in outside}:
        yield "phone", "is a line of the program or of 911, not a person's"
