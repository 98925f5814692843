"""Caller and clinician on the line: the menu, the context, and whoever drops (TR3, TR6, TR7)."""

from __future__ import annotations

from router.demo.stage import Stage
from router.emulator.client import Phone
from tests.calls.scripts import (
    accepts,
    chooses,
    connects,
    dials_direct,
    is_heard,
    keys_transfer,
    opens_menu,
    records,
)


def test_tr3_star_holds_the_caller_with_a_voice_and_1_goes_back(
    stage: Stage, caller: Phone, carla: Phone
) -> None:
    connects(stage, caller, carla)
    opens_menu(carla, "your caller is on hold")
    caller.hears("one moment")
    carla.presses("1")
    carla.is_talking_with("Jo")
    is_heard(carla, "I am back.", caller)


def test_tr3_2_resolves_after_a_read_back_and_the_caller_is_told_the_way_to_911(
    stage: Stage, caller: Phone, carla: Phone
) -> None:
    connects(stage, caller, carla)
    opens_menu(carla, "end the call as resolved, press 2")
    carla.presses("2")
    carla.hears("how is the call resolved")
    carla.presses("2")
    carla.hears("your answer: referred")
    carla.presses("1")
    carla.hears("record is complete")
    caller.hears("press 9 for 9 1 1", within=5)
    caller.is_hung_up(within=10)
    call = stage.ends(stage.person(caller), "resolved")
    assert call.disposition == "referred"


def test_tr3_9_after_the_goodbye_is_911_again(
    stage: Stage, caller: Phone, carla: Phone, tess: Phone
) -> None:
    connects(stage, caller, carla)
    opens_menu(carla, "end the call as resolved, press 2")
    for key, heard in (
        ("2", "how is the call resolved"),
        ("1", "your answer: resolved by phone"),
        ("1", ""),
    ):
        carla.presses(key)
        carla.hears(heard)
    caller.hears("clinician has ended this call")
    caller.presses("9")
    accepts(tess, "coming back")
    tess.is_talking_with("Jo")


def test_tr3_re1_the_callers_own_star_then_9_is_911(
    stage: Stage, caller: Phone, carla: Phone, tess: Phone
) -> None:
    connects(stage, caller, carla)
    caller.presses("*")
    caller.hears("one moment")
    caller.presses("9")
    accepts(tess, "asked for 9 1 1")
    tess.is_talking_with("Jo")


def test_tr6_the_clinician_knows_the_context_before_the_first_word(
    stage: Stage, trunk: Phone, carla: Phone
) -> None:
    trunk.dials(stage.stack.seeded.lines["transfer"])
    keys_transfer(trunk, incident="90210")
    carla.rings()
    carla.answers()
    carla.hears("mental health. the caller speaks about themselves")
    carla.hears("incident 9, 0, 2, 1, 0")
    carla.presses("1")
    carla.is_talking_with("Jo")


def test_tr6_911_knows_why_the_caller_comes_back(
    stage: Stage, trunk: Phone, carla: Phone, tess: Phone
) -> None:
    trunk.dials(stage.stack.seeded.lines["transfer"])
    keys_transfer(trunk, incident="90210")
    accepts(carla)
    carla.is_talking_with("Jo")
    opens_menu(carla, "press 9")
    carla.presses("9")
    tess.rings()
    tess.answers()
    tess.hears("crisis caller is coming back")
    tess.hears("incident 9, 0, 2, 1, 0")
    tess.hears("the clinician asked for 9 1 1")
    tess.presses("1")
    tess.is_talking_with("Jo")


def test_tr7_the_clinicians_phone_dies_a_voice_then_the_next_clinician(
    stage: Stage, caller: Phone, carla: Phone, cleo: Phone
) -> None:
    connects(stage, caller, carla)
    carla.loses_signal()
    caller.hears("the line dropped")
    accepts(cleo, "the line dropped")
    cleo.is_talking_with("Jo")
    caller.hangs_up()
    records(cleo)


def test_tr7_the_clinicians_phone_dies_and_nobody_else_is_there(
    stage: Stage, caller: Phone, carla: Phone, tess: Phone
) -> None:
    stage.sign_off(*stage.clinicians[1:])
    connects(stage, caller, carla)
    carla.loses_signal()
    accepts(tess, "coming back")
    tess.is_talking_with("Jo")


def test_tr7_the_clinician_drops_out_of_the_menu(
    stage: Stage, caller: Phone, carla: Phone, cleo: Phone
) -> None:
    connects(stage, caller, carla)
    opens_menu(carla, "your caller is on hold")
    carla.loses_signal()
    accepts(cleo, "the line dropped")
    cleo.is_talking_with("Jo")


def test_tr7_the_caller_drops_and_the_clinician_finishes_the_record(
    stage: Stage, caller: Phone, carla: Phone
) -> None:
    connects(stage, caller, carla)
    caller.loses_signal()
    carla.hears("your caller has left the line")
    carla.presses("5")
    carla.hears("record is complete")
    call = stage.ends(stage.person(caller), "resolved")
    assert call.disposition == "caller_left"


def test_tr7_the_caller_drops_while_clinicians_are_rung(
    stage: Stage, caller: Phone, carla: Phone
) -> None:
    dials_direct(stage, caller)
    carla.rings()
    caller.loses_signal()
    carla.is_hung_up()
    stage.ends(stage.person(caller), "abandoned")


def test_tr7_911_drops_and_the_caller_is_taken_back(
    stage: Stage, caller: Phone, tess: Phone
) -> None:
    dials_direct(stage, caller, until="danger")
    caller.presses("1")
    accepts(tess, "coming back")
    tess.is_talking_with("Jo")
    tess.loses_signal()
    # "One moment" and a pause come first where the caller is back before we are told why.
    caller.hears("9 1 1 has left the line", within=8)
    caller.presses("9")
    again = stage.first_to_ring(stage.call_takers)
    stage.answers_and_accepts(again, "coming back")
    again.phone.is_talking_with("Jo")


def test_tr7_the_call_taker_drops_beside_the_clinician(
    stage: Stage, caller: Phone, tess: Phone, carla: Phone
) -> None:
    caller.dials(stage.stack.seeded.lines["emergency"])
    accepts(tess, "9 1 1 call holding")
    tess.is_talking_with("Jo")
    chooses(tess, "clinicians")
    keys_transfer(tess)
    accepts(carla)
    carla.is_talking_with("Jo")
    carla.is_talking_with("Tess Calltaker")
    tess.loses_signal()
    carla.is_talking_with("Jo")
    is_heard(carla, "I am still here.", caller)
