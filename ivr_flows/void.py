"""Whether a call still wants what it has ordered, when that is to be carried out (Law 7)."""

from __future__ import annotations

from ivr_flows import moving
from ivr_flows.call import Call, Leg, Place, Role, Stage
from ivr_flows.outputs import (
    CarrierCommand,
    EndLeg,
    HoldLeg,
    LookInRoom,
    MuteLeg,
    PlaceLeg,
    RedirectLeg,
    ReleaseFromQueue,
    RemoveLeg,
    RescueCaller,
    RoomCommand,
)


def find_reason_void(command: CarrierCommand, call: Call) -> str:
    """Why the call no longer wants the command, or ""."""
    leg = call.find_leg(command.leg_id)
    if leg is None:
        return "no such leg"
    if isinstance(command, PlaceLeg):
        return _find_reason_not_to_ring(call, leg)
    if isinstance(command, EndLeg):
        return "a caller's leg" if leg.role is Role.CALLER and not _rings_in_vain(call, leg) else ""
    if isinstance(command, RescueCaller):
        return "" if leg.role is Role.CALLER else "not a caller's leg"
    if not leg.is_live:
        return "the leg is over"
    elsewhere = _find_reason_elsewhere(command, leg)
    if not elsewhere and isinstance(command, (HoldLeg, MuteLeg, RemoveLeg)):
        return _find_reason_to_leave_party(command, call, leg)
    return elsewhere


def _find_reason_elsewhere(command: CarrierCommand, leg: Leg) -> str:
    """Why the leg is not where the command is meant for."""
    if isinstance(command, ReleaseFromQueue) and leg.place is not Place.QUEUE:
        return "not in the queue"
    if isinstance(command, (RedirectLeg, LookInRoom)) and leg.step != command.step:
        return "the leg has moved on"
    if isinstance(command, LookInRoom) and leg.place is not Place.JOINING:
        return "not on its way into the room"
    if isinstance(command, RoomCommand) and (
        leg.place is not Place.ROOM or leg.room != command.room
    ):
        return "not in that room"
    return ""


def _rings_in_vain(call: Call, leg: Leg) -> bool:
    """Whether the leg rings a caller who need not be called back any more."""
    return call.call_back is not None and not leg.is_answered and call.stage is Stage.CLOSED


def _find_reason_to_leave_party(
    command: HoldLeg | MuteLeg | RemoveLeg, call: Call, leg: Leg
) -> str:
    """Why a party is not held, muted or taken out any more: chiefly, for the caller's sake."""
    if leg.role is Role.CALLER:
        return "a caller's leg"
    if isinstance(command, RemoveLeg):
        return "answers for the caller" if leg in call.staff() else ""
    wanted = leg.hold_wanted if isinstance(command, HoldLeg) else leg.mute_wanted
    if command.on != wanted:
        return "no longer wanted"
    if command.on and not moving.may_be_silenced(call, leg):
        return "nobody else would be heard"
    return ""


def _find_reason_not_to_ring(call: Call, leg: Leg) -> str:
    if leg.place is not Place.PLANNED:
        return "rung already, or over"
    if leg.role is Role.OUTSIDE:
        wanted = call.transfer is not None and call.transfer.receiver == leg.id
        return "" if wanted else "the transfer is over"
    if leg.role is Role.PSAP:
        taken = call.returning is None or call.returning.taken
        return "the return is over" if call.stage is not Stage.RETURNING or taken else ""
    offer = call.find_offer(leg.id)
    if offer is not None and not offer.is_live:
        return "the offer is over"
    return "the call is closed" if call.stage is Stage.CLOSED else ""
