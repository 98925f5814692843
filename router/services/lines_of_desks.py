"""Reads the line of a desk and puts it in order, as the program's policy says (RE2)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from ivr_flows.program import Program
from router.policy.queueing import Guard, Line, Served, Waiting, line_up
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
    guard = _guard_of(program)
    served: list[Served] = []
    if guard is not None and any(one.is_skip for one in line):
        # Only then can the guard say anything, and only then is the past asked.
        held_since = min((one.queued_at for one in line if not one.is_skip), default=now)
        if now - held_since >= timedelta(seconds=guard.wait_seconds):
            served = list_served(session, program.name, desk, held_since)
    return line_up(line, now, guard, served)


def _guard_of(program: Program) -> Guard | None:
    returns = program.returns
    if not returns.guard_overtaken:
        return None
    return Guard(returns.guard_wait_seconds, returns.guard_overtaken)
