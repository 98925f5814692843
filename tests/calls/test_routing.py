"""Who is rung, in which order, and what the caller hears meanwhile (RO1 to RO7)."""

from __future__ import annotations

from router.demo.stage import Stage
from router.emulator.client import Phone
from tests.calls.scripts import accepts, connects, dials_direct, records


def test_ro1_only_people_on_duty_are_rung(
    stage: Stage, caller: Phone, carla: Phone, cleo: Phone
) -> None:
    stage.sign_off(stage.clinicians[0])
    dials_direct(stage, caller)
    accepts(cleo)
    cleo.is_talking_with("Jo")
    assert not carla.transcript()


def test_ro2_the_next_ring_begins_before_the_last_has_ended(
    stage: Stage, caller: Phone, carla: Phone, cleo: Phone
) -> None:
    dials_direct(stage, caller)
    first = carla.rings()
    second = cleo.rings()
    assert 1.0 < second["at"] - first["at"] < 4.5, "after the overlap, while the first still rings"
    carla.answers()
    carla.hears("press 1")
    carla.presses("1")
    carla.is_talking_with("Jo")
    cleo.is_hung_up()


def test_ro3_who_declines_is_passed_over_at_once(
    stage: Stage, caller: Phone, carla: Phone, cleo: Phone
) -> None:
    dials_direct(stage, caller)
    carla.rings()
    carla.answers()
    carla.hears("2 to decline")
    carla.presses("2")
    carla.hears("goes to someone else")
    accepts(cleo)
    cleo.is_talking_with("Jo")


def test_ro3_a_voicemail_and_wrong_keys_accept_nothing(
    stage: Stage, caller: Phone, carla: Phone, cleo: Phone
) -> None:
    carla.changes(on_ring={"do": "voicemail", "after": 0.2})
    dials_direct(stage, caller)
    cleo.rings()
    cleo.answers()
    cleo.hears("press 1")
    cleo.presses("5")
    cleo.hears("did not understand")
    cleo.presses("1")
    cleo.is_talking_with("Jo")
    carla.does_not_hear("connecting you")


def test_ro3_three_missed_offers_pause_a_person_and_tell_the_supervisor(
    stage: Stage, carla: Phone, sam_supervisor: Phone
) -> None:
    stage.sign_off(*stage.clinicians[1:])
    for number in range(3):
        caller = stage.caller(f"caller {number}").phone
        dials_direct(stage, caller)
        carla.rings()
        caller.hears("calling 9 1 1 for you", within=12)
        caller.hangs_up()
    sam_supervisor.texted("Carla Clinician missed several offered calls in a row", within=10)
    caller = stage.caller("caller 4").phone
    dials_direct(stage, caller)
    caller.hears("connecting you to 9 1 1")
    carla.does_not_hear("crisis call")
    assert len([e for e in carla.transcript() if e["kind"] == "ringing"]) == 3


def test_ro4_one_acceptance_wins_and_the_other_hears_why(
    stage: Stage, caller: Phone, carla: Phone, cleo: Phone
) -> None:
    dials_direct(stage, caller)
    for clinician in (carla, cleo):
        clinician.rings()
        clinician.answers()
        clinician.hears("press 1")
    cleo.presses("1")
    carla.hears("another person has taken this call")
    carla.is_hung_up()
    cleo.is_talking_with("Jo")


def test_ro5_a_waiting_caller_is_spoken_to_and_9_is_for_911(
    stage: Stage, caller: Phone, carla: Phone, tess: Phone
) -> None:
    dials_direct(stage, caller)
    caller.hears("calling a clinician now")
    caller.hears("you are next")
    carla.rings()
    caller.presses("9")
    accepts(tess, "asked for 9 1 1")
    tess.is_talking_with("Jo")
    carla.is_hung_up()


def test_ro5_the_position_told_is_the_truth(
    stage: Stage, caller: Phone, carla: Phone, cleo: Phone
) -> None:
    stage.sign_off(*stage.clinicians[2:])
    dials_direct(stage, caller)
    later = stage.caller("Kim").phone
    dials_direct(stage, later)
    caller.hears("you are next", within=8)
    later.hears("you are number 2 in line", within=8)


def test_ro5_a_call_held_for_911_is_told_so_and_answered_in_turn(
    stage: Stage, caller: Phone, tess: Phone
) -> None:
    stage.sign_off(*stage.call_takers)
    caller.dials(stage.stack.seeded.lines["emergency"])
    caller.hears("next call taker")
    caller.hears("in line for 9 1 1")
    caller.presses("9")
    caller.hears("already in line")
    stage.sign_on(stage.call_takers[0])
    accepts(tess, "9 1 1 call holding")
    tess.is_talking_with("Jo")


def test_ro6_nobody_available_goes_to_911_at_once_with_the_programs_request(
    stage: Stage, caller: Phone, tess: Phone
) -> None:
    stage.sign_off(*stage.clinicians)
    dials_direct(stage, caller)
    caller.hears("connecting you to 9 1 1")
    accepts(tess, "crisis intervention officer")
    tess.is_talking_with("Jo")


def test_ro6_everybody_declines_and_911_answers(stage: Stage, caller: Phone, tess: Phone) -> None:
    for person in stage.clinicians:
        person.phone.changes(on_ring={"do": "decline", "after": 0.1})
    dials_direct(stage, caller)
    accepts(tess, "no clinician is available", within=15)
    tess.is_talking_with("Jo")


def test_ro7_wrap_up_keeps_a_clinician_out_and_then_lets_them_in(
    stage: Stage, caller: Phone, carla: Phone, tess: Phone
) -> None:
    stage.sign_off(*stage.clinicians[1:])
    connects(stage, caller, carla)
    caller.hangs_up()
    records(carla)
    during = stage.caller("Kim").phone
    dials_direct(stage, during)
    during.hears("connecting you to 9 1 1")
    stage.wait_for_clinicians(1, within=10)
    after = stage.caller("Lou").phone
    connects(stage, after, carla, "Lou")
