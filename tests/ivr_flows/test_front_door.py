"""IN1: the direct line, in English and Spanish, by key and by voice."""

import pytest

from ivr_flows import inputs, outputs
from ivr_flows.call import Place, Stage
from tests.ivr_flows.story import Story, eligible_direct, hosted

CALLER = "call-1"


def asks_danger() -> Story:
    story = Story()
    story.presses(CALLER, "1")
    return story


def says(story: Story, speech: str) -> None:
    story.give(inputs.Keyed(CALLER, story.caller.step, speech=speech))


def test_in1_a_caller_in_english_waits_for_a_clinician() -> None:
    story = eligible_direct()
    assert story.is_at(Stage.WAITING)
    assert dict(story.call.answers) | {"decision_sentence": ""} == {
        "language": "en",
        "danger": "no",
        "caller_party": "first",
        "reason": "mental_health",
        "zip": "",
        "decision_sentence": "",
    }
    story.waits()
    assert "I am calling a clinician now" in story.said(CALLER)
    assert story.rings() == ["call-2"]


def test_in1_a_caller_who_chooses_spanish_hears_spanish_from_there_on() -> None:
    story = Story()
    story.presses(CALLER, "2")
    assert "¿Hay alguien en peligro" in story.said(CALLER)
    for digits in ("2", "1", "1", "78701"):
        story.presses(CALLER, digits)
    story.waits()
    assert "Estoy llamando a un consejero" in story.said(CALLER)
    assert story.call.answers["zip"] == "78701"
    ana = story.ringing_leg("ana")
    story.answers(ana)
    assert "The caller speaks Spanish." in story.said(ana)


def test_in1_danger_dials_911_at_once() -> None:
    story = asks_danger()
    story.presses(CALLER, "1")
    assert story.last(CALLER) == outputs.Dial911("priority", 15, story.caller.step)
    assert "I am connecting you to 9 1 1 now" in story.said(CALLER)
    assert story.call.returning is not None
    assert story.call.returning.reason == "danger"


def test_in1_danger_with_a_hosted_desk_goes_ahead_of_its_queue() -> None:
    story = Story(hosted())
    story.presses(CALLER, "1")
    story.presses(CALLER, "1")
    assert story.is_at(Stage.RETURNING)
    assert story.call.priority == 100
    assert story.caller.place is Place.QUEUE
    assert len(story.rings()) == 2


@pytest.mark.parametrize(
    ("speech", "danger"),
    [
        ("No.", "no"),
        ("no one", "no"),
        ("Nope, nobody", "no"),
        ("Yes", "yes"),
        ("Sí", "yes"),
        ("He has a gun", "yes"),
        ("not safe, there's a knife", "yes"),
        ("one", "yes"),
        ("two", "no"),
    ],
)
def test_in1_danger_may_be_answered_by_voice(speech: str, danger: str) -> None:
    story = asks_danger()
    says(story, speech)
    assert story.call.answers["danger"] == danger


@pytest.mark.parametrize(
    "speech",
    ["I don't know", "another nose", "no, he has a gun", "yes and no", "no but it may get worse"],
)
def test_in1_an_unclear_word_about_danger_is_not_taken_for_a_no(speech: str) -> None:
    story = asks_danger()
    says(story, speech)
    assert "danger" not in story.call.answers
    assert story.caller.node == "danger"
    assert "I did not understand that" in story.said(CALLER)


def test_in1_reason_and_place_may_be_spoken() -> None:
    story = asks_danger()
    story.presses(CALLER, "2")
    story.presses(CALLER, "2")
    says(story, "it's my mental health")
    says(story, "seven 8 seven zero one")
    assert story.call.answers["reason"] == "mental_health"
    assert story.call.answers["zip"] == "78701"


@pytest.mark.parametrize("keys", [("", "", ""), ("5", "7", "4"), ("", "7", "")])
def test_in1_two_gentle_tries_and_then_a_person(keys: tuple[str, ...]) -> None:
    story = asks_danger()
    for digits in keys[:2]:
        story.presses(CALLER, digits)
        assert isinstance(story.last(CALLER), outputs.Ask)
    story.presses(CALLER, keys[2])
    assert isinstance(story.last(CALLER), outputs.Dial911)
    assert story.call.returning is not None
    assert story.call.returning.reason == "no_answer_to_questions"


def test_in1_tries_are_counted_for_each_question_anew() -> None:
    story = asks_danger()
    for digits in ("", "", "2", "", "", "1"):
        story.presses(CALLER, digits)
    assert story.caller.node == "reason"


def test_in1_star_goes_back_pound_repeats_and_8_starts_over() -> None:
    story = asks_danger()
    story.presses(CALLER, "2")
    story.presses(CALLER, "*")
    assert story.caller.node == "danger"
    story.presses(CALLER, "*")
    assert story.caller.node == "language"
    story.presses(CALLER, "*")
    assert story.caller.node == "language"
    for digits in ("1", "2", "#"):
        story.presses(CALLER, digits)
    assert story.caller.node == "caller_party"
    assert story.caller.tries == 0
    story.presses(CALLER, "8")
    assert (story.caller.node, story.caller.trail) == ("language", ())


def test_in1_while_a_number_is_typed_8_is_a_digit_and_two_stars_start_over() -> None:
    story = asks_danger()
    for digits in ("2", "1", "1", "88888"):
        story.presses(CALLER, digits)
    assert story.call.answers["zip"] == "88888"
    story = asks_danger()
    for digits in ("2", "1", "1", "**"):
        story.presses(CALLER, digits)
    assert story.caller.node == "language"


def test_in1_a_place_nobody_understands_is_left_out_and_costs_no_call() -> None:
    story = asks_danger()
    for digits in ("2", "1", "1", "12", "123456", "9999"):
        story.presses(CALLER, digits)
    assert story.call.answers["zip"] == ""
    assert story.is_at(Stage.WAITING)


@pytest.mark.parametrize("key", ["0", "9"])
@pytest.mark.parametrize("answered", [(), ("1",), ("1", "2", "1"), ("1", "2", "1", "1")])
def test_in1_0_and_9_reach_911_at_every_question(key: str, answered: tuple[str, ...]) -> None:
    story = Story()
    for digits in (*answered, key):
        story.presses(CALLER, digits)
    assert isinstance(story.last(CALLER), outputs.Dial911)


def test_in1_only_the_programs_languages_are_taken() -> None:
    story = Story()
    story.presses(CALLER, "3")
    assert story.caller.node == "language"


def test_a_caller_who_listens_to_questions_for_too_long_is_fetched_for_911() -> None:
    story = Story(hosted())
    story.presses(CALLER, "1")
    story.passes(301)
    assert story.is_at(Stage.RETURNING)
    story.comes_out(CALLER)
    assert story.caller.place is Place.QUEUE


def test_a_caller_who_cannot_be_fetched_from_a_question_is_moved_on_by_the_next_answer() -> None:
    story = Story(hosted())
    story.presses(CALLER, "1")
    story.passes(301)
    story.presses(CALLER, "2")
    assert story.caller.place is Place.QUEUE
    assert story.is_at(Stage.RETURNING)
