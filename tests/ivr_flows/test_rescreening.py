"""EL6: new danger changes the route at once. EL7: no caller goes round in circles. IN7: history."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr_flows import inputs, outputs, return_to_911
from ivr_flows.call import Place, Role, Stage
from ivr_flows.facts import History
from ivr_flows.program import Program
from ivr_flows.prompts import text
from tests.ivr_flows.story import (
    PROGRAM,
    Story,
    connected,
    decide,
    eligible_direct,
    hosted,
    transferred,
    with_crisis_line,
)
from tests.ivr_flows.test_call_taker import consulting
from tests.ivr_flows.test_outcomes import at_crisis_line

CALLER, ANA = "call-1", "call-2"
MEDICAL = {"medical": "yes"}


def tell(story: Story, **answers: str) -> str:
    story.give(inputs.AnswersChanged("token-1", answers))
    return story.ignored


def at_menu(story: Story, *keys: str) -> Story:
    story.stars(ANA)
    story.leaves_room(CALLER)
    for digits in keys:
        story.presses(ANA, digits)
    return story


def test_el6_a_clinician_reports_a_danger_and_911_is_called_at_once() -> None:
    story = at_menu(connected(Story(hosted())), "5", "4")
    assert "To report a new danger, press 5." in story.said(ANA)
    assert "A medical emergency, 4." in story.said(ANA)
    assert story.is_at(Stage.RETURNING)
    assert story.call.returning is not None
    assert (story.call.returning.reason, story.call.returning.skip) == ("danger", True)
    assert story.call.priority == 100
    assert story.call.given_back == ("clinicians",)
    assert isinstance(story.last(ANA), outputs.JoinRoom)


def test_el6_none_goes_back_to_the_caller() -> None:
    story = at_menu(connected(), "5", "7")
    assert story.is_at(Stage.CONNECTED)
    assert isinstance(story.last(ANA), outputs.JoinRoom)


@pytest.mark.parametrize("program", [Story().program, hosted()], ids=["external", "hosted"])
def test_el6_the_api_tells_of_a_danger_in_every_stage(program: Program) -> None:
    for story in (
        Story(program),
        eligible_direct(Story(program)),
        connected(Story(program)),
        transferred(Story(program, "transfer")),
    ):
        assert tell(story, **MEDICAL) == ""
        assert story.is_at(Stage.RETURNING)
        assert story.call.decision == "return_to_911"
        assert tell(story, **MEDICAL) == "nothing new: a danger that was named stays named"


def test_el6_a_danger_ends_the_search_for_a_clinician_and_the_call_taker_keeps_the_caller() -> None:
    story = consulting()
    tell(story, **MEDICAL)
    assert story.is_at(Stage.CONNECTED)
    assert not story.call.live_offers()
    told = [one for one in story.commands if isinstance(one, outputs.Announce)]
    assert [text(one.say) for one in told] == ["This call does not go to a clinician."]


def test_el6_while_the_call_taker_is_being_asked_the_questions_end_with_the_next_key() -> None:
    story = Story(line="transfer")
    story.presses(CALLER, "4711")
    tell(story, **MEDICAL)
    assert story.is_at(Stage.SCREENING)
    for digits in ("1", "1", "2"):
        story.presses(CALLER, digits)
    assert story.call.answers["medical"] == "yes"
    assert "The caller stays with you" in story.said(CALLER)
    assert not story.rings()


def test_el6_a_danger_named_stays_named() -> None:
    story = eligible_direct()
    tell(story, **MEDICAL)
    assert tell(story, medical="no").startswith("nothing new")
    assert story.call.answers["medical"] == "yes"


def test_el6_what_is_no_danger_changes_nothing() -> None:
    story = connected()
    assert tell(story, medical="no") == ""
    assert story.is_at(Stage.CONNECTED)


def test_el6_a_closed_call_takes_no_answers() -> None:
    story = Story()
    story.hangs_up(CALLER)
    assert tell(story, **MEDICAL) == "the call is closed"


def test_el7_a_caller_whom_the_clinicians_gave_back_goes_to_911_and_hears_so() -> None:
    story = Story(history=History(calls_this_week=1, given_back=("clinicians",)))
    for digits in ("1", "2", "1", "1", ""):
        story.presses(CALLER, digits)
    assert story.caller.place is Place.DIAL
    assert story.call.returning is not None
    assert story.call.returning.reason == "no_loop"


def test_el7_a_call_taker_keeps_an_incident_that_clinicians_gave_back() -> None:
    story = transferred(Story(line="transfer", history=History("", 1, ("clinicians",))))
    assert "because clinicians have returned this call" in story.said(CALLER)
    assert story.call.reason == "no_loop"
    assert not story.rings()


@pytest.mark.parametrize("by", [Role.CALLER, Role.CLINICIAN])
def test_el7_only_a_clinicians_own_decision_counts_for_later_calls(by: Role) -> None:
    story = connected()
    if by is Role.CLINICIAN:
        story.give(inputs.ReturnRequested("ana", "medical"))
    else:
        story.people["clinicians"] = ()
        story.hangs_up_in_room(ANA, CALLER)
    assert story.is_at(Stage.RETURNING)
    assert story.call.given_back == (("clinicians",) if by is Role.CLINICIAN else ())


@pytest.mark.parametrize(("calls", "words"), [(1, "called once before"), (3, "called 3 times")])
def test_in7_a_clinician_hears_that_the_caller_has_called_before(calls: int, words: str) -> None:
    story = eligible_direct(Story(history=History(calls_this_week=calls)))
    ana = story.ringing_leg("ana")
    story.answers(ana)
    assert words in story.said(ana)


@pytest.mark.parametrize("calls", [0, 1, 7, 100])
@pytest.mark.parametrize("keys", [("1", "1"), ("1", "2", "1", "1", ""), ("1", "9"), ("1", "")])
def test_in7_history_never_lowers_a_priority(calls: int, keys: tuple[str, ...]) -> None:
    """The same call with and without history stands alike, but for what is told of it."""
    stories = [Story(hosted(), history=History(calls_this_week=number)) for number in (0, calls)]
    for story in stories:
        for digits in keys:
            story.presses(CALLER, digits)
    without, known = (story.call for story in stories)
    assert known.priority >= without.priority
    assert replace(known, calls_this_week=0) == without


@pytest.mark.parametrize("program", [PROGRAM, hosted()], ids=["external", "hosted"])
def test_el6_a_danger_told_of_a_caller_at_the_crisis_line_asks_for_911(program: Program) -> None:
    story = at_crisis_line(with_crisis_line(program))
    story.decides = decide
    assert tell(story, **MEDICAL) == ""
    assert return_to_911.is_under_way(story.call)
    assert story.call.returning is not None
    assert story.call.returning.reason == "danger"
