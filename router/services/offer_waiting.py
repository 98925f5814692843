"""Lets waiting calls know that somebody on their desk is free, the first in line first (RO2, RO5).

The switchboard calls this at every sweep, each second, and whenever the outbox wakes it, as letting
a person go does. No row is written to remember it by: who is free and who waits is read from the
tables, so nothing can be lost, and a call is told once, for then somebody rings for it.
"""

from __future__ import annotations

from ivr_flows.inputs import StaffFreed
from router.errors import NotFoundError
from router.policy.queueing import match
from router.policy.roster import examine
from router.services.apply_input import Exchange, apply_input
from router.services.clock import read_now
from router.services.lines_of_desks import read_seekers
from router.storage.queue import list_desks_waited_for
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
        desks = list_desks_waited_for(session, program_id, desk)
        if not desks:
            return []
        now = read_now(session, exchange.clock)
        found: list[str] = []
        for one in desks:
            standings = examine(list_on_desk(session, one.program_id, one.desk, now), now)
            free = [person.person_id for person in standings if person.is_free]
            if not free:
                continue
            program = exchange.programs.get(session, one.program_id, one.program_version).program
            found += match(read_seekers(session, program, one.desk, now, free), free)
        return found
