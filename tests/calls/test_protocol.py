"""A triage protocol on the phone of a call taker who transfers (EL4)."""

from __future__ import annotations

from router.demo.stage import Stage
from router.emulator.client import Phone
from router.programs.protocol_shape import read_protocol
from router.programs.reading import EXAMPLES
from router.services.protocols import publish_protocol, review_protocol, submit_protocol
from tests.calls.scripts import accepts


def put_in_force(stage: Stage) -> None:
    document = read_protocol(EXAMPLES / "protocols/austin_suicidal_thoughts.toml")
    sessions, program = stage.stack.sessions, stage.stack.seeded.program
    version = submit_protocol(sessions, program, document, author="maria")
    review_protocol(sessions, program, document.name, version, reviewer="dev")
    publish_protocol(sessions, program, document.name, version, published_by="maria")


def test_el4_a_call_taker_answers_a_protocol_goes_back_and_a_clinician_is_rung(
    stage: Stage, trunk: Phone, carla: Phone
) -> None:
    put_in_force(stage)
    trunk.dials(stage.stack.seeded.lines["transfer"])
    trunk.hears("incident number")
    trunk.presses("4711#")
    for question, key in (
        ("call type", "2"),
        ("speaks about themselves", "1"),
        ("weapon", "2"),
        ("medical", "2"),
        ("risk to life", "2"),
        ("officer", "1"),
        ("hurt themselves today", "2"),
        ("something near", "*"),
        ("hurt themselves today", "2"),
        ("something near", "2"),
        ("stay safe", "1"),
        ("who is with the person", "2"),
    ):
        trunk.hears(question)
        trunk.presses(key)
    accepts(carla, "thoughts of suicide")
    carla.is_talking_with("Jo")
