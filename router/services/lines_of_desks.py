"""Reads the line of a desk and puts it in order, as the program's policy says (RE2)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from ivr_flows.program import Program
from router.policy.queueing import Guard, Line, Waiting, history_since, line_up
from router.storage.queue import list_waiting
from router.storage.queue_visits import list_served


def read_line(
    session: Session, program: Program, desk: str, now: datetime, own: Waiting | None = None
) -> Line:
    """The line of a desk; `own` is a call's place in it that is not written yet."""
    waiting = [one.place for one in list_waiting(session, program.name, desk)]
    if own is not None:
        waiting = [one for one in waiting if one.call_id != own.call_id] + [own]
    return order_line(session, program, desk, now, waiting)


def order_line(
    session: Session, program: Program, desk: str, now: datetime, waiting: Iterable[Waiting]
) -> Line:
    """The line of those who wait for a desk."""
    line = list(waiting)
    guard = guard_of(program)
    since = history_since(line, now, guard)
    served = [] if since is None else list_served(session, program.name, desk, since)
    return line_up(line, now, guard, served)


def guard_of(program: Program) -> Guard | None:
    """What protects held calls from too many returns, or None."""
    returns = program.returns
    if not returns.guard_overtaken:
        return None
    return Guard(returns.guard_wait_seconds, returns.guard_overtaken)
