"""People at phones transfer a caller to any desk or party outside (TR2, TR4, TR7)."""

from __future__ import annotations

from ivr_flows.call import Call
from router.demo.stage import Stage
from router.emulator.client import Phone
from tests.calls.scripts import accepts, chooses, connects, is_heard, opens_menu, records


def is_outside(stage: Stage, name: str) -> Phone:
    """The phone of a party of the program's directory."""
    return stage.directory[name].phone


def consults(stage: Stage, caller: Phone, carla: Phone, sam: Phone) -> None:
    """Carla talks with Jo, has Sam rung, and speaks with Sam while Jo waits."""
    connects(stage, caller, carla, "Jo")
    chooses(carla, "supervisors")
    carla.hears("stay with your caller")
    carla.is_talking_with("Jo")
    together = caller.transcript()[-1]["seq"]
    accepts(sam, "transfer, from a clinician")
    carla.hears("your caller is on hold", within=10)
    carla.is_talking_with("Sam Supervisor")
    caller.is_hearing("wait")

    def is_spoken_to(_: Call) -> bool:
        return any(one["kind"] == "say" for one in caller.transcript(together))

    # Music comes first: a key is heard from the wait's first sentence on.
    stage.until(stage.person(caller), is_spoken_to, "to be spoken to in the wait")


def only(stage: Stage, sam: Phone) -> None:
    """No other supervisor is on duty."""
    stage.sign_off(*(one for one in stage.supervisors if one.phone.number != sam.number))


def test_tr2_tr6_a_supervisor_is_consulted_in_private_introduced_and_left_with_the_caller(
    stage: Stage, caller: Phone, carla: Phone, sam_supervisor: Phone
) -> None:
    only(stage, sam_supervisor)
    consults(stage, caller, carla, sam_supervisor)
    caller.hears("one moment")
    is_heard(carla, "Jo wants to speak with you.", sam_supervisor)
    caller.does_not_hear("jo wants")
    opens_menu(carla, "to bring your caller in, press 1")
    carla.presses("1")
    carla.is_talking_with("Jo", within=10)
    sam_supervisor.is_talking_with("Jo", within=10)
    carla.hangs_up()
    is_heard(sam_supervisor, "Jo, I am Sam.", caller)
    caller.hangs_up()
    records(sam_supervisor)
    stage.ends(stage.person(caller), "resolved")


def test_tr2_a_refusal_after_the_consultation_gives_control_back(
    stage: Stage, caller: Phone, carla: Phone, sam_supervisor: Phone
) -> None:
    only(stage, sam_supervisor)
    consults(stage, caller, carla, sam_supervisor)
    opens_menu(sam_supervisor, "to decline the call, press 2")
    sam_supervisor.presses("2")
    sam_supervisor.is_hung_up()
    carla.hears("the other person has left", within=10)
    carla.is_talking_with("Jo", within=10)


def test_tr7_a_giver_whose_phone_dies_in_the_consultation_leaves_the_caller_to_the_receiver(
    stage: Stage, caller: Phone, carla: Phone, sam_supervisor: Phone
) -> None:
    only(stage, sam_supervisor)
    consults(stage, caller, carla, sam_supervisor)
    carla.hangs_up()
    sam_supervisor.is_talking_with("Jo", within=10)


def test_tr2_nobody_free_and_nobody_answering_are_said(
    stage: Stage, caller: Phone, carla: Phone, sam_supervisor: Phone
) -> None:
    stage.sign_off(*stage.supervisors)
    connects(stage, caller, carla, "Jo")
    chooses(carla, "supervisors")
    carla.hears("nobody is free there")
    carla.is_talking_with("Jo")
    stage.sign_on(*(one for one in stage.supervisors if one.phone.number == sam_supervisor.number))
    chooses(carla, "supervisors")
    carla.is_talking_with("Jo")
    sam_supervisor.rings()
    sam_supervisor.declines()
    carla.hears("nobody there has answered", within=10)
    carla.is_talking_with("Jo")


def test_tr4_re4_an_interpreter_stays_through_a_transfer_and_the_return_to_911(
    stage: Stage, caller: Phone, carla: Phone, cleo: Phone, tess: Phone
) -> None:
    interpreter = is_outside(stage, "interpreter")
    connects(stage, caller, carla, "Jo")
    chooses(carla, "interpreter")
    carla.is_talking_with("Jo")
    interpreter.rings()
    interpreter.answers()
    carla.is_talking_with("interpreter", within=10)
    opens_menu(carla, "press 1 to bring your caller in")
    carla.presses("1")
    carla.is_talking_with("Jo", within=10)
    interpreter.is_talking_with("Jo", within=10)
    chooses(carla, "clinicians")
    carla.is_talking_with("Jo", within=10)
    accepts(cleo, "transfer, from a clinician")
    carla.is_talking_with("Cleo Clinician", within=10)
    interpreter.is_talking_with("Cleo Clinician", within=10)
    carla.hangs_up()
    cleo.is_talking_with("Jo", within=10)
    interpreter.is_talking_with("Jo", within=10)
    opens_menu(cleo, "to go back to 9 1 1, press 9")
    cleo.presses("9")
    accepts(tess, "coming back")
    tess.is_talking_with("Jo", within=10)
    interpreter.is_talking_with("Tess Calltaker", within=10)
    caller.hangs_up()
    interpreter.is_hung_up(within=10)


def test_re1_the_caller_s_9_while_they_consult_is_911(
    stage: Stage, caller: Phone, carla: Phone, sam_supervisor: Phone, tess: Phone
) -> None:
    only(stage, sam_supervisor)
    consults(stage, caller, carla, sam_supervisor)
    caller.presses("9")
    accepts(tess, "asked for 9 1 1")
    tess.is_talking_with("Jo", within=10)


def test_tr2_the_caller_hangs_up_and_nobody_is_rung_on(
    stage: Stage, caller: Phone, carla: Phone
) -> None:
    warm_line = is_outside(stage, "warm_line")
    connects(stage, caller, carla, "Jo")
    chooses(carla, "warm_line")
    carla.is_talking_with("Jo")
    warm_line.rings()
    caller.hangs_up()
    warm_line.is_hung_up(within=10)
    records(carla)
