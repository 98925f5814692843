"""IN7, EL7: earlier calls by number and incident, on the real database."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Engine, select

from ivr_flows.call import Place, Stage
from ivr_flows.inputs import AnswersChanged, Keyed, RoomJoined
from router.services.apply_input import apply_input
from router.storage import tables
from tests.services.conftest import TRANSFER, Line, counting
from tests.services.test_announce import CALLER, PANIC, tell
from tests.services.test_statement_counts import MOST

SUICIDAL = ("1", "1", "2", "2", "2", "1")  # after the incident number: mental health, no danger


def keyed(line: Line, incident: str) -> str:
    call_id = line.ring(TRANSFER).call_id
    for digits in (incident, *SUICIDAL):
        line.press(f"{call_id}-1", digits)
    return call_id


def given_back(line: Line, call_id: str) -> None:
    """Ada takes the call, and a danger is told of it: it goes back to 911."""
    leg_id = f"{call_id}-2"
    line.answer(leg_id)
    line.press(leg_id, "1")
    apply_input(line.exchange, call_id, RoomJoined(leg_id, line.leg(leg_id).room))
    assert line.call(call_id).stage is Stage.CONNECTED
    apply_input(line.exchange, call_id, AnswersChanged("token-1", {"weapon": "yes"}))
    call = line.call(call_id)
    assert call.stage is Stage.RETURNING
    assert call.returning is not None
    assert call.returning.reason == "weapon"
    assert call.given_back == ("clinicians",)


def test_el7_an_incident_given_back_is_not_offered_again_for_the_policys_time(line: Line) -> None:
    line.sign_on("ada")
    given_back(line, keyed(line, "4711"))
    again = line.call(keyed(line, "4711"))
    assert (again.decision, again.reason) == ("return_to_911", "no_loop")
    assert not again.offers
    other = line.call(keyed(line, "4712"))
    assert other.stage is not Stage.SCREENING
    assert other.reason != "no_loop"
    line.clock.move(14401)
    assert line.call(keyed(line, "4711")).reason != "no_loop"


def test_el7_a_caller_given_back_who_calls_again_reaches_911(line: Line) -> None:
    line.sign_on("ada")
    given_back(line, line.ring_and_screen())
    again = line.call(line.ring_and_screen())
    assert again.returning is not None
    assert again.returning.reason == "no_loop"
    assert again.priority == 100
    assert again.caller.place is Place.QUEUE


def test_in7_a_repeat_caller_is_known_by_number_and_by_what_911_announced(line: Line) -> None:
    line.sign_on("ada")
    counts = [line.call(line.ring_and_screen()).calls_this_week for _ in range(3)]
    assert counts == [0, 1, 2]
    tell(line, replace(PANIC, callback_number=CALLER, trunk="+15125550177"))
    call_id = line.ring(TRANSFER).call_id
    assert line.call(call_id).calls_this_week == 3
    line.clock.move(8 * 24 * 3600)
    assert line.call(line.ring_and_screen()).calls_this_week == 0


def test_in7_calls_transferred_by_one_trunk_are_not_one_caller(line: Line) -> None:
    line.sign_on("ada")
    keyed(line, "4711")
    assert line.call(keyed(line, "4712")).calls_this_week == 0
    assert line.call(keyed(line, "4711")).calls_this_week == 1


def test_in7_the_person_911_names_is_known_under_another_incident_and_number(
    line: Line, own_engine: Engine
) -> None:
    line.sign_on("ada")
    for number, person, before in (("P1", "K-88", 0), ("P2", "K-88", 1), ("P3", "K-89", 0)):
        tell(line, replace(PANIC, number=number, person=person, trunk=CALLER))
        call_id = line.ring(TRANSFER).call_id
        line.press(f"{call_id}-1", "")  # it is read back, and silence goes on
        call = line.call(call_id)
        assert call.answers["incident_number"] == number
        assert call.calls_this_week == before
    with own_engine.connect() as connection:
        assert b"K-88" not in repr(connection.execute(select(tables.incidents)).all()).encode()


def test_in7_in8_history_and_the_list_cost_one_statement(line: Line, own_engine: Engine) -> None:
    leg_id = f"{line.ring().call_id}-1"
    given = Keyed(leg_id, line.leg(leg_id).step, "1")
    with counting(own_engine) as sent:
        apply_input(line.exchange, leg_id, given)
    assert len(sent) <= 3
    leg_id = f"{line.ring(TRANSFER).call_id}-1"
    for digits in ("4711", "1"):
        line.press(leg_id, digits)
    given = Keyed(leg_id, line.leg(leg_id).step, "1")
    with counting(own_engine) as sent:
        apply_input(line.exchange, leg_id, given)
    assert len(sent) <= MOST
