"""The 911 front door in Austin's words (IN4)."""

from __future__ import annotations

from router.demo.stage import Stage
from router.emulator.client import Phone
from tests.calls.scripts import accepts


def test_in4_mental_health_reaches_a_clinician_and_police_a_call_taker(
    stage: Stage, caller: Phone, carla: Phone, tess: Phone
) -> None:
    caller.dials(stage.stack.seeded.lines["front_door"])
    caller.hears("do you need police, fire, E M S, or mental health services")
    caller.presses("4")
    caller.hears("in danger")
    caller.presses("2")
    caller.hears("about yourself")
    caller.presses("1")
    accepts(carla)
    carla.is_talking_with("Jo")
    second = stage.caller("Sam").phone
    second.dials(stage.stack.seeded.lines["front_door"])
    second.hears("do you need police")
    second.presses("1")
    second.hears("9 1 1. please stay on the line")
    accepts(tess, "requested: an officer")
    tess.is_talking_with("Sam")


def test_in4_who_says_nothing_reaches_a_call_taker_quickly(
    stage: Stage, caller: Phone, tess: Phone
) -> None:
    caller.dials(stage.stack.seeded.lines["front_door"])
    caller.hears("do you need police")
    accepts(tess, "9 1 1 call holding", within=12)
    tess.is_talking_with("Jo")
