"""switchback what-if: past calls through the policy in force and a draft (EL5)."""

from __future__ import annotations

import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import click
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from router.cli.opening import opened, table
from router.errors import NotFoundError, SwitchbackError
from router.programs.document import ProgramDocument
from router.programs.reading import EXAMPLES, from_stored, read_draft, read_file
from router.storage.programs import find_active_version
from router.studies.what_if import SHOWN_TYPES, Findings, study
from router.studies.what_if_report import render

FILE = click.Path(dir_okay=False, path_type=Path)
REPORT_FILE = "report.html"


@click.command(name="what-if")
@click.argument("file", type=FILE)
@click.option("--program", "name", required=True, help="A program's name, or its file.")
@click.option("--policy", "draft_file", type=FILE, help="A draft to compare with it.")
@click.option("--map", "map_file", type=FILE, help="Which column means what, in TOML.")
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default="what-if",
    show_default=True,
    help="Where the report and the lists go.",
)
def what_if(
    file: Path, name: str, draft_file: Path | None, map_file: Path | None, folder: Path
) -> None:
    """Decide the past calls of FILE (CSV, also gzip) and show who would have gone where."""
    program, source = find_program(name)
    click.echo(f"The policy in force is {source}.", err=True)
    draft = read_draft(draft_file, program) if draft_file else None
    findings = study(
        file, program, draft=draft, map_file=map_file, folder=folder, progress=_Progress()
    )
    _print(findings)
    report = folder / REPORT_FILE
    report.write_text(render(findings, datetime.now(UTC)), encoding="utf-8")
    click.echo(f"\nThe report is {report}, every call stands in {folder / 'calls.csv'}.")


def find_program(name: str) -> tuple[ProgramDocument, str]:
    """The program and where it is from: a file, the version in force, or one that is shipped."""
    if name.endswith(".toml"):
        return read_file(Path(name)), name
    try:
        with opened() as office, office.sessions() as session:
            active = find_active_version(session, name)
        if active is not None:
            return from_stored(active.document), f"{name}, version {active.version}"
    except (SwitchbackError, SQLAlchemyError, ValidationError):
        pass  # no installation here: a study needs none
    shipped = EXAMPLES / f"{name}.toml"
    if not shipped.exists():
        known = ", ".join(sorted(path.stem for path in EXAMPLES.glob("*.toml")))
        raise NotFoundError(f'There is no program "{name}". Shipped are {known}; or name a file.')
    return read_file(shipped), f"{name}, as shipped (none is published here)"


class _Progress:
    """Tells on stderr how far the file is, once a second."""

    def __init__(self) -> None:
        self._next = time.monotonic() + 1

    def __call__(self, calls: int, read: int, size: int) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + 1
        share = f"{100 * read / size:.0f} %" if size else ""
        end = "\r" if sys.stderr.isatty() else "\n"
        click.echo(f"{calls:,} calls, {share}{end}", nl=False, err=True)


def _print(findings: Findings) -> None:
    taken = ", ".join(f'{name} from "{one}"' for name, one in sorted(findings.columns.items()))
    click.echo(f"Columns: {taken or 'none is understood; say which with --map'}.")
    click.echo(f"{findings.calls:,} calls, {findings.bad_rows:,} rows that could not be read.")
    for row in findings.first_bad[:SHOWN_TYPES]:
        click.echo(f"  line {row.line}: {row.why}")
    for name, number in findings.unknown.most_common():
        share = 100 * number / findings.calls if findings.calls else 0
        click.echo(f"{name.replace('_', ' ')} not known: {number:,} ({share:.1f} %)")
    has_draft = findings.has_draft
    _print_counts("outcome", findings.outcomes, findings.draft_outcomes, has_draft=has_draft)
    reasons = Counter({why: number for (_, _, why), number in findings.reasons.items()})
    drafted = Counter({why: number for (_, _, why), number in findings.draft_reasons.items()})
    _print_counts("reason", reasons, drafted, has_draft=has_draft)
    if has_draft:
        click.echo(f"\n{findings.changed:,} calls change.")
        changes = [
            (old, new, f"{number:,}") for (old, new), number in findings.changes.most_common()
        ]
        if changes:
            table(("in force", "draft", "calls"), changes)


def _print_counts(
    heading: str, counts: Counter[str], drafted: Counter[str], *, has_draft: bool
) -> None:
    names = sorted({*counts, *drafted}, key=lambda name: (-counts[name], -drafted[name], name))
    click.echo()
    table(
        (heading, "in force", *(("draft",) if has_draft else ())),
        [
            (name, f"{counts[name]:,}", *((f"{drafted[name]:,}",) if has_draft else ()))
            for name in names
        ],
    )
