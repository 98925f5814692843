"""Brings a leg back that the carrier has elsewhere than we think. It only rescues (Law 1)."""

from __future__ import annotations

from collections.abc import Mapping

from ivr_flows import joining, moving, return_to_911
from ivr_flows.call import Leg, Place, Role
from ivr_flows.inputs import Found, Reconciled
from ivr_flows.outputs import RedirectLeg, RescueCaller
from ivr_flows.turn import Turn


def is_as_we_think(
    place: str, role: str, room: int, found: Found, found_room: int, *, seeks_911: bool = False
) -> bool:
    """Whether an answered leg is where our record has it, or on a way that has its own deadline.

    `place`, `role` and `room` are the record's; `found` and `found_room` are the carrier's.
    `seeks_911` is the record's too, as `Leg` has it: of the end of that nobody tells us.
    """
    in_a_room = found in (Found.ROOM, Found.ALONE)
    if place == Place.JOINING and in_a_room:
        return found_room != room  # still in the old one
    expected: Mapping[str, bool] = {
        Place.FLOW: found is Found.FLOW,
        Place.QUEUE: found is Found.QUEUE,
        Place.JOINING: found is Found.FLOW,
        Place.ROOM: found is Found.ROOM and found_room == room,
        Place.DIAL: found is Found.DIAL or (found is Found.TALK and not seeks_911),
        # Whom we took for over is rescued, unless 911 has them already.
        Place.ENDED: role != Role.CALLER or found in (Found.DIAL, Found.TALK),
    }
    return expected.get(place, False)


def mend(turn: Turn, leg: Leg, given: Reconciled) -> str:
    """Do what a live leg in the wrong place needs. Returns why nothing was done, or ""."""
    ignored = _mend(turn, leg, given)
    if not ignored:
        turn.note("repaired", leg.id, found=given.found, was=given.place)
    return ignored


def _mend(turn: Turn, leg: Leg, given: Reconciled) -> str:
    is_caller = leg.role is Role.CALLER
    if not leg.is_live:
        if not is_caller:
            return "nobody to rescue"
        turn.do(RescueCaller(leg.id))
    elif given.found in (Found.DIAL, Found.TALK):
        known = (leg.place, leg.role, leg.room)
        if is_as_we_think(*known, given.found, given.room, seeks_911=leg.seeks_911):
            return "as we think"
        # A fail-safe document rings 911 for the caller, and goes on till it has reached it.
        if not is_caller:
            return "not ours to move"
        return_to_911.found_dialling(turn, talks=given.found is Found.TALK)
    elif leg.place is Place.JOINING and given.room == leg.room:
        return joining.room_joined(turn, leg, given.room)
    elif given.found is Found.ALONE and not is_caller:
        return _mend_waiting_staff(turn, leg, given.room)
    else:
        turn.do(RedirectLeg(leg.id, leg.step))
    return ""


def _mend_waiting_staff(turn: Turn, leg: Leg, room: int) -> str:
    """Somebody sits in a room alone: their caller is fetched, or they hear that there is none."""
    caller = turn.call.caller
    if not caller.is_live or room != turn.call.room:
        turn.do(RedirectLeg(leg.id, leg.step))
        return ""
    if caller.place is not Place.QUEUE or not moving.caller_may_enter(turn.call):
        return "the caller is not to be fetched"
    moving.release_caller(turn)
    return ""
