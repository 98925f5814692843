"""A danger reported while clinician and caller talk (EL6)."""

from __future__ import annotations

from router.demo.stage import Stage
from router.emulator.client import Phone
from tests.calls.scripts import accepts, connects, opens_menu


def test_el6_a_clinician_reports_a_danger_and_911_comes_to_both(
    stage: Stage, caller: Phone, carla: Phone, tess: Phone
) -> None:
    connects(stage, caller, carla)
    opens_menu(carla, "to report a new danger, press 5")
    carla.presses("5")
    carla.hears("a medical emergency, 4")
    carla.presses("4")
    carla.hears("calling 9 1 1. stay with your caller")
    accepts(tess, "coming back")
    tess.is_talking_with("Jo")
    tess.is_talking_with("Carla Clinician")
