"""What must hold in every single state, as far as one instant shows it."""

from __future__ import annotations

from ivr_flows.call import Call, Leg, Offer, OfferState, Place, Role, Stage
from ivr_flows.safety.carrier import UnknownKindError
from ivr_flows.safety.violation import Promise, Violation
from ivr_flows.safety.world import BY_TWIML, World, deadlines_of

DRIVEN = frozenset({"queue", "ivr", "moving", *BY_TWIML})
"""Places from which the carrier comes back to us by itself: a time-out, a piece, a ring limit."""
ON_THE_WAY = (Place.JOINING, Place.ROOM)


def check(world: World) -> None:
    """Raises Violation when a promise is broken here."""
    _one_claim(world)
    if world.queue:
        return  # more is under way within this very second
    if world.caller_is_on_the_line:
        _has_deadline(world)
    if not world.late:
        _nothing_rings_on(world)


def _has_deadline(world: World) -> None:
    call = world.call
    known = {at for _, _, at in deadlines_of(call)}
    if call.due_at is not None and call.due_at not in known:
        msg = "safety: the call has a deadline that deadlines_of does not name"
        raise UnknownKindError(msg)
    if world.caller_phone.where not in DRIVEN and call.due_at is None:
        raise Violation(
            Promise.DEADLINE, "nothing is due, and the caller's leg does not come back by itself"
        )


def _nothing_rings_on(world: World) -> None:
    call = world.call
    for leg_id, phone in world.phones.items():
        if phone.where != "ringing" or phone.stop_ordered:
            continue
        offer = call.find_offer(leg_id)
        if call.stage is Stage.CLOSED:
            raise Violation(Promise.RINGING, f"{leg_id} rings on after the call is closed")
        if offer is not None and not offer.is_live:
            raise Violation(
                Promise.RINGING, f"{leg_id} rings on for an offer that is {offer.state}"
            )
        leg = call.find_leg(leg_id)
        if leg is not None and leg.role is Role.OUTSIDE and not _is_awaited(call, leg):
            raise Violation(Promise.RINGING, f"{leg_id} rings on for a transfer that is over")
        if leg is not None and not leg.is_live:
            raise Violation(
                Promise.RINGING, f"{leg_id} rings on and the record says that it is over"
            )


def _is_awaited(call: Call, leg: Leg) -> bool:
    return call.transfer is not None and call.transfer.receiver == leg.id


def _one_claim(world: World) -> None:
    call = world.call
    live = [offer for offer in call.offers if offer.is_live]
    legs = {leg.id: leg for leg in call.legs}
    people = [offer.person_id for offer in live]
    people += [
        leg.person_id
        for leg in call.legs
        if leg.person_id and leg.is_live and leg.id not in {offer.leg_id for offer in live}
    ]
    twice = {one for one in people if people.count(one) > 1}
    if twice:
        raise Violation(Promise.ONE_CLAIM, f"{min(twice)} is on two live legs of the call")
    taking = [offer for offer in call.offers if _takes(call, offer, legs[offer.leg_id])]
    if len(taking) > 1:
        names = " and ".join(offer.person_id for offer in taking)
        raise Violation(Promise.ONE_CLAIM, f"{names} have both accepted the call")
    for offer in live:
        if call.stage is Stage.CONNECTED and not world.queue:
            what = f"the caller is connected, and {offer.person_id} is still offered the call"
            raise Violation(Promise.ONE_CLAIM, what)
        if taking and offer.desk == call.desk:
            what = f"{taking[0].person_id} has accepted, and {offer.person_id} still may"
            raise Violation(Promise.ONE_CLAIM, what)


def _takes(call: Call, offer: Offer, leg: Leg) -> bool:
    """Whether this person has accepted what the call waits for now, and is on the way."""
    if offer.state is not OfferState.ACCEPTED or offer.desk != call.desk:
        return False
    if call.stage is Stage.RETURNING:
        taken = call.returning is not None and call.returning.taken
        return taken and leg.present and leg.place in ON_THE_WAY
    return call.stage in (Stage.WAITING, Stage.CONSULTING) and leg.place is Place.JOINING
