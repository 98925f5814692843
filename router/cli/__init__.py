"""The switchback command: programs, rosters and who may sign in, from a terminal."""

from __future__ import annotations

import click

from router.cli.accounts import token, user
from router.cli.block import block
from router.cli.flows import flows
from router.cli.numbers import fallback_twiml, numbers
from router.cli.opening import SentenceGroup
from router.cli.people import people
from router.cli.program import program
from router.cli.protocol import protocol
from router.cli.report import report
from router.cli.roster import roster
from router.cli.what_if import what_if


@click.group(cls=SentenceGroup)
def main() -> None:
    """Bring behavioral-health clinicians into 911 calls."""


main.add_command(program)
main.add_command(protocol)
main.add_command(roster)
main.add_command(people)
main.add_command(block)
main.add_command(user)
main.add_command(token)
main.add_command(report)
main.add_command(what_if)
main.add_command(numbers)
main.add_command(fallback_twiml)
main.add_command(flows)
