"""RE3: in which order a centre's lines are rung, round after round."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from ivr_flows import line_order
from ivr_flows.call import ReturnTo911, Role
from ivr_flows.program import ReturnLine
from tests.ivr_flows.story import PROGRAM, START

LINES = PROGRAM.psap.lines
BEGUN = ReturnTo911("danger", Role.CALLER, skip=True, started_at=START)


def rung(statuses: dict[str, str], rings: int, lines: tuple[ReturnLine, ...] = LINES) -> str:
    """The first letters of the lines in the order of their rings."""
    returning, order = BEGUN, ""
    for _ in range(rings):
        now = line_order.line_now(lines, returning)
        order += now.id[0]
        returning = line_order.advance(lines, returning, statuses.get(now.id, "no-answer"))
    return order


@pytest.mark.parametrize(
    ("statuses", "order"),
    [
        ({}, "psggggg"),
        ({"priority": "busy", "second": "busy", "general": "busy"}, "psggggg"),
        ({"priority": "failed"}, "psggpgpg"),
        ({"general": "failed"}, "psgsgsgs"),
        ({"priority": "failed", "second": "failed"}, "psggpsgp"),
        ({"priority": "failed", "general": "failed"}, "psgspgspg"),
        (dict.fromkeys(("priority", "second", "general"), "failed"), "psgpsgpsg"),
        (dict.fromkeys(("priority", "second", "general"), "canceled"), "psggg"),
        (dict.fromkeys(("priority", "second", "general"), ""), "psggg"),
    ],
)
def test_re3_the_general_line_comes_last_and_again_and_lines_out_of_service_behind_it(
    statuses: dict[str, str], order: str
) -> None:
    assert rung(statuses, len(order)) == order


def test_re3_a_centre_with_one_line_rings_it_again_and_again() -> None:
    for status in ("busy", "failed"):
        assert rung({"general": status}, 4, LINES[-1:]) == "gggg"


def test_re3_a_line_that_is_back_is_no_longer_out_of_service() -> None:
    returning = line_order.advance(LINES, BEGUN, "failed")
    assert returning.out_of_service == ("priority",)
    for _ in range(3):
        returning = line_order.advance(LINES, returning, "no-answer")
    assert line_order.line_now(LINES, returning).id == "priority"
    assert line_order.advance(LINES, returning, "busy").out_of_service == ()


def test_re3_every_round_after_the_first_begins_with_a_pause_and_no_line_is_skipped_for_ever() -> (
    None
):
    random = Random(3)
    for _ in range(200):
        returning, last = BEGUN, LINES[0]
        for _ in range(30):
            rounds = returning.rounds
            status = random.choice(["busy", "no-answer", "failed", "canceled", ""])
            returning = line_order.advance(LINES, returning, status)
            now = line_order.line_now(LINES, returning)
            begins = returning.rounds > rounds
            assert begins or now != last, "the same line twice at once"
            assert bool(line_order.pause_seconds(returning)) == begins
            assert set(returning.out_of_service) <= {line.id for line in LINES}
            last = now
        assert returning.rounds >= 8  # no round is longer than the lines there are


def test_re3_an_index_of_a_version_with_more_lines_means_the_last_one() -> None:
    many = ReturnTo911("danger", Role.CALLER, skip=True, started_at=START, line=7)
    assert line_order.line_now(LINES, many).id == "general"


def test_re1_who_joins_in_turn_has_the_general_line_alone() -> None:
    begun = line_order.begin(LINES, replace(BEGUN, skip=False))
    order = ""
    for status in ("busy", "no-answer", "failed", "busy"):
        order += line_order.line_now(LINES, begun).id[0]
        begun = line_order.advance(LINES, begun, status)
    assert order == "gggs", "another only once it is out of service"
    assert line_order.begin(LINES, BEGUN) == BEGUN
