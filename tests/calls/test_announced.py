"""A transfer that 911 has announced: nothing to press, or a code (IN3)."""

from __future__ import annotations

from router.demo.stage import Stage
from router.emulator.client import Phone
from router.services.announce import Announcing, announce_incident
from tests.calls.scripts import accepts

CLEAR = dict.fromkeys(
    ("weapon", "violence", "crime", "medical", "imminent_risk", "asked_police", "from_988"), "no"
)


def announces(stage: Stage, number: str, trunk: str = "") -> str:
    given = Announcing(
        number=number,
        call_type="mental_health",
        caller_party="first",
        trunk=trunk,
        answers=CLEAR,
    )
    code = announce_incident(stage.stack.sessions, given, announced_by="tests").code
    assert code is not None
    return code


def test_in3_an_announced_caller_reaches_a_clinician_and_nobody_presses_a_key(
    stage: Stage, trunk: Phone, carla: Phone
) -> None:
    announces(stage, "5501", trunk=trunk.number)
    trunk.dials(stage.stack.seeded.lines["transfer"])
    trunk.hears("incident 5, 5, 0, 1")
    trunk.hears("calling a clinician")
    accepts(carla, "incident 5, 5, 0, 1")
    carla.is_talking_with("Jo")


def test_in3_a_transfer_code_keyed_first_stands_for_all_questions(
    stage: Stage, trunk: Phone, carla: Phone
) -> None:
    code = announces(stage, "5502", trunk="+15125550195")
    trunk.dials(stage.stack.seeded.lines["transfer"])
    trunk.hears("transfer code")
    trunk.presses(f"{code}#")
    trunk.hears("incident 5, 5, 0, 2")
    accepts(carla, "incident 5, 5, 0, 2")
    carla.is_talking_with("Jo")
