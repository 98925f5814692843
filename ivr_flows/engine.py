"""`advance`: what follows when something happens to a call. Every input passes this one door.

Pure: a function of the call, the input, the facts and the time. Late, repeated and impossible
inputs change nothing and are answered with what the present state says (Law 5).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from ivr_flows import (
    call_taker,
    callback,
    called_back,
    connected,
    consulting,
    crisis_line,
    deadlines,
    dialogue,
    dispatching,
    front_door,
    holding,
    inputs,
    moving,
    offering,
    parties,
    presence,
    protocol_flow,
    reconciliation,
    rescreening,
    return_choice,
    return_to_911,
    ringing,
    waiting,
    warm_transfer,
    wrap_up,
)
from ivr_flows.call import (
    FOR_911,
    Call,
    DispatchNote,
    Leg,
    OfferState,
    Place,
    Role,
    Stage,
    room_name,
)
from ivr_flows.facts import Facts
from ivr_flows.inputs import Input
from ivr_flows.outputs import (
    Dial911,
    Hangup,
    JoinRoom,
    LeaveQueue,
    MoveTo,
    Nothing,
    Step,
    Wait,
)
from ivr_flows.program import Program
from ivr_flows.turn import Turn

__all__ = ["advance", "arrive", "room_name"]

TERMINAL_STATUSES = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})
RINGING_STATUSES = frozenset({"queued", "initiated", "ringing"})
QUEUE_FAILURES = frozenset({"error", "queue-full", "system-error"})
SCREENING_FLOWS = frozenset({"front_door", "call_taker", "announced", "protocol", "not_eligible"})
SWEEP_LATE_SECONDS = 3
LINE_KINDS_SHARED = frozenset({"transfer"})


def arrive(call_id: str, line: str, program: Program, now: datetime) -> Call:
    """A fresh call on `line` with its caller's leg, before anything is said.

    Raises KeyError for an unknown line.
    """
    kind = program.lines[line].kind
    leg = Leg(
        id=f"{call_id}-1",
        role=Role.CALLER,
        place=Place.FLOW,
        shared=kind in LINE_KINDS_SHARED,
    )
    return Call(
        id=call_id,
        program=program.name,
        program_version=program.version,
        line=line,
        stage=Stage.SCREENING,
        opened_at=now,
        stage_at=now,
        legs=(leg,),
        stage_due_at=now + timedelta(seconds=program.screening_seconds),
    )


def advance(call: Call, given: Input, facts: Facts, now: datetime) -> Step:
    """The step that follows from `given`.

    Raises FactNeededError when a fact has to be fetched first.
    """
    leg_id = getattr(given, "leg_id", "")
    leg = call.find_leg(leg_id)
    if leg_id and leg is None:
        return Turn(call, facts, now).finish(ignored="unknown leg")
    asks = isinstance(given, inputs.ASKING)
    turn = Turn(call, facts, now, leg_id if asks else "")
    handler = _HANDLERS[type(given)]
    ignored = handler(turn, given)
    holding.keep_somebody_heard(turn)
    if not asks:
        return turn.finish(ignored)
    if not turn.is_answered:
        present(turn)
    return turn.finish(ignored)


def present(turn: Turn) -> None:
    """Tell the leg that asked what the present state says."""
    leg = turn.leg
    if leg.place in (Place.JOINING, Place.ROOM):
        muted = leg.mute_wanted
        turn.answer(
            JoinRoom(leg.room, leg.step, star=leg.has_menu, ends_room=leg.ends_room, muted=muted)
        )
    elif leg.place is Place.QUEUE:
        turn.answer(Wait(leg.step))
    elif leg.place is Place.DIAL and leg.line_id is not None:
        line = moving.return_line(turn)
        turn.answer(Dial911(leg.line_id, line.ring_seconds, leg.step))
    elif leg.place is Place.FLOW and dialogue.ask_again(turn):
        return
    elif leg.place is Place.ENDED:
        turn.answer(MoveTo(leg.moved_to) if leg.moved_to else Nothing())
    elif leg.role is Role.CALLER:
        moving.caller_next(turn)
    elif leg in turn.call.staff() or (leg.role is Role.OUTSIDE and leg.room):
        wrap_up.back_to_caller(turn)
    else:
        turn.say("no_longer_needed")
        turn.answer(Hangup())


def _call_arrived(turn: Turn, _given: inputs.CallArrived) -> str:
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


def _leg_answered(turn: Turn, given: inputs.LegAnswered) -> str:
    leg = _confirmed(turn, turn.leg, given.sid)
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


def _confirmed(turn: Turn, leg: Leg, sid: str) -> Leg:
    """The leg, which the carrier has if it names its sid: then phones can be rung."""
    if not sid or leg.sid is not None:
        return leg
    if turn.call.unrung:
        turn.change(unrung=())
    return turn.change_leg(leg.id, sid=sid)


def _keyed(turn: Turn, given: inputs.Keyed) -> str:
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


def _wait_ticked(turn: Turn, given: inputs.WaitTicked) -> str:
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


def _queue_left(turn: Turn, given: inputs.QueueLeft) -> str:
    leg = turn.leg
    if given.result == "hangup":
        connected.leg_ended(turn, leg)
        turn.answer(Nothing())
        return ""
    if leg.place is not Place.QUEUE or given.step != leg.step:
        return "out of the queue already"
    if given.result in QUEUE_FAILURES:
        turn.note("queue_failed", result=given.result)
        turn.change_leg(leg.id, place=Place.FLOW)
        return_to_911.dial_at_once(turn, reason="queue_failed")
        return ""
    connected.leg_asked(turn)
    return ""


def _room_left(turn: Turn, given: inputs.RoomLeft) -> str:
    leg = turn.leg
    if given.hung_up:
        connected.leg_ended(turn, leg)
        turn.answer(Nothing())
        return ""
    if leg.place not in (Place.ROOM, Place.JOINING) or given.step != leg.step:
        return "out of that room already"
    connected.room_left(turn, hung_up=False)
    return ""


def _dial_ended(turn: Turn, given: inputs.DialEnded) -> str:
    leg = turn.leg
    if given.hung_up:
        connected.leg_ended(turn, leg)
        turn.answer(Nothing())
        return ""
    if leg.place is not Place.DIAL or given.step != leg.step:
        return "not the line dialled now"
    flow = crisis_line if moving.rings_crisis_line(turn, leg) else return_to_911
    flow.dial_ended(turn, given.status)
    return ""


def _line_answered(turn: Turn, given: inputs.LineAnswered) -> str:
    if turn.leg.place is not Place.DIAL or given.step not in (None, turn.leg.step):
        turn.answer(Nothing())
        return "not dialling"
    flow = crisis_line if moving.rings_crisis_line(turn, turn.leg) else presence
    flow.line_answered(turn)
    return ""


def _line_keyed(turn: Turn, given: inputs.LineKeyed) -> str:
    if turn.leg.place is not Place.DIAL or given.step != turn.leg.step:
        turn.answer(Nothing())
        return "not dialling"
    presence.line_keyed(turn, given.tries, given.digits, given.speech)
    return ""


def _leg_detected(turn: Turn, given: inputs.LegDetected) -> str:
    leg = turn.get_leg(given.leg_id)
    if leg.role is not Role.PSAP:
        return "nothing follows"
    return presence.detected(turn, leg, given.answered_by)


def _leg_asked(turn: Turn, _given: inputs.LegAsked) -> str:
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
        return _leg_answered(turn, inputs.LegAnswered(leg.id))
    is_asked = leg.place is Place.FLOW and dialogue.find_node(leg.flow, leg.node) is not None
    if is_asked and leg.role is not Role.CALLER and turn.call.caller.is_live:
        return "at a question already"
    if leg.role is Role.CALLER and callback.is_unreached(turn.call):
        return "has not said to be the caller"
    connected.leg_asked(turn)
    return ""


def _leg_status(turn: Turn, given: inputs.LegStatusChanged) -> str:
    leg = _confirmed(turn, turn.get_leg(given.leg_id), given.sid)
    if not leg.is_live:
        return "already over"
    if given.status in TERMINAL_STATUSES:
        _ended(turn, leg, given.status)
    elif given.status in RINGING_STATUSES:
        if leg.role is Role.PSAP:
            return_to_911.line_under_way(turn, leg)
        elif leg.place is Place.PLANNED:
            turn.change_leg(leg.id, place=Place.RINGING)
    return ""


def _ended(turn: Turn, leg: Leg, status: str) -> None:
    offer = turn.call.find_offer(leg.id)
    if offer is not None and offer.state is not OfferState.ACCEPTED:
        turn.note("ring_ended", leg.id, status=status)
        offering.leg_over(turn, leg)
        wrap_up.close_if_over(turn)
    elif leg.role is Role.PSAP and not leg.present:
        return_to_911.line_over(turn, leg, status)
    else:
        connected.leg_ended(turn, leg)


def _reconciled(turn: Turn, given: inputs.Reconciled) -> str:
    leg = turn.get_leg(given.leg_id)
    if (leg.place, leg.step) != (given.place, given.step):
        return "the leg has moved on"
    before = turn.call
    if given.found is inputs.Found.OVER:
        _ended(turn, leg, given.status)
    elif given.found is inputs.Found.RINGING:
        _leg_status(turn, inputs.LegStatusChanged(leg.id, "ringing"))
    else:
        return reconciliation.mend(turn, leg, given)
    if turn.call == before:
        return "nothing is to be mended"
    turn.note("repaired", leg.id, found=given.found, was=given.place)
    return ""


def _room_joined(turn: Turn, given: inputs.RoomJoined) -> str:
    leg = turn.get_leg(given.leg_id)
    return connected.room_joined(turn, leg, given.room, muted=given.muted)


def _seen_in_room(turn: Turn, given: inputs.SeenInRoom) -> str:
    return connected.seen_in_room(turn, turn.get_leg(given.leg_id), given)


def _room_departed(turn: Turn, given: inputs.RoomDeparted) -> str:
    return connected.room_departed(turn, turn.get_leg(given.leg_id), given.room)


def _controls_changed(turn: Turn, given: inputs.ControlsChanged) -> str:
    leg = turn.get_leg(given.leg_id)
    if leg.place is not Place.ROOM or leg.room != given.room or leg.role is Role.CALLER:
        return "not in that room"
    if given.sequence <= leg.controls_seen:
        return "older than what was told before"
    turn.change_leg(leg.id, controls_seen=given.sequence)
    holding.controls_told(turn, turn.get_leg(leg.id), held=given.held, muted=given.muted)
    return ""


def _command_done(turn: Turn, given: inputs.CommandDone) -> str:
    leg = _confirmed(turn, turn.get_leg(given.leg_id), given.sid)
    if given.command == "PlaceLeg" and leg.role is Role.PSAP:
        return_to_911.line_under_way(turn, leg)
    elif given.command == "PlaceLeg" and leg.place is Place.PLANNED:
        turn.change_leg(leg.id, place=Place.RINGING)
    elif given.command == "SetEndsRoom" and leg.place is Place.ROOM:
        leg = turn.change_leg(leg.id, ends_room=given.on)
        if given.on:
            consulting.pass_flag(turn, leg)
        holding.carry_on(turn)
    elif given.command == "HoldLeg" and leg.place is Place.ROOM:
        holding.controls_told(turn, leg, held=given.on)
    elif given.command == "MuteLeg" and leg.place is Place.ROOM:
        holding.controls_told(turn, leg, muted=given.on)
    else:
        return "nothing follows"
    return ""


def _command_failed(turn: Turn, given: inputs.CommandFailed) -> str:
    leg = turn.get_leg(given.leg_id)
    turn.note("command_failed", leg.id, command=given.command, reason=given.reason)
    if leg.place is Place.ROOM and given.command in _CONTROLS:
        _control_failed(turn, leg, given)
    if given.command != "PlaceLeg" or leg.place is not Place.PLANNED:
        return ""
    if leg.role is Role.PSAP:
        return_to_911.line_failed(turn, leg, permanent=given.permanent)
        return ""
    if not given.permanent and leg.role is not Role.OUTSIDE:
        ringing.note_unrung(turn, leg.id)
    _ended(turn, leg, "failed")
    return ""


_TAKES_OUT = frozenset({"RemoveLeg", "RedirectLeg"})
_CONTROLS = _TAKES_OUT | {"HoldLeg", "MuteLeg", "SetEndsRoom"}


def _control_failed(turn: Turn, leg: Leg, given: inputs.CommandFailed) -> None:
    """Something about one party was refused: nothing is lost, and who could ask is told."""
    if leg.flow == parties.LEAVING and given.command in _TAKES_OUT:
        parties.not_taken_out(turn, leg)
    elif given.command == "RedirectLeg" and leg.role is Role.CALLER:
        if moving.is_caller_held(turn.call):
            holding.caller_not_held(turn)
    elif given.command == "SetEndsRoom" and given.on:
        for other in turn.call.staff():
            if other.place is Place.ROOM and holding.is_open(other):
                holding.not_done(turn, other)
    elif given.command in ("HoldLeg", "MuteLeg") and given.on and leg.flow != parties.LEAVING:
        holding.not_done(turn, leg)


def _command_unknown(turn: Turn, given: inputs.CommandUnknown) -> str:
    leg = turn.get_leg(given.leg_id)
    offer = turn.call.find_offer(leg.id)
    is_ring = given.command == "PlaceLeg" and offer is not None and offer.is_live
    if not is_ring or leg.place is not Place.PLANNED:
        return "nothing follows"
    turn.note("ring_unknown", leg.id, reason=given.reason)
    waiting.ring_unknown(turn, leg)
    return ""


def _staff_freed(turn: Turn, _given: inputs.StaffFreed) -> str:
    if turn.call.stage not in (Stage.WAITING, Stage.CONSULTING, Stage.RETURNING):
        return "nobody is sought"
    if not turn.call.desk:
        return "nobody is sought"
    if turn.call.live_offers() and not ringing.rings_everyone(turn):
        if not ringing.rings_one_more(turn):
            return "nobody is sought"
        turn.change(next_ring_at=turn.now)
    waiting.pursue(turn)
    return ""


def _call_back_begun(turn: Turn, _given: inputs.CallBackBegun) -> str:
    return callback.begin(turn)


def _call_back_cancelled(turn: Turn, given: inputs.CallBackCancelled) -> str:
    turn.note("call_back_cancelled", reason=given.reason)
    return callback.cancelled(turn)


def _dispatch_changed(turn: Turn, given: inputs.DispatchChanged) -> str:
    note = DispatchNote(given.dispatch_id, given.status, given.team, given.minutes)
    return dispatching.dispatch_changed(turn, note)


def _return_requested(turn: Turn, given: inputs.ReturnRequested) -> str:
    if turn.call.stage is Stage.CLOSED:
        return "the call is closed"
    if callback.is_unreached(turn.call):
        return "the caller has not been reached"
    if return_to_911.is_under_way(turn.call):
        return "a return is under way"
    if any(leg.role in FOR_911 for leg in moving.staff_in_room(turn.call)):
        if not moving.consults_in_private(turn.call):
            return "911 is with the caller"
        consulting.introduce(turn, vouched=False)
        return ""
    turn.note("return_requested", person=given.person_id)
    return_to_911.start(
        turn,
        reason=given.reason,
        by=Role.CLINICIAN,
        skip=return_choice.settle(turn, given.skip),
        request=given.request,
    )
    return ""


def _control_requested(turn: Turn, given: inputs.ControlRequested) -> str:
    leg = turn.get_leg(given.leg_id)
    return parties.control(turn, leg, given.action, by=given.person_id)


def _protocol_moved(turn: Turn, given: inputs.ProtocolMoved) -> str:
    was_over = turn.call.protocol is not None and turn.call.protocol.is_over
    ignored = protocol_flow.moved(turn, given)
    is_over = turn.call.protocol is not None and turn.call.protocol.is_over
    if is_over and not was_over and turn.call.stage is not Stage.CLOSED:
        rescreening.decide_again(turn)
    return ignored


def _resolved(turn: Turn, given: inputs.Resolved) -> str:
    if turn.call.disposition:
        return "already resolved"
    if turn.call.caller.is_live:
        return "the caller is still on the line"
    outcome = "resolved" if turn.call.outcome in ("", "ended_with_clinician") else turn.call.outcome
    turn.change(disposition=given.disposition, outcome=outcome)
    callback.cancel(turn, "resolved")
    turn.note("resolved", person=given.person_id, disposition=given.disposition)
    return ""


_HANDLERS: dict[type, Callable[[Turn, Any], str]] = {
    inputs.CallArrived: _call_arrived,
    inputs.LegAnswered: _leg_answered,
    inputs.Keyed: _keyed,
    inputs.WaitTicked: _wait_ticked,
    inputs.QueueLeft: _queue_left,
    inputs.RoomLeft: _room_left,
    inputs.DialEnded: _dial_ended,
    inputs.LineAnswered: _line_answered,
    inputs.LineKeyed: _line_keyed,
    inputs.LegDetected: _leg_detected,
    inputs.LegAsked: _leg_asked,
    inputs.LegStatusChanged: _leg_status,
    inputs.RoomJoined: _room_joined,
    inputs.SeenInRoom: _seen_in_room,
    inputs.RoomDeparted: _room_departed,
    inputs.ControlsChanged: _controls_changed,
    inputs.CommandDone: _command_done,
    inputs.CommandFailed: _command_failed,
    inputs.CommandUnknown: _command_unknown,
    inputs.Reconciled: _reconciled,
    inputs.TimePassed: deadlines.time_passed,
    inputs.StaffFreed: _staff_freed,
    inputs.CallBackBegun: _call_back_begun,
    inputs.CallBackCancelled: _call_back_cancelled,
    inputs.DispatchChanged: _dispatch_changed,
    inputs.ReturnRequested: _return_requested,
    inputs.ControlRequested: _control_requested,
    inputs.TransferRequested: warm_transfer.requested,
    inputs.TransferIntroduced: warm_transfer.introduced,
    inputs.TransferCancelled: warm_transfer.cancelled,
    inputs.Resolved: _resolved,
    inputs.ProtocolMoved: _protocol_moved,
    inputs.AnswersChanged: rescreening.answers_changed,
}
