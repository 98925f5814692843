"""A leg asks what to do next: what follows from its request, for the leg and for the others.

Each function returns why the request was ignored, or "".
"""

from __future__ import annotations

from datetime import timedelta

from ivr_flows import (
    call_taker,
    callback,
    called_back,
    connected,
    crisis_line,
    deadlines,
    dialogue,
    front_door,
    inputs,
    losing,
    moving,
    offering,
    presence,
    return_to_911,
    ringing,
    waiting,
    warm_transfer,
)
from ivr_flows.call import OfferState, Place, Role, Stage
from ivr_flows.outputs import LeaveQueue, Nothing
from ivr_flows.turn import Turn

QUEUE_FAILURES = frozenset({"error", "queue-full", "system-error"})
SCREENING_FLOWS = frozenset({"front_door", "call_taker", "announced", "protocol", "not_eligible"})
SWEEP_LATE_SECONDS = 3


def call_arrived(turn: Turn, _given: inputs.CallArrived) -> str:
    if turn.leg.step:
        return "already arrived"
    turn.note("call_arrived", line=turn.call.line, caller_id=turn.call.caller_id)
    kind = turn.program.lines[turn.call.line].kind
    if kind == "transfer":
        call_taker.start(turn)
    elif kind == "psap":
        front_door.hold_for_911(turn)
    else:
        front_door.start(turn)
    return ""


def leg_answered(turn: Turn, given: inputs.LegAnswered) -> str:
    leg = ringing.confirmed(turn, turn.leg, given.sid)
    is_late = leg.role is Role.CALLER and not leg.is_live
    if leg.place not in (Place.PLANNED, Place.RINGING) and not is_late:
        return "already answered"
    if leg.role is Role.PSAP:
        presence.psap_answered(turn, given.answered_by)
    elif leg.role is Role.OUTSIDE:
        warm_transfer.outside_answered(turn)
    elif leg.role is Role.CALLER:
        called_back.answered(turn, given.answered_by)
    else:
        offering.leg_answered(turn)
    if turn.leg.place in (Place.PLANNED, Place.RINGING):
        turn.change_leg(leg.id, place=Place.FLOW)
    return ""


def keyed(turn: Turn, given: inputs.Keyed) -> str:
    leg = turn.leg
    if leg.place is not Place.FLOW or given.step != leg.step:
        return "not the question asked now"
    if dialogue.find_node(leg.flow, leg.node) is None:
        return "no question is open"
    is_screened = leg.role is Role.CALLER and leg.flow in SCREENING_FLOWS
    if is_screened and turn.call.stage is not Stage.SCREENING:
        moving.caller_next(turn)
        return "the call has moved on"
    dialogue.hear(turn, given.digits, given.speech)
    return ""


def wait_ticked(turn: Turn, given: inputs.WaitTicked) -> str:
    if turn.leg.place is not Place.QUEUE:
        turn.answer(LeaveQueue())
        return "not waiting"
    due_at = turn.call.due_at
    if due_at is not None and due_at <= turn.now - timedelta(seconds=SWEEP_LATE_SECONDS):
        # Nobody else keeps the call's deadlines: the caller's own wait does, and ends at 911.
        turn.note("sweep_is_late")
        deadlines.time_passed(turn, inputs.TimePassed())
    waiting.wait_ticked(turn, given.digits)
    return ""


def queue_left(turn: Turn, given: inputs.QueueLeft) -> str:
    leg = turn.leg
    if given.result == "hangup":
        return _hung_up(turn)
    if leg.place is not Place.QUEUE or given.step != leg.step:
        return "out of the queue already"
    if given.result in QUEUE_FAILURES:
        turn.note("queue_failed", result=given.result)
        turn.change_leg(leg.id, place=Place.FLOW)
        return_to_911.dial_at_once(turn, reason="queue_failed")
        return ""
    connected.leg_asked(turn)
    return ""


def room_left(turn: Turn, given: inputs.RoomLeft) -> str:
    leg = turn.leg
    if given.hung_up:
        return _hung_up(turn)
    if leg.place not in (Place.ROOM, Place.JOINING) or given.step != leg.step:
        return "out of that room already"
    connected.room_left(turn)
    return ""


def dial_ended(turn: Turn, given: inputs.DialEnded) -> str:
    leg = turn.leg
    if given.hung_up:
        return _hung_up(turn)
    if leg.place is not Place.DIAL or given.step != leg.step:
        return "not the line dialled now"
    flow = crisis_line if moving.rings_crisis_line(turn, leg) else return_to_911
    flow.dial_ended(turn, given.status)
    return ""


def _hung_up(turn: Turn) -> str:
    """The leg asks no more: it is over."""
    losing.leg_ended(turn, turn.leg)
    turn.answer(Nothing())
    return ""


def line_answered(turn: Turn, given: inputs.LineAnswered) -> str:
    if turn.leg.place is not Place.DIAL or given.step not in (None, turn.leg.step):
        turn.answer(Nothing())
        return "not dialling"
    flow = crisis_line if moving.rings_crisis_line(turn, turn.leg) else presence
    flow.line_answered(turn)
    return ""


def line_keyed(turn: Turn, given: inputs.LineKeyed) -> str:
    if turn.leg.place is not Place.DIAL or given.step != turn.leg.step:
        turn.answer(Nothing())
        return "not dialling"
    presence.line_keyed(turn, given.tries, given.digits, given.speech)
    return ""


def leg_asked(turn: Turn, _given: inputs.LegAsked) -> str:
    leg = turn.leg
    if not leg.is_live:
        return "already over"
    offer = turn.call.find_offer(leg.id)
    if offer is not None and offer.state is not OfferState.ACCEPTED:
        offering.leg_answered(turn)
        return ""
    if leg.role is Role.PSAP and presence.asked(turn):
        return ""
    if leg.place in (Place.PLANNED, Place.RINGING):
        # Picked up while we could not answer: nobody has said yet who they are (RE4, IN6).
        return leg_answered(turn, inputs.LegAnswered(leg.id))
    is_asked = leg.place is Place.FLOW and dialogue.find_node(leg.flow, leg.node) is not None
    if is_asked and leg.role is not Role.CALLER and turn.call.caller.is_live:
        return "at a question already"
    if leg.role is Role.CALLER and callback.is_unreached(turn.call):
        return "has not said to be the caller"
    connected.leg_asked(turn)
    return ""
