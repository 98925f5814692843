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
from router.programs.psap_shape import CentreShape, ReturnLineShape
from router.programs.reading import from_stored, to_stored
from router.services.clock import DatabaseClock, read_now
from router.storage import programs as stored
from router.storage.database import Sessions
from router.telephony.failsafe_file import write_failsafe_file
from router.telephony.sip_address import compose, is_sip


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


TOGETHER = ("lines", "psap", "psaps", "crisis_line", "directory", "desks")
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
    for psap_id, centre in _centres_of(document).items():
        lines = tuple(
            stored.NewReturnLine(line.id, line.name, _address_of(line), line.ring_seconds)
            for line in centre.lines
        )
        stored.save_psap(
            session, program_id, stored.NewPsap(psap_id, centre.name, lines, centre.desk)
        )
    if document.crisis_line is not None:
        outside = document.crisis_line
        line = stored.NewReturnLine(
            outside.id, outside.name, outside.number or "", outside.ring_seconds
        )
        stored.save_psap(session, program_id, stored.NewPsap(CRISIS_LINE, outside.name, (line,)))
    parties = tuple(
        stored.NewReturnLine(
            f"{DIRECTORY}:{name}", party.name, party.number or "", party.ring_seconds
        )
        for name, party in document.directory.items()
    )
    stored.save_psap(session, program_id, stored.NewPsap(DIRECTORY, "directory", parties))
    return published.version, True


def refresh_failsafe(sessions: Sessions, state_dir: Path) -> Path | None:
    """Write this machine's fail-safe file from what is published; None when nothing is.

    For a machine that was away when a program was published, and for every process at its start.
    Raises UnavailableError when the file cannot be written.
    """
    with sessions() as session:
        return write_failsafe(session, state_dir) if stored.list_programs(session) else None


def list_psap_lines(
    session: Session, active: stored.ProgramVersion, line: str = ""
) -> list[tuple[str, int]]:
    """Number and ring seconds of each telephone line of 911, in order of trial.

    Of the centre that `line`, one of ours, belongs to; else of the program's usual one.
    """
    document = from_stored(active.document)
    ours = document.lines.get(line)
    numbers: dict[str, list[tuple[str, int]]] = {}
    for owner, _line, address, seconds in stored.list_return_numbers(session, active.program_id):
        if not is_sip(address):  # a telephone number needs nobody's help
            numbers.setdefault(owner, []).append((address, seconds))
    return numbers.get(ours.psap if ours is not None else "") or numbers.get(document.psap.id, [])


def write_failsafe(session: Session, state_dir: Path) -> Path:
    """As `refresh_failsafe`, in the caller's transaction and with a program in it."""
    lines: dict[str, list[str]] = {}
    psaps: dict[str, list[str]] = {}
    default: list[str] = []
    for program_id in stored.list_programs(session):
        active = stored.find_active_version(session, program_id)
        if active is None:
            continue
        document = from_stored(active.document)
        outside: dict[str, list[str]] = {psap_id: [] for psap_id in _centres_of(document)}
        for owner, _line, address, _seconds in stored.list_return_numbers(session, program_id):
            if owner in outside and not is_sip(address):  # a telephone number needs nobody's help
                outside[owner].append(address)
        usual = outside[document.psap.id]
        default = default or usual
        for name, ours in stored.list_line_numbers(session, program_id).items():
            line = document.lines.get(name)
            lines[ours] = outside.get(line.psap if line is not None else "") or usual
        if document.psaps:
            psaps |= {f"{program_id}.{one}": found or usual for one, found in outside.items()}
    try:
        return write_failsafe_file(state_dir, lines, default, psaps)
    except OSError as error:
        raise UnavailableError(
            f"The fail-safe's file cannot be written to {state_dir}: {error.strerror}. "
            "Nothing was published."
        ) from error


# Kept beside the 911 centres, as two more places with lines to dial.
CRISIS_LINE, DIRECTORY = "crisis-line", "directory"
_ORDER = {CRISIS_LINE: 0, DIRECTORY: 2}
Numbers = tuple[dict[str, str], list[tuple[str, str, str]]]


def _numbers_of(document: ProgramDocument) -> Numbers:
    ours = {name: line.number or "" for name, line in document.lines.items()}
    outside = [
        (psap_id, line.id, _address_of(line))
        for psap_id, centre in sorted(_centres_of(document).items())
        for line in centre.lines
    ]
    if document.crisis_line is not None:
        line = document.crisis_line
        outside.insert(0, (CRISIS_LINE, line.id, line.number or ""))
    outside += [
        (DIRECTORY, f"{DIRECTORY}:{name}", party.number or "")
        for name, party in document.directory.items()
    ]
    return ours, outside


def _centres_of(document: ProgramDocument) -> dict[str, CentreShape]:
    """The 911 centres by id."""
    return {document.psap.id: document.psap, **document.psaps}


def _address_of(line: ReturnLineShape) -> str:
    """What is dialled: a number, or a SIP address with its headers."""
    return compose(line.sip, line.headers) if line.sip is not None else line.number or ""


def _numbers_in_force(session: Session, document: ProgramDocument) -> Numbers:
    outside = stored.list_return_numbers(session, document.name)
    known = _centres_of(document)
    return stored.list_line_numbers(session, document.name), [
        (psap, line, address)
        for psap, line, address, _seconds in sorted(
            outside, key=lambda one: (_ORDER.get(one[0], 1), one[0])
        )
        if psap in known or psap == DIRECTORY or (psap == CRISIS_LINE and document.crisis_line)
    ]
