"""IN6, RO5: who is called back when, what whoever picks up hears, and who waits for them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr_flows import inputs, outputs
from ivr_flows.call import Place, Stage
from ivr_flows.facts import History, QueueFacts
from ivr_flows.outputs import (
    CallBackNow,
    CallBackTried,
    CancelCallBack,
    Hangup,
    JoinRoom,
    PlaceLeg,
    PlanCallBack,
    RedirectLeg,
    TextCaller,
    Urgency,
    Wait,
)
from tests.ivr_flows.called import CalledBack, calling_back
from tests.ivr_flows.story import (
    PROGRAM,
    Story,
    at_hosted_911,
    connected,
    eligible_direct,
    hosted,
    transferred,
)

PRIVATE = ("crisis", "clinician", "mental", "Testville", "suicide", "counselor")


def plan_of(story: Story) -> PlanCallBack | None:
    """What was ordered when the caller's leg ended."""
    plans = story.ordered(PlanCallBack)
    assert len(plans) <= 1
    return plans[0] if plans else None  # type: ignore[return-value]


def lost_while_waiting(story: Story) -> Story:
    story = eligible_direct(story)
    story.hangs_up("call-1")
    return story


def lost_while_connected(story: Story) -> Story:
    story = connected(story)
    story.hangs_up("call-1")
    return story


def lost_while_asked(story: Story) -> Story:
    story.presses("call-1", "1")
    story.hangs_up("call-1")
    return story


def lost_while_asked_in_danger(story: Story) -> Story:
    story.presses("call-1", "1")
    story.give(inputs.AnswersChanged("token", {"imminent_risk": "yes"}))
    story.hangs_up("call-1")
    return story


def lost_on_the_way_to_911(story: Story) -> Story:
    story = eligible_direct(story)
    story.waits(digits="9")
    story.hangs_up("call-1")
    return story


def lost_with_a_risk_in_the_wait(story: Story) -> Story:
    story = eligible_direct(story)
    story.call = replace(story.call, answers={**story.call.answers, "call_type": "suicidal"})
    story.hangs_up("call-1")
    return story


MOMENTS = {
    "waiting": (lost_while_waiting, PlanCallBack("waiting", 0)),
    "waiting_risky": (lost_with_a_risk_in_the_wait, PlanCallBack("waiting", 0, is_risky=True)),
    "connected": (lost_while_connected, PlanCallBack("connected", 60, by_choice=True)),
    "screening": (lost_while_asked, None),
    "screening_risky": (
        lost_while_asked_in_danger,
        PlanCallBack("returning", 0, is_risky=True, to_911=True),
    ),
    "returning": (lost_on_the_way_to_911, PlanCallBack("returning", 0, to_911=True)),
}


@pytest.mark.parametrize(("lose", "plan"), MOMENTS.values(), ids=MOMENTS)
def test_in6_a_line_that_drops_is_called_back_as_policy_says(lose, plan) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    assert plan_of(lose(Story(calling_back()))) == plan
    assert plan_of(lose(Story(PROGRAM))) is None, "policy does not ask for it"


@pytest.mark.parametrize("moment", ["waiting", "connected", "returning"])
def test_in6_only_in_the_moments_that_policy_names(moment: str) -> None:
    lose, plan = MOMENTS[moment]
    assert plan_of(lose(Story(calling_back(moments=frozenset({moment}))))) == plan
    others = frozenset({"screening", "waiting", "connected", "returning"}) - {moment}
    assert plan_of(lose(Story(calling_back(moments=others)))) is None


def test_in6_where_the_clinician_is_not_asked_only_a_risk_is_called_back() -> None:
    story = connected(Story(calling_back(first="system")))
    story.hangs_up("call-1")
    assert plan_of(story) is None
    story = connected(Story(calling_back(first="system")))
    story.call = replace(story.call, answers={**story.call.answers, "imminent_risk": "yes"})
    story.hangs_up("call-1")
    assert plan_of(story) == PlanCallBack("connected", 0, is_risky=True)
    story.comes_out("call-2")
    assert "press 8" not in story.said("call-2")


def test_in6_a_call_that_somebody_ended_is_not_called_back() -> None:
    resolved = connected(Story(calling_back()))
    resolved.stars("call-2")
    for key in ("2", "1", "1"):
        resolved.presses("call-2", key)
    resolved.hangs_up("call-1")
    assert plan_of(resolved) is None
    with_911 = at_hosted_911(Story(calling_back(hosted()), "psap"))
    with_911.hangs_up("call-1")
    assert plan_of(with_911) is None


def test_in6_on_a_trunk_leg_nobodys_departure_is_inferred() -> None:
    waiting = transferred(Story(calling_back(), "transfer"))
    waiting.hangs_up("call-1")
    assert plan_of(waiting) is None, "the call taker may have kept the caller"
    talking = transferred(Story(calling_back(), "transfer"))
    talking.enters(talking.accepts("ana"))
    talking.hangs_up("call-1")
    assert plan_of(talking) == PlanCallBack("connected", 60, by_choice=True)


def test_in6_the_clinician_chooses_by_key_and_their_leg_goes_on_elsewhere() -> None:
    story = lost_while_connected(Story(calling_back()))
    story.comes_out("call-2")
    assert "If their line was lost, press 8 to call them back" in story.said("call-2")
    story.presses("call-2", "8")
    assert story.take(CallBackNow).leg_id == "call-2"
    assert "Please stay on the line" in story.said("call-2")
    moved = replace(story.leg("call-2"), place=Place.ENDED, moved_to="other-2")
    story.call = story.call.with_leg(moved)
    assert story.presses("call-2", "") == (outputs.MoveTo("other-2"),)


def test_in6_a_clinician_whose_call_back_never_begins_is_asked_for_the_record() -> None:
    story = lost_while_connected(Story(calling_back()))
    story.comes_out("call-2")
    story.presses("call-2", "8")
    for _ in range(6):
        story.presses("call-2", "")
    assert "cannot be called back" in story.said("call-2")
    story.presses("call-2", "1")
    assert story.call.disposition == "resolved_by_phone"


def test_in6_a_record_made_says_that_nobody_was_lost() -> None:
    story = lost_while_connected(Story(calling_back()))
    story.comes_out("call-2")
    story.presses("call-2", "1")
    assert story.take(CancelCallBack).reason == "resolved"


# -- the call-back itself --------------------------------------------------------------------------


def test_in6_the_system_rings_and_nothing_private_is_said_before_they_have_answered() -> None:
    story = CalledBack(calling_back())
    placed = story.take(PlaceLeg)
    assert (placed.leg_id, placed.urgency) == ("call-1", Urgency.CALL_BACK)
    story.picks_up()
    asked = story.said("call-1")
    assert "If you made that call, press 1" in asked
    assert "Si usted hizo esa llamada" in asked
    assert not any(word.lower() in asked.lower() for word in PRIVATE)


def test_in6_a_call_in_spanish_is_asked_in_spanish_first() -> None:
    story = CalledBack(calling_back(), spanish=True)
    story.picks_up()
    asked = story.said("call-1")
    assert asked.index("Buenas") < asked.index("Hello")


@pytest.mark.parametrize("answer", [{"digits": "1"}, {"speech": "yes"}, {"speech": "Sí."}])
def test_in6_the_caller_goes_to_the_desk_with_the_priority_of_a_lost_line(
    answer: dict[str, str],
) -> None:
    story = CalledBack(calling_back())
    story.picks_up()
    story.give(inputs.Keyed("call-1", story.caller.step, **answer))
    assert isinstance(story.last("call-1"), Wait)
    assert (story.call.stage, story.call.desk, story.call.priority) == (
        Stage.WAITING,
        "clinicians",
        50,
    )
    assert story.take(CallBackTried).outcome == "reached"
    story.enters(story.accepts("ana"))
    assert story.is_at(Stage.CONNECTED)


def test_in6_a_caller_lost_on_the_way_to_911_goes_on_to_911() -> None:
    story = CalledBack(calling_back(), to_911=True)
    story.picks_up()
    story.presses("call-1", "1")
    assert story.is_at(Stage.RETURNING)
    assert isinstance(story.last("call-1"), outputs.Dial911)


@pytest.mark.parametrize("key", ["9", "0"])
def test_in6_whoever_picks_up_reaches_911_by_key_at_any_time(key: str) -> None:
    at_once = CalledBack(calling_back())
    at_once.picks_up()
    at_once.presses("call-1", key)
    in_the_goodbye = CalledBack(calling_back())
    in_the_goodbye.picks_up()
    in_the_goodbye.presses("call-1", "2")
    in_the_goodbye.presses("call-1", key)
    for story in (at_once, in_the_goodbye):
        assert isinstance(story.last("call-1"), outputs.Dial911)
        assert story.is_at(Stage.RETURNING)


def test_in6_somebody_else_hears_how_to_reach_help_and_nothing_else() -> None:
    story = CalledBack(calling_back())
    story.picks_up()
    story.presses("call-1", "2")
    assert story.take(CallBackTried).outcome == "not_the_caller"
    assert "dial 9 1 1 at any time" in story.said("call-1")
    assert isinstance(story.presses("call-1", "")[-1], Hangup)
    story.hangs_up("call-1")
    assert story.call.stage is Stage.CLOSED
    assert not story.ordered(CallBackTried), "told once"
    assert not any(word.lower() in story.said("call-1").lower() for word in PRIVATE)


@pytest.mark.parametrize("leaves_message", [False, True])
def test_in6_a_machine_hears_nothing_or_a_neutral_word(leaves_message: bool) -> None:
    story = CalledBack(calling_back(leaves_message=leaves_message))
    story.picks_up("machine_end_beep")
    assert story.last("call-1") == Hangup()
    assert ("In an emergency" in story.said("call-1")) is leaves_message
    assert story.take(CallBackTried).outcome == "machine"


def test_in6_silence_is_no_caller() -> None:
    story = CalledBack(calling_back())
    story.picks_up("unknown")
    story.presses("call-1", "")
    story.presses("call-1", "")
    assert "dial 9 1 1" in story.said("call-1")
    assert story.take(CallBackTried).outcome == "unconfirmed"


@pytest.mark.parametrize("status", ["no-answer", "busy", "failed", "canceled"])
def test_in6_nobody_answers(status: str) -> None:
    story = CalledBack(calling_back())
    story.give(inputs.LegStatusChanged("call-1", status))
    assert story.take(CallBackTried).outcome == "unanswered"
    assert (story.call.stage, story.call.outcome) == (Stage.CLOSED, "not_reached")


def test_in6_a_ring_of_which_nothing_is_heard_ends_by_itself() -> None:
    story = CalledBack(calling_back())
    story.passes(200)
    assert story.take(CallBackTried).outcome == "unanswered"
    assert story.call.due_at is None
    assert story.give(inputs.LegAnswered("call-1", "CAlate", "human"))[-1] == Hangup()
    assert "hang up and dial 9 1 1" in story.said("call-1")


def test_in6_a_cancelled_call_back_stops_to_ring() -> None:
    story = CalledBack(calling_back())
    story.give(inputs.CallBackCancelled("caller_called"))
    assert story.take(outputs.EndLeg).leg_id == "call-1"
    assert story.take(CallBackTried).outcome == "cancelled"
    picked_up = CalledBack(calling_back())
    picked_up.picks_up()
    picked_up.give(inputs.CallBackCancelled("caller_called"))
    assert picked_up.ignored == "somebody has picked up"
    picked_up.presses("call-1", "1")
    assert picked_up.is_at(Stage.WAITING)


def test_in6_nobody_can_send_someone_to_911_who_is_not_reached() -> None:
    story = CalledBack(calling_back())
    story.give(inputs.ReturnRequested("token", "danger"))
    assert story.ignored == "the caller has not been reached"
    story.give(inputs.AnswersChanged("token", {"medical": "yes"}))
    assert story.is_at(Stage.CALLING_BACK)
    story.picks_up()
    story.presses("call-1", "1")
    assert story.is_at(Stage.RETURNING), "the danger that was told meanwhile is 911's"


# -- who stands by ---------------------------------------------------------------------------------


def test_in6_the_clinician_who_was_with_them_hears_how_it_goes_and_then_the_caller() -> None:
    story = CalledBack(calling_back(), with_clinician=True)
    assert story.take(PlaceLeg).leg_id == "call-1"
    story.comes_out("call-2")
    assert "Their phone is being rung" in story.said("call-2")
    story.picks_up()
    story.presses("call-2", "")
    assert "is asked whether they called" in story.said("call-2")
    story.presses("call-1", "1")
    assert isinstance(story.last("call-1"), Wait)
    story.comes_out("call-2")
    assert isinstance(story.last("call-2"), JoinRoom)
    story.enters("call-2")
    assert story.is_at(Stage.CONNECTED)


def test_in6_the_clinicians_next_tick_brings_them_in_where_rest_is_down() -> None:
    story = CalledBack(calling_back(), with_clinician=True)
    story.presses("call-2", "")
    story.picks_up()
    story.presses("call-1", "1")
    story.presses("call-2", "")
    assert isinstance(story.last("call-2"), JoinRoom)


@pytest.mark.parametrize(
    ("end", "heard"),
    [
        (lambda story: story.hangs_up("call-1"), "did not answer"),
        (lambda story: story.picks_up("machine_end_beep"), "A machine answered"),
    ],
)
def test_in6_who_stood_by_is_told_and_free_again(end, heard: str) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    story = CalledBack(calling_back(), with_clinician=True)
    story.comes_out("call-2")
    end(story)
    if story.caller.is_live:
        story.hangs_up("call-1")
    story.comes_out("call-2")
    assert heard in story.said("call-2")
    assert story.last("call-2") == Hangup()


def test_in6_a_clinician_who_leaves_does_not_stop_the_call_back() -> None:
    story = CalledBack(calling_back(), with_clinician=True)
    story.hangs_up("call-2")
    story.picks_up()
    story.presses("call-1", "1")
    assert story.is_at(Stage.WAITING)
    story.enters(story.accepts("ana"))


def test_ro5_a_clinician_is_found_first_and_then_the_caller_is_rung() -> None:
    story = CalledBack(calling_back(), seek_seconds=60)
    assert story.is_at(Stage.WAITING)
    assert story.rings() == ["call-1", "call-2"]
    ringing = story.take(PlaceLeg)
    assert ringing.leg_id == "call-2", "the caller is not rung yet"
    leg_id = story.accepts("ana")
    assert "This caller's line was lost" in story.said(leg_id)
    assert story.take(PlaceLeg).leg_id == "call-1"
    assert story.is_at(Stage.CALLING_BACK)
    story.picks_up()
    story.presses("call-1", "1")
    story.comes_out(leg_id)
    story.enters(leg_id)
    assert story.is_at(Stage.CONNECTED)


def test_ro5_without_a_clinician_the_caller_is_rung_at_the_hard_deadline() -> None:
    story = CalledBack(calling_back(), seek_seconds=60, people={"clinicians": (), "911": ()})
    assert not story.ordered(PlaceLeg)
    story.passes(59)
    assert not story.ordered(PlaceLeg)
    story.passes(2)
    assert story.take(PlaceLeg).leg_id == "call-1"


# -- the choice in the wait ------------------------------------------------------------------------


def test_ro5_the_waiting_caller_keeps_their_place_and_hangs_up() -> None:
    story = eligible_direct(Story(calling_back()))
    for _ in range(3):
        story.waits()
    assert "To keep your place and be called back, press 2" in story.said("call-1")
    story.waits(digits="2")
    assert "If it is yours, press 1" in story.said("call-1")
    assert isinstance(story.waits(digits="1")[-1], outputs.LeaveQueue)
    plan = plan_of(story)
    assert plan is not None
    assert plan.moment == "kept_place"
    story.give(inputs.QueueLeft("call-1", story.caller.step, "leave"))
    assert "You keep your place, and we call you back" in story.said("call-1")
    assert isinstance(story.presses("call-1", "")[-1], Hangup)
    story.hangs_up("call-1")
    assert story.call.outcome == "call_back_promised"
    assert story.call.kept_desk == "clinicians"
    assert len(story.ordered(PlanCallBack)) == 1, "a line that was let go is not lost"


def test_ro5_who_wants_911_after_all_is_not_called_back() -> None:
    story = eligible_direct(Story(calling_back()))
    story.waits(digits="2")
    story.waits(digits="1")
    story.give(inputs.QueueLeft("call-1", story.caller.step, "leave"))
    story.presses("call-1", "9")
    assert story.take(CancelCallBack).reason == "caller_request"
    assert story.is_at(Stage.RETURNING)


def test_ro5_another_key_and_silence_keep_the_caller_on_the_line() -> None:
    for answers in (("2",), ("", "")):
        story = eligible_direct(Story(calling_back()))
        story.waits(digits="2")
        for digits in answers:
            story.waits(digits=digits)
        assert "You stay on the line and in your place" in story.said("call-1")
        assert plan_of(story) is None


def test_ro5_nobody_in_danger_and_nobody_without_a_number_is_asked_to_hang_up() -> None:
    for change in (
        {"answers": {"imminent_risk": "yes"}},
        {"answers": {"weapon": "unknown"}},
        {"dangers": ("medical",)},
        {"caller_id": "withheld"},
        {"caller_id": "failed"},
    ):
        story = eligible_direct(Story(calling_back()))
        story.call = replace(story.call, **change)
        for digits in ("", "", "", "2", "1"):
            story.waits(digits=digits)
        assert "be called back" not in story.said("call-1"), change
        assert plan_of(story) is None
    trunk = transferred(Story(calling_back(), "transfer"))
    for digits in ("", "", "", "2", "1"):
        trunk.waits(digits=digits)
    assert plan_of(trunk) is None


def test_ro5_one_text_on_request() -> None:
    story = eligible_direct(Story(calling_back()))
    for digits in ("", "", "", "3", "3"):
        story.waits(digits=digits)
    assert "For a text message from us, press 3" in story.said("call-1")
    assert story.ordered(TextCaller) == [TextCaller("waiting")]


def test_ro5_within_a_minute_no_shorter_wait_is_told_unless_they_moved_up() -> None:
    story = eligible_direct(Story(calling_back(), queue=QueueFacts(3, 290)))
    story.waits()
    story.waits()
    assert "about 5 minutes" in story.said("call-1")
    story.queue = QueueFacts(3, 100)
    told_again = tell_estimate(story)
    assert "about 5 minutes" in told_again
    story.queue = QueueFacts(2, 100)
    assert "about 2 minutes" in tell_estimate(story)
    story.lets_time_go(61)
    story.queue = QueueFacts(2, 50)
    assert "about one minute" in tell_estimate(story)
    story.queue = QueueFacts(2, None)
    assert "The wait" not in tell_estimate(story), "unknown is not guessed"


def tell_estimate(story: Story) -> str:
    """What the caller hears until the next estimate, six short pieces later."""
    before = len(story.heard["call-1"])
    for _ in range(6):
        story.lets_time_go(0.6)
        story.give(inputs.WaitTicked("call-1"))
    return " ".join(story.heard["call-1"][before:])


def test_in6_a_caller_who_calls_in_is_put_ahead_and_not_called_back() -> None:
    story = eligible_direct(Story(calling_back(), history=History(call_back_id="back7")))
    assert story.take(CancelCallBack) == CancelCallBack("caller_called", "back7")
    assert story.call.priority == 50
    assert "called_in_again" in story.kinds()


def test_in6_the_clinicians_leg_is_fetched_into_the_new_call() -> None:
    story = CalledBack(calling_back(), with_clinician=True)
    assert [getattr(one, "leg_id", "") for one in story.ordered(RedirectLeg)] == ["call-2"]


def test_in6_who_stands_by_for_a_caller_who_asked_for_911_and_hung_up_is_let_go() -> None:
    story = CalledBack(calling_back(hosted()), with_clinician=True)
    story.picks_up()
    story.presses("call-1", "9")
    story.hangs_up("call-1")
    assert story.is_at(Stage.CLOSED)

    told = story.presses("call-2", "")

    assert not any(isinstance(one, JoinRoom) for one in told), "nobody is in that room"
    assert "The caller has left the line" in story.said("call-2")


def test_in6_nobody_accepts_a_call_back_while_whoever_picked_up_hears_the_goodbye() -> None:
    story = CalledBack(calling_back(), seek_seconds=20)
    ben = "call-3"
    story.passes(16)
    story.answers(ben)
    story.passes(4)
    story.picks_up()
    story.presses("call-1", "2")
    assert RedirectLeg(ben, 1) in story.commands, "told at once"

    story.presses(ben, "1")

    assert isinstance(story.last(ben), Hangup)
    assert not story.call.staff()
