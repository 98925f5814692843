"""RO7: how a call ends, and the record after it."""

import pytest

from ivr_flows import inputs, outputs
from ivr_flows.call import Place, Stage
from tests.ivr_flows.story import Story, connected, eligible_direct, transferred

CALLER = "call-1"
ANA = "call-2"


def resolving(story: Story | None = None) -> Story:
    story = connected(story)
    story.stars(ANA)
    story.leaves_room(CALLER)
    for key in ("2", "1"):
        story.presses(ANA, key)
    return story


def resolved(story: Story | None = None) -> Story:
    story = resolving(story)
    story.presses(ANA, "1")
    story.hangs_up(ANA)
    story.released()
    return story


def with_911() -> tuple[Story, str]:
    """Ana has returned the caller, and 911 is in the room with both."""
    story = connected()
    story.give(inputs.ReturnRequested("ana", "danger"))
    psap = story.psap_leg()
    story.answers(psap)
    story.presses(psap, "1")
    story.joins(psap)
    story.give(inputs.CommandDone("SetEndsRoom", ANA))
    return story, psap


def test_ro7_resolving_is_read_back_and_may_be_taken_back() -> None:
    story = resolving()
    assert "Your answer: resolved by phone." in story.said(ANA)
    story.presses(ANA, "2")
    story.enters(ANA)
    assert story.call.disposition == ""
    assert story.caller.place is Place.ROOM


def test_ro7_resolving_tells_the_caller_the_way_to_911_and_lets_them_go() -> None:
    story = resolved()
    assert "If you need help now, press 9 for 9 1 1." in story.said(CALLER)
    story.presses(CALLER, "")
    assert isinstance(story.last(CALLER), outputs.Hangup)
    story.hangs_up(CALLER)
    assert (story.call.outcome, story.call.disposition) == ("resolved", "resolved_by_phone")
    assert story.is_at(Stage.CLOSED)
    assert story.call.due_at is None


@pytest.mark.parametrize("key", ["9", "0"])
def test_ro7_a_caller_who_presses_9_at_the_goodbye_is_connected_to_911(key: str) -> None:
    story = resolved()
    story.presses(CALLER, key)
    assert isinstance(story.last(CALLER), outputs.Dial911)
    story.line_takes()
    assert story.call.outcome == "returned_to_911"


@pytest.mark.parametrize("outcome", ["", "dispatched"])
def test_ro7_nobody_is_rung_for_a_caller_who_is_being_let_go(outcome: str) -> None:
    story = Story()
    story = resolving(story)
    if outcome:
        story.give(inputs.DispatchChanged("d1", "acknowledged", "North Team"))
    story.presses(ANA, "1")
    story.hangs_up(ANA)
    story.passes(59)
    assert story.is_at(Stage.CONNECTED)
    assert not story.rings()


def test_ro7_the_goodbye_is_reached_by_the_wait_when_rest_is_down() -> None:
    story = resolving()
    story.presses(ANA, "1")
    story.hangs_up(ANA)
    assert story.waits() == (outputs.LeaveQueue(),)
    story.give(inputs.QueueLeft(CALLER, story.caller.step, "leave"))
    assert "Your clinician has ended this call." in story.said(CALLER)


def test_ro7_a_caller_who_presses_9_before_the_goodbye_goes_to_911() -> None:
    story = resolving()
    story.presses(ANA, "1")
    story.hangs_up(ANA)
    assert story.waits(digits="9") == (outputs.LeaveQueue(),)
    story.give(inputs.QueueLeft(CALLER, story.caller.step, "leave"))
    assert isinstance(story.last(CALLER), outputs.Dial911)


def test_ro7_a_caller_who_is_not_fetched_for_the_goodbye_is_fetched_again() -> None:
    story = resolving()
    story.presses(ANA, "1")
    story.take(outputs.ReleaseFromQueue)
    story.passes(4)
    story.released()
    assert "Your clinician has ended this call." in story.said(CALLER)


def test_ro7_leaving_a_caller_whom_911_holds_ends_nothing_for_them() -> None:
    story, psap = with_911()
    story.stars(ANA)
    assert "To leave the call and close your record, press 2." in story.said(ANA)
    assert "Your caller is not alone." in story.said(ANA)
    for key in ("2", "1", "1"):
        story.presses(ANA, key)
    story.hangs_up(ANA)
    assert isinstance(story.last(ANA), outputs.Hangup)
    assert story.caller.place is story.leg(psap).place is Place.ROOM
    assert story.call.outcome == "returned_to_911"
    assert story.call.disposition == "resolved_by_phone"


def test_ro7_after_the_caller_has_gone_the_record_is_asked_for() -> None:
    story = connected()
    story.hangs_up(CALLER)
    assert story.call.outcome == "ended_with_clinician"
    story.comes_out(ANA)
    story.presses(ANA, "2")
    assert story.call.disposition == "team_sent"
    assert story.call.outcome == "resolved"
    assert isinstance(story.last(ANA), outputs.Hangup)


def test_ro7_the_reason_of_a_return_is_asked_for_once() -> None:
    story, psap = with_911()
    story.hangs_up(CALLER)
    story.comes_out(ANA)
    story.presses(ANA, "1")
    assert "Why did the call go back to 9 1 1?" in story.said(ANA)
    story.presses(ANA, "2")
    assert story.call.answers["return_reason"] == "medical"
    assert story.take(outputs.EndLeg).leg_id == psap
    assert story.call.outcome == "returned_to_911"


def test_ro7_a_record_nobody_finishes_stays_open_and_frees_the_person() -> None:
    story = connected()
    story.hangs_up(CALLER)
    story.comes_out(ANA)
    for _ in range(3):
        story.presses(ANA, "")
    assert "The record stays open" in story.said(ANA)
    story.hangs_up(ANA)
    assert story.call.disposition == ""
    assert story.call.engaged_people() == frozenset()
    story.give(inputs.Resolved("ana", "team_sent"))
    assert (story.call.outcome, story.call.disposition) == ("resolved", "team_sent")
    story.give(inputs.Resolved("ana", "team_sent"))
    assert story.ignored


def test_ro7_a_record_is_not_closed_from_a_page_while_the_caller_is_there() -> None:
    story = connected()
    story.give(inputs.Resolved("ana", "team_sent"))
    assert story.ignored
    assert story.call.disposition == ""


def test_ro7_a_leg_never_heard_of_again_frees_its_person() -> None:
    story = connected()
    story.hangs_up(CALLER)
    story.passes(91)
    assert story.call.engaged_people() == frozenset()
    assert story.take(outputs.EndLeg).leg_id == ANA


@pytest.mark.parametrize("key", ["1", "2", "3", "9"])
def test_ro7_a_menu_whose_caller_has_gone_turns_into_the_record(key: str) -> None:
    story = connected()
    story.stars(ANA)
    story.leaves_room(CALLER)
    story.hangs_up(CALLER)
    story.presses(ANA, key)
    assert story.is_at(Stage.CLOSED)
    assert "Your caller has left the line. How is the call resolved?" in story.said(ANA)


def test_ro7_who_accepted_and_never_met_the_caller_has_no_record_to_fill() -> None:
    story = eligible_direct()
    ana = story.accepts("ana")
    story.hangs_up(CALLER)
    assert story.call.outcome == "abandoned"
    story.comes_out(ana)
    assert "The caller has left the line. You are free again." in story.said(ana)
    assert isinstance(story.last(ana), outputs.Hangup)


def test_ro7_a_trunk_that_is_taken_back_while_it_waits_was_kept_by_the_call_taker() -> None:
    story = transferred()
    story.hangs_up(CALLER)
    assert story.call.outcome == "kept_by_call_taker"


def test_ro7_a_line_that_we_end_counts_as_over_also_if_nobody_says_so() -> None:
    story, ana = connected(), ANA
    story.hangs_up(CALLER)
    story.comes_out(ana)
    story.presses(ana, "1")
    assert isinstance(story.last(ana), outputs.Hangup)
    story.passes(story.program.decide_seconds)
    assert not story.leg(ana).is_live
    assert story.call.due_at is None
