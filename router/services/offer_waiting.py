"""Lets waiting calls know that somebody on their desk is free, the first in line first (RO2, RO5).

The switchboard calls this at every sweep, each second, and whenever the outbox wakes it, as letting
a person go does. No row is written to remember it by: who is free and who waits is read from the
tables, so nothing can be lost, and a call is told once, for then somebody rings for it.
"""

from __future__ import annotations

from itertools import groupby

from ivr_flows.inputs import StaffFreed
from router.errors import NotFoundError
from router.policy.queueing import match
from router.policy.roster import examine
from router.services.apply_input import Exchange, apply_input
from router.services.clock import read_now
from router.services.lines_of_desks import order_line
from router.storage.queue import list_waiting
from router.storage.roster import list_on_desk


def offer_waiting(
    exchange: Exchange, program_id: str | None = None, desk: str | None = None
) -> list[str]:
    """Offer free people to the calls that wait for them; returns the ids of calls that were told.

    Of every desk and program left out. A call is told only when somebody is free for it whom no
    call ahead of it is offered, so that being told never sends it away empty-handed.
    """
    told: list[str] = []
    for call_id in _find_matches(exchange, program_id, desk):
        try:
            apply_input(exchange, call_id, StaffFreed())
        except NotFoundError:
            continue
        told.append(call_id)
    return told


def _find_matches(exchange: Exchange, program_id: str | None, desk: str | None) -> list[str]:
    with exchange.sessions() as session:
        waiting = list_waiting(session, program_id, desk)
        if not waiting:
            return []
        now = read_now(session, exchange.clock)
        found: list[str] = []
        for (program, name), group in groupby(waiting, key=lambda one: (one.program_id, one.desk)):
            standings = examine(list_on_desk(session, program, name, now), now)
            free = [one.person_id for one in standings if one.is_free]
            if not free:
                continue
            calls = list(group)
            version = max(one.program_version for one in calls)
            settings = exchange.programs.get(session, program, version).program
            places = [one.place for one in calls]
            found += match(order_line(session, settings, name, now, places), free)
        return found
