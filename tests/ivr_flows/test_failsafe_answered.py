"""RE5: what a call does when it hears that a fail-safe rings 911 for its caller."""

from __future__ import annotations

import pytest

from ivr_flows import inputs, outputs
from ivr_flows.call import OfferState, Place, Stage
from tests.ivr_flows.story import Story, connected, eligible_direct, hosted

CALLER, ANA = "call-1", "call-2"
ANSWERED = inputs.FailsafeAnswered(CALLER)
DIRECTLY = outputs.Say("caller_dials_911_directly")


def found(story: Story, found: inputs.Found) -> inputs.Reconciled:
    return inputs.Reconciled(CALLER, found, story.caller.place, story.caller.step)


def test_re5_nobody_is_rung_any_more_for_a_caller_whom_the_failsafe_connects_with_911() -> None:
    story = eligible_direct()
    before = story.caller.step
    story.give(ANSWERED)
    offer = story.call.find_offer(ANA)
    assert offer is not None
    assert offer.state is OfferState.WITHDRAWN
    assert story.is_at(Stage.RETURNING)
    assert story.caller.is_with_failsafe
    assert story.caller.step > before, "an order from before could move them"
    assert story.call.due_at is not None
    story.passes(600)
    assert not story.ordered(outputs.RedirectLeg)


def test_re5_staff_hear_that_their_caller_is_on_the_way_to_911_by_themselves() -> None:
    story = connected()
    story.give(ANSWERED)
    assert outputs.Announce(ANA, story.leg(ANA).room, DIRECTLY) in story.commands


def test_re5_that_911_is_reached_is_told_by_a_reading_and_said_once() -> None:
    story = eligible_direct()
    story.give(ANSWERED)
    assert story.call.returning is not None
    assert not story.call.returning.taken
    story.give(found(story, inputs.Found.DIAL))
    assert story.ignored == "as we think"
    story.give(found(story, inputs.Found.TALK))
    assert story.call.returning.taken
    assert story.call.outcome == "returned_to_911"
    story.give(found(story, inputs.Found.TALK))
    assert story.ignored == "as we think"


def test_re5_a_line_of_the_calls_own_that_is_asked_who_is_there_is_not_taken_for_a_person() -> None:
    story = eligible_direct()
    story.waits(digits="9")
    story.give(inputs.QueueLeft(CALLER, story.caller.step, "leave"))
    assert story.caller.place is Place.DIAL
    story.give(found(story, inputs.Found.TALK))
    assert story.ignored == "as we think"
    assert story.call.returning is not None
    assert not story.call.returning.taken


def test_re5_a_call_taker_who_comes_back_does_not_take_the_caller_away_from_911() -> None:
    story = Story(program=hosted())
    story.presses(CALLER, "9")
    taker = story.accepts("lee")
    story.enters(taker)
    story.stars(taker)
    story.give(ANSWERED)
    story.commands.clear()
    story.presses(taker, "1")
    story.joins(taker)
    assert not story.ordered(outputs.RedirectLeg)
    assert outputs.Announce(taker, story.leg(taker).room, DIRECTLY) in story.commands


@pytest.mark.parametrize("when", ["told again", "of staff", "after the call"])
def test_re5_what_is_no_news_changes_nothing(when: str) -> None:
    story = connected()
    given = ANSWERED
    if when == "told again":
        story.give(ANSWERED)
    elif when == "of staff":
        given = inputs.FailsafeAnswered(ANA)
    else:
        story.hangs_up(CALLER)
    before = story.call
    story.give(given)
    assert story.ignored
    assert story.call.legs == before.legs
    assert story.call.stage is before.stage
