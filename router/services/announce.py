"""Takes the incidents that 911 announces before their callers come (IN3)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from router.errors import ConflictError, InvalidInputError, NotFoundError
from router.policy.eligibility import areas_of
from router.policy.service_area import Position
from router.programs.document import ProgramDocument
from router.programs.reading import to_policy
from router.services.clock import Clock, DatabaseClock, read_now
from router.services.edit_roster import get_document, parse_phone
from router.services.lines import new_call_id
from router.storage import announcements as stored
from router.storage import incidents, programs
from router.storage.database import Sessions

# A code is four keys and a check key, all of 1 to 7: 0 and 9 are 911 at every question and 8 starts
# over. With the key's place as its weight, modulo seven, one wrong key or two keys changed over
# never make another code.
CODE_KEYS = "1234567"
FREE_KEYS = 4
TRIES = 20


def _check_key(keys: str) -> str:
    # sum(place * key) is 0 modulo 7, so the check key at place 5 is what is missing, over 5.
    missing = -sum(place * int(key) for place, key in enumerate(keys, start=1))
    key = missing * pow(FREE_KEYS + 1, -1, 7) % 7
    return str(key or 7)


ALL_CODES = frozenset(
    "".join(keys) + _check_key("".join(keys)) for keys in product(CODE_KEYS, repeat=FREE_KEYS)
)


@dataclass(frozen=True, slots=True)
class Announcing:
    """What the 911 centre tells. Numbers are as written there; `answers` are yes, no or unknown.

    `program_id` may be "" where one program is published. `position` is longitude and latitude
    (WGS 84). `person` is the centre's own name for whom it is about, of which a hash is kept.
    """

    number: str
    program_id: str = ""
    call_type: str = ""
    caller_party: str = ""
    callback_number: str = ""
    trunk: str = ""
    location: str = ""
    zip: str = ""
    position: Position | None = None
    person: str = ""
    note: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    wants_new_code: bool = False
    psap: str = ""  # the 911 centre that has the incident, by the program's id for it (RE3)


@dataclass(frozen=True, slots=True)
class Announced:
    """What the call taker is told. `call_id` is the call that has used the code, or None."""

    program_id: str
    incident_id: str
    number: str
    code: str | None
    expires_at: datetime
    call_id: str | None
    is_new: bool


def announce_incident(
    sessions: Sessions, given: Announcing, *, announced_by: str, clock: Clock | None = None
) -> Announced:
    """Keep the incident and give its transfer code; the same incident again keeps its code.

    Once a call has used the code, a repetition updates the incident only, unless it wants a new
    code. Raises InvalidInputError naming the field, NotFoundError for an unknown program.
    """
    for _ in range(TRIES):
        try:
            with sessions.begin() as session:
                return _announce(session, given, announced_by, clock or DatabaseClock())
        except IntegrityError:
            continue  # another incident took the same code in this instant
    raise ConflictError("No transfer code is free. Send the incident again.")


def new_code(taken: frozenset[str]) -> str:
    """A code that is not among `taken`. Raises ConflictError when all are."""
    free = sorted(ALL_CODES - taken)
    if not free:
        raise ConflictError("Every transfer code is in use. Key the incident on the phone.")
    return secrets.choice(free)


def _announce(session: Session, given: Announcing, announced_by: str, clock: Clock) -> Announced:
    program_id = _which_program(session, given.program_id)
    document = get_document(session, program_id)
    callback = _phone("callback_number", given.callback_number)
    trunk = _phone("trunk", given.trunk)
    stored.lock_number(session, program_id, given.number)
    now = read_now(session, clock)
    incident_id, known = _save_incident(session, program_id, given, callback)
    if given.person:
        incidents.set_person(session, incident_id, given.person)
    if known is not None and known.call_id is not None and not given.wants_new_code:
        return Announced(
            program_id,
            incident_id,
            given.number,
            None,
            known.expires_at,
            known.call_id,
            is_new=False,
        )
    codes = stored.list_codes(session, program_id, now)
    code = known.code if known is not None and known.code in codes else None
    code = code or new_code(codes)
    expires_at = now + timedelta(seconds=document.timings.announced_code_seconds)
    stored.save_announcement(
        session,
        stored.NewAnnouncement(
            incident_id=incident_id,
            program_id=program_id,
            code=code,
            trunk=trunk,
            answers=_answers(document, given),
            note=given.note,
            announced_by=announced_by,
            announced_at=now,
            expires_at=expires_at,
        ),
    )
    return Announced(
        program_id, incident_id, given.number, code, expires_at, None, is_new=known is None
    )


def _save_incident(
    session: Session, program_id: str, given: Announcing, callback: str
) -> tuple[str, stored.Announced | None]:
    """The incident as announced, with an id; and what was announced of it before."""
    incident = incidents.find_by_number(session, program_id, given.number)
    if incident is None:
        incident_id = new_call_id()
        incidents.insert_incident(
            session,
            incidents.Incident(
                incident_id,
                program_id,
                given.number,
                given.call_type,
                given.caller_party,
                callback or None,
                given.location or None,
            ),
        )
        return incident_id, None
    incidents.update_incident(
        session,
        incident.id,
        call_type=given.call_type,
        caller_party=given.caller_party,
        callback_number=callback,
        location=given.location,
    )
    return incident.id, stored.find_announced(session, incident.id)


def _answers(document: ProgramDocument, given: Announcing) -> dict[str, str]:
    """What the policy may look at, and the centre. An unknown call type is left to be asked."""
    call_type = document.announced_call_types.get(given.call_type, given.call_type)
    answers = dict(given.answers)
    if call_type in document.menus.call_types.values():
        answers["call_type"] = call_type
    if given.caller_party in ("first", "second", "third"):
        answers["caller_party"] = given.caller_party
    if given.psap:
        known = (document.psap.id, *document.psaps)
        if given.psap not in known:
            raise InvalidInputError("psap", f"is no 911 centre here; there are {', '.join(known)}")
        answers["psap"] = given.psap
    if given.zip or given.position is not None:
        place = {"zip": given.zip} if given.zip else {}
        answers |= areas_of(to_policy(document, version=0), place, given.position)
    return answers


def _which_program(session: Session, given: str) -> str:
    known = programs.list_programs(session)
    if given and given not in known:
        raise NotFoundError(f"no program {given}")
    if given or len(known) == 1:
        return given or known[0]
    raise InvalidInputError("program", f"say which: {', '.join(known) or 'none is published'}")


def _phone(name: str, text: str) -> str:
    if not text:
        return ""
    try:
        return parse_phone(text)
    except InvalidInputError as error:
        raise InvalidInputError(name, error.message) from None
