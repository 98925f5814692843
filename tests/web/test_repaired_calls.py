"""Repair at whole calls: callbacks are lost, reads are stale, and nobody stays alone (TR7, RO7).

The application is real, the carrier is the emulator by hand-driven time, and the repairer reads it
over REST as it does in the switchboard.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ivr_flows.call import Place, Stage
from ivr_flows.inputs import Found
from router.services.apply_input import Exchange
from router.services.carry_out import SECOND_READING_SECONDS, Outgoing
from router.services.clock import SettableClock
from router.services.repair_legs import Repair
from router.storage.calls import list_live_calls
from tests.emulator.conftest import ACCOUNT, app, stage, thread
from tests.web.test_application_down import Town, connected, town

__all__ = ["app", "stage", "thread", "town"]

LOST = [{"do": "drop", "kind": "status"}, {"do": "drop", "kind": "conference"}]


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(datetime.now(UTC))


@pytest.fixture
def repair(town: Town, clock: SettableClock) -> Repair:
    exchange = Exchange(town.sessions, town.urls, clock=clock)
    return Repair(Outgoing(exchange, town.carrier, "tests", ACCOUNT, 50.0))


def look_again(town: Town, repair: Repair, clock: SettableClock) -> list[Found]:
    clock.move(SECOND_READING_SECONDS)
    town.net.net.advance(SECOND_READING_SECONDS)
    return [one.found for one in repair.look()]


def test_tr7_a_caller_whose_clinician_vanished_without_a_word_is_found_and_brought_out(
    town: Town, repair: Repair, clock: SettableClock
) -> None:
    caller = connected(town)
    assert repair.look() == []
    assert look_again(town, repair, clock) == []  # all is as we think
    town.net.net.faults(callbacks=LOST, stale_seconds=5)
    town.net.net.switches(dial_action_after_hangup=False)
    # Her leg ends without ending the room, and nobody is told.
    with town.sessions() as session:
        (row,) = list_live_calls(session)
    staff = next(leg for leg in row.call.legs if leg.person_id == "ada")
    (conference,) = town.net.client.conferences.list(status="in-progress")
    conference.participants(staff.sid or "").update(end_conference_on_exit=False)
    town.clinician.hangs_up()
    town.net.net.advance(1)
    assert repair.look() == []  # a stale reading, in which she is there
    clock.move(5)
    town.net.net.advance(5)
    assert repair.look() == []  # the first that tells
    found = look_again(town, repair, clock)
    assert found == [Found.OVER, Found.ALONE]
    town.net.net.faults()
    clock.move(1)
    town.carries_out(repair.outgoing)
    caller.hears("calling 9 1 1 for you", within=10)  # nobody else is free
    with town.sessions() as session:
        (row,) = list_live_calls(session)
    assert row.call.stage in (Stage.WAITING, Stage.RETURNING)
    assert row.call.caller.place is Place.QUEUE
    assert not [one for one in caller.transcript() if one["kind"] == "hangup"]


def test_law1_without_the_carriers_answer_a_call_in_progress_goes_on(
    town: Town, repair: Repair, clock: SettableClock
) -> None:
    caller = connected(town)
    town.net.net.faults(rest=[{"do": "503"}])
    for _ in range(3):
        assert look_again(town, repair, clock) == []
    town.net.net.faults()
    caller.is_talking_with("Ada", within=1)
