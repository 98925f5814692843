"""Rings the people of a desk: who is next, by which strategy, and ends the other rings (RO2)."""

from __future__ import annotations

from dataclasses import replace

from ivr_flows.call import Leg, Offer, OfferState, Place, Role, Stage
from ivr_flows.facts import Candidate
from ivr_flows.outputs import EndLeg, NotifySupervisor, PlaceLeg, RedirectLeg, Urgency
from ivr_flows.program import Desk
from ivr_flows.turn import Turn

PICK_UP_GRACE_SECONDS = 6  # Twilio adds about 5 s to a ring's Timeout
RING_AGAIN_SECONDS = 10
RINGS_IN_VAIN = 2
"""Orders to ring in a row that the carrier did not confirm: by then it is not the one phone."""


def desk_of(turn: Turn) -> Desk | None:
    """The desk whose people are offered the call, or None."""
    return turn.facts.find_desk(turn.call.desk) if turn.call.desk else None


def ring_next(turn: Turn) -> bool:
    """Ring whoever the desk's strategy says is next.

    False when nobody rings and nobody is left to ring.
    """
    desk = desk_of(turn)
    if desk is None:
        return False
    live = [one for one in turn.call.live_offers() if one.leg_id not in turn.call.unrung]
    everyone = rings_everyone(turn)
    if live and desk.strategy == "sequential" and not everyone:
        return True
    if live and not everyone and not _next_ring_is_due(turn):
        return True
    fresh = [person for person in turn.facts.candidates(desk.name) if _may_be_rung(turn, person)]
    for candidate in fresh if everyone else fresh[:1]:
        _offer(turn, desk, candidate)
    overlapping = desk.strategy == "overlapping" and not everyone and bool(fresh)
    turn.change(next_ring_at=turn.after(desk.overlap_seconds) if overlapping else None)
    return bool(turn.call.live_offers())


def confirmed(turn: Turn, leg: Leg, sid: str) -> Leg:
    """The leg, which the carrier has if it names its sid: then phones can be rung."""
    if not sid or leg.sid is not None:
        return leg
    if turn.call.unrung:
        turn.change(unrung=())
    return turn.change_leg(leg.id, sid=sid)


def note_unrung(turn: Turn, leg_id: str) -> None:
    """Remember that the carrier did not confirm an order to ring; a ring it confirms clears it."""
    if leg_id not in turn.call.unrung:
        turn.change(unrung=(*turn.call.unrung, leg_id))


def can_ring(turn: Turn) -> bool:
    """False when several orders in a row were not confirmed and no other phone may be ringing."""
    unrung = turn.call.unrung
    others = [one for one in turn.call.live_offers() if one.leg_id not in unrung]
    return len(unrung) < RINGS_IN_VAIN or bool(others)


def takers(turn: Turn) -> tuple[Leg, ...]:
    """Legs of those who accepted the call for the desk it waits for, wherever they are."""
    return tuple(leg for leg in turn.call.legs if leg.is_live and has_accepted(turn, leg))


def has_accepted(turn: Turn, leg: Leg) -> bool:
    """Whether the leg's person accepted the call for the desk it waits for.

    Who had the caller before and gives them on did not, even if they are of the same desk.
    """
    offer = turn.call.find_offer(leg.id)
    transfer = turn.call.transfer
    return (
        offer is not None
        and offer.state is OfferState.ACCEPTED
        and offer.desk == turn.call.desk
        and (transfer is None or leg.id not in transfer.before)
    )


def rings_everyone(turn: Turn) -> bool:
    """Whether all who are free are rung together, as for a caller who goes ahead to 911."""
    desk = desk_of(turn)
    returning = turn.call.returning
    goes_ahead = turn.call.stage is Stage.RETURNING and (returning is None or returning.skip)
    return goes_ahead or (desk is not None and desk.strategy == "all_at_once")


def rings_one_more(turn: Turn) -> bool:
    """Whether somebody who becomes free is rung beside those who ring: for a transfer (TR2).

    At a desk that rings one at a time, or soon rings the next in any case, they are not.
    """
    desk = desk_of(turn)
    is_overlapping = desk is not None and desk.strategy == "overlapping"
    is_given = turn.call.stage is Stage.CONSULTING and turn.call.next_ring_at is None
    return is_given and is_overlapping


def ring_again_later(turn: Turn) -> None:
    """Nobody is left to ring and the call stays: ring those again who did not answer.

    A clinician who declined is left alone; for a caller who goes back to 911 nobody is.
    """
    declined = {o.person_id for o in turn.call.offers if o.state is OfferState.DECLINED}
    if turn.call.stage is Stage.RETURNING:
        declined = set()
    stay = tuple(person for person in turn.call.passed_over if person in declined)
    if stay != turn.call.passed_over:
        turn.change(passed_over=stay, next_ring_at=turn.after(RING_AGAIN_SECONDS))


def _next_ring_is_due(turn: Turn) -> bool:
    return turn.call.next_ring_at is not None and turn.call.next_ring_at <= turn.now


def _may_be_rung(turn: Turn, candidate: Candidate) -> bool:
    busy_here = turn.call.engaged_people()
    return candidate.person_id not in turn.call.passed_over and candidate.person_id not in busy_here


def _offer(turn: Turn, desk: Desk, candidate: Candidate) -> None:
    returning = turn.call.stage is Stage.RETURNING
    leg = Leg(
        id=turn.call.next_leg_id(),
        role=Role(desk.role),
        place=Place.PLANNED,
        flow="offer",
        node="summary",
        person_id=candidate.person_id,
    )
    offer = Offer(
        leg_id=leg.id,
        person_id=candidate.person_id,
        desk=desk.name,
        state=OfferState.RINGING,
        offered_at=turn.now,
        due_at=turn.after(desk.ring_seconds + PICK_UP_GRACE_SECONDS),
    )
    turn.call = turn.call.with_leg(leg).with_offer(offer)
    is_given = turn.call.stage is Stage.CONSULTING
    urgency = Urgency.TRANSFER if is_given else Urgency.OFFER
    urgency = Urgency.RETURN_TO_911 if returning else urgency
    turn.do(PlaceLeg(leg.id, desk.ring_seconds, urgency))
    turn.note("offered", leg.id, person=candidate.person_id, desk=desk.name)


def close_offer(turn: Turn, offer: Offer, state: OfferState) -> None:
    """End one offer; whoever did not take it is not rung again for this wait."""
    turn.call = turn.call.with_offer(replace(offer, state=state, due_at=None))
    if state is not OfferState.WITHDRAWN:
        turn.change(passed_over=(*turn.call.passed_over, offer.person_id))
    turn.note(f"offer_{state}", offer.leg_id, person=offer.person_id)
    if state is OfferState.NO_ANSWER:
        turn.do(NotifySupervisor("offer_missed", offer.person_id))


def withdraw_offers(turn: Turn) -> None:
    """End every live offer: a ringing phone stops, a person who listens is told why first."""
    for offer in turn.call.live_offers():
        close_offer(turn, offer, OfferState.WITHDRAWN)
        leg = turn.get_leg(offer.leg_id)
        if offer.state is OfferState.ANSWERED and leg.is_answered:
            turn.change_leg(leg.id, due_at=turn.after(turn.program.decide_seconds))
            if leg.id != turn.leg_id:
                turn.do(RedirectLeg(leg.id, leg.step))
        else:
            turn.do(EndLeg(leg.id))
            turn.change_leg(leg.id, due_at=turn.after(PICK_UP_GRACE_SECONDS))
    turn.change(next_ring_at=None)
