"""TR2, TR4, TR6, TR7: any desk or party outside; at every end the caller has somebody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ivr_flows import inputs, outputs
from ivr_flows.call import DispatchNote, Place, Role, Stage
from ivr_flows.connected import HELD_SECONDS
from ivr_flows.prompts import seconds, text
from tests.ivr_flows.story import (
    PROGRAM,
    Story,
    at_hosted_911,
    connected,
    deciding,
    hosted,
    with_clinicians,
    with_transfers,
)

CALLER, ANA = "call-1", "call-2"
KEYS = {
    "clinicians": ("1", "ben"),
    "supervisors": ("2", "sam"),
    "elsewhere": ("5", "nell"),
    "911": ("7", "lee"),
    "interpreter": ("3", ""),
    "warm_line": ("4", ""),
}
OUTSIDE = ("interpreter", "warm_line")


def talking(consult: str = "private") -> Story:
    """Ana talks with the caller, in a program with everybody to transfer to."""
    return connected(Story(with_transfers(hosted(), consult=consult)))


def asks(story: Story, target: str, giver: str = ANA) -> None:
    """The giver presses star and chooses; back in the room, the caller is with them."""
    key, _ = KEYS[target]
    story.stars(giver)
    story.leaves_room(CALLER)
    story.presses(giver, "4")
    story.presses(giver, key)
    if isinstance(story.last(giver), outputs.JoinRoom):
        story.enters(giver)


def picked_up(story: Story, target: str) -> str:
    """Whoever is rung takes the call and is in the room with the giver."""
    _, person = KEYS[target]
    if person:
        leg = story.accepts(person)
    else:
        leg = story.outside_leg()
        story.answers(leg)
    if story.caller.place is Place.ROOM and story.ordered(outputs.RedirectLeg):
        story.comes_out(CALLER)
    story.joins(leg)
    return leg


def stars_and_presses(story: Story, giver: str, other: str, key: str) -> None:
    """The giver opens the menu in the middle of the transfer; the room ends and re-forms."""
    ended = story.leg(giver).ends_room
    story.stars(giver)
    if ended and story.leg(other).place is Place.ROOM:
        story.leaves_room(other)
    if ended and story.caller.place is Place.ROOM:
        story.leaves_room(CALLER)
    story.presses(giver, key)


def all_together(story: Story, *legs: str) -> bool:
    """Whether the caller is in the newest room with all of them."""
    return {story.leg(leg).room for leg in (CALLER, *legs)} == {story.call.room} and all(
        story.leg(leg).place is Place.ROOM for leg in (CALLER, *legs)
    )


def flags(story: Story) -> list[tuple[str, bool]]:
    """Who is to end the room when they leave it, as ordered so far."""
    orders = story.commands
    return [(one.leg_id, one.ends_room) for one in orders if isinstance(one, outputs.SetEndsRoom)]


def comes_in(story: Story) -> None:
    """Whoever is on the way into the room gets there; the caller last."""
    for leg in story.call.legs:
        if leg.place is Place.JOINING and leg.role is not Role.CALLER:
            story.joins(leg.id)
    if story.caller.place is Place.QUEUE:
        story.released()
    if story.caller.place is Place.JOINING:
        story.joins(CALLER)


@pytest.mark.parametrize("target", KEYS)
def test_tr2_the_giver_stays_with_the_caller_while_it_rings(target: str) -> None:
    story = talking()
    asks(story, target)
    assert story.is_at(Stage.CONSULTING)
    assert all_together(story, ANA)
    assert "Calling. Stay with your caller." in story.said(ANA)
    assert len(story.rings()) >= 1


@pytest.mark.parametrize("target", KEYS)
def test_tr2_in_private_the_caller_waits_with_a_voice_and_is_introduced_by_key(target: str) -> None:
    story = talking()
    asks(story, target)
    other = picked_up(story, target)
    assert story.caller.place is Place.QUEUE
    assert story.leg(ANA).place is story.leg(other).place is Place.ROOM
    story.waits()
    assert "One moment. Please stay on the line. For 9 1 1, press 9." in story.said(CALLER)
    stars_and_presses(story, ANA, other, "1")
    comes_in(story)
    assert story.is_at(Stage.CONNECTED)
    assert all_together(story, ANA, other)
    assert (story.leg(other) in story.call.staff()) is (target != "interpreter")


@pytest.mark.parametrize("target", ["clinicians", "supervisors", "elsewhere", "911", "warm_line"])
def test_tr2_the_flag_passes_and_the_giver_leaves_without_a_blip(target: str) -> None:
    story = talking()
    asks(story, target)
    other = picked_up(story, target)
    story.give(inputs.TransferIntroduced("token"))
    comes_in(story)
    assert flags(story) == [(other, True)]
    story.give(inputs.CommandDone("SetEndsRoom", other, on=True))
    assert flags(story) == [(other, True), (ANA, False)]
    story.give(inputs.CommandDone("SetEndsRoom", ANA, on=False))
    generation = story.call.room
    story.hangs_up(ANA)
    assert story.call.room == generation
    assert story.is_at(Stage.CONNECTED)
    assert all_together(story, other)
    story.hangs_up(CALLER)
    assert story.is_at(Stage.CLOSED)


@pytest.mark.parametrize("target", ["clinicians", "supervisors", "911", "warm_line"])
def test_tr7_a_giver_who_leaves_before_the_flag_has_passed_costs_a_blip_and_no_caller(
    target: str,
) -> None:
    story = talking()
    asks(story, target)
    other = picked_up(story, target)
    story.give(inputs.TransferIntroduced("token"))
    comes_in(story)
    story.hangs_up_in_room(ANA, CALLER, other)
    assert story.leg(other).ends_room
    comes_in(story)
    assert all_together(story, other)


def test_tr4_an_interpreter_stays_through_a_transfer_and_a_return_to_911() -> None:
    story = talking()
    asks(story, "interpreter")
    interpreter = picked_up(story, "interpreter")
    story.give(inputs.TransferIntroduced("token"))
    comes_in(story)
    assert all_together(story, ANA, interpreter)
    asks_again = inputs.TransferRequested("token", "desk:clinicians", "together")
    story.give(asks_again)
    ben = story.accepts("ben")
    story.joins(ben)
    assert story.is_at(Stage.CONNECTED)
    story.hangs_up_in_room(ANA, CALLER, interpreter, ben)
    comes_in(story)
    assert all_together(story, ben, interpreter)
    story.give(inputs.ReturnRequested("ben", "medical"))
    lee = story.accepts("lee")
    story.joins(lee)
    story.hangs_up_in_room(ben, CALLER, interpreter, lee)
    comes_in(story)
    assert all_together(story, lee, interpreter)
    assert not story.leg(interpreter).ends_room
    story.hangs_up(CALLER)
    ended = {getattr(one, "leg_id", "") for one in story.ordered(outputs.EndLeg)}
    assert interpreter in ended


def test_tr4_with_an_interpreter_alone_the_caller_is_not_with_anybody() -> None:
    story = talking()
    asks(story, "interpreter")
    interpreter = picked_up(story, "interpreter")
    story.give(inputs.TransferIntroduced("token"))
    comes_in(story)
    story.hangs_up_in_room(ANA, CALLER, interpreter)
    assert story.caller.place is Place.QUEUE
    assert story.is_at(Stage.WAITING)
    story.waits()
    assert "The line dropped." in story.said(CALLER)
    story.joins(interpreter)
    story.enters(story.accepts("ben"))
    assert story.leg(interpreter).room == story.caller.room


def test_tr4_a_line_outside_that_took_the_caller_and_hangs_up_leads_to_911() -> None:
    story = talking()
    asks(story, "warm_line")
    other = picked_up(story, "warm_line")
    story.give(inputs.TransferIntroduced("token"))
    comes_in(story)
    assert story.call.outcome == "handed_over"
    story.hangs_up_in_room(ANA, CALLER, other)
    comes_in(story)
    story.hangs_up_in_room(other, CALLER)
    story.waits()
    assert "The other person has left the call." in story.said(CALLER)
    story.passes(13)
    assert story.is_at(Stage.RETURNING)


Ends = Callable[[Story, str], object]
BEFORE: dict[str, tuple[Ends, str]] = {
    "no_answer": (lambda story, _: story.passes(95), "caller stays with you."),
    "busy": (
        lambda story, _: [
            story.give(inputs.LegStatusChanged(leg, "busy"))
            for _ in range(4)
            for leg in story.rings()
        ],
        "caller stays with you.",
    ),
    "cancelled": (
        lambda story, _: story.give(inputs.TransferCancelled("token")),
        "The transfer is cancelled.",
    ),
    "rest_refuses": (
        lambda story, _: [
            story.give(inputs.CommandFailed("PlaceLeg", leg, "21211"))
            for _ in range(4)
            for leg in story.rings()
        ],
        "caller stays with you.",
    ),
}


def announced(story: Story) -> str:
    """What was said to people in the room, and to Ana by herself."""
    prompts = [one.say for one in story.commands if isinstance(one, outputs.Announce)]
    return " ".join([story.said(ANA), *(text(say) for say in prompts)])


@pytest.mark.parametrize("consult", ["private", "together"])
@pytest.mark.parametrize("target", KEYS)
@pytest.mark.parametrize("end", BEFORE)
def test_tr2_what_ends_before_anybody_has_taken_it_gives_control_back(
    consult: str, target: str, end: str
) -> None:
    story = talking(consult)
    asks(story, target)
    happens, said = BEFORE[end]
    happens(story, "")
    assert story.is_at(Stage.CONNECTED)
    assert story.call.transfer is None
    assert story.call.desk == "clinicians"
    assert all_together(story, ANA)
    assert said in announced(story)
    assert not [leg for leg in story.rings() if story.leg(leg).due_at is None]


@pytest.mark.parametrize("target", [name for name in KEYS if name not in OUTSIDE])
def test_tr2_everybody_of_a_desk_declines_and_control_comes_back(target: str) -> None:
    story = talking()
    asks(story, target)
    for _ in range(3):
        for offer in story.call.live_offers():
            story.answers(offer.leg_id)
            story.presses(offer.leg_id, "2")
    assert story.is_at(Stage.CONNECTED)
    assert all_together(story, ANA)
    assert "caller stays with you." in announced(story)


WHILE_CONSULTING: dict[str, Ends] = {
    "receiver_hangs_up": lambda story, other: story.hangs_up(other),
    "cancelled_by_the_api": lambda story, _: story.give(inputs.TransferCancelled("token")),
    "cancelled_by_key": lambda story, other: stars_and_presses(story, ANA, other, "2"),
}


@pytest.mark.parametrize("told_first", ["star", "end of the room"])
def test_tr3_the_giver_s_star_is_theirs_though_the_receiver_s_end_of_the_room_is_told_first(
    told_first: str,
) -> None:
    """The two requests and the carrier's report come in any order: one person pressed star."""
    story = talking()
    asks(story, "supervisors")
    sam = picked_up(story, "supervisors")
    room = story.leg(sam).room
    pushed_out = inputs.RoomDeparted(sam, room, pushed_out=True)
    if told_first == "end of the room":
        story.give(pushed_out)
        story.leaves_room(sam)
    else:
        story.leaves_room(sam)
        assert isinstance(story.last(sam), outputs.Ask)
    story.stars(ANA)
    assert "To bring your caller in, press 1." in story.said(ANA)
    if told_first == "star":
        story.give(pushed_out)
        story.comes_out(sam)
    assert isinstance(story.last(sam), outputs.JoinRoom)
    story.joins(sam)
    story.presses(ANA, "1")
    comes_in(story)
    assert all_together(story, ANA, sam)


def test_tr2_after_a_consultation_the_giver_stays_in_the_room_that_the_caller_comes_into() -> None:
    story = talking()
    asks(story, "supervisors")
    sam = picked_up(story, "supervisors")
    room = story.call.room
    story.hangs_up(sam)
    comes_in(story)
    assert all_together(story, ANA)
    assert story.call.room == room
    assert ANA not in [getattr(one, "leg_id", "") for one in story.ordered(outputs.RedirectLeg)]


def test_tr2_a_caller_who_is_fetched_for_a_consultation_does_not_end_the_room_for_the_two() -> None:
    """A carrier may ask a redirected leg's Dial action too: the room has not ended by that."""
    story = talking()
    asks(story, "supervisors")
    sam = story.accepts("sam")
    room = story.call.room
    story.leaves_room(CALLER)
    assert isinstance(story.last(CALLER), outputs.Wait)
    story.comes_out(CALLER)
    story.joins(sam)
    assert {story.leg(leg).room for leg in (ANA, sam)} == {room} == {story.call.room}


def test_tr3_each_of_two_opens_a_menu_of_their_own() -> None:
    """The receiver's star, who does not end the room, is no sign of the giver's."""
    story = talking()
    asks(story, "supervisors")
    sam = picked_up(story, "supervisors")
    story.stars(sam)
    story.stars(ANA)
    assert isinstance(story.last(sam), outputs.Ask)
    assert "To bring your caller in, press 1." in story.said(ANA)


@pytest.mark.parametrize("target", KEYS)
@pytest.mark.parametrize("end", WHILE_CONSULTING)
def test_tr2_a_consultation_that_ends_gives_the_caller_back(target: str, end: str) -> None:
    story = talking()
    asks(story, target)
    other = picked_up(story, target)
    WHILE_CONSULTING[end](story, other)
    comes_in(story)
    assert story.is_at(Stage.CONNECTED)
    assert story.call.transfer is None
    assert all_together(story, ANA)
    assert "caller stays with you." in announced(story)
    ended = {getattr(one, "leg_id", "") for one in story.commands}
    assert not story.leg(other).is_live or other in ended


@pytest.mark.parametrize("target", [name for name in KEYS if name not in OUTSIDE])
def test_tr2_a_receiver_may_decline_after_the_consultation(target: str) -> None:
    story = talking()
    asks(story, target)
    other = picked_up(story, target)
    story.stars(other)
    assert "To decline the call, press 2." in story.said(other)
    story.presses(other, "2")
    assert isinstance(story.last(other), outputs.Hangup)
    comes_in(story)
    assert all_together(story, ANA)
    assert "The other person has left." in announced(story)


@pytest.mark.parametrize("target", [name for name in KEYS if name not in OUTSIDE])
def test_tr7_a_giver_who_drops_while_it_rings_leaves_an_offer_for_the_waiting_caller(
    target: str,
) -> None:
    story = talking()
    asks(story, target)
    story.hangs_up_in_room(ANA, CALLER)
    assert story.is_at(Stage.WAITING)
    story.enters(story.accepts(KEYS[target][1]))
    assert story.is_at(Stage.CONNECTED)
    assert story.caller.place is Place.ROOM


@pytest.mark.parametrize("target", OUTSIDE)
def test_tr7_a_giver_who_drops_while_somebody_outside_is_rung_withdraws_the_ring(
    target: str,
) -> None:
    story = talking()
    asks(story, target)
    outside = story.outside_leg()
    story.hangs_up_in_room(ANA, CALLER)
    assert outside in {getattr(one, "leg_id", "") for one in story.ordered(outputs.EndLeg)}
    assert story.ringing_leg("ben")
    assert story.is_at(Stage.WAITING)
    story.answers(outside)
    assert isinstance(story.last(outside), outputs.Hangup)


@pytest.mark.parametrize("target", OUTSIDE)
def test_tr7_a_giver_who_is_never_reported_gone_withdraws_the_ring_outside_all_the_same(
    target: str,
) -> None:
    story = talking()
    asks(story, target)
    outside = story.outside_leg()
    story.leaves_room(CALLER)  # the giver has hung up, and the carrier's word of it is lost
    story.passes(HELD_SECONDS)
    assert "giver_left_early" in story.kinds()
    assert outside in {getattr(one, "leg_id", "") for one in story.ordered(outputs.EndLeg)}
    assert story.ringing_leg("ben")
    assert story.is_at(Stage.WAITING)


@pytest.mark.parametrize("target", [name for name in KEYS if name not in OUTSIDE])
def test_tr7_a_giver_who_drops_while_consulting_leaves_the_caller_to_the_receiver(
    target: str,
) -> None:
    story = talking()
    asks(story, target)
    other = picked_up(story, target)
    story.hangs_up_in_room(ANA, other)
    comes_in(story)
    assert story.is_at(Stage.CONNECTED)
    assert all_together(story, other)
    assert story.leg(other).ends_room


@pytest.mark.parametrize("target", OUTSIDE)
def test_tr7_nobody_has_vouched_for_a_party_outside_whose_giver_drops(target: str) -> None:
    story = talking()
    asks(story, target)
    other = picked_up(story, target)
    story.hangs_up_in_room(ANA, other)
    assert story.is_at(Stage.WAITING)
    assert story.ringing_leg("ben")
    assert story.caller.place is Place.QUEUE


@pytest.mark.parametrize("target", KEYS)
@pytest.mark.parametrize("moment", ["rings", "consults"])
def test_tr7_the_caller_hangs_up_and_every_ring_stops(target: str, moment: str) -> None:
    story = talking()
    asks(story, target)
    if moment == "consults":
        picked_up(story, target)
    story.hangs_up(CALLER)
    assert story.is_at(Stage.CLOSED)
    assert story.call.transfer is None
    story.passes(200)
    assert story.rings() == []
    assert story.call.engaged_people() <= {"ana", "ben", "sam", "nell"}


@pytest.mark.parametrize("target", KEYS)
def test_re1_the_caller_s_9_while_they_consult_goes_to_911_or_to_whoever_is_911(
    target: str,
) -> None:
    story = talking()
    asks(story, target)
    picked_up(story, target)
    story.waits(digits="9")
    if target == "911":
        assert story.is_at(Stage.CONNECTED)
        story.released()
        assert isinstance(story.last(CALLER), outputs.JoinRoom)
    else:
        assert story.is_at(Stage.RETURNING)
        assert story.call.transfer is None
        assert "clinicians" in story.call.returned_from


def test_re1_the_giver_s_star_and_9_in_the_middle_of_a_transfer() -> None:
    story = talking()
    asks(story, "supervisors")
    sam = picked_up(story, "supervisors")
    stars_and_presses(story, ANA, sam, "9")
    assert story.is_at(Stage.RETURNING)
    assert story.call.returning is not None


def test_tr2_two_transfers_at_once() -> None:
    story = talking()
    asks(story, "supervisors")
    story.give(inputs.TransferRequested("token", "directory:interpreter"))
    assert "a transfer is under way" in story.ignored
    assert story.call.transfer is not None
    assert story.call.transfer.to == "desk:supervisors"


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ("desk:supervisors", "nobody at that desk is free"),
        ("desk:no_such", "no such target"),
        ("desk:nextville/nobody", "no such target"),
        ("directory:no_such", "no such target"),
        ("number:", "no such target"),
        ("team", "no team"),
    ],
)
def test_tr2_a_target_that_cannot_be_had_is_refused_in_words(to: str, why: str) -> None:
    story = talking()
    story.people["supervisors"] = ()
    before = story.call
    story.give(inputs.TransferRequested("token", to))
    assert why in story.ignored
    assert replace(story.call, version=before.version) == before


def test_tr2_a_desk_that_has_just_emptied_is_said_at_once_and_control_is_back() -> None:
    story = talking()
    story.people["supervisors"] = ()
    asks(story, "supervisors")
    assert "Nobody is free there. Back to your caller." in story.said(ANA)
    assert all_together(story, ANA)
    assert story.is_at(Stage.CONNECTED)


@pytest.mark.parametrize(
    ("target", "strategy", "rung"),
    [
        ("clinicians", "overlapping", 2),
        ("clinicians", "sequential", 1),
        ("supervisors", "all_at_once", 2),
    ],
)
def test_ro2_tr2_who_becomes_free_while_it_rings_is_rung_beside_as_the_desk_rings(
    target: str, strategy: str, rung: int
) -> None:
    program = with_clinicians(strategy=strategy) if target == "clinicians" else PROGRAM
    story = connected(Story(with_transfers(program)))
    asks(story, target)
    _, person = KEYS[target]
    story.give(inputs.LegStatusChanged(story.ringing_leg(person), "ringing"))
    story.passes(9)
    assert len(story.rings()) == 1
    story.people[target] = ("ana", person, "cleo")
    story.give(inputs.StaffFreed())
    assert len(story.rings()) == rung
    assert story.ignored == ("" if rung > 1 else "nobody is sought")
    assert all_together(story, ANA)


@pytest.mark.parametrize("stage", ["screening", "waiting", "closed"])
def test_tr2_without_anybody_to_give_the_caller_there_is_no_transfer(stage: str) -> None:
    story = Story(with_transfers())
    if stage == "waiting":
        for digits in ("1", "2", "1", "1", ""):
            story.presses(CALLER, digits)
    if stage == "closed":
        story.hangs_up(CALLER)
    story.give(inputs.TransferRequested("token", "desk:supervisors"))
    assert story.ignored


def test_tr4_the_team_that_is_coming_can_be_joined_by_phone() -> None:
    story = talking("together")
    story.call = replace(
        story.call, dispatches=(DispatchNote("d1", "acknowledged", "Team Two", 8),)
    )
    story.stars(ANA)
    story.leaves_room(CALLER)
    story.presses(ANA, "4")
    assert "For Team Two, press 6." in story.said(ANA)
    story.presses(ANA, "6")
    story.enters(ANA)
    team = story.outside_leg()
    assert story.leg(team).line_id == "team:d1"
    story.answers(team)
    story.joins(team)
    assert story.is_at(Stage.CONSULTING)
    assert all_together(story, ANA, team)
    story.give(inputs.TransferIntroduced("token"))
    assert story.is_at(Stage.CONNECTED)


def test_tr6_the_whisper_tells_incident_type_danger_and_who_gives_the_call() -> None:
    story = talking()
    story.call = replace(
        story.call,
        answers={**story.call.answers, "incident_number": "4711", "risk": "high"},
        language="es",
    )
    story.give(inputs.TransferRequested("token", "desk:supervisors", reason="asked_police"))
    sam = story.ringing_leg("sam")
    story.answers(sam)
    said = story.said(sam)
    for words in (
        "Transfer, from a clinician.",
        "Reason: the caller asked for an officer.",
        "It is about mental health.",
        "Risk, by the questions asked: high.",
        "Incident 4, 7, 1, 1.",
        "The caller speaks Spanish.",
    ):
        assert words in said, words


ONE_BREATH_SECONDS = 20


def test_tr6_a_call_taker_s_transfer_after_the_questions_tells_giver_and_dangers() -> None:
    story = at_hosted_911(Story(with_transfers(hosted()), "psap"))
    story.decides = deciding("police_with_clinician")
    lee = "call-2"
    story.stars(lee)
    story.leaves_room(CALLER)
    story.presses(lee, "4")
    story.presses(lee, "1")
    for digits in ("4711", "2", "1", "2", "2", "2", "1"):
        story.presses(lee, digits)
    story.call = replace(
        story.call,
        answers={**story.call.answers, "risk": "moderate"},
        language="es",
        dangers=("weapon",),
    )
    ana = story.ringing_leg("ana")
    story.answers(ana)
    said = story.said(ana)
    for words in (
        "Transfer, from the 9 1 1 call taker.",
        "Crisis call, thoughts of suicide.",
        "Incident 4, 7, 1, 1.",
        "The caller speaks Spanish.",
        "Risk, by the questions asked: moderate.",
        "Danger: a weapon.",
        "Police are being sent.",
    ):
        assert words in said, words
    [asked] = [one for one in story.told[ana] if isinstance(one, outputs.Ask)]
    *told, _keys, _star = asked.says
    assert sum(map(seconds, told)) <= ONE_BREATH_SECONDS


@pytest.mark.parametrize("target", OUTSIDE)
def test_tr6_a_party_outside_hears_who_rings_and_nothing_private(target: str) -> None:
    story = talking()
    private = {"incident_number": "4711", "call_type": "suicidal", "risk": "high", "weapon": "yes"}
    story.call = replace(story.call, answers={**story.call.answers, **private}, dangers=("weapon",))
    asks(story, target)
    leg = story.outside_leg()
    story.answers(leg)
    assert story.said(leg) == text(outputs.Say("transfer_outside_context"))


def test_tr2_a_consultation_without_end_brings_the_caller_in() -> None:
    story = talking()
    asks(story, "supervisors")
    sam = picked_up(story, "supervisors")
    story.passes(181)
    comes_in(story)
    assert all_together(story, ANA, sam)


def test_tr2_a_call_taker_s_menu_has_the_targets_and_clinicians_after_the_questions() -> None:
    program = with_transfers(hosted())
    story = at_hosted_911(Story(program, "psap"))
    lee = "call-2"
    story.stars(lee)
    story.leaves_room(CALLER)
    story.presses(lee, "4")
    assert "For a supervisor, press 2." in story.said(lee)
    story.presses(lee, "1")
    assert "Enter the incident number" in story.said(lee)


def test_tr2_911_gets_the_call_by_transfer_and_it_counts_as_returned() -> None:
    story = talking()
    asks(story, "911")
    picked_up(story, "911")
    story.give(inputs.TransferIntroduced("token"))
    assert story.call.outcome == "returned_to_911"
    assert story.call.returned_from == ("clinicians",)


def test_a_program_without_targets_has_no_such_key() -> None:
    story = connected(Story(PROGRAM))
    story.stars(ANA)
    story.leaves_room(CALLER)
    assert "press 4" not in story.said(ANA)
    story.presses(ANA, "4")
    assert "I did not understand that." in story.said(ANA)


def test_tr2_a_911_person_on_a_leg_of_their_own_gives_the_caller_by_the_api() -> None:
    story = connected(Story(with_transfers()))
    story.give(inputs.ReturnRequested("ana", "medical"))
    psap = story.psap_leg()
    story.answers(psap)
    story.presses(psap, "1")
    story.joins(psap)
    assert story.is_at(Stage.CONNECTED)
    story.hangs_up_in_room(ANA, CALLER, psap)
    comes_in(story)
    story.give(inputs.TransferRequested("token", "desk:supervisors", "private"))
    assert story.call.transfer is not None
    assert story.call.transfer.giver == psap
    sam = picked_up(story, "supervisors")
    assert story.caller.place is Place.QUEUE
    story.give(inputs.TransferIntroduced("token"))
    comes_in(story)
    assert all_together(story, psap, sam)
