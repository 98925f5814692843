"""Lets waiting calls know that somebody on their desk is free, the first in line first (RO2, RO5).

The switchboard calls this at every sweep, each second, and whenever the outbox wakes it, as letting
a person go does. No row is written to remember it by: who is free and who waits is read from the
tables, so nothing can be lost, and a call is told once, for then somebody rings for it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from ivr_flows.inputs import StaffFreed
from ivr_flows.program import Program
from router.errors import NotFoundError
from router.policy.queueing import match
from router.policy.roster import examine
from router.services.apply_input import Exchange, apply_input
from router.services.clock import read_now
from router.services.lines_of_desks import read_seekers
from router.storage.programs import find_active_version
from router.storage.queue import list_desks_waited_for, list_rung_transfers
from router.storage.roster import list_on_desk

SEQUENTIAL = "sequential"  # the strategy of a desk that rings one person at a time


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
            program = exchange.programs.get(session, one.program_id, one.program_version).program
            found += _find_for(session, exchange, program, one.desk, now)
        return found


def _find_for(
    session: Session, exchange: Exchange, program: Program, name: str, now: datetime
) -> list[str]:
    """Calls of a program for which somebody of a desk is free, be it a desk of another program.

    Those whom nobody is rung for come first, those of the desk's own program before others. Who is
    left is rung for the transfers as well that ring the desk already: a person waits there too.
    """
    home, desk = program, name
    if "/" in name:
        program_id, _, desk = name.partition("/")
        active = find_active_version(session, program_id)
        if active is None:
            return []
        home = exchange.programs.get(session, program_id, active.version).program
    settings = home.desks.get(desk)
    standings = examine(list_on_desk(session, home.name, desk, now), now)
    free = [person.person_id for person in standings if person.is_free]
    if settings is None or not free:
        return []
    matched = match(read_seekers(session, home, desk, now, free), free)
    found = list(matched) if home is program else []
    taken = {person for people in matched.values() for person in people}
    left = [person for person in free if person not in taken]
    if not left or settings.strategy == SEQUENTIAL:
        return found
    for one in list_rung_transfers(session, program.name, name):
        person = next((person for person in left if person not in one.passed_over), None)
        if person is not None and one.call_id not in matched:
            left.remove(person)
            found.append(one.call_id)
    return found
