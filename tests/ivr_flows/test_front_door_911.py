"""IN4: "police, fire, EMS or mental health?" where a 911 centre's first answer is hosted here."""

from __future__ import annotations

import pytest

from ivr_flows import inputs, outputs
from ivr_flows.call import Place, Stage
from ivr_flows.program import Program
from tests.ivr_flows.story import PROGRAM, Story, hosted

CALLER = "call-1"


def calls(program: Program | None = None) -> Story:
    return Story(program or hosted(), "front_door")


def says(story: Story, speech: str) -> None:
    story.give(inputs.Keyed(CALLER, story.caller.step, speech=speech))


def is_held_for_911(story: Story) -> bool:
    """In the hosted desk's line, in their turn, and its people ring."""
    held = story.is_at(Stage.WAITING) and story.call.desk == "911" and story.call.priority == 0
    return held and story.caller.place is Place.QUEUE and bool(story.rings())


def test_in4_the_first_question_is_which_service() -> None:
    story = calls()
    assert (
        "Testville 911. Do you need police, fire, E M S, or mental health services?"
        in story.said(CALLER)
    )


@pytest.mark.parametrize(
    ("key", "speech", "words"),
    [
        ("1", "police please", "Requested: an officer."),
        ("2", "there's a fire", "Requested: the fire department."),
        ("3", "una ambulancia", "Requested: E M S."),
    ],
)
def test_in4_police_fire_and_ems_are_held_for_911_in_turn(
    key: str, speech: str, words: str
) -> None:
    by_key, by_voice = calls(), calls()
    by_key.presses(CALLER, key)
    says(by_voice, speech)
    for story in (by_key, by_voice):
        assert is_held_for_911(story)
        lee = story.ringing_leg("lee")
        story.answers(lee)
        assert f"9 1 1 call holding. {words}" in story.said(lee)


def test_in4_a_centre_without_a_desk_here_is_rung_on_its_lines() -> None:
    story = calls(PROGRAM)
    story.presses(CALLER, "2")
    assert isinstance(story.last(CALLER), outputs.Dial911)
    assert story.call.returning is not None
    assert story.call.returning.request == "fire"


@pytest.mark.parametrize("key", ["", "0", "9", "7", "44"])
def test_in4_silence_help_and_unknown_keys_reach_a_call_taker_at_once(key: str) -> None:
    story = calls()
    story.presses(CALLER, key)
    assert is_held_for_911(story)


@pytest.mark.parametrize("speech", ["help", "police and an ambulance", "mental fire", "hello"])
def test_in4_words_that_are_not_one_service_reach_a_call_taker_at_once(speech: str) -> None:
    story = calls()
    says(story, speech)
    assert is_held_for_911(story)


def test_in4_mental_health_asks_for_danger_and_goes_to_a_clinician() -> None:
    story = calls()
    says(story, "mental health")
    for node, key in (("danger", "2"), ("caller_party", "1")):
        assert story.caller.node == node
        story.presses(CALLER, key)
    assert story.is_at(Stage.WAITING)
    assert story.call.desk == "clinicians"
    assert story.call.answers["reason"] == "mental_health"


def test_in4_danger_at_the_front_door_goes_ahead_to_911() -> None:
    story = calls()
    for digits in ("4", "1"):
        story.presses(CALLER, digits)
    assert story.is_at(Stage.RETURNING)
    assert story.call.priority == 100


def test_in4_with_no_clinician_free_911_is_asked_for_a_crisis_officer_at_once() -> None:
    story = calls()
    story.people["clinicians"] = ()
    for digits in ("4", "2", "1"):
        story.presses(CALLER, digits)
    assert story.is_at(Stage.RETURNING)
    assert story.call.returning is not None
    assert story.call.returning.request == "crisis_intervention_officer"


def test_in4_spanish_is_one_key_away_and_asks_again_in_spanish() -> None:
    story = calls()
    story.presses(CALLER, "5")
    assert "¿Necesita policía, bomberos, ambulancia" in story.said(CALLER)
    story.presses(CALLER, "4")
    assert "¿Hay alguien en peligro" in story.said(CALLER)


def test_in4_going_back_and_starting_over_ask_for_the_service_again() -> None:
    story = calls()
    for digits in ("4", "*", "4", "8"):
        story.presses(CALLER, digits)
    assert story.caller.node == "service"
