"""TR7, RE5: a leg that nobody reports in its room is asked for, and left there if it is there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr_flows import inputs, moving, outputs
from ivr_flows.call import Place, Stage
from ivr_flows.void import find_reason_void
from tests.ivr_flows.story import Story, connected, eligible_direct, hosted

CALLER, ANA = "call-1", "call-2"
ASKED_AFTER = moving.JOIN_SECONDS - moving.LOOK_SECONDS
AT_THE_END = moving.LOOK_SECONDS + 0.1


def accepted() -> Story:
    """Ana has taken the call and was sent into the room; the caller waits."""
    story = eligible_direct()
    story.accepts("ana")
    return story


def is_asked_for(story: Story, leg_id: str) -> outputs.LookInRoom:
    """Let the time pass after which the carrier is asked; what it is asked."""
    due_at = story.leg(leg_id).due_at
    assert due_at is not None
    story.passes((due_at - story.now).total_seconds())
    return story.take(outputs.LookInRoom)


def seen(look: outputs.LookInRoom, *others: str) -> inputs.SeenInRoom:
    return inputs.SeenInRoom(look.leg_id, look.room, look.step, others)


def entering() -> Story:
    """Ana is in the room; the caller was sent after her."""
    story = accepted()
    story.joins(ANA)
    story.released()
    return story


def fetched(story: Story, leg_id: str) -> bool:
    """Whether the leg was ordered out of where it is."""
    orders = (one for one in story.commands if isinstance(one, outputs.RedirectLeg))
    return any(one.leg_id == leg_id for one in orders)


def test_tr7_staff_seen_in_the_room_get_their_caller_and_are_not_interrupted() -> None:
    story = accepted()
    story.give(seen(is_asked_for(story, ANA)))
    assert story.leg(ANA).place is Place.ROOM
    assert {"seen_in_room", "room_joined", "connected"} <= set(story.kinds())
    story.released()
    story.joins(CALLER)
    story.passes(20)
    assert story.is_at(Stage.CONNECTED)
    assert not fetched(story, ANA)


def test_tr7_a_caller_seen_in_the_room_with_somebody_stays_there() -> None:
    story = entering()
    story.give(seen(is_asked_for(story, CALLER), ANA))
    assert story.caller.place is Place.ROOM
    story.passes(20)
    assert not fetched(story, CALLER)
    assert story.call.stage_due_at is not None, "that staff live is checked as ever"


@pytest.mark.parametrize("others", [(), ("call-9",), (CALLER,)])
def test_tr7_a_caller_seen_in_the_room_without_staff_comes_out(others: tuple[str, ...]) -> None:
    story = entering()
    story.give(seen(is_asked_for(story, CALLER), *others))
    assert story.caller.place is Place.JOINING
    assert story.ignored
    story.passes(AT_THE_END)
    assert fetched(story, CALLER)


def test_tr7_a_caller_seen_with_staff_who_cannot_be_heard_comes_out() -> None:
    story = entering()
    story.call = story.call.with_leg(replace(story.leg(ANA), muted=True, mute_wanted=True))
    story.give(inputs.SeenInRoom(CALLER, 1, story.caller.step, (ANA,)))
    assert story.caller.place is Place.JOINING
    story.passes(moving.JOIN_SECONDS)
    assert fetched(story, CALLER)


@pytest.mark.parametrize("leg_id", [CALLER, ANA])
def test_tr7_without_an_answer_a_leg_has_no_longer_to_join_than_its_time(leg_id: str) -> None:
    story = entering() if leg_id == CALLER else accepted()
    sent_at = story.now
    is_asked_for(story, leg_id)
    spoken = 0.0 if leg_id == CALLER else (story.now - sent_at).total_seconds() - ASKED_AFTER
    assert 0 <= spoken < 2, "what the leg hears before it joins"
    assert not fetched(story, leg_id)
    story.passes(sent_at.timestamp() + spoken + moving.JOIN_SECONDS - story.now.timestamp())
    assert fetched(story, leg_id)
    assert len(story.ordered(outputs.LookInRoom)) == 0, "asked once"


def test_tr7_a_refused_question_changes_nothing() -> None:
    story = accepted()
    is_asked_for(story, ANA)
    story.give(inputs.CommandFailed("LookInRoom", ANA, "20003"))
    assert story.leg(ANA).place is Place.JOINING
    story.passes(AT_THE_END)
    assert fetched(story, ANA)


def test_tr7_a_leg_fetched_and_sent_again_is_asked_for_again() -> None:
    story = accepted()
    first = is_asked_for(story, ANA)
    story.passes(AT_THE_END)
    story.comes_out(ANA)
    second = is_asked_for(story, ANA)
    assert second.step > first.step
    story.give(seen(first))
    assert story.leg(ANA).place is Place.JOINING, "that was before it came out"
    assert story.ignored == "has moved on since"
    story.give(seen(second))
    assert story.leg(ANA).place is Place.ROOM
    assert "did_not_join" not in story.kinds()


def test_tr7_what_is_seen_late_or_twice_changes_nothing() -> None:
    story = accepted()
    look = is_asked_for(story, ANA)
    story.joins(ANA)
    story.released()
    before = story.call
    for _ in range(2):
        story.give(seen(look))
        assert story.ignored == "not on its way to that room"
    assert replace(story.call, version=before.version) == before


def test_tr7_another_room_is_not_the_one_that_was_meant() -> None:
    story = accepted()
    look = is_asked_for(story, ANA)
    story.give(replace(seen(look), room=look.room + 1))
    assert story.leg(ANA).place is Place.JOINING
    assert story.ignored == "not on its way to that room"


@pytest.mark.parametrize(
    "place", [place for place in Place if place not in (Place.JOINING, Place.ROOM)]
)
@pytest.mark.parametrize("leg_id", [CALLER, ANA])
def test_tr7_only_a_leg_on_its_way_in_can_have_joined(place: Place, leg_id: str) -> None:
    story = connected()
    leg = replace(story.leg(leg_id), place=place)
    story.call = story.call.with_leg(leg)
    step = story.leg(leg_id).step
    story.give(inputs.SeenInRoom(leg_id, leg.room, step, (CALLER, ANA)))
    assert story.ignored
    assert story.leg(leg_id) == leg


def test_re2_a_call_taker_seen_in_the_room_has_the_caller() -> None:
    story = connected(Story(hosted()))
    story.give(inputs.ReturnRequested("ana", "medical"))
    lee = story.accepts("lee")
    story.give(seen(is_asked_for(story, lee), CALLER, ANA))
    assert story.call.outcome == "returned_to_911"
    assert "did_not_join" not in story.kinds()


def test_law7_the_question_is_void_once_the_leg_is_there_or_has_moved_on() -> None:
    story = accepted()
    look = is_asked_for(story, ANA)
    assert find_reason_void(look, story.call) == ""
    assert find_reason_void(replace(look, step=look.step - 1), story.call) == "the leg has moved on"
    story.joins(ANA)
    assert find_reason_void(look, story.call) == "not on its way into the room"
    story.hangs_up(ANA)
    assert find_reason_void(look, story.call) == "the leg is over"
