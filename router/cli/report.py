"""switchback report: what happened, in figures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from router.cli.opening import opened, program_option, table
from router.policy.skip_cost import SkipCost
from router.services.read_skip_cost import read_skip_cost

DAYS = 30
METHOD = (
    "Added seconds: each turn at which a call taker took a call is given out again in order of\n"
    "arrival, so what returns would have waited longer is what the held callers did. How long a\n"
    "call lasts stays with the turn; who left the line untaken stays as they were."
)


@click.group
def report() -> None:
    """What happened, in figures."""


@report.command(name="queue-skip")
@program_option
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    help=f"The first day, by the program's own clock; without it, the last {DAYS} days.",
)
def queue_skip(program_id: str | None, since: datetime | None) -> None:
    """Show what returns to 911 gained by going ahead, and what it cost the held callers."""
    first = (since or datetime.now(UTC) - timedelta(days=DAYS)).date()
    with opened() as office:
        program = office.which_program(program_id)
        found = read_skip_cost(office.sessions, program, first)
    if not found.days:
        click.echo(f"Nobody has waited for the desk {found.desk} since {first}.")
        return
    heads = (
        *("day", "returns", "mean wait", "held calls", "mean wait"),
        *("overtaken", "left after it", "added s/held call"),
    )
    rows = [(day.isoformat(), *_cells(cost)) for day, cost in found.days]
    table(heads, [*rows, ("overall", *_cells(found.overall))])
    click.echo(f"\n{METHOD}")


def _cells(cost: SkipCost) -> tuple[str, ...]:
    return (
        f"{cost.returns:,}",
        f"{cost.mean_return_seconds:.1f} s",
        f"{cost.held:,}",
        f"{cost.mean_held_seconds:.1f} s",
        f"{cost.overtaken:,}",
        f"{cost.left_overtaken:,}",
        f"{cost.added_per_held_seconds:.2f}",
    )
