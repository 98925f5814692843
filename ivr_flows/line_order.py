"""In which order the lines of a 911 centre are rung, and with what pause between rounds (RE3).

First all of them in order, the general line last; the general line alone for a return that joins
those who wait and does not skip them. After that the last line in service again and
again, and behind it, once a round, each line that failed at once when it was last tried: it may be
back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ivr_flows.call import ReturnTo911
from ivr_flows.program import ReturnLine

FAILED = "failed"  # the carrier's word for a line that cannot be rung at all
ROUNDS_AT_ONCE = 3
SHORT_PAUSE_SECONDS = 2
ROUND_PAUSE_SECONDS = 6  # no silence is longer; speech comes before and after it


def lines_of_round(
    lines: Sequence[ReturnLine], rounds: int, out_of_service: Sequence[str]
) -> tuple[ReturnLine, ...]:
    """The lines of a round, the first round being 0. Never empty."""
    if rounds == 0:
        return tuple(lines)
    working = [line for line in lines if line.id not in out_of_service]
    return (*working[-1:], *(line for line in lines if line.id in out_of_service))


def begin(lines: Sequence[ReturnLine], returning: ReturnTo911) -> ReturnTo911:
    """The return at its first line: who joins in turn has the general line, which everybody rings.

    The other lines count as tried in the first round.
    """
    if returning.skip:
        return returning
    others = tuple(line.id for line in lines[:-1])
    return replace(returning, line=len(lines) - 1, tried=others)


def line_now(lines: Sequence[ReturnLine], returning: ReturnTo911 | None) -> ReturnLine:
    """The line that is tried now."""
    index = returning.line if returning is not None else 0
    return lines[min(index, len(lines) - 1)]


def advance(lines: Sequence[ReturnLine], returning: ReturnTo911, status: str) -> ReturnTo911:
    """The return at its next line, after the present one ended with the carrier's `status`."""
    current = line_now(lines, returning)
    broken = tuple(one for one in returning.out_of_service if one != current.id)
    if status == FAILED:
        broken = (*broken, current.id)
    tried = (*returning.tried, current.id)
    rounds = returning.rounds
    left = [one for one in lines_of_round(lines, rounds, broken) if one.id not in tried]
    if not left:
        rounds, tried = rounds + 1, ()
        left = list(lines_of_round(lines, rounds, broken))
    index = next(index for index, line in enumerate(lines) if line.id == left[0].id)
    return replace(returning, line=index, rounds=rounds, tried=tried, out_of_service=broken)


def pause_seconds(returning: ReturnTo911) -> int:
    """How long to wait before the line is rung: lines that fail at once must make no hot loop."""
    if returning.tried or not returning.rounds:
        return 0
    return SHORT_PAUSE_SECONDS if returning.rounds <= ROUNDS_AT_ONCE else ROUND_PAUSE_SECONDS
