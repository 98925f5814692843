"""switchback flows: prove that no caller is left alone, and draw the flows for people."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path

import click

from ivr_flows.program import Program
from ivr_flows.safety import drawing
from ivr_flows.safety.explore import Findings, Limits
from ivr_flows.safety.verify import NOT_EXPLORED, PASSES, WIDE, explore, report
from router.cli.what_if import find_program
from router.programs.document import ProgramDocument
from router.programs.reading import EXAMPLES, read_file, to_program

FILE = click.Path(dir_okay=False, path_type=Path)


@click.group
def flows() -> None:
    """The flows on the phone: what they promise, and what they look like."""


@flows.command()
@click.option("--program", "name", help="A program's name; without it, all that are shipped.")
@click.option("--file", type=FILE, help="A program's file.")
@click.option("--faults", type=click.IntRange(0), help="The most that go wrong in one story.")
@click.option("--parties", type=click.IntRange(1, 4), help="People a desk, and lines of 911.")
@click.option("--wide", is_flag=True, help="Faults where the usual parts explore none; minutes.")
@click.option("--minutes", default=10.0, show_default=True, help="The most each part may take.")
def verify(
    name: str | None,
    file: Path | None,
    faults: int | None,
    parties: int | None,
    minutes: float,
    *,
    wide: bool,
) -> None:
    """Explore every state that calls can get into, and prove that none leaves a caller alone.

    With --wide, --faults or --parties, other explorations instead of the usual ones. Exits with 1
    when a promise is broken, with 2 when the time was over before everything was seen.
    """
    passes = WIDE if wide else PASSES
    if faults is not None or parties is not None:
        passes = {"as asked": Limits(parties=parties or 1, faults=faults or 0)}
    passes = {name: replace(limits, minutes=minutes) for name, limits in passes.items()}
    programs = [to_program(document, 0) for document in _documents(name, file)]
    is_broken = is_unfinished = False
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        tasks = {
            pool.submit(explore, program, limits): part
            for part, limits in passes.items()
            for program in programs
        }
        for done in as_completed(tasks):
            findings = done.result()
            is_broken = is_broken or findings.found is not None
            is_unfinished = is_unfinished or findings.unfinished
            _print(tasks[done], findings)
    click.echo(f"Not explored: {NOT_EXPLORED}.")
    if is_broken:
        sys.exit(1)
    if is_unfinished:
        click.echo("Nothing is broken in what was explored; it is not all.", err=True)
        sys.exit(2)


def _print(part: str, findings: Findings) -> None:
    for line in report(part, findings):
        click.echo(line)


@flows.command()
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default="flows",
    show_default=True,
    help="Where the pictures go.",
)
@click.option("--program", "name", default="austin", show_default=True, help="Whose keys to show.")
def draw(folder: Path, name: str) -> None:
    """Draw each flow with its questions and keys, as Markdown (Mermaid) and as SVG."""
    document, _ = find_program(name)
    program: Program = to_program(document, 0)
    folder.mkdir(parents=True, exist_ok=True)
    pictures = drawing.draw(program)
    for file_name, content in pictures.items():
        (folder / file_name).write_text(content, encoding="utf-8")
    click.echo(f"{len(pictures)} pictures are in {folder}.")


def _documents(name: str | None, file: Path | None) -> list[ProgramDocument]:
    if file is not None:
        return [read_file(file)]
    if name is not None:
        return [find_program(name)[0]]
    return [read_file(path) for path in sorted(EXAMPLES.glob("*.toml"))]
