"""What the repairer finds of a world: phones that are not where the record has them (Law 1).

It reads the carrier twice, and tells of a leg that both readings have elsewhere. By then the leg
may have moved on once more.
"""

from __future__ import annotations

from collections.abc import Iterator

from ivr_flows.call import Leg, Place, Role
from ivr_flows.inputs import Found, Reconciled
from ivr_flows.reconciliation import is_as_we_think
from ivr_flows.safety.world import Phone, World

WHERE = {
    "ringing": Found.RINGING,
    "ivr": Found.FLOW,
    "queue": Found.QUEUE,
    "room": Found.ROOM,
    "dial": Found.DIAL,
    "asked": Found.DIAL,
    "talk": Found.TALK,
    "failsafe": Found.TALK,
    "over": Found.OVER,
}
"""What a reading says of a phone, by where it is; of one on its way no two readings agree."""


def list_findings(world: World) -> Iterator[Reconciled]:
    """What would be told of each leg that is elsewhere, if nothing moved meanwhile."""
    for leg in world.call.legs:
        phone = world.phones.get(leg.id)
        if phone is None or (leg.sid is None and leg.role is not Role.CALLER):
            continue  # without its sid a line cannot be told to be ours
        found = _find(world, phone)
        if found is not None and not _is_as_we_think(leg, found, phone.room):
            status = "completed" if found is Found.OVER else ""
            room = phone.room if found in (Found.ROOM, Found.ALONE) else 0
            yield Reconciled(leg.id, found, leg.place, leg.step, status, room)


def find(world: World, leg_id: str) -> Reconciled | None:
    """What would be told of that leg, or None."""
    return next((one for one in list_findings(world) if one.leg_id == leg_id), None)


def _find(world: World, phone: Phone) -> Found | None:
    found = WHERE.get(phone.where)
    if found is not Found.ROOM:
        return found
    there = sum(one.where == "room" and one.room == phone.room for one in world.phones.values())
    return Found.ROOM if there > 1 else Found.ALONE


def _is_as_we_think(leg: Leg, found: Found, room: int) -> bool:
    if found is Found.OVER:
        return not leg.is_live
    if found is Found.RINGING:
        return leg.place is not Place.PLANNED
    return is_as_we_think(leg.place, leg.role, leg.room, found, room, seeks_911=leg.seeks_911)
