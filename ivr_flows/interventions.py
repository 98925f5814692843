"""People at a page or the API, and other parts of ours, act on a call that nobody of them is in.

Each function returns why nothing followed, or "".
"""

from __future__ import annotations

from ivr_flows import (
    callback,
    consulting,
    dispatching,
    inputs,
    moving,
    parties,
    protocol_flow,
    rescreening,
    return_choice,
    return_to_911,
    ringing,
    waiting,
)
from ivr_flows.call import FOR_911, DispatchNote, Role, Stage
from ivr_flows.turn import Turn


def staff_freed(turn: Turn, _given: inputs.StaffFreed) -> str:
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


def call_back_begun(turn: Turn, _given: inputs.CallBackBegun) -> str:
    return callback.begin(turn)


def call_back_cancelled(turn: Turn, given: inputs.CallBackCancelled) -> str:
    turn.note("call_back_cancelled", reason=given.reason)
    return callback.cancelled(turn)


def dispatch_changed(turn: Turn, given: inputs.DispatchChanged) -> str:
    note = DispatchNote(given.dispatch_id, given.status, given.team, given.minutes)
    return dispatching.dispatch_changed(turn, note)


def return_requested(turn: Turn, given: inputs.ReturnRequested) -> str:
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


def control_requested(turn: Turn, given: inputs.ControlRequested) -> str:
    leg = turn.get_leg(given.leg_id)
    return parties.control(turn, leg, given.action, by=given.person_id)


def protocol_moved(turn: Turn, given: inputs.ProtocolMoved) -> str:
    was_over = turn.call.protocol is not None and turn.call.protocol.is_over
    ignored = protocol_flow.moved(turn, given)
    is_over = turn.call.protocol is not None and turn.call.protocol.is_over
    if is_over and not was_over and turn.call.stage is not Stage.CLOSED:
        rescreening.decide_again(turn)
    return ignored


def resolved(turn: Turn, given: inputs.Resolved) -> str:
    if turn.call.disposition:
        return "already resolved"
    if turn.call.caller.is_live:
        return "the caller is still on the line"
    outcome = "resolved" if turn.call.outcome in ("", "ended_with_clinician") else turn.call.outcome
    turn.change(disposition=given.disposition, outcome=outcome)
    callback.cancel(turn, "resolved")
    turn.note("resolved", person=given.person_id, disposition=given.disposition)
    return ""
