"""TR3, TR4, TR7: hold, mute, remove and leave, per party; the caller is never left unheard."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from ivr_flows import inputs, outputs, parties
from ivr_flows.call import Place, Role, Stage
from ivr_flows.program import Program
from ivr_flows.prompts import seconds
from tests.ivr_flows.story import (
    PROGRAM,
    Story,
    connected,
    eligible_direct,
    hosted,
    with_transfers,
)
from tests.ivr_flows.test_connected import introduced

CALLER, ANA, LEE = "call-1", "call-2", "call-2"
QUICK = replace(PROGRAM, hold_seconds=60)


def asks(story: Story, leg_id: str, action: str) -> str:
    """The API is asked; why it refused, or ""."""
    story.give(inputs.ControlRequested("token", leg_id, action))
    return story.ignored


Switch = type[outputs.HoldLeg | outputs.MuteLeg | outputs.SetEndsRoom]


def does(story: Story, kind: Switch, *, on: bool = True) -> None:
    """The carrier does the oldest command of that kind, and says so."""
    order = story.take(kind)
    assert getattr(order, "on", on) is on
    story.give(inputs.CommandDone(kind.__name__, order.leg_id, on=on))


def together() -> tuple[Story, str]:
    """Lee, who ends no room any more, has brought Ana in, who does: both with the caller."""
    story, ana = introduced()
    story.give(inputs.CommandDone("SetEndsRoom", LEE, on=False))
    story.commands.clear()
    return story, ana


def with_interpreter() -> tuple[Story, str]:
    """Ana and an interpreter from outside, who answers for nobody, with the caller."""
    story = connected(Story(with_transfers()))
    story.give(inputs.TransferRequested("token", "directory:interpreter", "together"))
    outside = story.outside_leg()
    story.answers(outside)
    story.joins(outside)
    assert story.is_at(Stage.CONNECTED)
    assert story.leg(outside) not in story.call.staff()
    story.commands.clear()
    return story, outside


def menu_of_people(story: Story, leg_id: str = ANA) -> None:
    story.stars(leg_id)
    if story.caller.place is Place.ROOM and story.call.room != story.caller.room:
        story.leaves_room(CALLER)
    story.presses(leg_id, "6")


# -- who may do what --------------------------------------------------------------------

ALLOWED = {
    # party of Ana (clinician), Lee (call taker), caller
    "caller": {"hold", "unhold"},
    "ana": {"hold", "unhold", "mute", "unmute", "leave"},
    "lee": {"hold", "unhold", "mute", "unmute", "leave"},
}


@pytest.mark.parametrize("who", ALLOWED)
@pytest.mark.parametrize("action", parties.ACTIONS)
def test_tr3_who_may_be_held_muted_removed_and_leave_with_two_for_the_caller(
    who: str, action: str
) -> None:
    story, ana = together()
    leg = story.leg({"caller": CALLER, "ana": ana, "lee": LEE}[who])
    refused = parties.find_refusal(story.call, leg, action)
    assert (not refused) is (action in ALLOWED[who]), refused


@pytest.mark.parametrize("action", parties.ACTIONS)
def test_tr7_the_only_one_who_is_heard_is_neither_held_nor_muted_and_does_not_leave(
    action: str,
) -> None:
    story = connected()
    refused = asks(story, ANA, action)
    assert (not refused) is (action in ("unhold", "unmute")), refused
    assert story.leg(ANA).is_heard


@pytest.mark.parametrize("action", parties.ACTIONS)
def test_tr4_a_party_that_answers_for_nobody_is_held_muted_and_removed(action: str) -> None:
    story, outside = with_interpreter()
    assert asks(story, outside, action) == ""


@pytest.mark.parametrize("first", ["hold", "mute"])
@pytest.mark.parametrize("second", ["hold", "mute"])
def test_tr7_of_two_who_answer_for_the_caller_one_stays_heard(first: str, second: str) -> None:
    story, ana = together()
    assert asks(story, LEE, first) == ""
    assert asks(story, ana, second) == parties.ALONE


def _closed() -> Story:
    story = connected()
    story.hangs_up(CALLER)
    return story


def _returning() -> Story:
    story = connected()
    story.give(inputs.ReturnRequested("token", "medical"))
    return story


STATES = {
    "waiting": (eligible_direct, parties.CALLER_WAITS),
    "closed": (_closed, parties.CLOSED),
    "returning": (_returning, parties.TO_911),
}


@pytest.mark.parametrize("state", STATES)
def test_tr3_the_caller_is_held_only_while_somebody_is_with_them(state: str) -> None:
    begin, why = STATES[state]
    story = begin()
    assert asks(story, CALLER, "hold") == why
    assert story.call.hold_until_at is None


def test_tr3_a_leg_nobody_knows_and_a_party_that_has_left_are_refused() -> None:
    story, outside = with_interpreter()
    assert asks(story, "call-77", "hold") == "unknown leg"
    story.hangs_up(outside)
    for action in parties.ACTIONS:
        assert asks(story, outside, action) == parties.GONE


def test_tr3_somebody_who_is_only_offered_the_call_is_not_a_party_yet() -> None:
    story = eligible_direct()
    assert asks(story, story.ringing_leg("ana"), "hold") == parties.NOT_THERE


# -- a party on hold --------------------------------------------------------------------


def test_tr3_a_party_is_held_told_and_brought_back() -> None:
    story, outside = with_interpreter()
    asks(story, outside, "hold")
    assert (story.leg(outside).held, story.leg(outside).hold_wanted) == (False, True)
    does(story, outputs.HoldLeg)
    assert story.leg(outside).held
    assert story.leg(outside).due_at is None
    asks(story, outside, "unhold")
    does(story, outputs.HoldLeg, on=False)
    assert not story.leg(outside).is_silenced
    assert {"hold_requested", "party_held", "unhold_requested", "party_not_held"} <= set(
        story.kinds()
    )


@pytest.mark.parametrize("action", ["hold", "mute"])
def test_tr7_the_one_who_stays_ends_the_room_before_the_other_is_silenced(action: str) -> None:
    story, ana = together()
    kind = outputs.HoldLeg if action == "hold" else outputs.MuteLeg
    asks(story, ana, action)  # who ends the room
    assert not story.ordered(kind)
    does(story, outputs.SetEndsRoom)
    assert story.leg(LEE).ends_room
    does(story, kind)
    assert not story.leg(ana).is_heard


def test_tr7_a_flag_that_cannot_be_passed_leaves_everybody_heard_and_says_so() -> None:
    story, ana = together()
    asks(story, ana, "hold")
    order = story.take(outputs.SetEndsRoom)
    story.give(inputs.CommandFailed("SetEndsRoom", order.leg_id, "http_503", on=True))
    assert not story.leg(ana).is_silenced
    assert [one.say.prompt for one in announced(story)] == ["control_not_done"] * 2


def announced(story: Story) -> list[outputs.Announce]:
    return [one for one in story.commands if isinstance(one, outputs.Announce)]


@pytest.mark.parametrize("how", ["refused", "never_heard_of"])
def test_tr3_a_hold_that_does_not_work_is_said_and_nothing_is_lost(how: str) -> None:
    story, outside = with_interpreter()
    asks(story, outside, "hold")
    if how == "refused":
        story.give(inputs.CommandFailed("HoldLeg", outside, "20404", on=True))
    else:
        story.passes(6)
    assert not story.leg(outside).is_silenced
    assert story.leg(outside).place is story.caller.place is Place.ROOM
    assert [(one.leg_id, one.say.prompt) for one in announced(story)] == [(ANA, "control_not_done")]
    assert story.call.stage is Stage.CONNECTED


def test_tr7_a_party_that_could_not_be_brought_back_is_tried_again_until_it_is() -> None:
    story, outside = with_interpreter()
    asks(story, outside, "hold")
    does(story, outputs.HoldLeg)
    asks(story, outside, "unhold")
    story.take(outputs.HoldLeg)
    story.give(inputs.CommandFailed("HoldLeg", outside, "http_503", on=False))
    for _ in range(3):
        story.passes(6)
        assert not story.take(outputs.HoldLeg).on
    story.give(inputs.CommandDone("HoldLeg", outside, on=False))
    assert story.leg(outside).is_heard
    assert story.leg(outside).due_at is None


def test_law1_late_and_repeated_callbacks_do_not_undo_what_was_told_since() -> None:
    story, outside = with_interpreter()
    room = story.call.room
    tells = {
        number: inputs.ControlsChanged(outside, room, held, muted=False, sequence=number)
        for number, held in ((4, True), (5, False))
    }
    asks(story, outside, "hold")
    story.give(tells[4])  # before the answer to our order
    assert story.leg(outside).held
    story.give(inputs.CommandDone("HoldLeg", outside, on=True))
    asks(story, outside, "unhold")
    story.give(tells[5])
    for late in (tells[4], tells[5]):
        story.give(late)
        assert story.ignored == "older than what was told before"
    assert not story.leg(outside).is_silenced
    story.give(inputs.ControlsChanged(outside, room + 1, held=True, muted=True, sequence=9))
    assert story.ignored == "not in that room"


@pytest.mark.parametrize("order", list(itertools.permutations(["done", "callback"])))
def test_law1_a_hold_told_twice_or_once_is_the_same(order: tuple[str, ...]) -> None:
    for lost in ("", "done", "callback"):
        story, outside = with_interpreter()
        asks(story, outside, "mute")
        news: dict[str, inputs.Input] = {
            "done": inputs.CommandDone("MuteLeg", outside, on=True),
            "callback": inputs.ControlsChanged(
                outside, story.call.room, held=False, muted=True, sequence=3
            ),
        }
        for name in order:
            if name != lost:
                story.give(news[name])
        assert story.leg(outside).muted
        assert story.kinds().count("party_muted") == 1


def test_law1_a_carrier_that_did_the_older_order_last_is_put_right() -> None:
    story, outside = with_interpreter()
    asks(story, outside, "hold")
    asks(story, outside, "unhold")
    story.commands.clear()
    told = inputs.ControlsChanged(outside, story.call.room, held=True, muted=False, sequence=7)
    story.give(told)
    assert not story.take(outputs.HoldLeg).on


# -- from room to room ------------------------------------------------------------------


def test_tr3_a_muted_party_stays_muted_and_a_held_one_is_held_again_in_the_next_room() -> None:
    story, outside = with_interpreter()
    for action, kind in (("hold", outputs.HoldLeg), ("mute", outputs.MuteLeg)):
        asks(story, outside, action)
        does(story, kind)
    story.stars(ANA)
    for leg_id in (outside, CALLER):
        story.leaves_room(leg_id)
    join = story.last(outside)
    assert isinstance(join, outputs.JoinRoom)
    assert join.muted
    assert not story.leg(outside).held
    story.joins(outside)
    assert story.take(outputs.HoldLeg) == outputs.HoldLeg(outside, story.call.room, on=True)
    assert not story.ordered(outputs.MuteLeg)


def test_tr7_a_silenced_colleague_who_is_back_first_does_not_let_the_caller_in() -> None:
    story, ana = together()
    asks(story, LEE, "hold")
    does(story, outputs.HoldLeg)
    story.stars(ana)
    story.leaves_room(LEE)
    story.leaves_room(CALLER)
    story.joins(LEE)
    assert story.leg(LEE).hold_wanted
    assert not story.ordered(outputs.ReleaseFromQueue)
    assert not story.ordered(outputs.HoldLeg), "nobody else would be heard"
    story.presses(ana, "1")
    join = story.last(ana)
    assert isinstance(join, outputs.JoinRoom)
    assert join.ends_room
    story.joins(ana)
    does(story, outputs.HoldLeg)
    story.released()
    story.joins(CALLER)
    assert story.caller.room == story.leg(ana).room == story.call.room


# -- whoever leaves ---------------------------------------------------------------------


@pytest.mark.parametrize("action", ["hold", "mute"])
def test_tr7_when_the_last_who_is_heard_goes_the_silenced_one_has_the_caller(action: str) -> None:
    story, ana = together()
    kind = outputs.HoldLeg if action == "hold" else outputs.MuteLeg
    asks(story, LEE, action)
    does(story, kind)
    story.hangs_up_in_room(ana, CALLER)
    assert isinstance(story.last(CALLER), outputs.Wait), "a voice, by TwiML alone"
    assert not story.leg(LEE).hold_wanted
    assert not story.leg(LEE).mute_wanted
    story.leaves_room(LEE)
    join = story.last(LEE)
    assert isinstance(join, outputs.JoinRoom)
    assert not join.muted
    story.enters(LEE)
    assert story.is_at(Stage.CONNECTED)
    assert story.call.drops == 0


def test_tr7_a_caller_found_with_somebody_on_hold_only_is_fetched_within_two_seconds() -> None:
    story, ana = together()
    asks(story, LEE, "hold")
    does(story, outputs.HoldLeg)
    # The carrier did not end the room with Ana, whatever was asked of it.
    story.give(inputs.CommandDone("SetEndsRoom", ana, on=False))
    story.hangs_up(ana)
    assert not story.take(outputs.HoldLeg).on
    story.passes(1.9)
    assert story.take(outputs.RedirectLeg).leg_id == CALLER
    story.give(inputs.LegAsked(CALLER))
    assert isinstance(story.last(CALLER), outputs.Wait)


def test_tr7_a_held_colleague_does_not_count_for_who_waits_at_a_silent_menu() -> None:
    story, ana = together()
    asks(story, LEE, "hold")
    does(story, outputs.HoldLeg)
    story.stars(ana)
    story.leaves_room(LEE)
    story.leaves_room(CALLER)
    story.joins(LEE)
    story.passes(91)  # Ana's phone is dead, and nobody says so
    assert not story.leg(LEE).is_silenced
    assert story.take(outputs.ReleaseFromQueue).leg_id == CALLER


def test_tr4_a_hold_that_fails_does_not_keep_a_party_who_is_being_taken_out() -> None:
    story, outside = with_interpreter()
    asks(story, outside, "hold")
    asks(story, outside, "remove")
    story.give(inputs.CommandFailed("HoldLeg", outside, "20404", on=True))
    assert "control_given_up" not in story.kinds()
    story.leaves_room(outside)
    assert not story.leg(outside).is_live
    assert story.leg(CALLER).place is Place.ROOM


def test_tr3_leaving_needs_another_who_is_heard_or_911_on_its_way() -> None:
    story, ana = together()
    assert asks(story, ana, "leave") == ""
    story.comes_out(ana)
    assert "The record stays open for you to finish." in story.said(ana)
    assert not story.leg(ana).is_live
    assert story.call.staff() == (story.leg(LEE),)
    returning = _returning()
    assert asks(returning, ANA, "leave") == ""


def test_tr3_a_colleague_put_out_of_the_room_by_who_leaves_it_goes_back_to_the_caller() -> None:
    story, ana = together()
    assert story.leg(ana).ends_room
    asks(story, ana, "leave")
    story.leaves_room(LEE)  # the room has ended with Ana, and Lee is the first to tell
    assert isinstance(story.last(LEE), outputs.JoinRoom)
    story.comes_out(ana)
    assert not story.leg(ana).is_live


def test_tr7_who_was_to_leave_stays_when_the_other_is_gone_by_then() -> None:
    story, ana = together()
    asks(story, ana, "leave")
    story.hangs_up(LEE)
    story.comes_out(ana)
    assert "Nobody else is with your caller." in story.said(ana)
    assert isinstance(story.last(ana), outputs.JoinRoom)


def test_tr3_a_call_taker_leaves_by_their_own_menu_when_the_clinician_is_there() -> None:
    story, _ana = together()
    story.stars(LEE)
    assert "To leave the call, press 2." in story.said(LEE)
    story.presses(LEE, "2")
    assert isinstance(story.last(LEE), outputs.Hangup)
    story.hangs_up(LEE)
    assert story.is_at(Stage.CONNECTED)


@pytest.mark.parametrize("is_over", [False, True])
def test_tr4_a_removed_party_goes_whether_the_carrier_ends_its_call_or_not(is_over: bool) -> None:
    story, outside = with_interpreter()
    asks(story, outside, "remove")
    assert story.take(outputs.RemoveLeg) == outputs.RemoveLeg(outside, story.call.room)
    if is_over:
        story.hangs_up(outside)
    else:
        story.leaves_room(outside)
        assert "You have left the call." in story.said(outside)
        assert isinstance(story.last(outside), outputs.Hangup)
    assert not story.leg(outside).is_live
    assert story.leg(ANA).place is story.caller.place is Place.ROOM


def test_tr4_a_party_that_cannot_be_removed_stays_and_it_is_said() -> None:
    story, outside = with_interpreter()
    asks(story, outside, "remove")
    story.give(inputs.CommandFailed("RemoveLeg", outside, "http_503"))
    assert story.leg(outside).place is Place.ROOM
    assert [one.say.prompt for one in announced(story)] == ["control_not_done"]


# -- the caller on hold -----------------------------------------------------------------


def held_by_ana(program: Program = QUICK) -> Story:
    """Ana, alone with the caller, holds them from her menu."""
    story = connected(Story(program))
    menu_of_people(story)
    story.presses(ANA, "1")
    return story


def test_tr3_the_caller_hears_a_voice_at_once_and_every_8_seconds() -> None:
    story = held_by_ana()
    for _ in range(6):
        piece = story.waits()[-1]
        assert isinstance(piece, outputs.WaitPiece)
        assert piece.says
        assert sum(seconds(say) for say in piece.says) + piece.seconds <= 8
    assert "You are on hold. We are still here. For 9 1 1, press 9." in story.said(CALLER)
    assert not story.ordered(outputs.ReleaseFromQueue)


def test_tr3_1_brings_the_held_caller_back() -> None:
    story = held_by_ana()
    assert "Your caller is on hold. To bring them back, press 1." in story.said(ANA)
    story.presses(ANA, "1")
    story.enters(ANA)
    assert (story.call.hold_until_at, story.caller.place) == (None, Place.ROOM)


def test_tr3_the_holder_is_reminded_whenever_they_are_silent() -> None:
    story = held_by_ana()
    for _ in range(4):
        story.presses(ANA, "")
        assert isinstance(story.last(ANA), outputs.Ask)
    assert story.said(ANA).count("Your caller is on hold. To bring them back") == 5


@pytest.mark.parametrize("sweep", ["in_time", "gone"])
def test_tr7_a_hold_that_is_forgotten_ends_by_itself(sweep: str) -> None:
    story = held_by_ana()
    if sweep == "in_time":
        story.passes(60)
        story.comes_out(ANA)
    else:
        story.lets_time_go(61)
        story.waits()  # the caller's own wait keeps the time
        story.presses(ANA, "")
    assert story.call.hold_until_at is None
    assert isinstance(story.last(ANA), outputs.JoinRoom)
    story.joins(ANA)
    assert story.waits() == (outputs.LeaveQueue(),)


def test_tr7_a_held_caller_s_9_is_911() -> None:
    story = held_by_ana()
    story.waits(digits="9")
    assert story.is_at(Stage.RETURNING)
    assert story.call.hold_until_at is None


def test_tr7_911_asked_for_by_api_while_the_caller_is_held_ends_the_hold() -> None:
    story = held_by_ana(replace(hosted(), hold_seconds=60))
    story.give(inputs.ReturnRequested("token", "medical"))
    assert story.is_at(Stage.RETURNING)
    assert story.call.hold_until_at is None
    story.enters(story.accepts("lee"))
    assert story.is_at(Stage.CONNECTED)


@pytest.mark.parametrize("at", ["at_the_menu", "in_the_room"])
def test_tr7_the_holder_s_phone_dies_and_the_held_caller_is_offered_to_the_next(at: str) -> None:
    story = held_by_ana()
    if at == "in_the_room":
        story.presses(ANA, "1")
        story.enters(ANA)
        asks(story, CALLER, "hold")
        story.comes_out(CALLER)
    story.hangs_up(ANA)
    assert story.call.hold_until_at is None
    assert "ben" in [offer.person_id for offer in story.call.live_offers()]
    story.waits()
    assert "The line dropped." in story.said(CALLER)


def test_tr3_two_confer_while_the_caller_is_held_and_are_reminded() -> None:
    story, ana = together()
    asks(story, CALLER, "hold")
    story.comes_out(CALLER)
    assert isinstance(story.last(CALLER), outputs.Wait)
    for leg_id in (ana, LEE):
        story.comes_out(leg_id)
    for leg_id in (ana, LEE):
        story.joins(leg_id)
    assert not story.ordered(outputs.ReleaseFromQueue)
    story.passes(61)
    prompts = {(one.leg_id, one.say.prompt) for one in announced(story)}
    assert prompts == {(leg_id, "caller_still_on_hold") for leg_id in (ana, LEE)}
    asks(story, CALLER, "unhold")
    story.released()
    story.joins(CALLER)
    assert story.caller.room == story.call.room


def test_tr3_who_comes_out_of_a_room_that_forms_anew_did_not_press_star() -> None:
    story, ana = together()
    asks(story, CALLER, "hold")
    story.comes_out(CALLER)
    story.comes_out(ana)  # which ends the room around Lee
    story.leaves_room(LEE)
    assert isinstance(story.last(LEE), outputs.JoinRoom)


def test_tr7_a_caller_whom_rest_does_not_take_out_goes_on_talking() -> None:
    story = connected(Story(QUICK))
    asks(story, CALLER, "hold")
    story.give(inputs.CommandFailed("RedirectLeg", CALLER, "http_503", permanent=False))
    assert story.call.hold_until_at is None
    assert story.caller.place is Place.ROOM
    assert [one.say.prompt for one in announced(story)] == ["control_not_done"]


# -- the menu ---------------------------------------------------------------------------


def test_tr3_6_reads_everybody_out_in_one_breath_with_what_may_be_done() -> None:
    story, outside = with_interpreter()
    asks(story, outside, "mute")
    does(story, outputs.MuteLeg)
    menu_of_people(story)
    said = story.said(ANA)
    assert "On the line: the caller. the interpreter, muted." in said
    assert "For the interpreter, press 3." in said
    assert "To mute yourself" not in said, "nobody else would be heard"
    assert sum(seconds(say) for say in _asked(story, ANA)) <= 14


def _asked(story: Story, leg_id: str) -> tuple[outputs.Say, ...]:
    last = story.last(leg_id)
    assert isinstance(last, outputs.Ask)
    return last.says


def test_tr3_the_menu_holds_mutes_and_removes_a_party() -> None:
    for key, action in (
        ("1", "hold_requested"),
        ("2", "mute_requested"),
        ("3", "remove_requested"),
    ):
        story, _outside = with_interpreter()
        menu_of_people(story)
        story.presses(ANA, "3")
        assert "To take them out of the call, press 3." in story.said(ANA)
        story.presses(ANA, key)
        assert action in story.kinds()
        assert isinstance(story.last(ANA), outputs.JoinRoom)


def test_tr3_one_of_two_mutes_themselves_and_is_heard_again() -> None:
    story, ana = together()
    menu_of_people(story, LEE)
    assert "To mute yourself, press 2." in story.said(LEE)
    story.presses(LEE, "2")
    join = story.last(LEE)
    assert isinstance(join, outputs.JoinRoom)
    assert join.muted, "Ana ends the room and is heard"
    story.joins(LEE)
    assert not story.leg(LEE).is_heard
    assert story.leg(ana).is_heard
    menu_of_people(story, LEE)
    assert "To be heard again, press 2." in story.said(LEE)
    story.presses(LEE, "2")
    join = story.last(LEE)
    assert isinstance(join, outputs.JoinRoom)
    assert not join.muted


def test_tr3_a_party_that_leaves_while_its_menu_is_read_is_said_to_have_left() -> None:
    story, outside = with_interpreter()
    menu_of_people(story)
    story.presses(ANA, "3")
    story.hangs_up(outside)
    story.presses(ANA, "1")
    assert "They have left the line." in story.said(ANA)


@pytest.mark.parametrize("keys", [("6", "8", "0", "#*"), ("6", "", "", "")])
def test_tr3_a_menu_of_people_nobody_answers_goes_back_to_the_caller(keys: tuple[str, ...]) -> None:
    story = connected()
    story.stars(ANA)
    story.leaves_room(CALLER)
    for digits in keys:
        story.presses(ANA, digits)
    assert isinstance(story.last(ANA), outputs.JoinRoom)


def test_tr3_star_in_the_menu_of_people_goes_back_to_the_menu() -> None:
    story = connected()
    menu_of_people(story)
    story.presses(ANA, "*")
    assert story.leg(ANA).node == "menu"
    assert story.leg(ANA).role is Role.CLINICIAN
