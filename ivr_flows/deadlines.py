"""What follows when a deadline passes; the last one of every stage leads to 911 (Law 2)."""

from __future__ import annotations

from datetime import datetime

from ivr_flows import (
    callback,
    connected,
    consulting,
    holding,
    offering,
    return_to_911,
    waiting,
    warm_transfer,
    wrap_up,
)
from ivr_flows.call import Leg, OfferState, Role, Stage
from ivr_flows.inputs import TimePassed
from ivr_flows.outputs import EndLeg
from ivr_flows.turn import Turn


def time_passed(turn: Turn, _given: TimePassed) -> str:
    """Do what is due: offers, legs, the next ring, the stage. Returns why nothing was, or ""."""
    before = turn.call
    for offer in turn.call.live_offers():
        current = turn.call.find_offer(offer.leg_id)
        if current is not None and current.is_live and _is_due(current.due_at, turn.now):
            offering.overdue(turn, current)
    for leg in turn.call.legs:
        current_leg = turn.get_leg(leg.id)
        if current_leg.is_live and _is_due(current_leg.due_at, turn.now):
            _leg_overdue(turn, current_leg)
    if turn.call.stage is not Stage.CLOSED and _is_due(turn.call.hold_until_at, turn.now):
        holding.bring_caller_back(turn, why="hold_is_over")
    if turn.call.stage is not Stage.CLOSED and _is_due(turn.call.next_ring_at, turn.now):
        waiting.pursue(turn)
        if _is_due(turn.call.next_ring_at, turn.now):
            turn.change(next_ring_at=None)
    if turn.call.stage is not Stage.CLOSED and _is_due(turn.call.stage_due_at, turn.now):
        _stage_overdue(turn)
    return "nothing is due" if turn.call == before else ""


def _is_due(due_at: datetime | None, now: datetime) -> bool:
    return due_at is not None and due_at <= now


def _leg_overdue(turn: Turn, leg: Leg) -> None:
    turn.note("leg_overdue", leg.id, place=str(leg.place))
    offer = turn.call.find_offer(leg.id)
    if leg.role is Role.PSAP and not leg.present:
        return_to_911.leg_overdue(turn, leg)
    elif offer is not None and offer.state is not OfferState.ACCEPTED:
        # Told to end, and not heard from since: the record ends without the carrier's word.
        turn.do(EndLeg(leg.id))
        turn.end_leg(leg.id)
        wrap_up.close_if_over(turn)
    elif warm_transfer.rings_outside(leg):
        warm_transfer.outside_overdue(turn, leg)
    elif not turn.call.caller.is_live:
        turn.do(EndLeg(leg.id))
        turn.end_leg(leg.id)
    else:
        connected.leg_overdue(turn, leg)


def _stage_overdue(turn: Turn) -> None:
    stage = turn.call.stage
    turn.note("stage_overdue", stage=str(stage))
    if stage is Stage.SCREENING:
        return_to_911.start(turn, reason="screening_too_long", by=Role.CALLER)
    elif warm_transfer.keeps_the_stage(turn):
        consulting.stage_overdue(turn)
    elif stage in (Stage.WAITING, Stage.CONSULTING):
        waiting.stage_overdue(turn)
    elif stage is Stage.CALLING_BACK:
        callback.stage_overdue(turn)
    elif stage is Stage.CONNECTED:
        connected.stage_overdue(turn)
    else:
        return_to_911.stage_overdue(turn)
