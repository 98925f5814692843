"""RO6, RE5: phones that cannot be rung, because REST refuses or the switchboard is gone."""

from __future__ import annotations

import pytest

from ivr_flows import inputs, outputs
from ivr_flows.call import OfferState, Place, Stage
from tests.ivr_flows.story import Story, at_hosted_911, eligible_direct, hosted, with_clinicians

CALLER = "call-1"
UNTOUCHED_SECONDS = 15


def unknown(story: Story, person: str) -> str:
    """The carrier does not say whether it rings the person; returns their leg."""
    leg = story.ringing_leg(person)
    story.give(inputs.CommandUnknown("PlaceLeg", leg, "http_503"))
    return leg


def refused(story: Story, person: str, *, permanent: bool) -> None:
    leg = story.ringing_leg(person)
    story.give(inputs.CommandFailed("PlaceLeg", leg, "20429", permanent=permanent))


def placed(story: Story, person: str) -> str:
    leg = story.ringing_leg(person)
    story.give(inputs.CommandDone("PlaceLeg", leg, f"CA{leg}"))
    return leg


def rung(story: Story) -> list[str]:
    return [offer.person_id for offer in story.call.live_offers()]


def leaves_and_dials(story: Story) -> str:
    """The wait ends, and the caller's own leg dials 911."""
    assert isinstance(story.waits()[-1], outputs.LeaveQueue)
    answer = story.give(inputs.QueueLeft(CALLER, story.caller.step, "leave"))[-1]
    assert isinstance(answer, outputs.Dial911)
    return answer.line_id


@pytest.mark.parametrize("strategy", ["sequential", "overlapping"])
def test_ro6_after_a_ring_nobody_knows_of_the_next_is_rung_at_once(strategy: str) -> None:
    story = eligible_direct(Story(with_clinicians(strategy=strategy)))
    unknown(story, "ana")
    assert story.is_at(Stage.WAITING)
    assert rung(story) == ["ana", "ben"]


@pytest.mark.parametrize("strategy", ["sequential", "overlapping", "all_at_once"])
def test_ro6_two_unknown_rings_in_a_row_mean_that_nobody_can_be_rung(strategy: str) -> None:
    story = eligible_direct(Story(with_clinicians(strategy=strategy)))
    unknown(story, "ana")
    unknown(story, "ben")
    assert story.is_at(Stage.RETURNING)
    assert story.call.returning is not None
    assert story.call.returning.request == "crisis_intervention_officer"
    assert not rung(story)
    assert leaves_and_dials(story) == "priority"


def test_ro6_a_hosted_desk_is_not_rung_either() -> None:
    story = eligible_direct(Story(hosted()))
    unknown(story, "ana")
    unknown(story, "ben")
    assert len(story.ordered(outputs.PlaceLeg)) == 2
    assert leaves_and_dials(story) == "priority"


def test_ro6_two_refusals_in_a_row_that_are_not_the_numbers_fault_count_as_well() -> None:
    story = Story(hosted())
    story.people["clinicians"] = ("ana", "ben", "cy")
    eligible_direct(story)
    refused(story, "ana", permanent=False)
    refused(story, "ben", permanent=False)
    assert not rung(story)
    assert leaves_and_dials(story) == "priority"


def test_ro3_two_wrong_numbers_in_a_row_do_not_keep_the_third_person_from_being_rung() -> None:
    story = Story()
    story.people["clinicians"] = ("ana", "ben", "cy")
    eligible_direct(story)
    refused(story, "ana", permanent=True)
    refused(story, "ben", permanent=True)
    assert rung(story) == ["cy"]


def test_ro6_a_phone_that_rings_is_waited_for() -> None:
    story = Story()
    story.people["clinicians"] = ("ana", "ben", "cy")
    eligible_direct(story)
    placed(story, "ana")
    story.passes(8)
    unknown(story, "ben")
    story.passes(8)
    unknown(story, "cy")
    assert story.is_at(Stage.WAITING)
    story.accepts("ana")
    assert story.caller.place is Place.QUEUE


def test_ro6_a_confirmed_ring_ends_the_row() -> None:
    story = Story()
    story.people["clinicians"] = ("ana", "ben", "cy")
    eligible_direct(story)
    unknown(story, "ana")
    placed(story, "ben")
    story.passes(8)
    unknown(story, "cy")
    assert story.is_at(Stage.WAITING)


def test_ro3_a_ring_nobody_knew_of_may_still_be_accepted() -> None:
    story = eligible_direct()
    ana = unknown(story, "ana")
    story.answers(ana)
    story.presses(ana, "1")
    offer = story.call.find_offer(ana)
    assert offer is not None
    assert offer.state is OfferState.ACCEPTED
    story.enters(ana)
    assert story.is_at(Stage.CONNECTED)


def test_law5_an_unknown_ring_told_twice_counts_once() -> None:
    story = eligible_direct(Story(with_clinicians(strategy="sequential")))
    unknown(story, "ana")
    unknown(story, "ana")
    assert story.is_at(Stage.WAITING)


def test_in2_when_nobody_can_be_rung_the_call_taker_keeps_the_caller() -> None:
    story = at_hosted_911()
    story.stars("call-2")
    for digits in ("4", "4711", "1", "1", "2", "2", "2", "1"):
        story.presses("call-2", digits)
    assert story.is_at(Stage.CONSULTING)
    unknown(story, "ana")
    unknown(story, "ben")
    assert story.is_at(Stage.CONNECTED)
    assert not rung(story)


def test_re5_orders_that_nobody_carries_out_are_not_waited_for() -> None:
    story = eligible_direct(Story(hosted()))
    story.lets_time_go(UNTOUCHED_SECONDS - 2)
    assert isinstance(story.waits()[-1], outputs.WaitPiece)
    story.lets_time_go(1)
    assert leaves_and_dials(story) == "priority"
    assert not rung(story)
    assert story.call.engaged_people() == frozenset()


def test_re5_orders_for_the_hosted_desk_that_holds_a_caller_are_not_waited_for_either() -> None:
    story = Story(hosted(), "psap")
    story.lets_time_go(UNTOUCHED_SECONDS)
    assert leaves_and_dials(story) == "priority"


def test_ro5_a_ring_that_the_carrier_confirmed_is_waited_for_to_its_end() -> None:
    story = eligible_direct()
    placed(story, "ana")
    story.lets_time_go(UNTOUCHED_SECONDS)
    assert isinstance(story.waits()[-1], outputs.WaitPiece)


def test_re5_a_caller_for_whom_no_call_taker_was_free_looks_again_by_their_own_wait() -> None:
    story = Story(hosted())
    story.people["911"] = ()
    for digits in ("1", "9"):
        story.presses(CALLER, digits)
    assert story.is_at(Stage.RETURNING)
    story.lets_time_go(8)
    assert isinstance(story.waits()[-1], outputs.WaitPiece)
    story.people["911"] = ("lee",)
    story.lets_time_go(8)
    story.waits()
    assert rung(story) == ["lee"]
    story.lets_time_go(8)
    assert leaves_and_dials(story) == "priority"


def test_re2_call_takers_who_declined_have_their_pause_before_they_are_rung_again() -> None:
    story = Story(hosted())
    for digits in ("1", "9"):
        story.presses(CALLER, digits)
    for person in ("lee", "kim"):
        story.hangs_up(placed(story, person))
    assert not rung(story)
    story.lets_time_go(5)
    story.waits()
    assert not rung(story)
    story.passes(5)
    assert rung(story) == ["lee", "kim"]
