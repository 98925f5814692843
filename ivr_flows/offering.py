"""The offer as the person rung hears it: a spoken summary, 1 to accept, 2 to decline (RO3).

One acceptance wins (RO4).
"""

from __future__ import annotations

from dataclasses import replace

from ivr_flows import (
    callback,
    consulting,
    dialogue,
    history,
    moving,
    return_to_911,
    ringing,
    waiting,
)
from ivr_flows.call import Leg, Offer, OfferState, Role, Stage, Transfer
from ivr_flows.context import given_by, known_of_call, returned_call, transferred_call
from ivr_flows.menus import ACCEPT, DECLINE, REPEAT
from ivr_flows.outputs import EndLeg, Hangup, RedirectLeg, Say
from ivr_flows.program import Desk
from ivr_flows.ringing import close_offer, withdraw_offers
from ivr_flows.turn import Turn


def leg_answered(turn: Turn) -> None:
    """The person rung picked up: speak the summary, if the call is still to be had."""
    offer = turn.call.find_offer(turn.leg_id)
    if offer is None or not offer.is_live:
        _too_late(turn)
        return
    due_at = turn.after(turn.program.decide_seconds)
    answered = replace(offer, state=OfferState.ANSWERED, due_at=due_at)
    turn.call = turn.call.with_offer(answered)
    turn.note("offer_answered", person=offer.person_id)
    dialogue.ask(turn, "offer", "summary", due_at=None)


def leg_over(turn: Turn, leg: Leg) -> None:
    """The person's leg ended without an acceptance.

    A hang-up after the summary declines; all else is no answer.
    """
    offer = turn.call.find_offer(leg.id)
    turn.end_leg(leg.id)
    if offer is None or not offer.is_live:
        return
    declined = offer.state is OfferState.ANSWERED
    close_offer(turn, offer, OfferState.DECLINED if declined else OfferState.NO_ANSWER)
    waiting.pursue(turn)


def overdue(turn: Turn, offer: Offer) -> None:
    """The ring or the time to decide is over."""
    close_offer(turn, offer, OfferState.NO_ANSWER)
    leg = turn.get_leg(offer.leg_id)
    if leg.is_answered:
        turn.do(RedirectLeg(leg.id, leg.step))  # to hear why, before the line ends
    else:
        turn.do(EndLeg(leg.id))
    turn.change_leg(leg.id, due_at=turn.after(turn.program.decide_seconds))
    waiting.pursue(turn)


def _summary(turn: Turn) -> tuple[Say, ...]:
    call = turn.call
    if call.stage is Stage.RETURNING:
        return (
            *returned_call(turn, "offer_returned_call"),
            turn.phrase("press_1_accept_2_decline"),
        )
    desk = ringing.desk_of(turn)
    if call.transfer is not None and not _is_screened(turn, call.transfer, desk):
        return (
            *transferred_call(turn, call.transfer),
            turn.phrase("press_1_accept_2_decline"),
            turn.phrase("star_opens_your_menu"),
        )
    if desk is not None and desk.role == "call_taker":
        service = call.answers.get("service", "")
        asked = (turn.phrase("psap_request", request=f"@request_{service}"),) if service else ()
        return (turn.phrase("offer_911_call"), *asked, turn.phrase("press_1_accept_2_decline"))
    answers = call.answers
    back: tuple[Say, ...] = ()
    if call.call_back is not None and callback.is_awaited(call):
        back = (
            turn.phrase("offer_kept_place" if call.call_back.kept_place else "offer_call_back"),
        )
    what = answers.get("call_type") or answers.get("reason") or "unknown"
    # Who gives a call after the questions is told as of any other transfer (TR6).
    giver = () if call.transfer is None else (given_by(turn, call.transfer),)
    says = [
        *back,
        *giver,
        turn.phrase(
            "offer_summary",
            what=f"@call_type_{what}",
            party=f"@party_{answers.get('caller_party', 'unknown')}",
        ),
        *known_of_call(turn),
    ]
    if answers.get("suggestion"):
        says.append(turn.phrase(f"offer_suggests_{answers['suggestion']}"))
    says += history.told(turn)
    if call.drops:
        says.append(turn.phrase("offer_after_drop"))
    return (*says, turn.phrase("press_1_accept_2_decline"), turn.phrase("star_opens_your_menu"))


def _is_screened(turn: Turn, transfer: Transfer, desk: Desk | None) -> bool:
    """Whether a call taker gives the call to clinicians, with the answers to their questions."""
    giver = turn.call.find_leg(transfer.giver)
    from_911 = giver is not None and giver.role is Role.CALL_TAKER
    return from_911 and desk is not None and desk.role == "clinician"


def _hear(turn: Turn, digits: str, _speech: str) -> bool:
    offer = turn.call.find_offer(turn.leg_id)
    if offer is None or not offer.is_live:
        _too_late(turn)
        return True
    if digits == ACCEPT:
        _accept(turn, offer)
        return True
    if digits == DECLINE:
        close_offer(turn, offer, OfferState.DECLINED)
        turn.say("offer_declined")
        turn.answer(Hangup())
        turn.change_leg(turn.leg_id, due_at=turn.after(turn.program.decide_seconds))
        waiting.pursue(turn)
        return True
    if digits == REPEAT:
        dialogue.ask(turn, "offer", "summary", due_at=None)
        return True
    return False


def _accept(turn: Turn, offer: Offer) -> None:
    accepted = replace(offer, state=OfferState.ACCEPTED, due_at=None)
    turn.call = turn.call.with_offer(accepted)
    turn.note("offer_accepted", person=offer.person_id)
    if turn.call.stage is Stage.RETURNING:
        return_to_911.take(turn)
        return
    if callback.is_awaited(turn.call):
        callback.stand_by(turn)
        return
    withdraw_offers(turn)
    turn.say("connecting_you_to_caller")  # short: the caller waits for its end
    consulting.take(turn, turn.leg_id)
    if moving.consults_in_private(turn.call):
        moving.rejoin(turn)  # the giver ends the room, until the caller is introduced
    else:
        moving.join_room(turn, ends_room=True)


def _too_late(turn: Turn) -> None:
    """Tell the truth about why the call is no longer to be had, and end the line."""
    offer = turn.call.find_offer(turn.leg_id)
    if turn.call.stage is Stage.CLOSED:
        turn.say("offer_caller_has_gone")
    elif offer is not None and offer.state is OfferState.NO_ANSWER:
        turn.say("offer_time_is_over")
    elif offer is not None and offer.state is OfferState.DECLINED:
        turn.say("offer_declined")
    elif any(other.state is OfferState.ACCEPTED for other in turn.call.offers):
        turn.say("offer_taken_by_another")
    else:
        turn.say("no_longer_needed")
    turn.answer(Hangup())
    turn.change_leg(turn.leg_id, due_at=turn.after(turn.program.decide_seconds))


def _given_up(turn: Turn) -> None:
    offer = turn.call.find_offer(turn.leg_id)
    turn.say("offer_time_is_over")
    turn.answer(Hangup())
    turn.change_leg(turn.leg_id, due_at=turn.after(turn.program.decide_seconds))
    if offer is not None and offer.is_live:
        close_offer(turn, offer, OfferState.NO_ANSWER)
        waiting.pursue(turn)


dialogue.register(
    "offer",
    "summary",
    dialogue.Node(says=_summary, hear=_hear, give_up=_given_up, timeout_seconds=6),
)
