"""The direct line, from the greeting to a person (IN1)."""

from __future__ import annotations

import pytest

from router.demo.stage import Stage
from router.emulator.client import Phone
from tests.calls.scripts import accepts, dials_direct, is_heard, records


def test_in1_a_caller_reaches_a_clinician_in_english(
    stage: Stage, caller: Phone, carla: Phone
) -> None:
    dials_direct(stage, caller)
    caller.hears("calling a clinician now")
    accepts(carla, "mental health. The caller speaks about themselves")
    carla.is_talking_with("Jo")
    is_heard(carla, "Hello Jo, I am here.", caller)
    caller.hangs_up()
    records(carla)


def test_in1_a_caller_reaches_a_clinician_in_spanish(
    stage: Stage, caller: Phone, carla: Phone, cleo: Phone
) -> None:
    caller.dials(stage.stack.seeded.lines["direct"])
    for question, key in (
        ("para español", "2"),
        ("peligro", "2"),
        ("usted", "1"),
        ("motivo", "1"),
        ("código postal", "#"),
    ):
        caller.hears(question)
        caller.presses(key)
    caller.hears("llamando a un consejero")
    carla.rings()
    carla.answers()
    carla.hears("speaks spanish")
    carla.presses("1")
    carla.is_talking_with("Jo")


def test_in1_danger_goes_to_911_without_another_question(
    stage: Stage, caller: Phone, tess: Phone, carla: Phone
) -> None:
    dials_direct(stage, caller, until="danger")
    caller.presses("1")
    caller.hears("connecting you to 9 1 1")
    accepts(tess, "reason: danger")
    tess.is_talking_with("Jo")
    assert not carla.transcript(), "no clinician is rung"


def test_in1_danger_may_be_spoken(stage: Stage, caller: Phone, tess: Phone) -> None:
    dials_direct(stage, caller, until="danger")
    caller.says("He has a gun")
    caller.hears("connecting you to 9 1 1")
    accepts(tess, "coming back")
    tess.is_talking_with("Jo")


def test_in1_silence_is_asked_twice_again_then_911_answers(
    stage: Stage, caller: Phone, tess: Phone
) -> None:
    caller.dials(stage.stack.seeded.lines["direct"])
    caller.hears("for english")
    caller.hears("did not hear", within=8)
    caller.hears("did not hear", within=8)
    caller.hears("connecting you to 9 1 1", within=8)
    accepts(tess, "did not answer our questions")
    tess.is_talking_with("Jo")


def test_in1_wrong_keys_are_asked_twice_again_then_911_answers(
    stage: Stage, caller: Phone, tess: Phone
) -> None:
    dials_direct(stage, caller, until="about yourself")
    for _ in range(2):
        caller.presses("7")
        caller.hears("did not understand")
        caller.hears("about yourself")
    caller.presses("7")
    caller.hears("connecting you to 9 1 1")
    accepts(tess, "coming back")
    tess.is_talking_with("Jo")


def test_in1_star_goes_back_pound_repeats_and_8_starts_over(
    stage: Stage, caller: Phone, carla: Phone
) -> None:
    dials_direct(stage, caller, until="what is the call about")
    caller.presses("#")
    caller.hears("what is the call about")
    caller.presses("*")
    caller.hears("going back")
    caller.hears("about yourself")
    caller.presses("8")
    caller.hears("starting over")
    caller.hears("for english")
    for question, key in (
        ("", "1"),
        ("in danger", "2"),
        ("about yourself", "2"),
        ("what is the call about", "2"),
        ("zip code", "#"),
    ):
        caller.hears(question) if question else None
        caller.presses(key)
    accepts(carla, "about someone with them")
    carla.is_talking_with("Jo")


@pytest.mark.parametrize("key", ["0", "9"])
def test_in1_0_and_9_reach_911_from_any_question(
    stage: Stage, caller: Phone, tess: Phone, key: str
) -> None:
    dials_direct(stage, caller, until="what is the call about")
    caller.presses(key)
    accepts(tess, "asked for 9 1 1")
    tess.is_talking_with("Jo")
