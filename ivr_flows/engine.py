"""`advance`: what follows when something happens to a call. Every input passes this one door.

Pure: a function of the call, the input, the facts and the time. Late, repeated and impossible
inputs change nothing and are answered with what the present state says (Law 5).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from ivr_flows import (
    carrier_reports,
    deadlines,
    dialogue,
    holding,
    inputs,
    interventions,
    leg_requests,
    moving,
    rescreening,
    waiting_news,
    warm_transfer,
    wrap_up,
)
from ivr_flows.call import Call, Leg, Place, Role, Stage, room_name
from ivr_flows.facts import Facts
from ivr_flows.inputs import Input
from ivr_flows.outputs import Dial911, Hangup, JoinRoom, MoveTo, Nothing, Step, Wait
from ivr_flows.program import Program
from ivr_flows.turn import Turn

__all__ = ["advance", "arrive", "room_name"]

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
    waiting_news.tell_at_once(turn, call)
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


_HANDLERS: dict[type, Callable[[Turn, Any], str]] = {
    inputs.CallArrived: leg_requests.call_arrived,
    inputs.LegAnswered: leg_requests.leg_answered,
    inputs.Keyed: leg_requests.keyed,
    inputs.WaitTicked: leg_requests.wait_ticked,
    inputs.QueueLeft: leg_requests.queue_left,
    inputs.RoomLeft: leg_requests.room_left,
    inputs.DialEnded: leg_requests.dial_ended,
    inputs.LineAnswered: leg_requests.line_answered,
    inputs.LineKeyed: leg_requests.line_keyed,
    inputs.LegDetected: carrier_reports.leg_detected,
    inputs.LegAsked: leg_requests.leg_asked,
    inputs.LegStatusChanged: carrier_reports.leg_status,
    inputs.RoomJoined: carrier_reports.room_joined,
    inputs.SeenInRoom: carrier_reports.seen_in_room,
    inputs.RoomDeparted: carrier_reports.room_departed,
    inputs.ControlsChanged: carrier_reports.controls_changed,
    inputs.CommandDone: carrier_reports.command_done,
    inputs.CommandFailed: carrier_reports.command_failed,
    inputs.CommandUnknown: carrier_reports.command_unknown,
    inputs.Reconciled: carrier_reports.reconciled,
    inputs.FailsafeAnswered: carrier_reports.failsafe_answered,
    inputs.TimePassed: deadlines.time_passed,
    inputs.StaffFreed: interventions.staff_freed,
    inputs.CallBackBegun: interventions.call_back_begun,
    inputs.CallBackCancelled: interventions.call_back_cancelled,
    inputs.DispatchChanged: interventions.dispatch_changed,
    inputs.ReturnRequested: interventions.return_requested,
    inputs.ControlRequested: interventions.control_requested,
    inputs.TransferRequested: warm_transfer.requested,
    inputs.TransferIntroduced: warm_transfer.introduced,
    inputs.TransferCancelled: warm_transfer.cancelled,
    inputs.Resolved: interventions.resolved,
    inputs.ProtocolMoved: interventions.protocol_moved,
    inputs.AnswersChanged: rescreening.answers_changed,
}
