"""What becomes of those who are rung, told at once to a caller who waits for them (RO5, TR7)."""

from __future__ import annotations

from ivr_flows import moving
from ivr_flows.call import Call, OfferState, Place, Role, Stage
from ivr_flows.outputs import ReleaseFromQueue, Urgency
from ivr_flows.turn import Turn

_NOT_TAKEN = frozenset({OfferState.NO_ANSWER, OfferState.DECLINED})
_SOUGHT = (Stage.WAITING, Stage.RETURNING)


def tell_at_once(turn: Turn, before: Call) -> None:
    """Bring a waiting caller to the first piece of their wait, which speaks at once, if need be.

    `before` is the call as the input found it. A piece that plays cannot be changed: the caller is
    taken out of the queue and comes back to it, which is one request to the carrier and two
    webhooks. They are spoken to inside the wait's Gather, where 0 and 9 are heard. Where the
    carrier refuses the request, the next piece says the same.

    A ring that ends is told even while another goes on: nothing that was promised has changed then,
    but how long the other will ring is not known, and a voice is never wrong. Shorter pieces would
    need nobody's help, but they would speak without a pause for minutes, or be asked for so often
    that keys are lost between two Gathers.
    """
    call, caller = turn.call, turn.call.caller
    is_waiting = caller.place is Place.QUEUE and before.caller.place is Place.QUEUE
    if not is_waiting or turn.leg_id == caller.id or call.stage not in _SOUGHT:
        return
    if not before.caller.ticks:
        return  # the first piece is on its way to them already
    if caller.flow != moving.WAITING or moving.dials_itself(call) or moving.caller_may_enter(call):
        return  # they leave the wait, or have the time of one sentence for a key
    if call.stage is not before.stage or _is_news(before, call):
        turn.change_leg(caller.id, ticks=0)
        turn.do(ReleaseFromQueue(caller.id, Urgency.OFFER))


def has_picked_up(call: Call) -> bool:
    """Whether somebody listens to what the call is about, and has not decided."""
    return any(offer.state is OfferState.ANSWERED for offer in call.offers)


def has_been_sought(call: Call) -> bool:
    """Whether somebody was rung in this wait, or a 911 line in this return, and did not take it."""
    if any(o.state in _NOT_TAKEN and o.offered_at >= call.stage_at for o in call.offers):
        return True
    returning = call.returning
    if call.stage is not Stage.RETURNING or returning is None:
        return False
    return bool(returning.tried or returning.rounds)


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
