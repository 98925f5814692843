"""Calling back: when a caller counts as lost, the call that rings them, who stands by (IN6, RO5).

A call-back is a call of its own. Its caller's leg is one that we place; until whoever picks up has
said to be the caller, nothing of the first call is told, and nobody counts as left alone.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ivr_flows import dialogue, moving, psap_choice
from ivr_flows.call import CARERS, FOR_911, Call, CallBack, Leg, Place, Role, Stage
from ivr_flows.outputs import (
    CallBackNow,
    CallBackTried,
    CancelCallBack,
    CheckLeg,
    EndLeg,
    Hangup,
    PlaceLeg,
    PlanCallBack,
    RedirectLeg,
    Urgency,
)
from ivr_flows.program import CallBackPolicy
from ivr_flows.ringing import PICK_UP_GRACE_SECONDS, ring_next, withdraw_offers
from ivr_flows.turn import Turn

SCREENING, WAITING, CONNECTED, RETURNING = "screening", "waiting", "connected", "returning"
MOMENTS = (SCREENING, WAITING, CONNECTED, RETURNING)
SAME_CLINICIAN, CLINICIAN, SYSTEM = "same_clinician", "clinician", "system"
KEPT_PLACE = "kept_place"  # the caller chose it: their line was not lost
FLOW = "call_back"
STAND_BY, HAND_OVER = "stand_by", "hand_over"

REACHED = "reached"
UNANSWERED = "unanswered"  # busy, no answer, or no carrier
UNCONFIRMED = "unconfirmed"  # somebody picked up and did not say who they are
NOT_THE_CALLER = "not_the_caller"
MACHINE = "machine"
CANCELLED = "cancelled"

LATE_SECONDS = 20  # for the order to ring to leave and its end to be told, beyond the ring itself
AGAIN_SECONDS = 20
HANG_UP_SECONDS = 10  # the caller who keeps their place is rung no sooner


# -- the call that was lost ------------------------------------------------------------------------


def is_risky(call: Call, policy: CallBackPolicy) -> bool:
    """Whether policy asks 911 for a welfare check if this caller cannot be reached."""
    when = policy.welfare_when.items()
    return bool(call.dangers) or any(call.answers.get(name) in values for name, values in when)


def note_lost(turn: Turn, leg: Leg) -> None:
    """The caller's leg is over: if nobody ended the call, order what policy says (IN6).

    Called while the call still stands at the stage in which the line was lost.
    """
    policy = turn.program.call_back
    moment = _moment_of(turn, leg)
    is_risk = is_risky(turn.call, policy)
    if moment not in policy.moments or (moment == SCREENING and not is_risk):
        return
    by_choice = moment == CONNECTED and policy.first == SAME_CLINICIAN
    if moment == CONNECTED and not by_choice and not is_risk:
        return
    psap_choice.settle(turn)  # whose lines are told if the caller cannot be reached
    turn.change(dropped=moment)
    turn.note("caller_lost", leg.id, moment=moment)
    turn.do(
        PlanCallBack(
            moment,
            policy.choose_seconds if by_choice else policy.tries[0],
            is_risky=is_risk,
            by_choice=by_choice and not is_risk,
            to_911=moment == RETURNING or turn.call.desk in turn.program.hosted_desks,
        )
    )


def _moment_of(turn: Turn, leg: Leg) -> str:
    """The moment in which nobody ended the call, or "".

    On a trunk leg nobody's departure can be inferred; with a clinician there, they know.
    """
    call = turn.call
    if moving.is_closing(call) or call.disposition or call.call_back is not None:
        return ""
    staff = call.staff()
    if any(other.role in FOR_911 for other in staff):
        return ""
    if any(other.role in CARERS and other.room for other in staff):
        return CONNECTED if call.stage is not Stage.WAITING or call.drops else WAITING
    if leg.shared:
        return ""
    if call.stage is Stage.RETURNING:
        is_taken = call.returning is not None and call.returning.taken
        return "" if is_taken else RETURNING
    if call.stage is Stage.SCREENING:
        return SCREENING
    is_waiting = call.stage in (Stage.WAITING, Stage.CONNECTED, Stage.CONSULTING)
    return WAITING if is_waiting and call.desk and not call.is_blocked else ""


def may_choose(turn: Turn) -> bool:
    """Whether the clinician who was with the caller is asked if they want to call back."""
    return turn.call.dropped == CONNECTED and turn.program.call_back.first == SAME_CLINICIAN


def choose(turn: Turn) -> None:
    """The clinician calls the caller back: they stay on the line for it."""
    turn.note("call_back_chosen", person=turn.leg.person_id or "")
    turn.do(CallBackNow(turn.leg_id))
    turn.change_leg(turn.leg_id, tries=0)
    dialogue.ask(turn, FLOW, HAND_OVER)


def cancel(turn: Turn, reason: str) -> None:
    """Nobody needs to call back: what was planned for this call is crossed out."""
    if turn.call.dropped or turn.call.kept_desk:
        turn.change(dropped="", kept_desk="")
        turn.do(CancelCallBack(reason))


def keep_place(turn: Turn) -> None:
    """The waiting caller is called back in their turn: they hear so, and hang up (RO5)."""
    withdraw_offers(turn)
    psap_choice.settle(turn)
    turn.change(kept_desk=turn.call.desk, desk="", choosing="")
    turn.note("place_kept")
    is_risk = is_risky(turn.call, turn.program.call_back)
    turn.do(PlanCallBack(KEPT_PLACE, HANG_UP_SECONDS, is_risky=is_risk))
    turn.enter_stage(Stage.WAITING, turn.program.check_seconds)
    turn.change_leg(turn.call.caller.id, flow=moving.CLOSING)


# -- the call that rings them ----------------------------------------------------------------------


def arrive(
    call_id: str,
    lost: Call,
    back: CallBack,
    now: datetime,
    *,
    priority: int,
    queued_at: datetime,
    desk: str,
) -> Call:
    """A fresh call that will ring the caller of `lost`, with what is known of them."""
    leg = Leg(id=f"{call_id}-1", role=Role.CALLER, place=Place.PLANNED)
    return Call(
        id=call_id,
        program=lost.program,
        program_version=lost.program_version,
        line=lost.line,
        stage=Stage.WAITING,
        opened_at=now,
        stage_at=now,
        language=lost.language,
        legs=(leg,),
        answers=lost.answers,
        desk=desk,
        priority=priority,
        queued_at=queued_at,
        psap=lost.psap,
        psap_because=lost.psap_because,
        returned_from=lost.returned_from,
        dangers=lost.dangers,
        given_back=lost.given_back,
        calls_this_week=lost.calls_this_week,
        caller_id=lost.caller_id,
        is_blocked=lost.is_blocked,
        decision=lost.decision,
        reason=lost.reason,
        announced=lost.announced,
        protocol=lost.protocol,
        call_back=back,
    )


def is_awaited(call: Call) -> bool:
    """Whether the call is one that we make and its caller has not been reached."""
    return call.call_back is not None and not call.call_back.outcome


def is_unreached(call: Call) -> bool:
    """Whether the call is one that we make and nobody has said to be the caller."""
    return call.call_back is not None and call.call_back.outcome != REACHED


def begin(turn: Turn) -> str:
    """Seek a clinician first, or ring the caller at once. Returns why nothing was done, or ""."""
    call = turn.call
    if call.version or not is_awaited(call) or call.call_back is None:
        return "begun already"
    turn.note("call_back_begun", of=call.call_back.of)
    standing = call.staff()
    for leg in standing:
        turn.change_leg(leg.id, due_at=turn.after(turn.program.menu_seconds))
        turn.do(RedirectLeg(leg.id, leg.step, urgency=Urgency.CALL_BACK))
    if standing or not call.call_back.seek_seconds:
        ring_caller(turn)
    else:
        turn.enter_stage(Stage.WAITING, call.call_back.seek_seconds)
        ring_next(turn)
    return ""


def ring_caller(turn: Turn) -> None:
    """Ring the caller's telephone, once."""
    if turn.call.stage is Stage.CALLING_BACK:
        return
    limit = turn.program.call_back.ring_seconds
    turn.enter_stage(Stage.CALLING_BACK, limit + PICK_UP_GRACE_SECONDS + LATE_SECONDS)
    turn.note("caller_rung", turn.call.caller.id)
    turn.do(PlaceLeg(turn.call.caller.id, limit, Urgency.CALL_BACK))


def stage_overdue(turn: Turn) -> None:
    """Nothing is heard of the ring: ask the carrier, and at last count it as unanswered."""
    caller = turn.call.caller
    turn.change(stage_due_at=turn.after(AGAIN_SECONDS))
    turn.do(CheckLeg(caller.id))
    if caller.is_answered or not caller.ticks:
        turn.change_leg(caller.id, ticks=caller.ticks + 1)
        return
    turn.do(EndLeg(caller.id, Urgency.CALL_BACK))
    turn.end_leg(caller.id)
    close(turn, UNANSWERED)


def standing_by(call: Call) -> tuple[Leg, ...]:
    """Clinicians who took the call-back and wait for the caller to be reached."""
    return tuple(leg for leg in call.staff() if leg.flow == FLOW and leg.place is Place.FLOW)


def stand_by(turn: Turn) -> None:
    """A clinician took the call-back: the caller is rung, and they are told how it goes."""
    withdraw_offers(turn)
    ring_caller(turn)
    dialogue.ask(turn, FLOW, STAND_BY)


def send_to_911(turn: Turn) -> None:
    """Whoever is reached goes on to 911: what is newly known of the call asks for it (EL6)."""
    back = turn.call.call_back
    if back is not None:
        turn.change(call_back=replace(back, to_911=True))


def reach(turn: Turn) -> None:
    """Whoever picked up is the caller, or wants 911: the call goes on like any other."""
    _set_outcome(turn, REACHED)
    turn.note("caller_reached")


def miss(turn: Turn, outcome: str) -> None:
    """Whoever, or whatever, picked up is not the caller; the leg is let go."""
    if is_awaited(turn.call):
        withdraw_offers(turn)  # nobody is to accept a call whose caller will not come
        _set_outcome(turn, outcome)
        turn.note("caller_not_reached", outcome=outcome)


def close(turn: Turn, outcome: str) -> None:
    """The try is over without the caller: the record ends, and who stood by is free again."""
    miss(turn, outcome)
    withdraw_offers(turn)
    turn.change(outcome="not_reached")
    turn.enter_stage(Stage.CLOSED, None)
    turn.change(closed_at=turn.now)
    turn.note("closed", turn.call.caller.id, outcome="not_reached")
    for leg in standing_by(turn.call):
        if leg.id != turn.leg_id:
            turn.change_leg(leg.id, due_at=turn.after(turn.program.menu_seconds))
            turn.do(RedirectLeg(leg.id, leg.step))


def leg_over(turn: Turn, leg: Leg) -> None:
    """The leg that rang the caller is over before they said who they are."""
    close(turn, UNCONFIRMED if leg.is_answered else UNANSWERED)


def cancelled(turn: Turn) -> str:
    """The caller need not be called back any more. Returns why nothing was done, or ""."""
    caller = turn.call.caller
    if not is_awaited(turn.call) or not caller.is_live:
        return "no call-back is under way"
    if caller.is_answered:
        return "somebody has picked up"
    turn.do(EndLeg(caller.id, Urgency.CALL_BACK))
    turn.end_leg(caller.id)
    close(turn, CANCELLED)
    return ""


def say_unreached(turn: Turn) -> None:
    """Tell who stood by why they are free again."""
    outcome = turn.call.call_back.outcome if turn.call.call_back is not None else ""
    turn.say(f"standing_by_{outcome or UNANSWERED}")
    turn.answer(Hangup())
    turn.change_leg(turn.leg_id, due_at=turn.after(turn.program.decide_seconds))


def _set_outcome(turn: Turn, outcome: str) -> None:
    back = turn.call.call_back
    if back is not None:
        turn.change(call_back=replace(back, outcome=outcome))
        turn.do(CallBackTried(outcome))
