"""What differs between the demo's programs: whom their calls are about, and how they should end."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from router.policy.outcomes import Outcome
from router.programs.document import ProgramDocument
from router.services.edit_roster import PersonEntry

FIRST_PARTY, THIRD_PARTY = "1", "3"
WORRIED = "3"  # the reason of a caller about someone else
OVERWHELMED = "1"
AUSTIN = "512"  # the area code in which the demo's people are written down


@dataclass(frozen=True, slots=True)
class Script:
    """How a program's callers answer, so that a desk is offered the call.

    `alone` is where a caller about themselves ends who has a panic attack; `unanswered` what 911 is
    asked for when every clinician declines, "" where the caller waits in line instead.
    """

    party: str = FIRST_PARTY
    reason: str = OVERWHELMED
    zip_code: str = "78701"
    alone: Outcome = Outcome.CLINICIAN
    unanswered: str = "crisis intervention officer"
    team: str = "emcot"
    team_name: str = "EMCOT team"


SCRIPTS: Mapping[str, Script] = {
    "austin": Script(),
    "phoenix": Script(
        party=THIRD_PARTY,
        reason=WORRIED,
        zip_code="85003",
        alone=Outcome.CRISIS_LINE,
        unanswered="an officer",
        team="bhu",
        team_name="Behavioral Health Unit",
    ),
    "durham": Script(
        zip_code="27701",
        unanswered="",
        team="crt",
        team_name="Community Response Team",
    ),
}


def script_of(program: str) -> Script:
    """The program's script; one that the demo does not know plays as Austin does."""
    return SCRIPTS.get(program, SCRIPTS["austin"])


def area_code_of(document: ProgramDocument) -> str:
    """The area code of the program's own numbers."""
    return next(line.number[2:5] for line in document.lines.values() if line.number)


def localized(entry: PersonEntry, document: ProgramDocument) -> PersonEntry:
    """Somebody of the demo, as one of this program's people with a number of its area."""
    area_code = area_code_of(document)
    if area_code == AUSTIN:
        return entry
    return replace(
        entry,
        id=f"{document.name}-{entry.id}",
        phone=entry.phone.replace(f"+1{AUSTIN}", f"+1{area_code}"),
    )


def write_always_open(path: Path, program: Path) -> Path:
    """Write to `path` the same program with all its hours round the clock: a demo has no hours."""
    text = re.sub(r'"\d\d:\d\d-\d\d:\d\d"', '"00:00-24:00"', program.read_text(encoding="utf-8"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
