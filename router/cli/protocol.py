"""switchback protocol: check, submit, review, publish and list triage protocols."""

from __future__ import annotations

from pathlib import Path

import click

from router.cli.opening import opened, program_option, table, whoami
from router.programs.protocol_shape import read_protocol
from router.services.protocols import publish_protocol, review_protocol, submit_protocol
from router.storage.protocols import list_in_force, list_versions

FILE = click.Path(dir_okay=False, path_type=Path)
by_option = click.option("--by", default=whoami, show_default="your user name", help="Who does it.")


@click.group
def protocol() -> None:
    """Triage protocols: questions that clinicians write, and two people let into use."""


@protocol.command()
@click.argument("file", type=FILE)
def check(file: Path) -> None:
    """Check FILE and say what is wrong, line by line; changes nothing and needs no database."""
    document = read_protocol(file)
    click.echo(
        f"{file.name} is right: {document.title} {len(document.questions)} questions, "
        f"{len(document.outcomes)} outcomes, in {', '.join(document.languages)}."
    )


@protocol.command()
@click.argument("file", type=FILE)
@program_option
@by_option
def submit(file: Path, program_id: str | None, by: str) -> None:
    """Check FILE and keep it as a draft for a second person to review."""
    document = read_protocol(file)
    with opened() as office:
        program = office.which_program(program_id)
        version = submit_protocol(office.sessions, program, document, author=by)
    click.echo(
        f"{document.name}: draft {version}, by {by}. Somebody else reviews it: "
        f"switchback protocol review {document.name} {version}"
    )


@protocol.command()
@click.argument("name")
@click.argument("version", type=int)
@program_option
@by_option
def review(name: str, version: int, program_id: str | None, by: str) -> None:
    """Say that draft VERSION of NAME may be used. Its author cannot."""
    with opened() as office:
        program = office.which_program(program_id)
        review_protocol(office.sessions, program, name, version, reviewer=by)
    click.echo(f"{name}: version {version} is reviewed by {by}.")


@protocol.command()
@click.argument("name")
@click.argument("version", type=int)
@program_option
@by_option
def publish(name: str, version: int, program_id: str | None, by: str) -> None:
    """Let calls begin with reviewed VERSION of NAME; it is never changed again."""
    with opened() as office:
        program = office.which_program(program_id)
        publish_protocol(office.sessions, program, name, version, published_by=by)
    click.echo(f"{name}: version {version} is in force for calls that begin with it now.")


@protocol.command(name="list")
@program_option
def list_(program_id: str | None) -> None:
    """Show every version and who wrote, reviewed and published it."""
    with opened() as office, office.sessions() as session:
        program = office.which_program(program_id)
        in_force = list_in_force(session, program)
        rows = [
            (
                row.name,
                str(row.version),
                "in force" if in_force.get(row.name) == row.version else row.status,
                row.author,
                row.reviewed_by or "",
                row.published_by or "",
            )
            for row in list_versions(session, program)
        ]
    if not rows:
        click.echo("There is no protocol. Submit one: switchback protocol submit FILE")
        return
    table(("protocol", "version", "status", "author", "reviewed by", "published by"), rows)
