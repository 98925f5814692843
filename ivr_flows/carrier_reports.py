"""The carrier reports, and nobody waits for an answer: callbacks, results of orders, readings.

Each function returns why the report was ignored, or "".
"""

from __future__ import annotations

from ivr_flows import (
    connected,
    consulting,
    holding,
    inputs,
    joining,
    losing,
    moving,
    offering,
    parties,
    presence,
    reconciliation,
    return_to_911,
    ringing,
    waiting,
    wrap_up,
)
from ivr_flows.call import Leg, OfferState, Place, Role
from ivr_flows.turn import Turn

TERMINAL_STATUSES = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})
RINGING_STATUSES = frozenset({"queued", "initiated", "ringing"})
_TAKES_OUT = frozenset({"RemoveLeg", "RedirectLeg"})
_CONTROLS = _TAKES_OUT | {"HoldLeg", "MuteLeg", "SetEndsRoom"}


def leg_detected(turn: Turn, given: inputs.LegDetected) -> str:
    leg = turn.get_leg(given.leg_id)
    if leg.role is not Role.PSAP:
        return "nothing follows"
    return presence.detected(turn, leg, given.answered_by)


def leg_status(turn: Turn, given: inputs.LegStatusChanged) -> str:
    leg = ringing.confirmed(turn, turn.get_leg(given.leg_id), given.sid)
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
        losing.leg_ended(turn, leg)


def reconciled(turn: Turn, given: inputs.Reconciled) -> str:
    leg = turn.get_leg(given.leg_id)
    if (leg.place, leg.step) != (given.place, given.step):
        return "the leg has moved on"
    before = turn.call
    if given.found is inputs.Found.OVER:
        _ended(turn, leg, given.status)
    elif given.found is inputs.Found.RINGING:
        leg_status(turn, inputs.LegStatusChanged(leg.id, "ringing"))
    else:
        return reconciliation.mend(turn, leg, given)
    if turn.call == before:
        return "nothing is to be mended"
    turn.note("repaired", leg.id, found=given.found, was=given.place)
    return ""


def failsafe_answered(turn: Turn, given: inputs.FailsafeAnswered) -> str:
    leg = turn.get_leg(given.leg_id)
    if leg.role is not Role.CALLER or not leg.is_live:
        return "no caller who is on the line"
    if leg.is_with_failsafe:
        return "known already"
    turn.note("failsafe_answered", leg.id, was=str(leg.place))
    return_to_911.found_dialling(turn, talks=False)
    return ""


def room_joined(turn: Turn, given: inputs.RoomJoined) -> str:
    leg = turn.get_leg(given.leg_id)
    return joining.room_joined(turn, leg, given.room, muted=given.muted)


def seen_in_room(turn: Turn, given: inputs.SeenInRoom) -> str:
    return joining.seen_in_room(turn, turn.get_leg(given.leg_id), given)


def room_departed(turn: Turn, given: inputs.RoomDeparted) -> str:
    leg = turn.get_leg(given.leg_id)
    return connected.room_departed(turn, leg, given.room, pushed_out=given.pushed_out)


def controls_changed(turn: Turn, given: inputs.ControlsChanged) -> str:
    leg = turn.get_leg(given.leg_id)
    if leg.place is not Place.ROOM or leg.room != given.room or leg.role is Role.CALLER:
        return "not in that room"
    if given.sequence <= leg.controls_seen:
        return "older than what was told before"
    turn.change_leg(leg.id, controls_seen=given.sequence)
    holding.controls_told(turn, turn.get_leg(leg.id), held=given.held, muted=given.muted)
    return ""


def command_done(turn: Turn, given: inputs.CommandDone) -> str:
    leg = ringing.confirmed(turn, turn.get_leg(given.leg_id), given.sid)
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


def command_failed(turn: Turn, given: inputs.CommandFailed) -> str:
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


def command_unknown(turn: Turn, given: inputs.CommandUnknown) -> str:
    leg = turn.get_leg(given.leg_id)
    offer = turn.call.find_offer(leg.id)
    is_ring = given.command == "PlaceLeg" and offer is not None and offer.is_live
    if not is_ring or leg.place is not Place.PLANNED:
        return "nothing follows"
    turn.note("ring_unknown", leg.id, reason=given.reason)
    waiting.ring_unknown(turn, leg)
    return ""
