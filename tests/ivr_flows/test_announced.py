"""IN3: an announced incident saves the call taker every key, and is never taken for another."""

from dataclasses import replace

import pytest

from ivr_flows import outputs
from ivr_flows.call import Place, Stage
from ivr_flows.facts import Announcement
from tests.ivr_flows.story import Story

TRUNK = "call-1"
ALL_CLEAR = {
    "call_type": "suicidal",
    "caller_party": "first",
    "weapon": "no",
    "violence": "no",
    "crime": "no",
    "medical": "no",
    "imminent_risk": "no",
    "asked_police": "no",
    "from_988": "no",
}
KNOWN = Announcement("incident-a", "4711", "12345", ALL_CLEAR, age_seconds=10)
OTHER = Announcement("incident-b", "4712", "23456", ALL_CLEAR, age_seconds=20)


def transfer(*announced: Announcement) -> Story:
    return Story(line="transfer", announced=announced)


@pytest.mark.parametrize(
    "known",
    [replace(KNOWN, by_number=True), replace(KNOWN, by_trunk=True)],
    ids=["number", "trunk"],
)
def test_in3_a_call_from_an_announced_number_goes_on_without_a_key(known: Announcement) -> None:
    story = transfer(known, OTHER)
    assert "Incident 4, 7, 1, 1." in story.said(TRUNK)
    story.presses(TRUNK, "")
    assert story.is_at(Stage.WAITING)
    assert story.call.answers["call_type"] == "suicidal"
    assert story.call.announced is not None
    assert story.call.announced.is_taken
    story.waits()
    assert "Incident 4, 7, 1, 1. Thank you. I am calling a clinician" in story.said(TRUNK)


def test_in3_the_only_announcement_of_the_hour_is_confirmed_with_one_key() -> None:
    story = transfer(KNOWN)
    assert "If this is your call, press 1." in story.said(TRUNK)
    story.presses(TRUNK, "1")
    assert story.is_at(Stage.WAITING)


@pytest.mark.parametrize("key", ["2", ""])
def test_in3_an_announcement_matched_by_time_alone_is_not_taken_unasked(key: str) -> None:
    story = transfer(KNOWN)
    story.presses(TRUNK, key)
    assert story.caller.node == "incident_number"
    assert "incident_number" not in story.call.answers


@pytest.mark.parametrize(
    "announced",
    [
        (KNOWN, OTHER),
        (replace(KNOWN, age_seconds=121),),
        (replace(KNOWN, by_trunk=False),),
        (replace(KNOWN, by_number=True), replace(OTHER, by_number=True)),
    ],
    ids=["two", "too_old", "of_another_trunk", "two_of_one_number"],
)
def test_in3_where_it_is_not_certain_the_code_is_asked(
    announced: tuple[Announcement, ...],
) -> None:
    story = transfer(*announced)
    assert "Enter the transfer code" in story.said(TRUNK)
    story.presses(TRUNK, "12345")
    assert "Incident 4, 7, 1, 1. For another incident, press 2." in story.said(TRUNK)
    story.presses(TRUNK, "")
    assert story.is_at(Stage.WAITING)


def test_in3_a_wrong_code_gets_another_try_and_then_the_usual_questions() -> None:
    story = transfer(KNOWN, OTHER)
    story.presses(TRUNK, "77777")
    assert "That code is not known, or its time is over." in story.said(TRUNK)
    assert story.caller.node == "code"
    story.presses(TRUNK, "66666")
    assert story.caller.node == "incident_number"


def test_in3_no_code_leads_to_the_usual_questions() -> None:
    story = transfer(KNOWN, OTHER)
    story.presses(TRUNK, "")
    for digits in ("4799", "1", "1", "2", "2", "2", "1"):
        story.presses(TRUNK, digits)
    assert story.is_at(Stage.WAITING)
    assert story.call.answers["incident_number"] == "4799"


def test_in3_the_wrong_incident_is_put_right_with_2_and_leaves_no_answers() -> None:
    story = transfer(replace(KNOWN, by_number=True))
    story.presses(TRUNK, "2")
    assert story.caller.node == "incident_number"
    assert dict(story.call.answers) == {}


def test_in3_only_what_was_not_announced_is_asked() -> None:
    told = {name: ALL_CLEAR[name] for name in ("call_type", "weapon", "violence", "crime")}
    story = transfer(replace(KNOWN, answers=told, by_number=True))
    story.presses(TRUNK, "")
    asked = []
    while story.is_at(Stage.SCREENING):
        asked.append(story.caller.node)
        story.presses(TRUNK, {"caller_party": "1", "source": "1"}.get(asked[-1], "2"))
    assert asked == ["caller_party", "medical", "imminent_risk", "source"]
    assert story.is_at(Stage.WAITING)


def test_in3_an_announced_danger_stays_with_911_without_a_question() -> None:
    story = transfer(replace(KNOWN, answers={"medical": "yes"}, by_number=True))
    story.presses(TRUNK, "")
    assert story.call.decision == "return_to_911"
    assert "The caller stays with you" in story.said(TRUNK)


def test_in3_who_starts_over_and_keys_another_incident_loses_the_announced_answers() -> None:
    told = {"call_type": "suicidal", "severe_intoxication": "no"}
    story = transfer(replace(KNOWN, answers=told, by_number=True))
    for digits in ("", "8", "4799"):
        story.presses(TRUNK, digits)
    assert story.call.announced is None
    assert dict(story.call.answers) == {"incident_number": "4799"}
    assert story.caller.node == "call_type"


def test_in3_a_keyed_incident_number_that_is_announced_ends_the_questions() -> None:
    story = transfer(KNOWN, OTHER)
    for digits in ("", "4712", ""):
        story.presses(TRUNK, digits)
    assert story.is_at(Stage.WAITING)
    assert story.call.announced is not None
    assert story.call.announced.id == "incident-b"


def test_in3_an_announcement_that_another_call_took_is_asked_for() -> None:
    story = transfer(replace(KNOWN, by_number=True))
    story.taken_by_others = frozenset({"incident-a"})
    story.presses(TRUNK, "")
    assert "That incident has gone to another call" in story.said(TRUNK)
    assert story.caller.node == "incident_number"
    assert dict(story.call.answers) == {}


@pytest.mark.parametrize("key", ["0", "9"])
@pytest.mark.parametrize("announced", [(KNOWN,), (KNOWN, OTHER), (replace(KNOWN, by_trunk=True),)])
def test_in3_0_and_9_reach_911(announced: tuple[Announcement, ...], key: str) -> None:
    story = transfer(*announced)
    story.presses(TRUNK, key)
    assert isinstance(story.last(TRUNK), outputs.Dial911)
    assert story.caller.place is Place.DIAL
