"""IN8: a block slows a prank and refuses nobody; a danger counts as for everyone."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from ivr_flows import inputs, outputs
from ivr_flows.call import Place, Stage
from ivr_flows.facts import History
from tests.ivr_flows.story import PROGRAM, Story, hosted

CALLER = "call-1"
BLOCKED = History(is_blocked=True)
LIVES = 60


def blocked(*keys: str, line: str = "direct", program: object = None) -> Story:
    story = Story(program or hosted(), line, history=BLOCKED)  # type: ignore[arg-type]
    for digits in keys:
        story.presses(CALLER, digits)
    return story


def test_in8_a_blocked_number_has_one_key_more_to_press() -> None:
    story = blocked("1")
    assert "If you need help, press 1, or say yes." in story.said(CALLER)
    for digits in ("1", "2", "1", "1", ""):
        story.presses(CALLER, digits)
    assert story.is_at(Stage.WAITING)
    assert story.call.desk == "clinicians"
    assert story.call.priority == -1
    assert story.rings()


@pytest.mark.parametrize("key", ["", "0", "9", "5", "2"])
@pytest.mark.parametrize("program", [PROGRAM, hosted()], ids=["external", "hosted"])
def test_in8_any_other_key_and_silence_reach_911(program: object, key: str) -> None:
    story = blocked("1", key, program=program)
    assert story.is_at(Stage.RETURNING)
    assert story.caller.place in (Place.DIAL, Place.QUEUE)
    assert not any(isinstance(one, outputs.Hangup) for one in story.told[CALLER])


@pytest.mark.parametrize(
    ("speech", "goes_on"),
    [("yes", True), ("help me", True), ("ayuda", True), ("no", False), ("blah", False)],
)
def test_in8_help_may_be_asked_for_by_voice(speech: str, goes_on: bool) -> None:
    story = blocked("1")
    story.give(inputs.Keyed(CALLER, story.caller.step, speech=speech))
    assert (story.caller.node == "danger") == goes_on
    assert goes_on or story.is_at(Stage.RETURNING)


@pytest.mark.parametrize("keys", [("1", "1", "1"), ("1", "1", "2", "9"), ("1", "1", "9")])
def test_in8_the_priority_of_a_danger_is_that_of_everyone(keys: tuple[str, ...]) -> None:
    story = blocked(*keys)
    other = Story(hosted())
    for digits in (keys[0], *keys[2:]):
        other.presses(CALLER, digits)
    assert story.call.priority == other.call.priority == 100
    assert story.call.stage is other.call.stage is Stage.RETURNING


def test_in8_the_priority_of_911_is_unaffected_whatever_is_pressed() -> None:
    """Random keys, with and without the block: who ends at 911 stands as anyone would."""
    for seed in range(LIVES):
        random = Random(seed)
        keys = [random.choice(("1", "2", "3", "", "9", "5")) for _ in range(7)]
        story = blocked("1", "1", *keys)
        other = Story(hosted())
        for digits in ("1", *keys):
            other.presses(CALLER, digits)
        assert story.call.stage is other.call.stage
        if story.is_at(Stage.RETURNING):
            assert story.call.priority == other.call.priority


@pytest.mark.parametrize("key", ["1", "2", "3", "", "9"])
def test_in8_a_blocked_number_at_the_911_front_door_is_not_slowed_for_911(key: str) -> None:
    story = blocked(key, line="front_door")
    assert (story.call.desk, story.call.priority) == ("911", 0)
    assert story.caller.place is Place.QUEUE


def test_in8_mental_health_at_the_front_door_is_slowed_as_on_the_direct_line() -> None:
    assert blocked("4", line="front_door").caller.node == "needs_help"


@pytest.mark.parametrize("worth", ["withheld", "failed"])
def test_in8_a_clinician_hears_that_the_number_may_not_be_the_callers(worth: str) -> None:
    story = Story()
    story.call = replace(story.call, caller_id=worth)
    for digits in ("1", "2", "1", "1", ""):
        story.presses(CALLER, digits)
    ana = story.ringing_leg("ana")
    story.answers(ana)
    assert "The number may not be theirs." in story.said(ana)
