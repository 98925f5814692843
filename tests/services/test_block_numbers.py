"""IN8: the blocked list on the real database, and what a number is worth."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from router.errors import ConflictError, InvalidInputError, NotFoundError
from router.services.block_numbers import block_number, list_blocked, unblock_number
from router.services.clock import SettableClock
from router.services.lines import receive_call
from router.storage.tables import blocked_numbers
from router.telephony.webhook import Arrival
from tests.services.conftest import DIRECT, Line
from tests.services.test_announce import CALLER


def is_slowed(line: Line) -> bool:
    call_id = line.ring().call_id
    line.press(f"{call_id}-1", "1")
    return line.leg(f"{call_id}-1").node == "needs_help"


def test_in8_a_number_is_on_the_list_until_it_is_removed_or_its_time_is_over(line: Line) -> None:
    sessions = line.exchange.sessions
    assert not is_slowed(line)
    done = block_number(
        sessions, "austin", "(512) 555-0199", reason="Pranks at night", days=2, blocked_by="otto"
    )
    assert done.number == CALLER
    line.clock.at = done.blocked_at
    assert is_slowed(line)
    with pytest.raises(ConflictError):
        block_number(sessions, "austin", CALLER, reason="Again", days=2, blocked_by="otto")
    unblock_number(sessions, "austin", CALLER, lifted_by="sam")
    assert not is_slowed(line)
    with pytest.raises(NotFoundError):
        unblock_number(sessions, "austin", CALLER, lifted_by="sam")
    block_number(sessions, "austin", CALLER, reason="Again", days=1, blocked_by="otto")
    assert is_slowed(line)
    assert isinstance(line.clock, SettableClock)
    line.clock.move(2 * 24 * 3600)
    assert not is_slowed(line)
    assert [(one.reason, one.blocked_by) for one in list_blocked(sessions, "austin")] == [
        ("Again", "otto")
    ]


def test_se3_number_and_reason_are_encrypted(line: Line) -> None:
    block_number(
        line.exchange.sessions, "austin", CALLER, reason="Pranks", days=2, blocked_by="otto"
    )
    with line.exchange.sessions() as session:
        raw = session.connection().exec_driver_sql(
            "SELECT number, reason, number_hash FROM blocked_numbers"
        )
        row = raw.one()
        assert session.scalar(select(blocked_numbers.c.reason)) == "Pranks"
    assert all(CALLER.encode() not in bytes(part) for part in row)
    assert b"Pranks" not in bytes(row[1])


@pytest.mark.parametrize(("reason", "days"), [(" ", 3), ("Pranks", 0), ("Pranks", 366)])
def test_in8_a_block_has_a_reason_and_an_end(line: Line, reason: str, days: int) -> None:
    with pytest.raises(InvalidInputError):
        block_number(
            line.exchange.sessions, "austin", CALLER, reason=reason, days=days, blocked_by="otto"
        )


def test_in8_what_the_number_is_worth_is_kept_with_the_call(line: Line) -> None:
    for number, worth in (("", "withheld"), (CALLER, "failed"), (CALLER, "passed_a")):
        arrival = Arrival(f"CA{worth}", DIRECT, number, worth)
        assert line.call(receive_call(line.exchange, arrival).call_id).caller_id == worth
