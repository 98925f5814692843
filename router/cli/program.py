"""switchback program: check, publish and list programs."""

from __future__ import annotations

from collections.abc import Sized
from datetime import UTC, datetime
from pathlib import Path

import click

from router.cli.opening import opened, table, whoami
from router.errors import UnavailableError
from router.programs.reading import read_file, to_program
from router.services.publish_program import publish_program, refresh_failsafe
from router.storage.programs import find_active_version, list_later_versions, list_programs

FILE = click.Path(dir_okay=False, path_type=Path)


@click.group
def program() -> None:
    """Programs: what a city's lines, desks and rules are."""


@program.command()
@click.argument("file", type=FILE)
def validate(file: Path) -> None:
    """Check FILE and say what is wrong, line by line; changes nothing and needs no database."""
    settings = to_program(read_file(file), 0)
    click.echo(
        f"{file.name} is right: {settings.title}, {_count(settings.lines, 'line')}, "
        f"{_count(settings.desks, 'desk')}, {_count(settings.psap.lines, 'line')} of 911 outside."
    )


@program.command()
@click.argument("file", type=FILE)
@click.option("--by", default=whoami, show_default="your user name", help="Who publishes it.")
def publish(file: Path, by: str) -> None:
    """Check FILE and let new calls follow it; calls under way keep the version they began with."""
    document = read_file(file)
    with opened() as office:
        done = publish_program(
            office.sessions, document, published_by=by, state_dir=office.settings.state_dir
        )
    if done.effective_at > datetime.now(UTC):
        since = f"{done.effective_at:%Y-%m-%d %H:%M} UTC"
        click.echo(f"{done.program_id}: version {done.version} takes effect at {since}.")
    elif done.is_new:
        click.echo(f"{done.program_id}: version {done.version} is in force for new calls.")
    else:
        click.echo(f"{done.program_id}: version {done.version} says the same; nothing to publish.")
    click.echo(f"The fail-safe's numbers are in {done.failsafe_path}.")


@program.command(name="list")
def list_() -> None:
    """Show programs, the versions in force and those that take effect later."""
    rows = []
    with opened() as office, office.sessions() as session:
        for program_id in list_programs(session):
            active = find_active_version(session, program_id)
            in_force = [active] if active is not None else []
            for one in (*in_force, *list_later_versions(session, program_id)):
                since = f"{one.effective_at:%Y-%m-%d %H:%M} UTC"
                rows.append((program_id, str(one.version), since, one.document["title"]))
    if not rows:
        click.echo("No program is published. Publish one: switchback program publish FILE")
        return
    table(("program", "version", "since", "title"), rows)


@program.command()
def failsafe() -> None:
    """Write this machine's fail-safe file again, from what is published."""
    with opened() as office:
        path = refresh_failsafe(office.sessions, office.settings.state_dir)
    if path is None:
        raise UnavailableError("No program is published, so there are no numbers of 911 to write.")
    click.echo(f"The fail-safe's numbers are in {path}.")


def _count(things: Sized, noun: str) -> str:
    number = len(things)
    return f"{number} {noun}" + ("" if number == 1 else "s")
