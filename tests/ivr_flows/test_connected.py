"""TR1, TR3, TR7: caller and staff in the room; whoever leaves, the caller is not left alone."""

import itertools
from collections.abc import Callable

import pytest

from ivr_flows import inputs, outputs
from ivr_flows.call import Place, Stage
from tests.ivr_flows.story import (
    Story,
    at_hosted_911,
    connected,
    eligible_direct,
    hosted,
    transferred,
)

CALLER = "call-1"
ANA = "call-2"
LEE = "call-2"


def introduced() -> tuple[Story, str]:
    """Lee has brought in Ana: caller, call taker and clinician are together."""
    story = at_hosted_911()
    story.stars(LEE)
    story.leaves_room(CALLER)
    for digits in ("4", "4711", "1", "1", "2", "2", "2", "1"):
        story.presses(LEE, digits)
    story.enters(LEE)
    ana = story.accepts("ana")
    story.joins(ana)
    return story, ana


def test_tr1_after_the_introduction_the_call_taker_leaves_and_nothing_breaks() -> None:
    story, ana = introduced()
    story.give(inputs.CommandDone("SetEndsRoom", LEE))
    generation = story.call.room
    story.hangs_up(LEE)
    assert story.call.room == generation
    assert story.is_at(Stage.CONNECTED)
    assert story.leg(ana).place is story.caller.place is Place.ROOM


@pytest.mark.parametrize("order", list(itertools.permutations(["status", "caller", "clinician"])))
def test_tr1_leaving_before_the_flag_has_passed_costs_a_blip_and_no_caller(
    order: tuple[str, ...],
) -> None:
    story, ana = introduced()
    events: dict[str, Callable[[], object]] = {
        "status": lambda: story.hangs_up(LEE),
        "caller": lambda: story.leaves_room(CALLER),
        "clinician": lambda: story.leaves_room(ana),
    }
    for name in order:
        events[name]()
    if isinstance(story.last(ana), outputs.Ask):
        story.comes_out(ana)
    assert isinstance(story.last(ana), outputs.JoinRoom)
    story.enters(ana)
    assert story.caller.room == story.leg(ana).room == story.call.room
    assert story.call.drops == 0


def test_tr1_a_call_taker_who_leaves_early_leaves_the_caller_waiting_for_the_clinician() -> None:
    story = at_hosted_911()
    story.stars(LEE)
    story.leaves_room(CALLER)
    for digits in ("4", "4711", "1", "1", "2", "2", "2", "1"):
        story.presses(LEE, digits)
    story.enters(LEE)
    story.hangs_up_in_room(LEE, CALLER)
    assert story.is_at(Stage.WAITING)
    story.enters(story.accepts("ana"))
    assert story.is_at(Stage.CONNECTED)


def test_tr1_a_clinician_lost_on_the_way_in_leaves_the_call_taker_with_the_caller() -> None:
    story = at_hosted_911()
    story.stars(LEE)
    story.leaves_room(CALLER)
    for digits in ("4", "4711", "1", "1", "2", "2", "2", "1"):
        story.presses(LEE, digits)
    story.enters(LEE)
    generation = story.call.room
    ana = story.accepts("ana")
    story.hangs_up(ana)
    assert story.call.room == generation, "the room of caller and call taker lives on"
    assert story.is_at(Stage.CONSULTING)
    ben = story.accepts("ben")
    story.joins(ben)
    assert story.is_at(Stage.CONNECTED)


def test_tr3_star_opens_the_menu_while_the_caller_is_held_with_a_voice() -> None:
    story = connected()
    story.stars(ANA)
    story.leaves_room(CALLER)
    assert "Your caller is on hold." in story.said(ANA)
    assert story.waits()[0] != outputs.LeaveQueue()
    assert "One moment. Please stay on the line. For 9 1 1, press 9." in story.said(CALLER)
    story.presses(ANA, "1")
    story.enters(ANA)
    assert story.caller.room == 2


@pytest.mark.parametrize("keys", [("7", "8", "#*"), ("", "", "")])
def test_tr3_a_menu_nobody_answers_goes_back_to_the_caller(keys: tuple[str, ...]) -> None:
    story = connected()
    story.stars(ANA)
    story.leaves_room(CALLER)
    for digits in keys:
        story.presses(ANA, digits)
    assert isinstance(story.last(ANA), outputs.JoinRoom)


def test_tr3_a_clinician_who_is_lost_in_the_menu_does_not_hold_the_caller_for_ever() -> None:
    story = connected()
    story.stars(ANA)
    story.leaves_room(CALLER)
    story.passes(91)
    assert story.is_at(Stage.RETURNING)


def test_tr3_the_caller_s_star_gives_time_for_9() -> None:
    story = connected()
    story.stars(CALLER)
    assert isinstance(story.last(CALLER), outputs.Wait)
    story.comes_out(ANA)
    assert "Your caller pressed star" in story.said(ANA)
    story.joins(ANA)
    assert not story.ordered(outputs.ReleaseFromQueue)
    assert isinstance(story.waits()[-1], outputs.WaitPiece)
    assert "For 9 1 1, press 9." in story.said(CALLER)
    assert story.waits() == (outputs.LeaveQueue(),)
    story.give(inputs.QueueLeft(CALLER, story.caller.step, "leave"))
    assert isinstance(story.last(CALLER), outputs.JoinRoom)
    assert story.caller.room == story.leg(ANA).room == 2


def test_re1_the_caller_s_star_and_9_goes_to_911_with_the_clinician() -> None:
    story = connected(Story(hosted()))
    story.stars(CALLER)
    story.comes_out(ANA)
    story.joins(ANA)
    story.waits()
    story.waits(digits="9")
    assert story.is_at(Stage.RETURNING)
    assert story.call.returning is not None
    assert story.call.returning.reason == "caller_request"


def test_a_911_caller_with_a_call_taker_who_presses_star_and_9_comes_back_to_them() -> None:
    story = at_hosted_911()
    story.stars(CALLER)
    story.comes_out(LEE)
    story.joins(LEE)
    assert story.waits(digits="9") == (outputs.LeaveQueue(),)
    assert story.is_at(Stage.CONNECTED)


@pytest.mark.parametrize("order", list(itertools.permutations(["status", "caller"])))
def test_tr7_a_clinician_s_dead_phone_is_heard_of_and_the_next_is_rung(
    order: tuple[str, ...],
) -> None:
    story = connected()
    events: dict[str, Callable[[], object]] = {
        "status": lambda: story.hangs_up(ANA),
        "caller": lambda: story.leaves_room(CALLER),
    }
    for name in order:
        events[name]()
    assert isinstance(story.last(CALLER), outputs.Wait)
    story.waits()
    assert "The line dropped. Please stay. I am getting someone for you." in story.said(CALLER)
    story.enters(story.accepts("ben"))
    assert (story.call.stage, story.caller.room) == (Stage.CONNECTED, 2)


def test_tr7_a_dead_phone_nobody_reports_is_noticed_in_seconds() -> None:
    story = connected()
    story.leaves_room(CALLER)
    story.passes(7)
    assert story.ringing_leg("ben") in story.rings()
    checks = [getattr(one, "leg_id", "") for one in story.ordered(outputs.CheckLeg)]
    assert ANA in checks


def test_tr7_with_nobody_for_a_dropped_caller_911_is_next() -> None:
    story = connected()
    story.hangs_up_in_room(ANA, CALLER)
    story.passes(80)
    assert story.waits() == (outputs.LeaveQueue(),)
    story.give(inputs.QueueLeft(CALLER, story.caller.step, "leave"))
    assert isinstance(story.last(CALLER), outputs.Dial911)


def test_tr7_a_line_that_keeps_dropping_goes_to_911() -> None:
    story = connected(Story(people={"clinicians": ("ana", "ben", "cleo", "dee")}))
    for _ in range(2):
        story.hangs_up_in_room(story.call.staff()[-1].id, CALLER)
        story.enters(story.accepts(story.call.live_offers()[0].person_id))
    story.hangs_up_in_room(story.call.staff()[-1].id, CALLER)
    assert story.is_at(Stage.RETURNING)


def test_el7_a_caller_given_back_to_911_is_not_offered_to_that_desk_when_a_line_drops() -> None:
    story = connected(Story(hosted()))
    story.give(inputs.ReturnRequested("ana", "medical"))
    lee = story.accepts("lee")
    story.joins(lee)
    story.hangs_up(lee)
    story.leaves_room(CALLER)
    story.comes_out(ANA)
    story.hangs_up_in_room(ANA, CALLER)
    assert story.call.desk == "911"
    assert story.is_at(Stage.RETURNING)


def test_tr7_the_caller_hangs_up_and_everybody_is_freed() -> None:
    story = connected()
    story.hangs_up(CALLER)
    assert story.is_at(Stage.CLOSED)
    story.comes_out(ANA)
    assert "Your caller has left the line." in story.said(ANA)
    story.presses(ANA, "1")
    story.hangs_up(ANA)
    assert story.call.engaged_people() == frozenset()
    assert story.call.due_at is None


@pytest.mark.parametrize(
    "order",
    [("status", "caller", "wait"), ("caller", "status", "wait"), ("caller", "wait", "status")],
    ids="-".join,
)
def test_tr7_911_hanging_up_on_a_caller_who_stays_is_said_and_911_called_again(
    order: tuple[str, ...],
) -> None:
    story = at_hosted_911()
    events: dict[str, Callable[[], object]] = {
        "status": lambda: story.hangs_up(LEE),
        "caller": lambda: story.leaves_room(CALLER),
        "wait": story.waits,
    }
    for name in order:
        events[name]()
    story.waits()
    assert "9 1 1 has left the line." in story.said(CALLER)
    story.passes(13)
    assert story.is_at(Stage.RETURNING)


def test_tr7_911_hanging_up_again_and_again_is_called_less_often_but_9_is_at_once() -> None:
    story = at_hosted_911()
    story.hangs_up_in_room(LEE, CALLER)
    story.waits(digits="9")
    kim = story.accepts("kim")
    story.enters(kim)
    story.hangs_up_in_room(kim, CALLER)
    story.passes(13)
    assert story.is_at(Stage.WAITING)
    story.waits()
    story.waits()
    assert "To be connected to 9 1 1 again now, press 9." in story.said(CALLER)
    story.waits(digits="9")
    assert story.is_at(Stage.RETURNING)


@pytest.mark.parametrize("first", ["caller", "clinician"])
def test_tr7_racing_actions_agree_on_the_generation(first: str) -> None:
    story = connected()
    moves: list[Callable[[], object]] = [
        lambda: story.leaves_room(CALLER),
        lambda: story.stars(ANA),
    ]
    for move in moves if first == "caller" else reversed(moves):
        move()
    assert story.call.room == 2
    story.presses(ANA, "1")
    story.enters(ANA)
    assert story.leg(ANA).room == story.caller.room == 2


def test_tr7_a_late_leave_of_one_generation_does_not_touch_the_next() -> None:
    story = connected()
    story.stars(ANA)
    story.leaves_room(CALLER)
    story.presses(ANA, "1")
    story.enters(ANA)
    story.give(inputs.RoomDeparted(ANA, 1))
    story.give(inputs.RoomDeparted(CALLER, 1))
    assert story.ignored
    assert story.call.room == 2
    assert story.leg(ANA).place is story.caller.place is Place.ROOM


def test_tr7_a_caller_who_finds_an_empty_room_is_fetched_until_it_works() -> None:
    story = eligible_direct()
    story.joins(story.accepts("ana"))
    story.released()
    story.hangs_up(ANA)
    story.joins(CALLER)
    story.take(outputs.RedirectLeg)
    story.passes(4)
    story.comes_out(CALLER)
    assert isinstance(story.last(CALLER), outputs.Wait)


def test_tr7_a_lost_join_of_the_caller_is_mended() -> None:
    story = eligible_direct()
    story.joins(story.accepts("ana"))
    story.released()
    story.passes(4)
    story.comes_out(CALLER)
    story.comes_out(ANA)
    story.enters(ANA)
    assert story.caller.room == story.leg(ANA).room == 2


def test_tr7_a_leg_that_joins_an_old_generation_is_brought_to_the_newest() -> None:
    story, ana = introduced()
    story.give(inputs.CommandDone("SetEndsRoom", LEE))
    story.stars(LEE)
    story.presses(LEE, "1")
    story.leaves_room(ana)
    story.leaves_room(CALLER)
    story.joins(LEE)
    story.comes_out(LEE)
    assert story.leg(LEE).room == story.call.room


def test_tr7_those_whose_room_lives_on_under_an_old_number_meet_911_in_the_newest() -> None:
    """The flag had passed and the carrier's word of it was lost; so the room did not end."""
    story, ana = introduced()
    story.give(inputs.RoomDeparted(LEE, story.leg(LEE).room))
    story.hangs_up(LEE)
    story.give(inputs.ReturnRequested("ana", "medical"))
    kim = story.accepts("kim")
    story.joins(kim)
    for leg in (ana, CALLER):
        story.comes_out(leg)
        story.joins(leg)
    assert {story.leg(leg).room for leg in (kim, ana, CALLER)} == {story.call.room}


def test_a_room_that_cannot_be_entered_is_given_up_for_911() -> None:
    story = eligible_direct()
    story.joins(story.accepts("ana"))
    for _ in range(3):
        if isinstance(story.last(CALLER), outputs.Wait):
            story.released()
        story.leaves_room(CALLER)
        if isinstance(story.last(CALLER), outputs.Wait):
            story.comes_out(ANA)
            story.joins(ANA)
    assert isinstance(story.last(CALLER), outputs.Dial911)


def test_a_staff_line_that_cannot_join_ends_with_a_sentence() -> None:
    story = eligible_direct()
    ana = story.accepts("ana")
    for _ in range(3):
        story.leaves_room(ana)
    assert "Your line cannot be connected." in story.said(ana)
    assert story.ringing_leg("ben") in story.rings()


def test_being_fetched_from_the_queue_twice_gives_the_same_answer() -> None:
    story = eligible_direct()
    story.joins(story.accepts("ana"))
    step = story.caller.step
    first = story.released()
    story.give(inputs.QueueLeft(CALLER, step, "redirected"))
    assert story.give(inputs.LegAsked(CALLER)) == first
    assert story.call.room == 1


def test_connected_has_a_deadline_that_asks_the_carrier() -> None:
    story = connected()
    story.passes(61)
    checks = {getattr(one, "leg_id", "") for one in story.ordered(outputs.CheckLeg)}
    assert checks == {CALLER, ANA}
    assert story.call.due_at is not None


def test_tr1_on_a_trunk_nobody_s_departure_is_inferred() -> None:
    story = transferred()
    story.enters(story.accepts("ana"))
    story.hangs_up("call-2")
    story.leaves_room(CALLER)
    assert story.caller.place is Place.QUEUE
    story.waits()
    assert "The line dropped." in story.said(CALLER)


def test_tr7_a_caller_is_not_left_waiting_for_somebody_of_whom_we_never_hear_that_they_went() -> (
    None
):
    """Lee's hang-up is lost and the carrier answers no more; nobody else has a time limit."""
    story = connected(Story(hosted()))
    story.leaves_room(CALLER)
    story.waits(CALLER, "9")
    story.comes_out(ANA)
    story.joins(ANA)
    story.joins(story.accepts("lee"))
    story.waits(CALLER)
    assert story.waits(CALLER) == (outputs.LeaveQueue(),)
    story.give(inputs.QueueLeft(CALLER, story.caller.step, "leave"))
    story.joins(CALLER)
    assert story.is_at(Stage.CONNECTED)
    story.leaves_room(CALLER)
    story.stars(ANA)
    story.hangs_up(ANA)
    assert story.caller.due_at is None

    for _ in range(20):
        story.passes(8)
        if story.waits(CALLER) == (outputs.LeaveQueue(),):
            story.give(inputs.QueueLeft(CALLER, story.caller.step, "leave"))
            break

    assert isinstance(story.last(CALLER), outputs.Dial911)


def test_tr7_a_call_taker_who_was_silent_and_comes_back_is_the_911_that_was_sought() -> None:
    story = at_hosted_911()
    story.stars(LEE)
    story.leaves_room(CALLER)
    story.passes(90)
    assert story.is_at(Stage.RETURNING)
    kim = story.ringing_leg("kim")
    story.presses(LEE, "1")
    story.joins(LEE)

    assert story.is_at(Stage.CONNECTED)
    assert outputs.EndLeg(kim) in story.commands
    assert not story.call.live_offers()


def test_tr7_a_call_taker_who_comes_back_ends_the_room_before_the_clinician_may_leave_it() -> None:
    story = connected(Story(hosted()))
    story.stars(ANA)
    story.leaves_room(CALLER)
    story.waits(CALLER, "9")
    lee = story.accepts("lee")
    story.joins(lee)
    story.stars(lee)
    story.give(inputs.ReturnRequested("ana", "danger"))
    story.presses(ANA, "1")
    story.joins(ANA)
    story.presses(lee, "1")
    story.joins(lee)

    assert story.is_at(Stage.CONNECTED)
    room = story.call.room
    assert (story.leg(ANA).ends_room, story.leg(lee).ends_room) == (True, False)
    assert outputs.SetEndsRoom(lee, room, ends_room=True) in story.commands
    story.give(inputs.CommandDone("SetEndsRoom", lee, on=True))
    assert outputs.SetEndsRoom(ANA, room, ends_room=False) in story.commands
