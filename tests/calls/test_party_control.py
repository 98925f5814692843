"""Hold, mute and leave, per party, from plain phones and by the API (TR3, TR4, TR7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from ivr_flows.call import Call, Role
from router.demo.stage import Stage
from router.emulator.client import Phone
from router.services.accounts import add_token
from tests.calls.scripts import (
    accepts,
    chooses,
    connects,
    is_heard,
    keys_transfer,
    opens_menu,
    records,
)

Control = Callable[[Role, str], tuple[int, dict[str, Any]]]


@pytest.fixture
def control(stage: Stage, caller: Phone) -> Control:
    """Ask the API to do something about the party of a role; its status and answer."""
    token = add_token(stage.stack.sessions, name="CAD", scopes=["calls"], created_by="tests").token
    headers = {"Authorization": f"Bearer {token}"}

    def ask(role: Role, action: str) -> tuple[int, dict[str, Any]]:
        call = stage.call_of(stage.person(caller))
        leg = next(leg for leg in call.legs if leg.role is role)
        legs = f"{stage.stack.web_url}/api/v1/calls/{call.id}/legs"
        answer = requests.post(f"{legs}/{leg.id}/{action}", headers=headers, timeout=10)
        return answer.status_code, answer.json()

    return ask


@pytest.fixture
def three(stage: Stage, caller: Phone, tess: Phone, carla: Phone) -> None:
    """Tess of 911 has brought Carla in: both are with the caller, and Carla ends the room."""
    caller.dials(stage.stack.seeded.lines["emergency"])
    accepts(tess, "9 1 1 call holding")
    tess.is_talking_with("Jo")
    chooses(tess, "clinicians")
    keys_transfer(tess)
    accepts(carla)
    carla.is_talking_with("Jo")
    carla.is_talking_with("Tess Calltaker")
    _until(stage, caller, lambda call: not _leg(call, Role.CALL_TAKER, "ends_room"))


def _leg(call: Call, role: Role, name: str) -> bool:
    return bool(getattr(next(leg for leg in call.legs if leg.role is role), name))


def _until(stage: Stage, caller: Phone, holds: Callable[[Call], bool]) -> None:
    stage.until(stage.person(caller), holds, "to be told")


def holds_the_caller(clinician: Phone, caller: Phone) -> None:
    opens_menu(clinician, "for the people on the line, press 6")
    clinician.presses("6")
    clinician.hears("to hold your caller, press 1")
    clinician.presses("1")
    caller.hears("you are on hold")
    clinician.hears("your caller is on hold. to bring them back, press 1")


def test_tr3_the_caller_is_held_from_a_plain_phone_and_brought_back(
    stage: Stage, caller: Phone, carla: Phone
) -> None:
    connects(stage, caller, carla)
    holds_the_caller(carla, caller)
    caller.hears("for 9 1 1, press 9", within=8)
    carla.presses("1")
    carla.is_talking_with("Jo")
    is_heard(carla, "I am back.", caller)


def test_tr3_tr7_a_forgotten_hold_ends_by_itself_and_the_holder_is_told(
    stage: Stage, caller: Phone, carla: Phone
) -> None:
    connects(stage, caller, carla)
    holds_the_caller(carla, caller)
    caller.hears("you are still connected", within=8)
    carla.hears("back to your caller", within=12)
    carla.is_talking_with("Jo")


def test_tr7_re1_9_is_911_for_a_caller_on_hold(
    stage: Stage, caller: Phone, carla: Phone, tess: Phone
) -> None:
    connects(stage, caller, carla)
    holds_the_caller(carla, caller)
    caller.presses("9")
    accepts(tess, "asked for 9 1 1")
    tess.is_talking_with("Jo")


def test_tr7_the_holder_s_phone_dies_and_the_next_clinician_has_the_caller(
    stage: Stage, caller: Phone, carla: Phone, cleo: Phone
) -> None:
    connects(stage, caller, carla)
    holds_the_caller(carla, caller)
    carla.loses_signal()
    accepts(cleo, "the line dropped")
    cleo.is_talking_with("Jo")
    caller.hangs_up()
    records(cleo)


def test_tr3_the_one_who_ends_the_room_is_held_with_a_voice_and_brought_back(
    three: None, stage: Stage, caller: Phone, tess: Phone, carla: Phone, control: Control
) -> None:
    assert control(Role.CLINICIAN, "hold")[0] == 202
    carla.hears("you are on hold. for your menu, press star")
    _until(stage, caller, lambda call: _leg(call, Role.CALL_TAKER, "ends_room"))
    is_heard(tess, "Only you and I.", caller)
    carla.hears("you are on hold", within=10)  # and again
    carla.does_not_hear("Only you and I.", within=0.1)
    status, party = control(Role.CLINICIAN, "unhold")
    assert (status, party["hold_wanted"], "unhold" in party["actions"]) == (202, False, True)
    carla.is_talking_with("Jo")


def test_tr3_a_muted_party_hears_and_is_not_heard_until_it_is_by_its_own_menu(
    three: None, caller: Phone, tess: Phone, carla: Phone, control: Control
) -> None:
    assert control(Role.CALL_TAKER, "mute")[0] == 202
    _heard_by(carla, caller)
    is_heard(caller, "Is anybody there?", tess)
    tess.presses("*")
    tess.hears("for the people on the line, press 6")
    tess.presses("6")
    tess.hears("clinician")
    tess.hears("to be heard again, press 2")
    tess.presses("2")
    tess.is_talking_with("Jo")


def _heard_by(only: Phone, caller: Phone) -> None:
    """Of all who are in the room the caller hears but one."""

    def hears_one() -> bool:
        hears = [call["hears"] for call in caller.state()["calls"]]
        return any(len(one["with"]) == 1 and len(one["heard_by"]) > 1 for one in hears)

    deadline = caller.network.deadline(5)
    while not hears_one():
        assert caller.network.pass_time(deadline), caller.state()
    is_heard(only, "I am with you.", caller)


def test_tr7_when_the_one_who_is_heard_drops_the_held_one_has_the_caller(
    three: None, stage: Stage, caller: Phone, tess: Phone, carla: Phone, control: Control
) -> None:
    assert control(Role.CALL_TAKER, "hold")[0] == 202
    tess.hears("you are on hold")
    carla.loses_signal()
    tess.is_talking_with("Jo")
    is_heard(tess, "I am here.", caller)


def test_tr3_a_hold_that_the_carrier_refuses_is_said_and_nothing_is_lost(
    three: None, stage: Stage, caller: Phone, tess: Phone, carla: Phone, control: Control
) -> None:
    stage.network.faults(rest=[{"do": "429", "path": "/Participants/", "next": 4}])
    assert control(Role.CALL_TAKER, "hold")[0] == 202
    carla.hears("that change did not work", within=10)
    for phone in (tess, carla):
        phone.is_talking_with("Jo")
    _until(stage, caller, lambda call: not _leg(call, Role.CALL_TAKER, "hold_wanted"))


def test_tr3_two_confer_while_the_caller_waits_and_the_call_goes_back_to_911(
    three: None, stage: Stage, caller: Phone, tess: Phone, carla: Phone, control: Control
) -> None:
    assert control(Role.CALLER, "hold")[0] == 202
    caller.hears("you are on hold")
    carla.is_talking_with("Tess Calltaker")
    is_heard(carla, "What do you think?", tess)
    caller.does_not_hear("What do you think?", within=0.1)
    assert control(Role.CALLER, "unhold")[0] == 202
    carla.is_talking_with("Jo")
    status, answer = control(Role.CLINICIAN, "leave")
    assert status == 202, answer
    carla.hears("record stays open")
    carla.is_hung_up()
    tess.is_talking_with("Jo")


def test_tr3_tr7_the_api_says_what_to_do_instead_of_leaving_the_caller_unheard(
    stage: Stage, caller: Phone, carla: Phone, control: Control
) -> None:
    connects(stage, caller, carla)
    for action, why in (
        ("hold", "nobody else whom the caller hears is with them"),
        ("mute", "nobody else whom the caller hears is with them"),
        ("leave", "resolve the call, or return it to 911"),
        ("remove", "they leave by themselves"),
    ):
        status, answer = control(Role.CLINICIAN, action)
        assert (status, why in answer["error"]) == (409, True), answer
    assert control(Role.CALLER, "mute")[0] == 409
    carla.is_talking_with("Jo")
    caller.hangs_up()
    records(carla)
    status, answer = control(Role.CLINICIAN, "hold")
    assert (status, answer["error"]) == (409, "Not done: the call is over.")


def test_tr4_an_interpreter_is_held_and_taken_out_from_a_plain_phone_and_the_caller_stays(
    stage: Stage, caller: Phone, carla: Phone
) -> None:
    connects(stage, caller, carla)
    interpreter = stage.directory["interpreter"].phone
    chooses(carla, "interpreter")
    interpreter.rings()
    interpreter.answers()
    carla.is_talking_with("interpreter", within=10)
    opens_menu(carla, "press 1 to bring your caller in")
    carla.presses("1")
    interpreter.is_talking_with("Jo", within=10)
    for key in ("1", "3"):
        opens_menu(carla, "for the people on the line, press 6")
        carla.presses("6")
        carla.hears("the interpreter service, press 3")
        carla.presses("3")
        carla.hears("to take them out of the call, press 3")
        carla.presses(key)
        carla.is_talking_with("Jo")
        if key == "1":
            interpreter.hears("you are on hold. please stay on the line", within=10)
    interpreter.hears("you have left the call", within=10)
    interpreter.is_hung_up()
    carla.is_talking_with("Jo")
