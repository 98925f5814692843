"""What clinicians hear who stand by for a call-back, until they are with the caller (IN6)."""

from __future__ import annotations

from collections.abc import Iterable

from ivr_flows import callback, dialogue, moving, wrap_up
from ivr_flows.call import Leg
from ivr_flows.outputs import Hangup, MoveTo, Say
from ivr_flows.turn import Turn

HAND_OVER_TRIES = 5
STAND_BY_SECONDS = 5  # of silence after a sentence of about three


def fetch(turn: Turn, legs: Iterable[Leg]) -> None:
    """Bring those who stand by to the caller."""
    for leg in legs:
        moving.fetch_from_menu(turn, leg)


def _says_stand_by(turn: Turn) -> tuple[Say, ...]:
    is_asked = turn.call.caller.is_answered
    return (turn.phrase("standing_by_is_asked" if is_asked else "standing_by_rings"),)


def _hear_stand_by(turn: Turn, _digits: str, _speech: str) -> bool:
    if callback.is_awaited(turn.call):
        dialogue.ask(turn, callback.FLOW, callback.STAND_BY)
    elif callback.is_unreached(turn.call):
        callback.say_unreached(turn)
    elif not turn.call.caller.is_live:
        wrap_up.ask(turn)
    elif moving.dials_itself(turn.call):
        turn.say("standing_by_at_911")
        turn.answer(Hangup())
    else:
        turn.say("connecting_you_to_caller")
        moving.rejoin(turn)
    return True


def _hear_hand_over(turn: Turn, _digits: str, _speech: str) -> bool:
    if turn.leg.moved_to:
        turn.answer(MoveTo(turn.leg.moved_to))
        return True
    if turn.leg.tries >= HAND_OVER_TRIES:
        turn.note("call_back_not_begun")
        turn.change(dropped="")
        dialogue.ask(turn, "wrap_up", "disposition", turn.phrase("standing_by_not_begun"))
        return True
    turn.change_leg(turn.leg_id, tries=turn.leg.tries + 1)
    dialogue.ask(turn, callback.FLOW, callback.HAND_OVER)
    return True


dialogue.register(
    callback.FLOW,
    callback.STAND_BY,
    dialogue.Node(
        says=_says_stand_by,
        hear=_hear_stand_by,
        give_up=callback.say_unreached,
        timeout_seconds=STAND_BY_SECONDS,
        silence_is_an_answer=True,
    ),
)
dialogue.register(
    callback.FLOW,
    callback.HAND_OVER,
    dialogue.Node(
        says=lambda turn: (turn.phrase("standing_by_begins"),),
        hear=_hear_hand_over,
        give_up=callback.say_unreached,
        timeout_seconds=STAND_BY_SECONDS,
        silence_is_an_answer=True,
    ),
)
