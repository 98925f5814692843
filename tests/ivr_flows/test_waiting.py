"""RO5, RO6: what a waiting caller hears, their way to 911, and nobody available."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from ivr_flows import inputs, outputs
from ivr_flows.call import Place, Stage
from ivr_flows.facts import QueueFacts
from ivr_flows.prompts import seconds
from tests.ivr_flows.story import (
    PROGRAM,
    Story,
    at_hosted_911,
    connected,
    eligible_direct,
    hosted,
    transferred,
    with_clinicians,
)

CALLER = "call-1"


def pieces(story: Story, number: int = 8) -> list[outputs.WaitPiece]:
    answers = [story.waits()[-1] for _ in range(number)]
    assert all(isinstance(one, outputs.WaitPiece) for one in answers)
    return [one for one in answers if isinstance(one, outputs.WaitPiece)]


def test_ro5_a_piece_that_is_asked_for_twice_is_the_same_both_times() -> None:
    """One of the two is not heard; it may be the one that speaks."""
    story = eligible_direct()
    heard = []
    for _ in range(4):
        story.waits()
        repeated = story.give(inputs.WaitTicked(CALLER))[-1]
        assert isinstance(repeated, outputs.WaitPiece)
        heard.append(repeated)
    assert heard == pieces(eligible_direct(), 4)


def dropped() -> Story:
    story = connected()
    story.hangs_up_in_room("call-2", CALLER)
    return story


def held_by_menu() -> Story:
    story = connected()
    story.stars("call-2")
    story.leaves_room(CALLER)
    return story


def after_911() -> Story:
    story = at_hosted_911()
    story.hangs_up_in_room("call-2", CALLER)
    return story


def returning() -> Story:
    story = Story(hosted())
    story.people["911"] = ()
    for digits in ("1", "9"):
        story.presses(CALLER, digits)
    return story


def in_spanish() -> Story:
    story = Story()
    for digits in ("2", "2", "1", "1", ""):
        story.presses(CALLER, digits)
    return story


WAITS: dict[str, Callable[[], Story]] = {
    "for_clinician": eligible_direct,
    "in_spanish": in_spanish,
    "on_the_trunk": transferred,
    "dropped": dropped,
    "held": held_by_menu,
    "after_911": after_911,
    "to_hosted_911": returning,
    "held_for_911": lambda: Story(hosted(), "psap"),
}


@pytest.mark.parametrize("wait", WAITS)
def test_ro5_no_piece_of_a_wait_is_longer_than_eight_seconds(wait: str) -> None:
    story = WAITS[wait]()
    story.queue = QueueFacts(12, 660)
    for piece in pieces(story):
        assert piece.seconds + sum(seconds(say) for say in piece.says) <= 8


@pytest.mark.parametrize("wait", WAITS)
def test_tr7_a_wait_never_has_two_silent_pieces_in_a_row(wait: str) -> None:
    spoken = [bool(piece.says) for piece in pieces(WAITS[wait]())]
    assert spoken[0]
    assert all(spoken[n] or spoken[n + 1] for n in range(len(spoken) - 1))


def test_ro5_position_and_wait_are_what_the_queue_says() -> None:
    story = eligible_direct()
    story.queue = QueueFacts(3, 200)
    pieces(story, 2)
    assert "You are number 3 in line. The wait is about 4 minutes." in story.said(CALLER)
    story.queue = QueueFacts(1, 50)
    pieces(story, 6)
    assert "You are next. The wait is about one minute." in story.said(CALLER)


def test_ro5_an_unknown_wait_is_not_guessed() -> None:
    story = eligible_direct()
    story.queue = QueueFacts(2, None)
    pieces(story)
    assert "You are number 2 in line." in story.said(CALLER)
    assert "wait is about" not in story.said(CALLER)


@pytest.mark.parametrize("key", ["0", "9"])
def test_ro5_0_or_9_leaves_the_wait_for_911_and_stops_the_rings(key: str) -> None:
    story = eligible_direct()
    ana = story.ringing_leg("ana")
    assert story.waits(digits=key) == (outputs.LeaveQueue(),)
    story.give(inputs.QueueLeft(CALLER, story.caller.step, "leave"))
    assert isinstance(story.last(CALLER), outputs.Dial911)
    assert story.take(outputs.EndLeg).leg_id == ana


def test_ro5_another_key_changes_nothing() -> None:
    story = eligible_direct()
    assert isinstance(story.waits(digits="5")[-1], outputs.WaitPiece)
    assert story.is_at(Stage.WAITING)


def test_ro6_with_nobody_free_the_programs_rule_applies_at_once() -> None:
    story = Story(people={"clinicians": (), "911": ()})
    eligible_direct(story)
    assert isinstance(story.last(CALLER), outputs.Dial911)
    assert story.call.returning is not None
    assert story.call.returning.reason == "nobody_available"
    assert story.call.returning.request == "crisis_intervention_officer"
    story.give(inputs.LineAnswered(CALLER))
    assert "Requested: a crisis intervention officer, at once." in story.said(CALLER)


def test_ro6_a_desk_that_holds_lets_the_caller_wait_to_its_limit() -> None:
    program = with_clinicians(when_none_free="hold", hold_seconds=90)
    story = eligible_direct(Story(program, people={"clinicians": (), "911": ()}))
    assert story.is_at(Stage.WAITING)
    story.passes(89)
    assert story.is_at(Stage.WAITING)
    story.passes(2)
    assert story.is_at(Stage.RETURNING)


def test_ro6_a_person_who_becomes_free_is_rung_at_once() -> None:
    program = with_clinicians(when_none_free="hold", hold_seconds=90)
    story = eligible_direct(Story(program, people={"clinicians": (), "911": ()}))
    story.people["clinicians"] = ("ben",)
    story.give(inputs.StaffFreed())
    assert story.ringing_leg("ben") in story.rings()


def test_ro6_on_a_desk_that_holds_those_who_did_not_answer_are_rung_again() -> None:
    program = with_clinicians(when_none_free="hold", hold_seconds=600)
    story = eligible_direct(Story(program, people={"clinicians": ("ana", "ben")}))
    ana = story.ringing_leg("ana")
    story.answers(ana)
    story.presses(ana, "2")
    story.hangs_up(ana)
    ben = story.ringing_leg("ben")
    story.passes(27)
    story.give(inputs.LegStatusChanged(ben, "no-answer"))
    story.passes(11)
    rung = [offer.person_id for offer in story.call.offers]
    assert rung.count("ana") == 1, "a clinician who declined is left alone"
    assert rung.count("ben") == 2


def test_ro6_a_wait_over_its_limit_goes_to_911() -> None:
    people = tuple(f"clinician{n}" for n in range(40))
    story = eligible_direct(Story(people={"clinicians": people}))
    story.passes(181)
    assert story.is_at(Stage.RETURNING)


def test_ro6_a_clinician_who_is_deciding_at_the_limit_is_not_cut_off() -> None:
    program = replace(PROGRAM, waiting_seconds=30)
    story = eligible_direct(Story(program))
    story.passes(19)
    ben = story.ringing_leg("ben")
    story.answers(ben)
    story.passes(15)
    story.presses(ben, "1")
    story.enters(ben)
    assert story.is_at(Stage.CONNECTED)


def test_ro5_a_held_911_caller_who_presses_9_keeps_their_place() -> None:
    story = Story(hosted(), "psap", people={"911": ()})
    story.waits(digits="9")
    assert "You are already in line for 9 1 1" in story.said(CALLER)
    assert (story.call.stage, story.call.priority) == (Stage.WAITING, 0)
    assert "press 9" not in " ".join(story.heard[CALLER])


def test_ro6_a_held_911_call_goes_to_the_lines_outside_after_its_limit() -> None:
    story = Story(hosted(), "psap", people={"911": ()})
    story.passes(61)
    assert story.waits() == (outputs.LeaveQueue(),)
    story.give(inputs.QueueLeft(CALLER, story.caller.step, "leave"))
    assert isinstance(story.last(CALLER), outputs.Dial911)


def test_a_hosted_911_line_without_a_desk_dials_the_centre() -> None:
    story = Story(line="psap")
    assert isinstance(story.last(CALLER), outputs.Dial911)


@pytest.mark.parametrize("result", ["queue-full", "system-error", "error"])
def test_re5_a_queue_that_cannot_be_entered_is_not_tried_again(result: str) -> None:
    story = eligible_direct()
    story.give(inputs.QueueLeft(CALLER, story.caller.step, result))
    assert isinstance(story.last(CALLER), outputs.Dial911)


def test_re5_the_wait_keeps_the_deadlines_when_the_switchboard_is_dead() -> None:
    story = eligible_direct()
    for _ in range(60):
        story.lets_time_go(6)
        if story.waits()[-1] == outputs.LeaveQueue():
            break
    story.give(inputs.QueueLeft(CALLER, story.caller.step, "leave"))
    assert isinstance(story.last(CALLER), outputs.Dial911)
    assert "sweep_is_late" in story.kinds()


def test_el7_a_desk_that_gave_the_call_back_is_not_asked_again() -> None:
    story = Story()
    for digits in ("1", "2", "1", "1"):
        story.presses(CALLER, digits)
    story.call = replace(story.call, returned_from=("clinicians",))
    story.presses(CALLER, "")
    assert isinstance(story.last(CALLER), outputs.Dial911)
    assert not story.rings()


def test_a_tick_that_comes_after_the_queue_leaves_it_and_says_nothing_else() -> None:
    story = connected()
    assert story.waits() == (outputs.LeaveQueue(),)
    assert story.caller.place is Place.ROOM


def rung_at_hosted_911() -> Story:
    story = Story(hosted())
    for digits in ("1", "9"):
        story.presses(CALLER, digits)
    assert story.call.live_offers()
    return story


def test_re5_a_desk_that_nobody_could_ring_is_left_for_the_lines_outside() -> None:
    story = rung_at_hosted_911()
    story.lets_time_go(2)
    story.waits()
    assert isinstance(story.last(CALLER), outputs.WaitPiece)
    story.lets_time_go(3)
    story.waits()
    assert isinstance(story.last(CALLER), outputs.LeaveQueue)
    assert not story.call.engaged_people()
    story.give(inputs.QueueLeft(CALLER, story.caller.step, "leave"))
    assert isinstance(story.last(CALLER), outputs.Dial911)


def test_re5_a_desk_whose_phones_ring_is_waited_for() -> None:
    story = rung_at_hosted_911()
    leg_id = story.call.live_offers()[0].leg_id
    story.give(inputs.CommandDone("PlaceLeg", leg_id, "CA1"))
    story.lets_time_go(10)
    story.waits()
    assert isinstance(story.last(CALLER), outputs.WaitPiece)
