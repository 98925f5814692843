"""Fictional people of a program, for development: made once, left alone the second time.

Numbers are 555-01xx, which nobody has. Sizes follow the sources named in programs/austin.toml.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time
from pathlib import Path

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from router.config import Settings
from router.demo.cast import localized, script_of
from router.errors import ForbiddenError
from router.policy.shift import EVERY_DAY, Shift
from router.programs.document import CallBackShape, ProgramDocument
from router.programs.reading import EXAMPLES, read_file
from router.services.clock import DatabaseClock, read_now
from router.services.edit_roster import PersonEntry, replace_shifts, save_person
from router.services.publish_program import save_program, write_failsafe
from router.storage import presence
from router.storage.people import add_team_shift, shift_columns
from router.storage.tables import shifts, team_members, teams

PROGRAM = EXAMPLES / "austin.toml"
CALLER_NUMBERS = 40  # of each area code: 0160 to 0199
AREA_CODES = ("512", "737")


@dataclass(frozen=True, slots=True)
class SeededPerson:
    """Somebody of the demo; `number` is their phone (E.164), "" for none."""

    id: str
    name: str
    number: str


@dataclass(frozen=True, slots=True)
class SeededTeam:
    """A two-person team, in order of paging."""

    id: str
    name: str
    members: tuple[SeededPerson, ...]


@dataclass(frozen=True, slots=True)
class Seeded:
    """Everything the demo and tests dial: our lines, 911's lines outside by name, and phones."""

    program: str
    version: int
    lines: dict[str, str]
    outside_lines: dict[str, str]
    directory: dict[str, str]
    crisis_line: str  # "" for none
    clinician_desk: str
    clinicians: tuple[SeededPerson, ...]
    supervisors: tuple[SeededPerson, ...]
    call_takers: tuple[SeededPerson, ...]
    teams: tuple[SeededTeam, ...]
    operator: SeededPerson

    @property
    def responders(self) -> tuple[SeededPerson, ...]:
        """Members of all teams, the first team's first."""
        return tuple(person for team in self.teams for person in team.members)

    def caller_number(self, count: int) -> str:
        """The phone of the demo's caller `count`, from 1; after eighty they come around again."""
        block, index = divmod((count - 1) % (CALLER_NUMBERS * len(AREA_CODES)), CALLER_NUMBERS)
        return f"+1{AREA_CODES[block]}5550{160 + index}"


_CLINICIANS = (
    PersonEntry("carla", "Carla Clinician", "+15125550120", ("clinician",), ("en", "es")),
    PersonEntry("cleo", "Cleo Clinician", "+15125550121", ("clinician",)),
    PersonEntry("cody", "Cody Clinician", "+15125550122", ("clinician",)),
    PersonEntry("cruz", "Cruz Clinician", "+15125550123", ("clinician",), ("en", "es")),
)
_SUPERVISORS = (
    PersonEntry("sam", "Sam Supervisor", "+15125550130", ("supervisor",)),
    PersonEntry("sky", "Sky Supervisor", "+15125550131", ("supervisor",), ("en", "es")),
)
_CALL_TAKERS = (
    PersonEntry("tess", "Tess Calltaker", "+15125550140", ("call_taker",)),
    PersonEntry("theo", "Theo Calltaker", "+15125550141", ("call_taker",)),
    PersonEntry("tina", "Tina Calltaker", "+15125550142", ("call_taker",), ("en", "es")),
    PersonEntry("tom", "Tom Calltaker", "+15125550143", ("call_taker",)),
    PersonEntry("toni", "Toni Calltaker", "+15125550144", ("call_taker",)),
    PersonEntry("troy", "Troy Calltaker", "+15125550145", ("call_taker",)),
)
# Two people a team: a crisis intervention specialist and a peer, as Phoenix staffs them.
_TEAMS = (
    (
        PersonEntry("rae", "Rae Responder", "+15125550150", ("responder",)),
        PersonEntry("rex", "Rex Responder", "+15125550151", ("responder",), ("en", "es")),
    ),
    (
        PersonEntry("rio", "Rio Responder", "+15125550152", ("responder",), ("en", "es")),
        PersonEntry("rue", "Rue Responder", "+15125550153", ("responder",)),
    ),
)
_MEMBER_ROLES = ("crisis_specialist", "peer")
_OPERATOR = PersonEntry("otto", "Otto Operator", "", ("operator",))


def seed(
    session: Session, settings: Settings, program: Path = PROGRAM, *, calls_back: bool = False
) -> Seeded:
    """Publish the program, put its people on shift and sign them on; the caller commits.

    Without `calls_back` a caller whose line drops is left alone: in plays and measurements phones
    ring only where the script says so. Raises ForbiddenError in production, and ProgramFileError
    for another program's file.
    """
    if settings.env not in ("development", "test"):
        raise ForbiddenError("Demo people are for development; this installation is production.")
    document = _for_few_callers(read_file(program))
    if not calls_back:
        document = document.model_copy(update={"call_back": CallBackShape()})
    now = read_now(session, DatabaseClock())
    version, _is_new = save_program(session, document, published_by="demo", now=now)
    script = script_of(document.name)
    round_the_clock = Shift(document.time_zone, EVERY_DAY, time(0), time(0))

    def put(entries: Iterable[PersonEntry], desk: str = "") -> tuple[SeededPerson, ...]:
        seeded = []
        for entry in entries:
            member = _with_desk(localized(entry, document), desk)
            save_person(session, document, member)
            hours = [(desk, round_the_clock)] if desk else []
            replace_shifts(session, document.name, member.id, hours)
            if member.phone:
                presence.sign_on(session, member.id, now)
            seeded.append(SeededPerson(member.id, member.name, member.phone))
        return tuple(seeded)

    seeded = Seeded(
        program=document.name,
        version=version,
        lines={name: line.number or "" for name, line in document.lines.items()},
        outside_lines={line.name: line.number or "" for line in document.psap.lines},
        directory={name: party.number or "" for name, party in document.directory.items()},
        crisis_line=(document.crisis_line.number or "") if document.crisis_line else "",
        clinician_desk=document.clinician_desk,
        clinicians=put(_CLINICIANS, document.clinician_desk),
        supervisors=put(_SUPERVISORS, "supervisors" if "supervisors" in document.desks else ""),
        call_takers=put(_CALL_TAKERS, document.psap.desk),
        teams=tuple(
            SeededTeam(f"{script.team}-{number}", f"{script.team_name} {number}", put(members))
            for number, members in enumerate(_TEAMS, start=1)
        ),
        operator=put([_OPERATOR])[0],
    )
    for position, team in enumerate(seeded.teams):
        _save_team(session, document.name, team, position, round_the_clock)
    write_failsafe(session, settings.state_dir)
    return seeded


def write_external(path: Path, program: Path = PROGRAM) -> Path:
    """Write to `path` the same program with a 911 centre outside in place of the hosted desk."""
    text = program.read_text(encoding="utf-8")
    outside = text.replace('desk = "911"\n', "").replace('kind = "psap"', 'kind = "direct"')
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(outside, encoding="utf-8")
    return path


def _for_few_callers(document: ProgramDocument) -> ProgramDocument:
    """The demo's numbers come around again for other people, whom nobody has given back."""
    timings = document.timings.model_copy(update={"no_loop_seconds": 0})
    return document.model_copy(update={"timings": timings})


def _with_desk(entry: PersonEntry, desk: str) -> PersonEntry:
    desks = (desk,) if desk else ()
    return PersonEntry(entry.id, entry.name, entry.phone, entry.roles, entry.languages, desks)


def _save_team(
    session: Session, program_id: str, team: SeededTeam, position: int, hours: Shift
) -> None:
    values = {"program_id": program_id, "name": team.name, "position": position, "is_active": True}
    session.execute(
        insert(teams)
        .values(id=team.id, **values)
        .on_conflict_do_update(index_elements=[teams.c.id], set_=values)
    )
    for person, role in zip(team.members, _MEMBER_ROLES, strict=True):
        row = {"team_id": team.id, "person_id": person.id, "role": role}
        session.execute(insert(team_members).values(**row).on_conflict_do_nothing())
    wanted = shift_columns(hours)
    known = session.execute(shifts.select().where(shifts.c.team_id == team.id)).mappings()
    if not any(all(row[name] == value for name, value in wanted.items()) for row in known):
        add_team_shift(session, program_id, team.id, hours)
