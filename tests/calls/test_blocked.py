"""A number on the blocked list: one key more, and never less than 911 (IN8)."""

from __future__ import annotations

from router.demo.stage import Stage
from router.emulator.client import Phone
from router.services.block_numbers import block_number, unblock_number
from tests.calls.scripts import accepts


def test_in8_a_blocked_caller_who_says_nothing_reaches_911(
    stage: Stage, caller: Phone, tess: Phone
) -> None:
    sessions, program = stage.stack.sessions, stage.stack.seeded.program
    block_number(sessions, program, caller.number, reason="Pranks", days=1, blocked_by="tests")
    try:
        caller.dials(stage.stack.seeded.lines["direct"])
        caller.hears("for english, press 1")
        caller.presses("1")
        caller.hears("if you need help, press 1")
        accepts(tess, "coming back", within=12)
        tess.is_talking_with("Jo")
    finally:
        unblock_number(sessions, program, caller.number, lifted_by="tests")
