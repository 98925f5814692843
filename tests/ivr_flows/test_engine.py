"""Law 5: late, repeated and impossible inputs change nothing and are answered as things stand."""

from datetime import timedelta

import pytest

from ivr_flows import inputs, outputs
from ivr_flows.call import Call, Place, Role, Stage, room_name
from ivr_flows.engine import advance, arrive
from ivr_flows.facts import HISTORY, FactNeededError, Facts, History
from tests.ivr_flows.story import PROGRAM, START, Story, connected, decide, eligible_direct

CALLER = "call-1"
ANA = "call-2"

ANY_INPUT: dict[str, inputs.Input] = {
    "arrived": inputs.CallArrived(CALLER),
    "answered": inputs.LegAnswered(ANA, "CA1"),
    "keyed": inputs.Keyed(CALLER, 1, "1"),
    "keyed by staff": inputs.Keyed(ANA, 1, "2"),
    "ticked": inputs.WaitTicked(CALLER, "9"),
    "queue left": inputs.QueueLeft(CALLER, 1, "leave"),
    "room left": inputs.RoomLeft(ANA, 1),
    "dial ended": inputs.DialEnded(CALLER, 1, "completed"),
    "line answered": inputs.LineAnswered(CALLER),
    "asked": inputs.LegAsked(ANA),
    "joined": inputs.RoomJoined(ANA, 7),
    "departed": inputs.RoomDeparted(ANA, 7),
    "command done": inputs.CommandDone("PlaceLeg", ANA, "CA1"),
    "command failed": inputs.CommandFailed("PlaceLeg", ANA, "503"),
    "odd status": inputs.LegStatusChanged(ANA, "confused"),
}


def where(call: Call) -> list[tuple[object, ...]]:
    return [(leg.id, leg.place, leg.room, leg.step, leg.node) for leg in call.legs]


@pytest.mark.parametrize("name", [name for name in ANY_INPUT if name != "asked"])
def test_a_late_or_impossible_input_moves_nobody_in_a_connected_call(name: str) -> None:
    story = connected()
    before = story.call
    story.give(ANY_INPUT[name])
    assert where(story.call) == where(before)
    assert story.is_at(Stage.CONNECTED)
    assert not story.ordered(outputs.RedirectLeg)


@pytest.mark.parametrize("given", ANY_INPUT.values(), ids=ANY_INPUT)
def test_a_closed_call_stays_closed(given: inputs.Input) -> None:
    story = connected()
    story.hangs_up(CALLER)
    story.hangs_up(ANA)
    story.commands.clear()
    story.give(given)
    assert story.is_at(Stage.CLOSED)
    assert story.call.due_at is None
    assert not story.commands


@pytest.mark.parametrize(
    "given",
    [
        inputs.StaffFreed(),
        inputs.TimePassed(),
        inputs.ReturnRequested("ana", "medical"),
    ],
)
def test_a_closed_call_is_not_opened_again(given: inputs.Input) -> None:
    story = eligible_direct()
    story.hangs_up(CALLER)
    story.passes(60)
    story.give(given)
    assert story.is_at(Stage.CLOSED)
    assert story.ignored


def test_an_unknown_leg_is_ignored_and_answered_with_nothing() -> None:
    story = connected()
    facts = Facts(PROGRAM, decide)
    for given in (inputs.Keyed("call-99", 1, "1"), inputs.LegStatusChanged("call-99", "completed")):
        step = advance(story.call, given, facts, story.now)
        assert step.ignored == "unknown leg"
        assert (step.instructions, step.commands) == ((), ())
        assert where(step.call) == where(story.call)


def test_a_repeated_answer_to_a_question_hears_the_question_asked_now() -> None:
    story = Story()
    first = story.caller.step
    story.presses(CALLER, "1")
    asked = story.last(CALLER)
    assert story.give(inputs.Keyed(CALLER, first, "1")) == (asked,)
    assert story.caller.node == "danger"


def test_a_repeated_arrival_hears_the_welcome_again() -> None:
    story = Story()
    assert story.give(inputs.CallArrived(CALLER)) == (story.last(CALLER),)
    assert story.ignored == "already arrived"


def test_a_repeated_room_left_gets_the_answer_of_the_first() -> None:
    story = connected()
    step = story.leg(ANA).step
    first = story.give(inputs.RoomLeft(ANA, step))
    assert story.give(inputs.RoomLeft(ANA, step)) == first


def test_a_terminal_status_wins_over_any_later_one() -> None:
    story = connected()
    story.hangs_up(ANA)
    for status in ("ringing", "in-progress", "completed"):
        story.give(inputs.LegStatusChanged(ANA, status))
        assert story.leg(ANA).place is Place.ENDED
        assert story.ignored == "already over"


def test_a_whisper_after_the_dial_has_ended_says_nothing() -> None:
    story = connected()
    assert story.give(inputs.LineAnswered(CALLER)) == (outputs.Nothing(),)


def test_a_hang_up_seen_by_an_action_ends_the_leg_as_a_status_does() -> None:
    story = connected()
    story.give(inputs.RoomLeft(CALLER, story.caller.step, hung_up=True))
    assert story.is_at(Stage.CLOSED)
    story = eligible_direct()
    story.give(inputs.QueueLeft(CALLER, story.caller.step, "hangup"))
    assert story.call.outcome == "abandoned"


def test_nothing_due_is_said_to_be_ignored() -> None:
    story = connected()
    story.give(inputs.TimePassed())
    assert story.ignored == "nothing is due"


def test_a_fact_is_asked_for_only_when_it_is_needed() -> None:
    story = Story()
    first = inputs.Keyed(CALLER, story.caller.step, "1")
    with pytest.raises(FactNeededError) as needed:
        advance(story.call, first, Facts(PROGRAM, decide), story.now)
    assert needed.value.name == HISTORY
    facts = Facts(PROGRAM, decide, history=History())
    for digits in ("1", "2", "1", "1"):
        given = inputs.Keyed(CALLER, story.caller.step, digits)
        advance(story.call, given, facts, story.now)
        story.presses(CALLER, digits)
    with pytest.raises(FactNeededError) as needed:
        advance(story.call, inputs.Keyed(CALLER, story.caller.step, ""), facts, story.now)
    assert needed.value.name == "roster"
    story.presses(CALLER, "")
    story.waits()
    with pytest.raises(FactNeededError) as needed:
        advance(story.call, inputs.WaitTicked(CALLER), facts, story.now + timedelta(seconds=1))
    assert needed.value.name == "queue"


def test_advance_changes_nothing_that_it_was_given() -> None:
    story = connected()
    before = story.call
    facts = Facts(PROGRAM, decide, {}, None)
    advance(before, inputs.LegStatusChanged(CALLER, "completed"), facts, story.now)
    assert before.stage is Stage.CONNECTED


def test_a_call_arrives_with_one_leg_and_a_deadline() -> None:
    call = arrive("abc", "transfer", PROGRAM, START)
    assert (call.caller.id, call.caller.role, call.caller.shared) == ("abc-1", Role.CALLER, True)
    assert call.due_at is not None
    assert room_name("abc", 2) == "abc.2"
    with pytest.raises(KeyError):
        arrive("abc", "nowhere", PROGRAM, START)
