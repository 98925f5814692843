"""Brings a roster in from a spreadsheet: all of it, or none and a list of what is wrong."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import time

from sqlalchemy.orm import Session

from router.errors import InvalidInputError, SwitchbackError
from router.policy.shift import EVERY_DAY, Shift
from router.programs.document import ProgramDocument
from router.services.edit_roster import (
    Hours,
    PersonEntry,
    find_faults,
    get_document,
    parse_phone,
    replace_shifts,
    save_person,
)
from router.storage.database import Sessions

SHIFT_COLUMNS = ("days", "from", "to")
COLUMNS = ("id", "name", "phone", "roles", "languages", "desks", "credentials", *SHIFT_COLUMNS)
NEEDED = ("id", "name", "roles")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SEVERAL = re.compile(r"[;\s]+")


class RosterFileError(SwitchbackError):
    """A roster's file was not taken; `faults` are sentences, each with its line."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass
class _Draft:
    """A person as the file has them so far, and the line that named them first."""

    line: int
    entry: PersonEntry
    shifts: list[tuple[str, Shift]] = field(default_factory=list)


def import_roster(sessions: Sessions, program_id: str, text: str) -> list[str]:
    """Write every person of the file with their desks and shifts; returns their ids.

    Columns: id, name, phone, roles, languages, desks, credentials, days, from, to; the last three
    are a shift on each of the desks, and a person with several shifts has a row for each. Several
    values in a cell are set apart by spaces. What the file says of a person replaces what was
    known; people it does not name stay as they are. Raises RosterFileError or NotFoundError.
    """
    with sessions.begin() as session:
        document = get_document(session, program_id)
        drafts, faults = _read(text, document)
        faults += _roster_faults(session, document, drafts)
        if faults:
            raise RosterFileError(tuple(sentence for _line, sentence in sorted(faults)))
        for draft in drafts.values():
            save_person(session, document, draft.entry)
            replace_shifts(session, program_id, draft.entry.id, draft.shifts)
        return list(drafts)


def parse_days(text: str) -> frozenset[int]:
    """Weekdays (0 is Monday) from "daily", "mon-fri" or "mon wed". Raises InvalidInputError."""
    if text.strip().lower() == "daily":
        return EVERY_DAY
    days: set[int] = set()
    for part in SEVERAL.split(text.strip().lower()):
        first, dash, last = part.partition("-")
        if first[:3] not in WEEKDAYS or (dash and last[:3] not in WEEKDAYS):
            raise InvalidInputError("days", f'"{text}" should be like daily, mon-fri or sat sun')
        start = WEEKDAYS.index(first[:3])
        end = WEEKDAYS.index(last[:3]) if dash else start
        days |= {(start + step) % 7 for step in range((end - start) % 7 + 1)}
    return frozenset(days)


def parse_clock(name: str, text: str) -> time:
    """A wall-clock reading like 07:30; 24:00 is midnight. Raises InvalidInputError."""
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text.strip())
    if text.strip() == "24:00":
        return time(0)
    if found is None:
        raise InvalidInputError(name, f'"{text}" should be a time like 07:30')
    return time(int(found[1]), int(found[2]))


def _read(text: str, document: ProgramDocument) -> tuple[dict[str, _Draft], list[tuple[int, str]]]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), restkey="more")
    header = [name.strip().lower() for name in reader.fieldnames or ()]
    reader.fieldnames = header
    unknown = [name for name in header if name not in COLUMNS]
    missing = [name for name in NEEDED if name not in header]
    if unknown or missing:
        return {}, list(_header_faults(unknown, missing))
    drafts: dict[str, _Draft] = {}
    faults: list[tuple[int, str]] = []
    try:
        for row in reader:
            faults += _take_row(reader.line_num, row, document, drafts)
    except csv.Error as error:
        faults.append((reader.line_num, f"line {reader.line_num}: is not CSV: {error}"))
    if not drafts and not faults:
        faults.append((1, "The file names nobody."))
    return drafts, faults


def _header_faults(unknown: list[str], missing: list[str]) -> Iterator[tuple[int, str]]:
    for name in unknown:
        yield 1, f'line 1: the column "{name}" is unknown; use ' + ", ".join(COLUMNS)
    for name in missing:
        yield 1, f'line 1: the column "{name}" is missing'


def _take_row(
    line: int, row: dict[str, str], document: ProgramDocument, drafts: dict[str, _Draft]
) -> Iterator[tuple[int, str]]:
    if "more" in row:
        yield line, f"line {line}: has more cells than the first line has columns"
        return
    cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
    if not any(cells.values()):
        return
    entry = PersonEntry(
        id=cells["id"],
        name=cells["name"],
        phone=cells["phone"],
        roles=_several(cells["roles"]),
        languages=_several(cells["languages"]) or ("en",),
        desks=_several(cells["desks"]),
        credentials=_several(cells["credentials"]),
    )
    draft = drafts.setdefault(entry.id, _Draft(line, entry))
    if draft.entry != entry:
        yield line, f"line {line}: says something else of {entry.id} than line {draft.line}"
        return
    try:
        draft.shifts += _shifts(cells, document, entry.desks)
    except InvalidInputError as error:
        yield line, f"line {line}: {error.field} {error.message}"


def _several(cell: str) -> tuple[str, ...]:
    return tuple(part for part in SEVERAL.split(cell) if part)


def _shifts(
    cells: dict[str, str], document: ProgramDocument, desks: tuple[str, ...]
) -> Iterator[tuple[str, Shift]]:
    given = {name: cells[name] for name in SHIFT_COLUMNS if cells[name]}
    if not given:
        return
    for name in SHIFT_COLUMNS:
        if name not in given:
            raise InvalidInputError(name, "is missing; a shift has days, from and to")
    if not desks:
        raise InvalidInputError("desks", "is missing; a shift is on a desk")
    starts, ends = parse_clock("from", cells["from"]), parse_clock("to", cells["to"])
    shift = Hours(parse_days(cells["days"]), starts, ends).in_zone(document.time_zone)
    for desk in desks:
        yield desk, shift


def _roster_faults(
    session: Session, document: ProgramDocument, drafts: dict[str, _Draft]
) -> list[tuple[int, str]]:
    faults = [
        (draft.line, f"line {draft.line}: {field} {sentence}")
        for draft in drafts.values()
        for field, sentence in find_faults(session, document, draft.entry)
    ]
    phones: dict[str, _Draft] = {}
    for draft in drafts.values():
        try:
            phone = parse_phone(draft.entry.phone)
        except InvalidInputError:
            continue  # told above, or there is none
        first = phones.setdefault(phone, draft)
        if first is not draft:
            sentence = f"phone is the one on line {first.line} too"
            faults.append((draft.line, f"line {draft.line}: {sentence}"))
    return faults
