"""RE1 to RE5: back to 911, by the hosted desk and by the centre's own lines."""

from dataclasses import replace

import pytest

from ivr_flows import inputs, outputs
from ivr_flows.call import Place, Stage
from ivr_flows.program import Program, Returns
from tests.ivr_flows.story import PROGRAM, Story, connected, eligible_direct, hosted, transferred

CALLER = "call-1"
ANA = "call-2"


def under_way(story: Story, leg_id: str) -> None:
    story.give(inputs.CommandDone("PlaceLeg", leg_id, f"CA{leg_id}"))


def returned_by_star(story: Story | None = None) -> Story:
    """Ana pressed star and 9; the caller is held."""
    story = connected(story)
    story.stars(ANA)
    story.leaves_room(CALLER)
    story.presses(ANA, "9")
    return story


def bridged() -> tuple[Story, str]:
    """The same, a 911 line rings, and caller and clinician are together again."""
    story = returned_by_star()
    psap = story.psap_leg()
    story.joins(ANA)
    under_way(story, psap)
    story.released()
    story.joins(CALLER)
    return story, psap


def dialling() -> Story:
    story = Story()
    for digits in ("1", "9"):
        story.presses(CALLER, digits)
    return story


def dialled(story: Story, status: str) -> None:
    story.give(inputs.DialEnded(CALLER, story.caller.step, status))


def line(story: Story) -> str:
    last = story.last(CALLER)
    assert isinstance(last, outputs.Dial911)
    return last.line_id


def test_re1_a_clinician_s_star_and_9_rings_911_beside_them() -> None:
    story = returned_by_star()
    assert story.is_at(Stage.RETURNING)
    assert "Calling 9 1 1. Stay with your caller." in story.said(ANA)
    assert isinstance(story.last(ANA), outputs.JoinRoom)
    assert story.leg(story.psap_leg()).line_id == "priority"
    assert story.call.returning is not None
    assert story.call.returning.reason == "clinician_request"


def test_re4_a_911_line_whose_pick_up_we_missed_still_proves_that_a_person_is_there() -> None:
    story, psap = bridged()
    story.give(inputs.LegAsked(psap))
    assert isinstance(story.last(psap), outputs.Ask)
    assert not story.leg(psap).present
    story.presses(psap, "1")
    assert story.leg(psap).present
    assert isinstance(story.last(psap), outputs.JoinRoom)


def test_re1_a_return_from_the_page_records_reason_and_request() -> None:
    story = connected(Story(hosted()))
    story.give(inputs.ReturnRequested("ana", "medical", request="police"))
    lee = story.ringing_leg("lee")
    story.answers(lee)
    assert "A crisis caller is coming back." in story.said(lee)
    assert "Reason: a medical emergency. Requested: an officer." in story.said(lee)
    story.give(inputs.ReturnRequested("ana", "medical"))
    assert story.ignored


def test_re2_the_hosted_desk_gets_the_caller_ahead_of_held_calls() -> None:
    story = connected(Story(hosted()))
    story.give(inputs.ReturnRequested("ana", "medical"))
    assert story.call.priority == 100
    assert story.call.desk == "911"
    assert {offer.person_id for offer in story.call.live_offers()} == {"lee", "kim"}
    placed = [one for one in story.commands if isinstance(one, outputs.PlaceLeg)][-1]
    assert placed.urgency is outputs.Urgency.RETURN_TO_911


def test_re2_without_skip_the_caller_takes_their_turn() -> None:
    story = connected(Story(hosted()))
    story.give(inputs.ReturnRequested("ana", "medical", skip=False))
    assert story.call.priority == 0


def with_choice(choice: str, program: Program) -> Program:
    return replace(program, returns=Returns(choice=choice))


@pytest.mark.parametrize(("choice", "priority"), [("skip", 100), ("join", 0), ("ask", 100)])
def test_re1_the_program_says_which_way_where_nobody_does(choice: str, priority: int) -> None:
    story = connected(Story(with_choice(choice, hosted())))
    story.give(inputs.ReturnRequested("ana", "medical"))
    assert story.call.priority == priority


@pytest.mark.parametrize(
    ("keys", "priority"), [("1", 100), ("2", 0), ("9", 100), ("#2", 0), ("77", 100), ("7##1", 100)]
)
def test_re1_the_star_menu_asks_which_way_and_goes_ahead_in_doubt(keys: str, priority: int) -> None:
    story = returned_by_star(Story(with_choice("ask", hosted())))
    assert "To wait in turn, press 2." in story.said(ANA)
    assert not story.is_at(Stage.RETURNING)
    for digits in keys:
        story.presses(ANA, digits)
    assert story.is_at(Stage.RETURNING)
    assert story.call.priority == priority
    returning = story.call.returning
    assert returning is not None
    assert (returning.reason, returning.skip) == ("clinician_request", priority == 100)


def test_re1_without_a_desk_of_its_own_nobody_is_asked() -> None:
    assert returned_by_star(Story(with_choice("ask", PROGRAM))).is_at(Stage.RETURNING)


def test_re1_a_caller_s_own_9_goes_ahead_whatever_the_program_says() -> None:
    story = Story(with_choice("join", hosted()))
    for digits in ("1", "9"):
        story.presses(CALLER, digits)
    assert story.call.priority == 100


def test_re2_who_waits_in_turn_is_offered_as_the_desk_offers_its_calls() -> None:
    program = hosted()
    in_turn = replace(program.desks["911"], strategy="sequential")
    program = replace(program, desks={**program.desks, "911": in_turn})
    story = connected(Story(program))
    story.give(inputs.ReturnRequested("ana", "medical", skip=False))
    assert len(story.call.live_offers()) == 1


def test_re3_who_waits_in_turn_is_taken_to_the_line_that_everybody_rings() -> None:
    story = returned_by_star(Story(with_choice("join", PROGRAM)))
    assert story.leg(story.psap_leg()).line_id == "general"


def test_re2_a_call_taker_who_becomes_free_is_rung_beside_the_others() -> None:
    story = connected(Story(hosted()))
    story.people["911"] = ("lee",)
    story.give(inputs.ReturnRequested("ana", "medical"))
    story.people["911"] = ("kim",)
    story.give(inputs.StaffFreed())
    assert {offer.person_id for offer in story.call.live_offers()} == {"lee", "kim"}


def test_re2_with_all_call_takers_busy_the_clinician_stays_and_the_next_free_one_is_rung() -> None:
    story = connected(Story(hosted()))
    story.people["911"] = ()
    story.give(inputs.ReturnRequested("ana", "medical"))
    assert story.caller.place is story.leg(ANA).place is Place.ROOM
    story.people["911"] = ("kim",)
    story.give(inputs.StaffFreed())
    kim = story.accepts("kim")
    story.joins(kim)
    assert story.call.outcome == "returned_to_911"


def test_re2_re5_takers_not_known_to_be_in_the_room_are_followed_by_the_callers_own_leg() -> None:
    story = connected(Story(hosted()))
    story.people["911"] = ("lee", "kim")
    story.give(inputs.ReturnRequested("ana", "medical"))
    for person in ("lee", "kim"):
        story.accepts(person)
        story.passes(4)
        story.passes(7)
    assert "did_not_join" in story.kinds()
    assert story.call.returning is not None
    assert story.call.returning.by_twiml
    assert not story.call.desk


def test_re2_a_hosted_desk_that_does_not_answer_is_followed_by_the_lines_outside() -> None:
    story = Story(hosted(), people={"911": ()})
    for digits in ("1", "9"):
        story.presses(CALLER, digits)
    story.passes(61)
    assert story.waits() == (outputs.LeaveQueue(),)
    story.give(inputs.QueueLeft(CALLER, story.caller.step, "leave"))
    assert line(story) == "priority"


def test_re2_a_second_9_while_the_hosted_desk_is_rung_dials_the_lines_outside() -> None:
    story = Story(hosted())
    for digits in ("1", "9"):
        story.presses(CALLER, digits)
    assert story.waits(digits="9") == (outputs.LeaveQueue(),)


def test_re2_ahead_of_the_others_is_said_only_when_it_is_so() -> None:
    for skip in (True, False):
        story = connected(Story(hosted()))
        story.give(inputs.ReturnRequested("ana", "medical", skip=skip))
        story.hangs_up_in_room(ANA, CALLER)
        story.waits()
        story.waits()
        assert ("ahead of the other callers" in story.said(CALLER)) is skip


def test_re3_lines_are_rung_in_order_beside_the_clinician_each_with_its_limit() -> None:
    story, psap = bridged()
    lines = [story.leg(psap).line_id]
    limits = []
    for _ in range(3):
        placed = [one for one in story.commands if isinstance(one, outputs.PlaceLeg)][-1]
        limits.append(placed.ring_seconds)
        story.give(inputs.LegStatusChanged(psap, "no-answer"))
        if story.psap_leg() == psap:  # the last line is rung again after a pause
            story.passes(2)
        psap = story.psap_leg()
        under_way(story, psap)
        lines.append(story.leg(psap).line_id)
    assert lines == ["priority", "second", "general", "general"]
    assert limits == [15, 15, 20]
    told = [one.say.prompt for one in story.commands if isinstance(one, outputs.Announce)]
    assert told.count("trying_next_911_line") == 3


def test_re3_a_line_that_rings_past_its_limit_is_ended() -> None:
    story, psap = bridged()
    story.passes(22)
    assert story.take(outputs.EndLeg).leg_id == psap
    assert story.leg(story.psap_leg()).line_id == "second"


def test_re3_by_twiml_the_general_line_is_looped_with_speech_between() -> None:
    story = dialling()
    lines = []
    for status in ("busy", "no-answer", "no-answer", "busy"):
        lines.append(line(story))
        dialled(story, status)
    assert lines == ["priority", "second", "general", "general"]
    assert story.said(CALLER).count("I am still connecting you to 9 1 1.") == 4


def test_re4_the_clinician_stays_until_a_person_has_pressed_a_key() -> None:
    story, psap = bridged()
    story.answers(psap)
    heard = story.said(psap)
    assert "This is the crisis line with a caller for you." in heard
    assert "Press 1 to take the caller." in heard
    assert story.call.outcome == ""
    assert story.leg(ANA).ends_room
    story.presses(psap, "1")
    story.joins(psap)
    assert story.is_at(Stage.CONNECTED)
    assert story.call.outcome == "returned_to_911"
    assert story.take(outputs.SetEndsRoom).leg_id == ANA
    story.give(inputs.CommandDone("SetEndsRoom", ANA))
    story.hangs_up(ANA)
    assert story.caller.place is story.leg(psap).place is Place.ROOM
    assert story.call.room == story.leg(psap).room


def test_re4_the_whisper_says_incident_reason_and_request() -> None:
    story = Story(line="transfer", people={"clinicians": ()})
    transferred(story)
    story.give(inputs.LineAnswered(CALLER))
    heard = story.said(CALLER)
    assert "Incident 4, 7, 1, 1." in heard
    assert "Reason: no clinician is available." in heard


def test_re4_without_an_incident_none_is_spoken_of() -> None:
    story = dialling()
    story.give(inputs.LineAnswered(CALLER))
    assert "Incident" not in story.said(CALLER)


@pytest.mark.parametrize("keys", [("", "", ""), ("5", "6", "7")], ids=["machine", "wrong keys"])
def test_re4_an_answer_without_the_key_is_no_person(keys: tuple[str, ...]) -> None:
    story, psap = bridged()
    story.answers(psap)
    for key in keys:
        story.presses(psap, key)
    assert isinstance(story.last(psap), outputs.Hangup)
    assert story.leg(story.psap_leg()).line_id == "second"
    assert story.call.outcome == ""


def test_re4_a_machine_that_says_nothing_is_given_up_in_time() -> None:
    story, psap = bridged()
    story.answers(psap)
    story.passes(26)
    assert story.leg(psap).place is Place.ENDED
    assert story.psap_leg() != psap


def test_re4_a_911_person_lost_on_the_way_is_replaced() -> None:
    story, psap = bridged()
    story.answers(psap)
    story.presses(psap, "1")
    story.hangs_up(psap)
    assert story.is_at(Stage.RETURNING)
    assert story.psap_leg() != psap


def test_re4_a_dropped_clinician_does_not_stop_the_return() -> None:
    story, psap = bridged()
    story.hangs_up_in_room(ANA, CALLER)
    assert isinstance(story.last(CALLER), outputs.Wait)
    story.answers(psap)
    story.presses(psap, "1")
    story.enters(psap)
    assert story.is_at(Stage.CONNECTED)
    assert story.caller.room == story.leg(psap).room == story.call.room


def test_re4_a_line_that_ends_with_the_clinician_gone_lets_the_caller_dial_the_next() -> None:
    story, psap = bridged()
    story.hangs_up_in_room(ANA, CALLER)
    story.give(inputs.LegStatusChanged(psap, "busy"))
    story.released()
    assert line(story) == "second"


def test_re5_rest_refusing_the_911_leg_lets_the_caller_dial() -> None:
    story = returned_by_star()
    story.give(inputs.CommandFailed("PlaceLeg", story.psap_leg(), "503"))
    assert story.waits() == (outputs.LeaveQueue(),)
    story.give(inputs.QueueLeft(CALLER, story.caller.step, "leave"))
    assert line(story) == "priority"


def test_re5_a_911_leg_not_under_way_in_two_seconds_falls_to_twiml() -> None:
    story = returned_by_star()
    story.joins(ANA)
    assert not story.ordered(outputs.ReleaseFromQueue), "the caller stays where TwiML can dial"
    story.passes(2)
    story.released()
    assert line(story) == "priority"
    told = [one.say.prompt for one in story.commands if isinstance(one, outputs.Announce)]
    assert told == ["caller_dials_911_directly"]


def test_re5_a_911_leg_not_heard_from_in_three_seconds_is_rung_again() -> None:
    story = connected()
    story.give(inputs.ReturnRequested("ana", "medical"))
    first = story.psap_leg()
    story.passes(2.9)
    assert story.psap_leg() == first
    story.passes(0.2)
    second = story.psap_leg()
    assert second != first
    under_way(story, second)
    story.give(inputs.LegStatusChanged(second, "busy"))
    story.passes(30)
    assert story.leg(first).place is Place.ENDED, "a leg never heard of does not hold up the return"
    assert story.leg(story.psap_leg()).line_id != "priority"


def test_re5_a_first_ring_heard_of_late_may_still_be_taken() -> None:
    story = connected()
    story.give(inputs.ReturnRequested("ana", "medical"))
    first = story.psap_leg()
    story.passes(3.1)
    second = story.psap_leg()
    story.answers(first)
    story.presses(first, "1")
    story.joins(first)
    assert story.call.outcome == "returned_to_911"
    assert story.leg(second).place is Place.ENDED


def test_re5_talking_on_their_own_dial_the_caller_is_left_alone() -> None:
    story = dialling()
    story.line_takes()
    story.commands.clear()
    story.passes(1800)
    assert {type(one) for one in story.commands} <= {outputs.CheckLeg}
    dialled(story, "completed")
    assert isinstance(story.last(CALLER), outputs.Wait)
    story.waits()
    assert "9 1 1 has left the line." in story.said(CALLER)


def test_re5_two_lines_answer_and_one_has_the_caller() -> None:
    story = returned_by_star()
    psap = story.psap_leg()
    under_way(story, psap)
    story.give(inputs.LegStatusChanged(psap, "ringing"))
    story.hangs_up(ANA)
    story.answers(psap)
    story.presses(psap, "1")
    assert not story.ordered(outputs.Dial911)
    story.joins(psap)
    story.released()
    assert isinstance(story.last(CALLER), outputs.JoinRoom)


def test_re5_the_caller_dials_and_another_911_leg_takes_the_call_first() -> None:
    story = connected()
    story.give(inputs.ReturnRequested("ana", "medical"))
    first = story.psap_leg()
    story.passes(3.1)
    second = story.psap_leg()
    story.hangs_up_in_room(ANA, CALLER)
    story.give(inputs.CommandFailed("PlaceLeg", second, "503"))
    story.released()
    assert line(story) == "priority"
    story.answers(first)
    story.presses(first, "1")
    story.give(inputs.LineAnswered(CALLER))
    assert "no longer waiting for you" in story.said(CALLER)
    story.joins(first)
    dialled(story, "completed")
    assert isinstance(story.last(CALLER), outputs.JoinRoom)
    story.joins(CALLER)
    assert story.caller.room == story.leg(first).room


def test_re5_a_caller_taken_from_their_own_dial_is_connected_again() -> None:
    story = dialling()
    story.line_takes()
    story.give(inputs.LegAsked(CALLER))
    story.waits()
    assert "9 1 1 has left the line." in story.said(CALLER)


def test_re1_the_star_menu_offers_no_return_while_911_is_called_or_there() -> None:
    story, psap = bridged()
    story.stars(ANA)
    story.leaves_room(CALLER)
    assert "9 1 1 is being called for your caller." in story.said(ANA)
    story.answers(psap)
    story.presses(psap, "1")
    story.enters(psap)
    story.presses(ANA, "9")
    assert story.is_at(Stage.CONNECTED)
    assert len([leg for leg in story.call.legs if leg.role == "psap"]) == 1


def test_re1_the_page_s_return_is_ignored_where_911_is_with_the_caller() -> None:
    story, psap = bridged()
    story.answers(psap)
    story.presses(psap, "1")
    story.joins(psap)
    story.give(inputs.ReturnRequested("ana", "medical"))
    assert story.ignored


def test_a_return_asked_while_the_caller_waits_takes_them_out() -> None:
    story = eligible_direct()
    story.give(inputs.ReturnRequested("sue", "other"))
    story.released()
    assert line(story) == "priority"


def test_re2_a_call_taker_who_comes_back_late_ends_the_search_for_another() -> None:
    story = Story(hosted())
    for digits in ("1", "9"):
        story.presses(CALLER, digits)
    lee = story.accepts("lee")
    story.enters(lee)
    story.stars(lee)
    story.leaves_room(CALLER)
    story.hangs_up(story.call.offers[-1].leg_id)
    story.passes(story.program.menu_seconds)
    kim = story.ringing_leg("kim")
    assert story.is_at(Stage.RETURNING)

    story.presses(lee, "1")
    story.joins(lee)

    assert story.is_at(Stage.CONNECTED)
    assert not story.call.live_offers()
    assert outputs.EndLeg(kim) in story.ordered(outputs.EndLeg)
