"""What earlier calls tell: who calls again, and which desks have given them back (IN7, EL7).

It is shown to clinicians and keeps a caller from going round in circles; no priority is lowered.
"""

from __future__ import annotations

from ivr_flows.call import OfferState
from ivr_flows.outputs import CancelCallBack, Say
from ivr_flows.turn import Turn

DOUBTFUL = frozenset({"withheld", "failed"})


def recall(turn: Turn, incident_number: str = "") -> None:
    """Keep what is known of earlier calls about this incident or from this number."""
    history = turn.facts.history_of(incident_number)
    call = turn.call
    before = tuple(desk for desk in history.given_back if desk not in call.returned_from)
    turn.change(
        calls_this_week=max(call.calls_this_week, history.calls_this_week),
        returned_from=(*call.returned_from, *before),
        is_blocked=call.is_blocked or history.is_blocked,
    )
    if history.is_blocked:
        turn.note("number_blocked")
    if history.call_back_id and not call.was_lost:
        turn.change(was_lost=True)
        turn.note("called_in_again")
        turn.do(CancelCallBack("caller_called", history.call_back_id))
    if history.calls_this_week:
        turn.note(
            "caller_known",
            calls_this_week=str(history.calls_this_week),
            given_back_by=", ".join(history.given_back),
        )


def told(turn: Turn) -> tuple[Say, ...]:
    """For the person who is offered the call: how often they have called, if the number is so."""
    says = []
    calls = turn.call.calls_this_week
    if calls:
        prompt = "offer_called_once" if calls == 1 else "offer_called"
        says.append(turn.phrase(prompt, calls=str(calls)))
    if turn.call.caller_id in DOUBTFUL:
        says.append(turn.phrase("offer_number_doubtful"))
    return tuple(says)


def gives_back(turn: Turn) -> None:
    """A clinician who has had the caller gives them back: their desk is not offered it again."""
    had_it = {
        offer.desk
        for offer in turn.call.offers
        if offer.state is OfferState.ACCEPTED and offer.desk not in turn.program.hosted_desks
    }
    turn.change(given_back=tuple(sorted(had_it.union(turn.call.given_back))))
