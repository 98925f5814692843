"""Publishes a program: a version for good, numbers, 911's lines, desks, the fail-safe's file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from router.errors import ConflictError, UnavailableError
from router.programs.document import ProgramDocument
from router.programs.reading import from_stored, to_stored
from router.services.clock import DatabaseClock, read_now
from router.storage import programs as stored
from router.storage.database import Sessions
from router.telephony.failsafe_file import write_failsafe_file


@dataclass(frozen=True, slots=True)
class Publication:
    """What publishing came to; `is_new` is False when the file says what is published already.

    `effective_at` is when the version takes effect, or did.
    """

    program_id: str
    version: int
    is_new: bool
    effective_at: datetime
    failsafe_path: Path


def publish_program(
    sessions: Sessions,
    document: ProgramDocument,
    *,
    published_by: str,
    state_dir: Path,
    now: datetime | None = None,
) -> Publication:
    """Make the program the one that new calls begin with, at once or when its file says.

    Calls under way keep theirs. The version and this machine's fail-safe file change together or
    not at all. Raises ConflictError when a number belongs to another line, or when numbers, desks
    or 911's lines would change later; UnavailableError when the file cannot be written.
    """
    try:
        with sessions.begin() as session:
            now = now or read_now(session, DatabaseClock())
            saved = _save_later(session, document, published_by=published_by, now=now)
            version, is_new = saved or save_program(
                session, document, published_by=published_by, now=now
            )
            published = stored.find_version(session, document.name, version)
            effective_at = published.effective_at if published is not None else now
            path = write_failsafe(session, state_dir)
    except IntegrityError:
        raise ConflictError(
            f"A number of the program {document.name} belongs to another line already, perhaps to "
            "one that is no longer in use. Give each line a number of its own."
        ) from None
    return Publication(document.name, version, is_new, effective_at, path)


TOGETHER = ("lines", "psap", "crisis_line", "desks")
"""Settings that stand beside the versions, one for all, and so can only change at once."""


def _save_later(
    session: Session, document: ProgramDocument, *, published_by: str, now: datetime
) -> tuple[int, bool] | None:
    """As `save_program`, for a version that takes effect later; None for one that does not."""
    effective_at = find_effective_at(document)
    if effective_at is None or effective_at <= now:
        return None
    content = to_stored(document)
    for later in stored.list_later_versions(session, document.name):
        if dict(later.document) == content and later.effective_at == effective_at:
            return later.version, False
    active = stored.find_active_version(session, document.name)
    if active is None:
        raise ConflictError(
            f"{document.name} is not published yet, and its first version takes effect at once: "
            "without one its numbers would not be answered. Publish it without effective_from."
        )
    before = to_stored(from_stored(active.document))
    changed = [name for name in TOGETHER if before[name] != content[name]]
    if not changed and _numbers_in_force(session, document) != _numbers_of(document):
        changed = ["telephone numbers"]
    if changed:
        raise ConflictError(
            f"A version that takes effect later cannot change {', '.join(changed)}: those hold for "
            "every version. Publish that change at once, without effective_from, then this file."
        )
    published = stored.publish_version(
        session,
        document.name,
        title=document.title,
        document=content,
        published_by=published_by,
        effective_at=effective_at,
    )
    return published.version, True


def find_effective_at(document: ProgramDocument) -> datetime | None:
    """When the file says that it takes effect, by its own time zone unless it names another."""
    found = document.effective_from
    if found is None or found.tzinfo is not None:
        return found
    return found.replace(tzinfo=ZoneInfo(document.time_zone))


def save_program(
    session: Session, document: ProgramDocument, *, published_by: str, now: datetime
) -> tuple[int, bool]:
    """The version in force after this, and whether it is a new one. Does not commit."""
    program_id = document.name
    content = to_stored(document)
    active = stored.find_active_version(session, program_id)
    if (
        active is not None
        and dict(active.document) == content
        and _numbers_in_force(session, document) == _numbers_of(document)
    ):
        return active.version, False
    published = stored.publish_version(
        session,
        program_id,
        title=document.title,
        document=content,
        published_by=published_by,
        effective_at=now,
    )
    stored.save_desks(
        session,
        program_id,
        [
            stored.NewDesk(name, desk.role, desk.wrap_up_seconds, desk.required_credentials)
            for name, desk in document.desks.items()
        ],
    )
    stored.save_lines(
        session,
        program_id,
        [
            stored.NewLine(name, line.kind, line.number or "")
            for name, line in document.lines.items()
        ],
    )
    psap = document.psap
    stored.save_psap(
        session,
        program_id,
        stored.NewPsap(
            psap.id,
            psap.name,
            tuple(
                stored.NewReturnLine(line.id, line.name, line.number or "", line.ring_seconds)
                for line in psap.lines
            ),
            psap.desk,
        ),
    )
    if document.crisis_line is not None:
        outside = document.crisis_line
        line = stored.NewReturnLine(
            outside.id, outside.name, outside.number or "", outside.ring_seconds
        )
        stored.save_psap(session, program_id, stored.NewPsap(CRISIS_LINE, outside.name, (line,)))
    return published.version, True


def refresh_failsafe(sessions: Sessions, state_dir: Path) -> Path | None:
    """Write this machine's fail-safe file from what is published; None when nothing is.

    For a machine that was away when a program was published, and for every process at its start.
    Raises UnavailableError when the file cannot be written.
    """
    with sessions() as session:
        return write_failsafe(session, state_dir) if stored.list_programs(session) else None


def list_psap_lines(session: Session, active: stored.ProgramVersion) -> list[tuple[str, int]]:
    """Number and ring seconds of each line of the program's own 911 centre, in order of trial."""
    psap_id = active.document["psap"]["id"]
    return [
        (number, seconds)
        for owner, _line, number, seconds in stored.list_return_numbers(session, active.program_id)
        if owner == psap_id
    ]


def write_failsafe(session: Session, state_dir: Path) -> Path:
    """As `refresh_failsafe`, in the caller's transaction and with a program in it."""
    lines: dict[str, list[str]] = {}
    default: list[str] = []
    for program_id in stored.list_programs(session):
        active = stored.find_active_version(session, program_id)
        if active is None:
            continue
        outside = [number for number, _ in list_psap_lines(session, active)]
        default = default or outside
        for ours in stored.list_line_numbers(session, program_id).values():
            lines[ours] = outside
    try:
        return write_failsafe_file(state_dir, lines, default)
    except OSError as error:
        raise UnavailableError(
            f"The fail-safe's file cannot be written to {state_dir}: {error.strerror}. "
            "Nothing was published."
        ) from error


CRISIS_LINE = "crisis-line"  # kept beside the 911 centres, as one more place with lines to dial
Numbers = tuple[dict[str, str], list[tuple[str, str]]]


def _numbers_of(document: ProgramDocument) -> Numbers:
    ours = {name: line.number or "" for name, line in document.lines.items()}
    outside = [(line.id, line.number or "") for line in document.psap.lines]
    if document.crisis_line is not None:
        outside.insert(0, (document.crisis_line.id, document.crisis_line.number or ""))
    return ours, outside


def _numbers_in_force(session: Session, document: ProgramDocument) -> Numbers:
    outside = stored.list_return_numbers(session, document.name)
    return stored.list_line_numbers(session, document.name), [
        (line, number)
        for psap, line, number, _seconds in sorted(outside, key=lambda one: one[0] != CRISIS_LINE)
        if psap == document.psap.id or (psap == CRISIS_LINE and document.crisis_line)
    ]
