"""What becomes of those who are rung, told at once to a caller who waits for them (RO5, TR7)."""

from __future__ import annotations

from ivr_flows import moving
from ivr_flows.call import Call, OfferState, Place, Role, Stage
from ivr_flows.outputs import ReleaseFromQueue, Urgency
from ivr_flows.turn import Turn

AT_NEXT_PIECE, FETCHED = "at_next_piece", "fetched"
"""How a waiting caller comes to hear the news; what is said depends on how things stand by then."""

_NOT_TAKEN = frozenset({OfferState.NO_ANSWER, OfferState.DECLINED})
_SOUGHT = (Stage.WAITING, Stage.RETURNING)


def tell_at_once(turn: Turn, before: Call) -> None:
    """Let a waiting caller hear at once what has become of those who are rung.

    `before` is the call as the input found it. A piece of the wait that plays cannot be changed: in
    its silence, or when the wait itself is another, the caller is taken out of the queue and comes
    back to it, which is one request to the carrier and two webhooks. They are spoken to inside the
    wait's Gather, where 0 and 9 are heard, and hear after that what they would have heard. A
    sentence that plays is not cut off: it is a voice, and the next piece tells. Where the carrier
    refuses the request, the next piece tells as well.

    A ring that ends is told even while another goes on: nothing that was promised has changed then,
    but how long the other will ring is not known, and a voice is never wrong. Shorter pieces would
    need nobody's help, but they would speak without a pause for minutes, or be asked for so often
    that keys are lost between two Gathers.
    """
    call, caller = turn.call, turn.call.caller
    is_waiting = caller.place is Place.QUEUE and before.caller.place is Place.QUEUE
    if not is_waiting or turn.leg_id == caller.id or call.stage not in _SOUGHT:
        return
    if not before.caller.ticks or before.caller.news == FETCHED:
        return  # a piece that tells is on its way to them already
    if caller.flow != moving.WAITING or moving.dials_itself(call) or moving.caller_may_enter(call):
        return  # they leave the wait, or have the time of one sentence for a key
    is_another_wait = call.stage is not before.stage
    if not is_another_wait and not _is_news(before, call):
        return
    is_silent = caller.silent_at is None or caller.silent_at <= turn.now
    if not is_another_wait:
        turn.change_leg(caller.id, news=FETCHED if is_silent else AT_NEXT_PIECE)
    if is_another_wait or is_silent:
        turn.do(ReleaseFromQueue(caller.id, Urgency.OFFER))


def has_picked_up(call: Call) -> bool:
    """Whether somebody listens to what the call is about, and has not decided."""
    return any(offer.state is OfferState.ANSWERED for offer in call.offers)


def _is_news(before: Call, call: Call) -> bool:
    """Whether a person's phone was picked up or was not, or a 911 line beside them is over."""
    old = {offer.leg_id: offer.state for offer in before.offers}
    for offer in call.offers:
        is_told = offer.state in _NOT_TAKEN or offer.state is OfferState.ANSWERED
        if is_told and offer.leg_id in old and offer.state is not old[offer.leg_id]:
            return True
    rung = (leg for leg in before.legs if leg.role is Role.PSAP and leg.is_live)
    now = {leg.id: leg for leg in call.legs}
    return any(not now[leg.id].is_live for leg in rung)
