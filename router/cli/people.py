"""switchback people: everyone of a program."""

from __future__ import annotations

import click

from router.cli.opening import mask, opened, program_option, table
from router.services.edit_roster import remove_person
from router.storage.people import list_people


@click.group
def people() -> None:
    """People: who they are and how they are reached."""


@people.command(name="list")
@program_option
def list_(program_id: str | None) -> None:
    """Show everyone of a program; numbers are masked."""
    with opened() as office:
        program = office.which_program(program_id)
        with office.sessions() as session:
            known = list_people(session, program)
    rows = [
        (
            person.id,
            person.name,
            mask(person.phone),
            " ".join(person.roles),
            " ".join(person.languages),
            "" if person.is_active else "removed",
        )
        for person in known
    ]
    table(("person", "name", "phone", "roles", "speaks", ""), rows)


@people.command()
@click.argument("person")
def remove(person: str) -> None:
    """Take PERSON off every roster; what they did stays on record."""
    with opened() as office:
        remove_person(office.sessions, person)
    click.echo(f"{person} is off every roster.")
