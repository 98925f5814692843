"""Reads as much of a desk's line as a decision needs, in the order that policy gives it (RE2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from ivr_flows.program import Program
from router.policy.queueing import Guard, Line, Served, Waiting, guarded_before, line_up, match
from router.storage.queue import Seekers, list_first_held, list_waiting
from router.storage.queue_visits import list_served

AT_FIRST = 40
"""Calls that are read at first: each is offered somebody, as a rule, and a desk is smaller."""

AT_A_TIME_MORE = 4  # times as many, until nobody is left to be offered


def read_line(
    session: Session, program: Program, desk: str, now: datetime, own: Waiting | None = None
) -> Line:
    """The whole line of a desk; `own` is a call's place in it that is not written yet."""
    waiting = list_waiting(session, program.name, desk)
    return _order(session, program, desk, now, _with_own(waiting, own))


def read_seekers(
    session: Session,
    program: Program,
    desk: str,
    now: datetime,
    free: Sequence[str],
    own: Waiting | None = None,
) -> Line:
    """Those of a desk's line who are offered the `free` people; with `own`, those ahead of it."""
    most = AT_FIRST
    while True:
        seekers = Seekers(tuple(free), most, own)
        waiting = list_waiting(session, program.name, desk, seekers)
        line = _order(session, program, desk, now, _with_own(waiting, own))
        offered = {person for people in match(line, free).values() for person in people}
        if len(waiting) < most or len(offered) == len(free):
            return line
        most *= AT_A_TIME_MORE


def guard_of(program: Program) -> Guard | None:
    """What protects held calls from too many returns, or None."""
    returns = program.returns
    if not returns.guard_overtaken:
        return None
    return Guard(returns.guard_wait_seconds, returns.guard_overtaken)


def _with_own(waiting: list[Waiting], own: Waiting | None) -> list[Waiting]:
    if own is None:
        return waiting
    return [*(one for one in waiting if one.call_id != own.call_id), own]


def _order(
    session: Session, program: Program, desk: str, now: datetime, waiting: list[Waiting]
) -> Line:
    guard = guard_of(program)
    served: list[Served] = []
    before = guarded_before(waiting, now, guard)
    first_held = [] if before is None else list_first_held(session, program.name, desk, before)
    if first_held:
        known = {one.call_id for one in waiting}
        waiting += [one for one in first_held if one.call_id not in known]
        since = min(one.queued_at for one in first_held)
        served = list_served(session, program.name, desk, since)
    return line_up(waiting, now, guard, served)
