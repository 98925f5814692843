"""Back to 911: the hosted desk, the lines outside, and without the carrier's API (RE1 to RE5)."""

from __future__ import annotations

from router.demo.stage import Stage
from router.emulator.client import Phone
from tests.calls.scripts import accepts, connects, dials_direct, is_heard, opens_menu


def sends_back(clinician: Phone) -> None:
    """Star, 9: the clinician gives the call back to 911."""
    opens_menu(clinician, "to go back to 9 1 1, press 9")
    clinician.presses("9")


def takes(line: Phone, heard: str = "crisis line with a caller") -> None:
    """A 911 line that the caller's own leg dials picks up, hears whom it gets and presses 1."""
    line.answers()
    line.hears(heard)
    line.hears("press 1 to take the caller")
    line.presses("1")
    line.is_talking_with("Jo")


def test_re1_re4_the_clinician_stays_until_911_is_there_and_gives_a_reason(
    stage: Stage, caller: Phone, carla: Phone, tess: Phone
) -> None:
    connects(stage, caller, carla)
    sends_back(carla)
    carla.hears("stay with your caller")
    carla.is_talking_with("Jo")
    tess.rings()
    tess.answers()
    tess.hears("press 1")
    carla.is_talking_with("Jo")
    tess.presses("1")
    carla.hears("9 1 1 is on the line")
    tess.is_talking_with("Jo")
    tess.is_talking_with("Carla Clinician")
    carla.hangs_up()
    is_heard(tess, "This is 911.", caller)
    tess.is_talking_with("Jo")


def test_re2_the_returned_caller_goes_ahead_of_every_held_call(
    stage: Stage, caller: Phone, carla: Phone, tess: Phone
) -> None:
    stage.sign_off(*stage.call_takers[1:])
    talking, *held = [stage.caller(f"911 caller {number}").phone for number in range(4)]
    talking.dials(stage.stack.seeded.lines["emergency"])
    accepts(tess, "9 1 1 call holding")
    tess.is_talking_with("911 caller 0")
    for phone in held:
        phone.dials(stage.stack.seeded.lines["emergency"])
        phone.hears("next call taker")
    connects(stage, caller, carla)
    sends_back(carla)
    carla.is_talking_with("Jo")
    talking.hangs_up()
    tess.is_hung_up()
    accepts(tess, "crisis caller is coming back")
    tess.is_talking_with("Jo")


def test_re3_the_hosted_desk_does_not_answer_so_the_lines_outside_ring(
    stage: Stage, caller: Phone, carla: Phone, priority: Phone
) -> None:
    connects(stage, caller, carla)
    sends_back(carla)
    accepts(priority, "crisis line with a caller", within=25)
    priority.is_talking_with("Jo")
    priority.is_talking_with("Carla Clinician")


def test_re3_busy_then_no_answer_then_the_general_line_takes_the_call(
    external: Stage, caller: Phone, carla: Phone, priority: Phone, second: Phone, general: Phone
) -> None:
    priority.changes(on_ring="busy")
    connects(external, caller, carla)
    sends_back(carla)
    second.rings()
    carla.hears("trying the next line", within=10)
    accepts(general, "crisis line with a caller", within=15)
    carla.hears("9 1 1 is on the line")
    carla.hangs_up()
    general.is_talking_with("Jo")
    assert [e["kind"] for e in priority.transcript()] == ["missed"]


def test_re4_a_911_line_that_picks_up_without_a_person_does_not_take_the_call(
    external: Stage, caller: Phone, carla: Phone, priority: Phone, second: Phone
) -> None:
    connects(external, caller, carla)
    sends_back(carla)
    priority.rings()
    priority.answers()
    priority.hears("press 1 to take the caller")
    carla.is_talking_with("Jo")
    priority.hangs_up()
    accepts(second, "crisis line with a caller", within=10)
    second.is_talking_with("Jo")


def test_re5_a_caller_alone_reaches_the_lines_outside_by_their_own_leg(
    external: Stage, caller: Phone, priority: Phone, second: Phone
) -> None:
    priority.changes(on_ring="busy")
    dials_direct(external, caller, until="danger")
    caller.presses("1")
    caller.hears("connecting you to 9 1 1")
    second.rings()
    takes(second, "reason: danger")


def test_re5_without_the_carriers_api_a_waiting_caller_reaches_911_by_twiml(
    external: Stage, caller: Phone, carla: Phone, priority: Phone
) -> None:
    dials_direct(external, caller)
    carla.rings()
    external.network.faults(rest=[{"do": "503"}])
    caller.hears("for 9 1 1, press 9")
    caller.presses("9")
    priority.rings(within=15)
    takes(priority)


def test_re5_without_the_carriers_api_a_clinicians_caller_reaches_911_by_twiml(
    external: Stage, caller: Phone, carla: Phone, priority: Phone
) -> None:
    connects(external, caller, carla)
    external.network.faults(rest=[{"do": "503"}])
    sends_back(carla)
    priority.rings(within=15)
    takes(priority)


def test_re5_without_the_carriers_api_nobody_rings_and_the_caller_need_not_press_a_key(
    external: Stage, caller: Phone, priority: Phone
) -> None:
    external.network.faults(rest=[{"do": "503"}])
    dials_direct(external, caller)
    priority.rings(within=30)
    takes(priority)


def test_re5_hosted_without_the_carriers_api_the_lines_outside_are_dialled(
    stage: Stage, caller: Phone, priority: Phone
) -> None:
    stage.network.faults(rest=[{"do": "503"}])
    dials_direct(stage, caller, until="danger")
    caller.presses("1")
    priority.rings(within=25)
    takes(priority)


def test_ro6_a_waiting_caller_for_whom_no_phone_can_be_rung_is_not_kept_waiting(
    stage: Stage, caller: Phone, carla: Phone, priority: Phone
) -> None:
    stage.network.faults(rest=[{"do": "503"}])
    dials_direct(stage, caller)
    priority.rings(within=12)  # a piece of the wait, and not the offers' deadlines
    takes(priority)
    assert not carla.transcript()


def test_re5_a_caller_whom_911_has_left_is_connected_again(
    external: Stage, caller: Phone, priority: Phone, second: Phone
) -> None:
    dials_direct(external, caller, until="danger")
    caller.presses("1")
    priority.rings()
    takes(priority)
    priority.hangs_up()
    caller.hears("9 1 1 has left the line")
    caller.presses("9")
    priority.rings(within=10)
    takes(priority)
