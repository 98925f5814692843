"""RO2 to RO4: who is rung, what they hear, and that one acceptance wins."""

import pytest

from ivr_flows import inputs, moving, outputs
from ivr_flows.call import OfferState, Place, Stage
from tests.ivr_flows.story import Story, connected, eligible_direct, transferred, with_clinicians

CALLER = "call-1"


def rung(story: Story) -> list[str]:
    return [offer.person_id for offer in story.call.live_offers()]


def declines(story: Story, person: str) -> None:
    leg = story.ringing_leg(person)
    story.answers(leg)
    story.presses(leg, "2")
    story.hangs_up(leg)


def both_listen() -> tuple[Story, str, str]:
    story = eligible_direct(Story(with_clinicians(strategy="all_at_once")))
    ana, ben = story.ringing_leg("ana"), story.ringing_leg("ben")
    story.answers(ana)
    story.answers(ben)
    return story, ana, ben


def test_ro2_sequential_rings_one_after_another() -> None:
    story = eligible_direct(Story(with_clinicians(strategy="sequential")))
    assert rung(story) == ["ana"]
    story.passes(20)
    assert rung(story) == ["ana"]
    story.passes(7)
    assert rung(story) == ["ben"]


def test_ro2_overlapping_starts_the_next_ring_before_the_last_ends() -> None:
    story = eligible_direct()
    assert rung(story) == ["ana"]
    story.passes(8)
    assert rung(story) == ["ana", "ben"]


def test_ro2_all_at_once_rings_everybody() -> None:
    story = eligible_direct(Story(with_clinicians(strategy="all_at_once")))
    assert rung(story) == ["ana", "ben"]


def test_ro2_nobody_is_rung_twice_for_one_wait() -> None:
    story = eligible_direct()
    declines(story, "ana")
    assert rung(story) == ["ben"]
    declines(story, "ben")
    assert story.is_at(Stage.RETURNING)


def test_ro3_the_summary_is_spoken_before_a_key_is_taken() -> None:
    story = transferred()
    ana = story.ringing_leg("ana")
    story.answers(ana)
    heard = story.said(ana)
    assert heard.index("Crisis call") < heard.index("Press 1 to accept, 2 to decline.")
    assert story.is_at(Stage.WAITING)


def test_ro3_pressing_1_joins_first_and_the_caller_follows() -> None:
    story = eligible_direct()
    ana = story.accepts("ana")
    assert isinstance(story.last(ana), outputs.JoinRoom)
    assert not story.ordered(outputs.ReleaseFromQueue)
    story.joins(ana)
    assert story.is_at(Stage.CONNECTED)
    story.released()
    assert isinstance(story.last(CALLER), outputs.JoinRoom)


def test_ro3_pressing_2_goes_on_to_the_next() -> None:
    story = eligible_direct()
    declines(story, "ana")
    assert "The call goes to someone else." in story.said("call-2")
    assert story.call.offers[0].state is OfferState.DECLINED
    assert rung(story) == ["ben"]
    assert not story.ordered(outputs.NotifySupervisor)


def test_ro3_no_answer_goes_on_and_is_told_to_a_supervisor() -> None:
    story = eligible_direct(Story(with_clinicians(strategy="sequential")))
    story.passes(27)
    assert story.call.offers[0].state is OfferState.NO_ANSWER
    assert story.take(outputs.NotifySupervisor) == outputs.NotifySupervisor("offer_missed", "ana")
    assert story.take(outputs.EndLeg).leg_id == "call-2"
    assert rung(story) == ["ben"]


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled", "completed"])
def test_ro3_a_ring_that_ends_by_itself_goes_on_to_the_next(status: str) -> None:
    story = eligible_direct()
    story.give(inputs.LegStatusChanged("call-2", status))
    assert story.call.offers[0].state is OfferState.NO_ANSWER
    assert rung(story) == ["ben"]


def test_ro3_hanging_up_after_the_summary_declines() -> None:
    story = eligible_direct()
    ana = story.ringing_leg("ana")
    story.answers(ana)
    story.hangs_up(ana)
    assert story.call.offers[0].state is OfferState.DECLINED


def test_ro3_voicemail_is_not_an_acceptance() -> None:
    story = eligible_direct(Story(with_clinicians(strategy="sequential")))
    ana = story.ringing_leg("ana")
    story.answers(ana)
    for _ in range(3):
        story.presses(ana, "")
    assert isinstance(story.last(ana), outputs.Hangup)
    assert story.call.offers[0].state is OfferState.NO_ANSWER
    assert rung(story) == ["ben"]


def test_ro3_wrong_keys_are_not_an_acceptance() -> None:
    story = eligible_direct()
    ana = story.ringing_leg("ana")
    story.answers(ana)
    for key in ("7", "5", "9"):
        story.presses(ana, key)
    assert story.is_at(Stage.WAITING)
    assert story.call.offers[0].state is OfferState.NO_ANSWER


def test_ro3_who_takes_too_long_to_decide_hears_why() -> None:
    story = eligible_direct()
    ana = story.ringing_leg("ana")
    story.answers(ana)
    story.passes(26)
    story.comes_out(ana)
    assert "There was no answer" in story.said(ana)
    assert isinstance(story.last(ana), outputs.Hangup)


def test_ro4_the_loser_hears_why_and_is_free() -> None:
    story, ana, ben = both_listen()
    story.presses(ana, "1")
    story.presses(ben, "1")
    assert "Another person has taken this call. You are free again." in story.said(ben)
    assert isinstance(story.last(ben), outputs.Hangup)
    story.hangs_up(ben)
    assert story.call.engaged_people() == {"ana"}
    assert [o.state for o in story.call.offers] == [OfferState.ACCEPTED, OfferState.WITHDRAWN]


def test_ro4_a_loser_who_only_listens_is_fetched_to_hear_why() -> None:
    story, ana, ben = both_listen()
    story.presses(ana, "1")
    story.comes_out(ben)
    assert "Another person has taken this call." in story.said(ben)


def test_ro4_a_phone_that_still_rings_stops() -> None:
    story = eligible_direct(Story(with_clinicians(strategy="all_at_once")))
    ben = story.ringing_leg("ben")
    story.accepts("ana")
    assert story.take(outputs.EndLeg).leg_id == ben
    story.answers(ben)
    assert "Another person has taken this call." in story.said(ben)


def test_ro4_who_accepts_after_the_caller_has_gone_hears_so() -> None:
    story = eligible_direct()
    ana = story.ringing_leg("ana")
    story.answers(ana)
    story.hangs_up(CALLER)
    story.presses(ana, "1")
    assert "The caller has left the line. You are free again." in story.said(ana)
    assert story.call.outcome == "abandoned"


def test_ro3_one_who_accepts_and_never_joins_counts_as_no_answer() -> None:
    story = eligible_direct(Story(with_clinicians(strategy="sequential")))
    ana = story.accepts("ana")
    story.passes(12)
    assert story.leg(ana).place is Place.ENDED
    assert story.call.offers[0].state is OfferState.NO_ANSWER
    assert rung(story) == ["ben"]
    assert story.call.drops == 0


def test_the_time_to_join_begins_when_the_sentence_before_it_has_been_spoken() -> None:
    story = eligible_direct()
    due_at = story.leg(story.accepts("ana")).due_at
    assert due_at is not None
    silent_seconds = moving.JOIN_SECONDS - moving.LOOK_SECONDS
    assert (due_at - story.now).total_seconds() > silent_seconds


def test_tr7_the_offer_after_a_drop_says_so() -> None:
    story = connected()
    story.hangs_up_in_room("call-2", CALLER)
    ben = story.ringing_leg("ben")
    story.answers(ben)
    assert "The caller was with a clinician and the line dropped." in story.said(ben)
