"""RO7 and Law 1: what ended without our being told is found, by two readings, and only rescued."""

from __future__ import annotations

import pytest

from ivr_flows.call import Place
from ivr_flows.inputs import LegStatusChanged
from router.services.apply_input import apply_input
from router.services.carry_out import SECOND_READING_SECONDS, Outgoing
from router.services.repair_legs import Repair, heal_presence
from router.storage import presence
from router.storage.timeline import list_timeline
from router.telephony.rest import Failed, Unknown
from tests.services.conftest import Line
from tests.services.fake_carrier import FakeCarrier


@pytest.fixture
def carrier(line: Line) -> FakeCarrier:
    return FakeCarrier(now=lambda: line.clock.at)


@pytest.fixture
def repair(line: Line, carrier: FakeCarrier) -> Repair:
    return Repair(Outgoing(line.exchange, carrier, "tests", "AC1", 1.0))


def look(repair: Repair, *, all_legs: bool = True) -> list[bool]:
    return [repair.look_at(leg) for leg in repair.list_legs(all_legs=all_legs)]


def test_law1_a_caller_who_is_gone_is_found_by_two_readings_ten_seconds_apart(
    line: Line, repair: Repair, carrier: FakeCarrier
) -> None:
    call_id = line.ring().call_id
    leg_id = f"{call_id}-1"
    carrier.statuses[line.leg(leg_id).sid or ""] = "completed"
    assert look(repair) == [False]
    assert line.leg(leg_id).is_live
    line.clock.move(SECOND_READING_SECONDS - 1)
    assert look(repair, all_legs=False) == [False]
    line.clock.move(1)
    assert look(repair, all_legs=False) == [True]
    assert line.leg(leg_id).place is Place.ENDED
    with line.exchange.sessions() as session:
        kinds = [row.kind for row in list_timeline(session, call_id)]
    assert "repaired" in kinds


def test_law1_one_stale_reading_ends_nobody(
    line: Line, repair: Repair, carrier: FakeCarrier
) -> None:
    call_id = line.ring().call_id
    sid = line.leg(f"{call_id}-1").sid or ""
    carrier.statuses[sid] = "completed"
    look(repair)
    carrier.statuses[sid] = "in-progress"
    line.clock.move(5)
    assert look(repair, all_legs=False) == [False]
    assert look(repair, all_legs=False) == []  # no longer under suspicion
    carrier.statuses[sid] = "completed"
    line.clock.move(5)
    assert look(repair) == [False]
    assert line.leg(f"{call_id}-1").is_live


@pytest.mark.parametrize("answer", [Unknown("http_500"), Failed("20003", permanent=True)])
def test_law1_a_carrier_that_does_not_answer_ends_nobody(
    line: Line, repair: Repair, carrier: FakeCarrier, answer: Unknown | Failed
) -> None:
    call_id = line.ring().call_id
    for _ in range(3):
        carrier.results["check"] = [answer]
        assert look(repair) == [False]
        line.clock.move(SECOND_READING_SECONDS)
    assert line.leg(f"{call_id}-1").is_live


def test_law1_the_repairer_asks_and_never_hangs_up(
    line: Line, repair: Repair, carrier: FakeCarrier
) -> None:
    line.ring()
    for _ in range(4):
        look(repair)
        line.clock.move(SECOND_READING_SECONDS)
    assert set(carrier.names()) == {"check"}


def test_ro7_a_claim_that_no_call_accounts_for_is_released(line: Line, repair: Repair) -> None:
    line.sign_on("ada")
    call_id = line.ring().call_id
    apply_input(line.exchange, call_id, LegStatusChanged(f"{call_id}-1", "completed"))
    with line.exchange.sessions.begin() as session:
        presence.claim_person(session, "ada", call_id, line.clock.at)
    assert heal_presence(repair.outgoing) == []  # it may be on its way into view
    line.clock.move(31)
    assert heal_presence(repair.outgoing) == ["ada"]
    assert line.claims() == {"ada": None}
