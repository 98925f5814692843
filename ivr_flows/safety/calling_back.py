"""How an explored call begins that we make: to a caller whose line was lost (IN6).

As `router.services.call_backs` makes one: with nobody else, with a clinician to be found first,
with the one on the line who was with the caller, or on the way to 911.
"""

from __future__ import annotations

from ivr_flows import callback, inputs
from ivr_flows.call import CallBack, Leg, Offer, OfferState, Place, Role
from ivr_flows.engine import arrive
from ivr_flows.safety.carrier import CLINICIANS, Carrier, Choice
from ivr_flows.safety.world import NOW, Phone, World

BY_NOBODY = "called back by the system"
BY_A_CLINICIAN = "called back by a clinician who is found first"
BY_THE_SAME = "called back by the clinician who was there"
TO_911 = "called back for 911"
WAYS = (BY_NOBODY, BY_A_CLINICIAN, BY_THE_SAME, TO_911)
SEEK_SECONDS = 20  # where the program seeks nobody


def begin(carrier: Carrier, way: str) -> World:
    """The call that has just been made, and has begun: both in one transaction."""
    program = carrier.program
    line = next((one.name for one in program.lines.values() if one.kind == "direct"), "")
    lost = arrive("lost", line or next(iter(program.lines)), program, NOW)
    seek = (program.call_back.seek_seconds or SEEK_SECONDS) if way == BY_A_CLINICIAN else 0
    back = CallBack(lost.id, seek_seconds=seek, to_911=way == TO_911)
    desk = program.clinician_desk
    call = callback.arrive("call", lost, back, NOW, priority=0, queued_at=NOW, desk=desk)
    phones: dict[str, Phone] = {}
    if way == BY_THE_SAME:
        role, person = Role(program.desks[desk].role), CLINICIANS[0]
        leg = Leg(
            id=call.next_leg_id(),
            role=role,
            place=Place.FLOW,
            flow=callback.FLOW,
            node=callback.STAND_BY,
            sid="CAmoved",
            person_id=person,
        )
        offer = Offer(leg.id, person, desk, OfferState.ACCEPTED, NOW, None)
        call = call.with_leg(leg).with_offer(offer)
        phones[leg.id] = Phone("ivr")
    return carrier.give(World(call, phones), inputs.CallBackBegun(), Choice())
