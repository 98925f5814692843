"""switchback block: numbers whose calls are slowed, never refused."""

from __future__ import annotations

import click

from router.cli.opening import mask, opened, program_option, table, whoami
from router.services.block_numbers import block_number, list_blocked, unblock_number

by_option = click.option("--by", default=whoami, show_default="your user name", help="Who does it.")


@click.group
def block() -> None:
    """Numbers of pranks: one key more to press, last in line for a clinician, 911 as for anyone."""


@block.command()
@click.argument("number")
@click.option("--reason", required=True, help="Why, for whoever looks at the list later.")
@click.option("--days", default=30, show_default=True, help="How long.")
@program_option
@by_option
def add(number: str, reason: str, days: int, program_id: str | None, by: str) -> None:
    """Slow calls from NUMBER."""
    with opened() as office:
        program = office.which_program(program_id)
        done = block_number(
            office.sessions, program, number, reason=reason, days=days, blocked_by=by
        )
    click.echo(f"{mask(done.number)} is on the list until {done.expires_at:%Y-%m-%d}.")


@block.command()
@click.argument("number")
@program_option
@by_option
def remove(number: str, program_id: str | None, by: str) -> None:
    """Take NUMBER off the list."""
    with opened() as office:
        program = office.which_program(program_id)
        unblock_number(office.sessions, program, number, lifted_by=by)
    click.echo("The number is off the list.")


@block.command(name="list")
@program_option
@click.option("--numbers", is_flag=True, help="Show the numbers in full.")
def list_(program_id: str | None, *, numbers: bool) -> None:
    """Show the list; numbers are masked."""
    with opened() as office:
        found = list_blocked(office.sessions, office.which_program(program_id))
    if not found:
        click.echo("No number is on the list.")
        return
    rows = [
        (
            one.number if numbers else mask(one.number),
            f"{one.expires_at:%Y-%m-%d}",
            one.blocked_by,
            one.reason,
        )
        for one in found
    ]
    table(("number", "until", "by", "reason"), rows)
