"""EL1: what each outcome of a policy means on the phone, and that 911 stands behind all of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr_flows import inputs, outcomes, outputs
from ivr_flows.call import Place, Stage
from ivr_flows.program import Program
from router.policy.outcomes import EMERGENCY, Outcome
from tests.ivr_flows.story import (
    PROGRAM,
    Story,
    at_hosted_911,
    deciding,
    eligible_direct,
    hosted,
    transferred,
    with_crisis_line,
)

CALLER = "call-1"


def dialled(outcome: str, program: Program = PROGRAM, request: str = "") -> Story:
    """A caller on the direct line whose call has that outcome."""
    return eligible_direct(Story(program, decides=deciding(outcome, request)))


def handed_over(outcome: str, program: Program = PROGRAM) -> Story:
    """A call taker's transfer with that outcome, on the leg that carries the caller."""
    return transferred(Story(program, "transfer", decides=deciding(outcome)))


def at_crisis_line(program: Program = PROGRAM) -> Story:
    story = dialled("crisis_line", with_crisis_line(program))
    story.give(inputs.LineAnswered(CALLER))
    return story


def over(story: Story, status: str = "completed") -> None:
    """The line that the caller's leg dialled is over."""
    story.give(inputs.DialEnded(CALLER, story.caller.step, status))


def test_el1_flows_and_policy_know_the_same_outcomes() -> None:
    special = {outcomes.CRISIS_LINE, outcomes.POLICE_WITH_CLINICIAN}
    assert outcomes.TO_A_DESK | special | EMERGENCY == set(Outcome)
    assert not outcomes.TO_A_DESK & EMERGENCY


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        ("clinician", ""),
        ("clinician_then_team", "Suggested: send a team."),
        ("team", "Suggested: send a team."),
        ("care_navigation", "Suggested: care navigation"),
    ],
)
def test_el1_a_desk_is_told_what_the_policy_suggests(outcome: str, told: str) -> None:
    story = dialled(outcome)
    assert story.is_at(Stage.WAITING)
    ana = story.ringing_leg("ana")
    story.answers(ana)
    assert ("Suggested" in story.said(ana)) == bool(told)
    assert told in story.said(ana)


def test_el1_a_team_or_care_navigation_may_have_a_desk_of_its_own() -> None:
    program = replace(PROGRAM, team_desk="911")
    assert dialled("team", program).call.desk == "911"
    assert dialled("clinician_then_team", program).call.desk == "clinicians"
    assert dialled("care_navigation", replace(PROGRAM, care_desk="911")).call.desk == "911"


@pytest.mark.parametrize(
    ("outcome", "request_"),
    [("police", "police"), ("ems", "ems"), ("co_response", "co_response"), ("odd", "")],
)
def test_el1_what_is_911s_goes_back_with_its_request(outcome: str, request_: str) -> None:
    story = dialled(outcome, request=request_)
    returning = story.call.returning
    assert story.is_at(Stage.RETURNING)
    assert returning is not None
    assert (returning.request, returning.skip) == (request_, True)


@pytest.mark.parametrize("outcome", ["police", "ems", "fire", "crisis_officer", "co_response"])
def test_el1_a_call_taker_keeps_what_is_911s_and_hears_why(outcome: str) -> None:
    story = handed_over(outcome)
    assert "This call is for" in story.said(CALLER)
    assert "The caller stays with you." in story.said(CALLER)
    assert not story.rings()


def test_el1_police_with_clinician_calls_a_clinician_in_while_the_call_taker_stays() -> None:
    story = handed_over("police_with_clinician")
    assert "Send police now, and stay with your caller." in story.said(CALLER)
    assert isinstance(story.last(CALLER), outputs.Wait)
    ana = story.ringing_leg("ana")
    story.answers(ana)
    assert "Police are being sent." in story.said(ana)
    story.presses(ana, "1")
    story.enters(ana)
    assert story.is_at(Stage.CONNECTED)


def test_el1_police_with_clinician_from_the_hosted_desk_is_a_consultation() -> None:
    story = at_hosted_911(Story(hosted(), "psap", decides=deciding("police_with_clinician")))
    story.stars("call-2")
    story.leaves_room(CALLER)
    for digits in ("4", "4711", "1", "1", "2", "2", "2", "1"):
        story.presses("call-2", digits)
    assert "Send police now" in story.said("call-2")
    assert story.is_at(Stage.CONSULTING)


def test_el1_police_with_clinician_without_a_call_taker_goes_to_911() -> None:
    story = dialled("police_with_clinician", request="police_with_clinician")
    assert story.is_at(Stage.RETURNING)
    story.give(inputs.LineAnswered(CALLER))
    assert "an officer, and a clinician on the line with them" in story.said(CALLER)


def test_el1_the_crisis_line_is_dialled_with_its_own_words() -> None:
    story = dialled("crisis_line", with_crisis_line())
    assert story.last(CALLER) == outputs.Dial911("crisis-line", 25, story.caller.step)
    assert "I am connecting you to the crisis line now." in story.said(CALLER)
    story.give(inputs.LineAnswered(CALLER))
    assert "This is 9 1 1, transferring a caller to you." in story.said(CALLER)
    assert story.call.outcome == "crisis_line"
    story.hangs_up(CALLER)
    assert (story.call.stage, story.call.outcome) == (Stage.CLOSED, "crisis_line")


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled"])
def test_el1_a_crisis_line_that_does_not_answer_has_911_behind_it(status: str) -> None:
    story = dialled("crisis_line", with_crisis_line())
    over(story, status)
    assert story.last(CALLER) == outputs.Dial911("priority", 15, story.caller.step)
    assert story.call.returning is not None
    assert story.call.returning.reason == "crisis_line_not_reached"


def test_el1_a_crisis_line_that_does_not_answer_has_the_hosted_desk_behind_it() -> None:
    story = dialled("crisis_line", with_crisis_line(hosted()))
    over(story, "no-answer")
    assert isinstance(story.last(CALLER), outputs.Wait)
    assert story.call.desk == "911"
    lee = story.accepts("lee")
    story.enters(lee)
    assert story.call.outcome == "returned_to_911"


def test_el1_a_caller_who_stays_after_the_crisis_line_is_connected_to_911() -> None:
    story = at_crisis_line()
    over(story)
    assert isinstance(story.last(CALLER), outputs.Wait)
    story.waits()
    assert "The crisis line has left the call." in story.said(CALLER)
    story.passes(15)
    story.released()
    assert story.last(CALLER) == outputs.Dial911("priority", 15, story.caller.step)


def test_el1_a_program_without_a_crisis_line_has_911_for_it() -> None:
    story = dialled("crisis_line")
    assert story.last(CALLER) == outputs.Dial911("priority", 15, story.caller.step)


@pytest.mark.parametrize("program", [PROGRAM, hosted()], ids=["external", "hosted"])
def test_re1_a_supervisor_brings_a_caller_of_the_crisis_line_to_911(program: Program) -> None:
    story = at_crisis_line(program)
    story.give(inputs.ReturnRequested("sam", "danger", skip=True, request="police"))
    assert not story.ignored
    if program.psap.desk:
        assert story.caller.place is Place.DIAL  # not alone: the counselor is there meanwhile
        story.joins(story.accepts("lee"))
        story.comes_out(CALLER)
        assert isinstance(story.last(CALLER), outputs.JoinRoom)
    else:
        story.comes_out(CALLER)
        assert story.last(CALLER) == outputs.Dial911("priority", 15, story.caller.step)


def test_re1_the_crisis_line_may_hang_up_while_the_hosted_desk_is_rung() -> None:
    story = at_crisis_line(hosted())
    story.give(inputs.ReturnRequested("sam", "danger", skip=True, request=""))
    over(story)
    assert isinstance(story.last(CALLER), outputs.Wait)
    assert story.is_at(Stage.RETURNING)
    story.enters(story.accepts("lee"))
    assert story.is_at(Stage.CONNECTED)


def test_el1_a_call_taker_on_a_leg_of_their_own_keeps_a_caller_of_the_crisis_line() -> None:
    program = with_crisis_line(hosted())
    story = at_hosted_911(Story(program, "psap", decides=deciding("crisis_line")))
    story.stars("call-2")
    story.leaves_room(CALLER)
    for digits in ("4", "4711", "1", "1", "2", "2", "2", "1"):
        story.presses("call-2", digits)
    assert "This call goes to the crisis line. The caller stays with you." in story.said("call-2")
    assert isinstance(story.last("call-2"), outputs.JoinRoom)
