"""The call taker's transfer, on a shared trunk leg and with a leg each (IN2, TR1)."""

from __future__ import annotations

from router.demo.stage import Stage
from router.emulator.client import Phone
from tests.calls.scripts import accepts, chooses, is_heard, keys_transfer, records


def test_in2_tr1_a_transfer_on_a_shared_trunk_leg(stage: Stage, trunk: Phone, carla: Phone) -> None:
    trunk.dials(stage.stack.seeded.lines["transfer"])
    keys_transfer(trunk)
    trunk.hears("calling a clinician")
    accepts(carla, "incident 4, 7, 1, 1")
    carla.is_talking_with("Lee (911)")
    carla.is_talking_with("Jo")
    trunk.says("This is Jo, who has panic attacks.", "Lee (911)")
    carla.hears("panic attacks")
    trunk.leaves("Lee (911)")
    carla.says("Hello Jo.")
    trunk.hears("hello jo")
    trunk.hangs_up()
    records(carla)


def test_in2_star_on_a_shared_leg_does_not_end_the_talk(
    stage: Stage, trunk: Phone, carla: Phone
) -> None:
    trunk.dials(stage.stack.seeded.lines["transfer"])
    keys_transfer(trunk)
    accepts(carla)
    carla.is_talking_with("Jo")
    trunk.presses("*")
    trunk.does_not_hear("one moment")
    carla.is_talking_with("Jo")


def test_in2_a_danger_ends_the_questions_and_the_caller_stays(
    stage: Stage, trunk: Phone, carla: Phone
) -> None:
    trunk.dials(stage.stack.seeded.lines["transfer"])
    keys_transfer(trunk, danger=("1",))
    trunk.hears("someone may be in danger")
    trunk.hears("stays with you")
    assert not carla.transcript(), "no clinician is rung"


def test_in2_who_stays_on_after_a_refusal_reaches_911_with_9(
    stage: Stage, trunk: Phone, tess: Phone
) -> None:
    trunk.dials(stage.stack.seeded.lines["transfer"])
    keys_transfer(trunk, danger=("2", "1"))
    trunk.hears("medical help may be needed")
    trunk.leaves("Lee (911)")
    trunk.hears("press 9")
    trunk.presses("9")
    accepts(tess, "coming back")
    tess.is_talking_with("Jo")


def test_in2_9_in_the_questions_reaches_911(stage: Stage, trunk: Phone, tess: Phone) -> None:
    trunk.dials(stage.stack.seeded.lines["transfer"])
    trunk.hears("incident number")
    trunk.presses("4711#")
    trunk.hears("call type")
    trunk.presses("9")
    accepts(tess, "coming back")
    tess.is_talking_with("Jo")


def test_in2_tr1_a_leg_each_the_call_taker_consults_introduces_and_hangs_up(
    stage: Stage, caller: Phone, tess: Phone, carla: Phone
) -> None:
    caller.dials(stage.stack.seeded.lines["emergency"])
    caller.hears("9 1 1")
    accepts(tess, "9 1 1 call holding")
    tess.is_talking_with("Jo")
    chooses(tess, "clinicians")
    caller.hears("one moment")
    keys_transfer(tess, incident="815")
    tess.hears("a clinician is being called")
    tess.is_talking_with("Jo")
    accepts(carla, "incident 8, 1, 5")
    tess.hears("introduce your caller")
    carla.is_talking_with("Tess Calltaker")
    carla.is_talking_with("Jo")
    tess.hangs_up()
    is_heard(carla, "Jo, I am Carla.", caller)
    carla.is_talking_with("Jo")
    caller.hangs_up()
    records(carla)
    stage.ends(stage.person(caller), "resolved")


def test_tr1_nobody_free_gives_control_back_to_the_call_taker(
    stage: Stage, caller: Phone, tess: Phone
) -> None:
    stage.sign_off(*stage.clinicians)
    caller.dials(stage.stack.seeded.lines["emergency"])
    accepts(tess, "9 1 1 call holding")
    tess.is_talking_with("Jo")
    chooses(tess, "clinicians")
    keys_transfer(tess)
    tess.hears("no clinician is available. the caller stays with you")
    tess.is_talking_with("Jo")


def test_tr1_a_call_taker_who_leaves_early_leaves_the_caller_to_the_clinician(
    stage: Stage, caller: Phone, tess: Phone, carla: Phone
) -> None:
    caller.dials(stage.stack.seeded.lines["emergency"])
    accepts(tess, "9 1 1 call holding")
    tess.is_talking_with("Jo")
    chooses(tess, "clinicians")
    keys_transfer(tess)
    tess.is_talking_with("Jo")
    carla.rings()
    tess.hangs_up()
    carla.answers()
    carla.hears("press 1")
    carla.presses("1")
    carla.is_talking_with("Jo")
