"""Programs: their published versions, our numbers, 911 centres and their lines, desks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Row,
    ScalarSelect,
    bindparam,
    delete,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from router.storage.crypto import search_hash
from router.storage.round_trip import Prepared, as_instant, as_str, send
from router.storage.tables import desks, lines, program_versions, programs, psaps, return_lines


@dataclass(frozen=True, slots=True)
class NewLine:
    """A number of ours: `kind` as in ivr_flows.program.Line, `number` in E.164."""

    name: str
    kind: str
    number: str


@dataclass(frozen=True, slots=True)
class NewReturnLine:
    """A 911 centre's line, in order of trial; `number` is in E.164, or a SIP address."""

    id: str
    name: str
    number: str
    ring_seconds: int


@dataclass(frozen=True, slots=True)
class NewPsap:
    """A 911 centre with its lines in order; `desk` is its hosted desk, or ""."""

    id: str
    name: str
    lines: tuple[NewReturnLine, ...]
    desk: str = ""


@dataclass(frozen=True, slots=True)
class NewDesk:
    """A desk as rosters need it."""

    name: str
    role: str
    wrap_up_seconds: int
    required_credentials: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProgramVersion:
    """One immutable version; `document` is what the program was published as."""

    id: int
    program_id: str
    version: int
    document: Mapping[str, Any]
    effective_at: datetime


@dataclass(frozen=True, slots=True)
class DialledLine:
    """A number of ours that was rung, and the version that new calls of its program begin with.

    `database_now` is the database's clock when it was looked up.
    """

    program_id: str
    program_version: int
    name: str
    kind: str
    database_now: datetime


def publish_version(
    session: Session,
    program_id: str,
    *,
    title: str,
    document: Mapping[str, Any],
    published_by: str,
    effective_at: datetime,
) -> ProgramVersion:
    """Write the program's next version, which new calls begin with from `effective_at`.

    The version's number is returned with it; `document` holds no telephone numbers. Calls under way
    keep the version they began with.
    """
    fresh = insert(programs).values(id=program_id, title=title)
    session.execute(
        fresh.on_conflict_do_update(index_elements=[programs.c.id], set_={"title": title})
    )
    last = session.scalar(
        select(func.max(program_versions.c.version)).where(
            program_versions.c.program_id == program_id
        )
    )
    row = session.execute(
        insert(program_versions)
        .values(
            program_id=program_id,
            version=(last or 0) + 1,
            document=dict(document),
            published_by=published_by,
            effective_at=effective_at,
        )
        .returning(*_VERSION)
    ).one()
    # For a release that still reads the column: what is in force now, as it cannot know of later.
    session.execute(
        update(programs)
        .where(programs.c.id == program_id)
        .values(active_version=_in_force(literal(program_id)))
    )
    return ProgramVersion(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it


_VERSION = (
    program_versions.c.id,
    program_versions.c.program_id,
    program_versions.c.version,
    program_versions.c.document,
    program_versions.c.effective_at,
)


def find_version(session: Session, program_id: str, version: int) -> ProgramVersion | None:
    """One version of a program, or None."""
    return _version(
        session.execute(
            select(*_VERSION).where(
                program_versions.c.program_id == program_id, program_versions.c.version == version
            )
        ).first()
    )


def load_version(session: Session, version_id: int) -> ProgramVersion | None:
    """One version by its row's id, or None."""
    return _version(
        session.execute(select(*_VERSION).where(program_versions.c.id == version_id)).first()
    )


def _in_force(program_id: ColumnElement[str]) -> ScalarSelect[Any]:
    """The version that took effect last, of two at one instant the newer; by the database's clock.

    `at` may be bound to another instant.
    """
    other = program_versions.alias("other")
    at = func.coalesce(bindparam("at", None, DateTime(timezone=True)), func.clock_timestamp())
    return (
        select(other.c.version)
        .where(other.c.program_id == program_id, other.c.effective_at <= at)
        .order_by(other.c.effective_at.desc(), other.c.version.desc())
        .limit(1)
        .scalar_subquery()
    )


def find_active_version(
    session: Session, program_id: str, at: datetime | None = None
) -> ProgramVersion | None:
    """The version that new calls begin with, now or at another instant.

    None for a program of which no version has taken effect.
    """
    statement = select(*_VERSION).where(
        program_versions.c.program_id == program_id,
        program_versions.c.version == _in_force(literal(program_id)),
    )
    return _version(session.execute(statement, {"at": at}).first())


def list_later_versions(session: Session, program_id: str) -> list[ProgramVersion]:
    """Versions that have yet to take effect, the next one first."""
    rows = session.execute(
        select(*_VERSION)
        .where(
            program_versions.c.program_id == program_id,
            program_versions.c.effective_at > func.clock_timestamp(),
        )
        .order_by(program_versions.c.effective_at, program_versions.c.version)
    )
    return [ProgramVersion(**row._mapping) for row in rows]  # noqa: SLF001 - its public name


def _version(row: Row[*tuple[Any, ...]] | None) -> ProgramVersion | None:
    return None if row is None else ProgramVersion(**row._mapping)  # noqa: SLF001


def list_programs(session: Session) -> list[str]:
    """Ids of all programs."""
    return list(session.scalars(select(programs.c.id).order_by(programs.c.id)))


def save_lines(session: Session, program_id: str, given: Sequence[NewLine]) -> None:
    """Make these the program's numbers; ones that are gone stay known, but inactive."""
    session.execute(update(lines).where(lines.c.program_id == program_id).values(is_active=False))
    for line in given:
        values = {
            "kind": line.kind,
            "number": line.number,
            "number_hash": search_hash(session, line.number),
            "is_active": True,
        }
        statement = insert(lines).values(program_id=program_id, name=line.name, **values)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=[lines.c.program_id, lines.c.name], set_=values
            )
        )


def save_psap(session: Session, program_id: str, psap: NewPsap) -> None:
    """Write a 911 centre and replace its lines, one that was another centre's before included."""
    values = {"name": psap.name, "desk": psap.desk}
    statement = insert(psaps).values(program_id=program_id, id=psap.id, **values)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[psaps.c.program_id, psaps.c.id], set_=values
        )
    )
    session.execute(
        delete(return_lines).where(
            return_lines.c.program_id == program_id,
            (return_lines.c.psap_id == psap.id)
            | return_lines.c.id.in_([line.id for line in psap.lines]),
        )
    )
    for position, line in enumerate(psap.lines):
        session.execute(
            insert(return_lines).values(
                program_id=program_id,
                id=line.id,
                psap_id=psap.id,
                name=line.name,
                position=position,
                number=line.number,
                ring_seconds=line.ring_seconds,
            )
        )


def save_desks(session: Session, program_id: str, given: Collection[NewDesk]) -> None:
    """Write the program's desks; a desk that is gone keeps its members and is offered nothing."""
    for desk in given:
        values = {
            "role": desk.role,
            "wrap_up_seconds": desk.wrap_up_seconds,
            "required_credentials": list(desk.required_credentials),
        }
        statement = insert(desks).values(program_id=program_id, name=desk.name, **values)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=[desks.c.program_id, desks.c.name], set_=values
            )
        )


_FIND_LINE = Prepared.of(
    "find_line",
    select(
        programs.c.id,
        program_versions.c.version,
        lines.c.name,
        lines.c.kind,
        func.clock_timestamp(),
    )
    .join_from(lines, programs, programs.c.id == lines.c.program_id)
    .join(program_versions, program_versions.c.program_id == programs.c.id)
    .where(
        lines.c.number_hash == bindparam("number_hash"),
        lines.c.is_active,
        program_versions.c.version == _in_force(lines.c.program_id),
    ),
)


def find_line(session: Session, number: str, at: datetime | None = None) -> DialledLine | None:
    """The active line of that number (E.164) and the version in force, now or at an instant.

    None for a number that is not ours, or whose program is not in force.
    """
    values = {"number_hash": search_hash(session, number), "at": at}
    [rows] = send(session, (_FIND_LINE, values))
    if not rows:
        return None
    [(program_id, version, name, kind, now)] = rows
    return DialledLine(
        as_str(program_id), int(version or b""), as_str(name), as_str(kind), as_instant(now)
    )


def list_line_numbers(session: Session, program_id: str) -> dict[str, str]:
    """Our active numbers (E.164) by the line's name."""
    rows = session.execute(
        select(lines.c.name, lines.c.number).where(
            lines.c.program_id == program_id, lines.c.is_active
        )
    )
    return {row.name: row.number for row in rows}


def find_return_number(session: Session, program_id: str, line_id: str) -> str | None:
    """The number (E.164) or SIP address of a 911 line that a leg names by `line_id`, or None."""
    return session.scalar(
        select(return_lines.c.number).where(
            return_lines.c.program_id == program_id, return_lines.c.id == line_id
        )
    )


def list_return_numbers(session: Session, program_id: str) -> list[tuple[str, str, str, int]]:
    """Every 911 line of a program in order of trial: psap id, line id, number, ring seconds."""
    rows = session.execute(
        select(
            return_lines.c.psap_id,
            return_lines.c.id,
            return_lines.c.number,
            return_lines.c.ring_seconds,
        )
        .where(return_lines.c.program_id == program_id)
        .order_by(return_lines.c.psap_id, return_lines.c.position)
    )
    return [(psap_id, line_id, number, seconds) for psap_id, line_id, number, seconds in rows]
