"""How a call ends: resolving it, the caller's goodbye, the clinician's record after it (RO7)."""

from __future__ import annotations

from ivr_flows import callback, dialogue, holding, moving, parties
from ivr_flows.call import CARERS, Leg, Place, Role, Stage
from ivr_flows.menus import (
    CALL_BACK,
    CHANGE,
    CONFIRM,
    HELP_KEYS,
    MENU_REJOIN,
    MENU_RESOLVE,
    REPEAT,
)
from ivr_flows.outputs import EndLeg, Hangup, RedirectLeg, Say
from ivr_flows.return_to_911 import start as start_return
from ivr_flows.ringing import withdraw_offers
from ivr_flows.turn import Turn

GOODBYE_SECONDS = 60  # to hear the goodbye and press a key; then we ask whether the leg lives


def ask_resolve(turn: Turn) -> None:
    """Ask the clinician how the call is resolved, while the caller is held.

    One who would leave while 911 is called and nobody is there yet has to say so twice (RE4).
    """
    if _is_awaited_by_nobody_else(turn):
        turn.note("leaving_before_911")
        dialogue.ask(turn, "resolve", "before_911")
    else:
        dialogue.ask(turn, "resolve", "disposition")


def ask(turn: Turn) -> None:
    """Ask whoever cared for the caller for what is missing; anyone else's line ends."""
    if turn.leg.role not in CARERS:
        turn.say("caller_has_gone_goodbye")
        _let_go(turn)
    elif callback.is_unreached(turn.call):
        callback.say_unreached(turn)
    elif turn.call.outcome == "abandoned":
        turn.say("offer_caller_has_gone")
        _let_go(turn)
    elif not turn.call.disposition:
        gone = [turn.phrase("caller_has_gone")]
        if callback.may_choose(turn):
            gone.append(turn.phrase("caller_lost_press_8"))
        dialogue.ask(turn, "wrap_up", "disposition", *gone)
    elif _reason_is_missing(turn):
        dialogue.ask(turn, "wrap_up", "return_reason")
    else:
        turn.say("record_complete")
        _let_go(turn)


def _let_go(turn: Turn) -> None:
    """End the line of the leg that asked; it counts as over in time, also if nobody says so."""
    turn.answer(Hangup())
    turn.change_leg(turn.leg_id, due_at=turn.after(turn.program.decide_seconds))


def back_to_caller(turn: Turn) -> None:
    """Bring the staff leg that asked back to the caller; if they have gone, to the record."""
    if not turn.call.caller.is_live:
        ask(turn)
        return
    holding.bring_caller_back(turn, why="asked_for")
    if not turn.is_answered:
        turn.say("back_to_your_caller")
    moving.rejoin(turn)


def menu_prompt(turn: Turn) -> str:
    """What key 2 of the star menu does: end the call, or leave the caller with others."""
    return "menu_leave" if _is_handed_over(turn) else "menu_resolve"


def _is_handed_over(turn: Turn) -> bool:
    """Whether somebody else answers for the caller, or 911 is being reached for them."""
    return parties.is_handed_over(turn.call, turn.leg)


def _is_awaited_by_nobody_else(turn: Turn) -> bool:
    """Whether 911 is being reached and nobody but the leg that asks answers for the caller."""
    others = [leg for leg in turn.call.staff() if leg.id != turn.leg_id]
    returning = turn.call.returning
    is_taken = returning is not None and returning.taken
    return turn.call.stage is Stage.RETURNING and not is_taken and not others


def _reason_is_missing(turn: Turn) -> bool:
    returned = turn.call.outcome == "returned_to_911" and turn.call.returning is not None
    return bool(
        returned and turn.program.return_reasons and "return_reason" not in turn.call.answers
    )


def caller_gone(turn: Turn, leg: Leg) -> None:
    """The caller's leg is over: stop every ring, and let staff finish the record."""
    if callback.is_unreached(turn.call):
        callback.leg_over(turn, leg)
        return
    callback.note_lost(turn, leg)
    withdraw_offers(turn)
    call = turn.call
    if not call.outcome:
        turn.change(outcome=_outcome(turn, leg))
    turn.enter_stage(Stage.CLOSED, None)
    turn.change(closed_at=turn.now, next_ring_at=None, transfer=None)
    turn.note("closed", leg.id, outcome=turn.call.outcome)
    answering = {other.id for other in call.staff()}
    for other in turn.call.legs:
        if other.id == turn.leg_id or not other.is_live:
            continue
        cared = other.id in answering and other.role in CARERS
        if cared and other.place is not Place.FLOW:
            turn.do(RedirectLeg(other.id, other.step))
            turn.change_leg(other.id, due_at=turn.after(turn.program.menu_seconds))
        elif other.role is Role.OUTSIDE or (other.id in answering and not cared):
            turn.do(EndLeg(other.id))
            turn.change_leg(other.id, due_at=turn.after(moving.RELEASE_SECONDS))
        elif other.role is Role.PSAP:
            turn.do(EndLeg(other.id))
            turn.end_leg(other.id)


def _outcome(turn: Turn, leg: Leg) -> str:
    if turn.call.kept_desk:
        return "call_back_promised"
    unheard = (Role.CALLER, Role.OUTSIDE)
    people = [other for other in turn.call.legs if other.role not in unheard and other.room]
    if turn.call.stage is Stage.WAITING and turn.call.desk and not turn.call.drops:
        people = []  # somebody may be on the way, but nobody has spoken with the caller
    if any(other.role in CARERS for other in people):
        return "resolved" if turn.call.disposition else "ended_with_clinician"
    if people:
        return "handled_by_911"
    return "kept_by_call_taker" if leg.shared else "abandoned"


def close_if_over(turn: Turn) -> None:
    """Close a call that nobody is on any more."""
    if not any(leg.is_live for leg in turn.call.legs):
        turn.enter_stage(Stage.CLOSED, None)
        turn.change(closed_at=turn.call.closed_at or turn.now)


def say_goodbye(turn: Turn) -> None:
    """The clinician has ended the call: tell the caller how to reach 911, and let them go."""
    dialogue.ask(turn, moving.CLOSING, "goodbye", due_at=turn.after(GOODBYE_SECONDS))


def _choices(turn: Turn) -> tuple[Say, ...]:
    return tuple(
        turn.phrase("for_choice_press", choice=f"@disposition_{value}", key=key)
        for key, value in turn.program.dispositions.items()
    )


def _hear_disposition(turn: Turn, digits: str, _speech: str) -> bool:
    value = turn.program.dispositions.get(digits)
    is_lost = turn.leg.flow == "wrap_up" and callback.may_choose(turn)
    if digits == CALL_BACK and is_lost:
        callback.choose(turn)
        return True
    if value is None:
        if digits == REPEAT:
            dialogue.ask(turn, turn.leg.flow, "disposition")
        return digits == REPEAT
    turn.note("disposition_chosen", disposition=value)
    if turn.leg.flow == "resolve" and turn.call.caller.is_live:
        turn.remember(disposition_chosen=value)
        dialogue.ask(turn, "resolve", "confirm")
    else:
        turn.change(disposition=value, outcome=_resolved_outcome(turn))
        callback.cancel(turn, "resolved")
        ask(turn)
    return True


def _resolved_outcome(turn: Turn) -> str:
    return "resolved" if turn.call.outcome in ("", "ended_with_clinician") else turn.call.outcome


def _hear_before_911(turn: Turn, digits: str, _speech: str) -> bool:
    if digits == MENU_RESOLVE:
        turn.note("left_before_911")
        dialogue.ask(turn, "resolve", "disposition")
    elif digits == MENU_REJOIN:
        back_to_caller(turn)
    elif digits == REPEAT:
        dialogue.ask(turn, "resolve", "before_911")
    else:
        return False
    return True


def _hear_confirm(turn: Turn, digits: str, _speech: str) -> bool:
    if digits != CONFIRM:
        if digits == CHANGE:
            back_to_caller(turn)
        return digits == CHANGE
    disposition = turn.call.answers.get("disposition_chosen", "")
    turn.change(disposition=disposition)
    caller = turn.call.caller
    if caller.is_live and _is_handed_over(turn):
        turn.note("left_with_others", disposition=disposition)
    else:
        turn.change(outcome=_resolved_outcome(turn))
        turn.note("resolved", disposition=disposition)
        if caller.is_live:
            due_at = turn.after(moving.RELEASE_SECONDS)
            turn.change_leg(caller.id, flow=moving.CLOSING, due_at=due_at)
            moving.fetch_caller(turn)
    turn.say("record_complete")
    turn.answer(Hangup())
    return True


def _hear_reason(turn: Turn, digits: str, _speech: str) -> bool:
    value = turn.program.return_reasons.get(digits)
    if value is None:
        return False
    turn.remember(return_reason=value)
    turn.note("return_reason", reason=value)
    ask(turn)
    return True


def _record_stays_open(turn: Turn) -> None:
    turn.note("record_left_open")
    turn.say("record_left_open")
    turn.answer(Hangup())


def _goodbye(turn: Turn) -> tuple[Say, ...]:
    if turn.call.kept_desk:
        return (turn.phrase("call_back_promised"),)
    return (turn.phrase("clinician_has_ended_the_call"),)


def _hear_goodbye(turn: Turn, digits: str, _speech: str) -> bool:
    if digits in HELP_KEYS:
        turn.note("asked_for_911")
        turn.change(outcome="")
        callback.cancel(turn, "caller_request")
        start_return(turn, reason="caller_request", by=Role.CALLER)
        return True
    turn.answer(Hangup())
    return True


def _reasons(turn: Turn) -> tuple[Say, ...]:
    choices = turn.program.return_reasons.items()
    listed = (
        turn.phrase("for_choice_press", choice=f"@reason_{value}", key=key)
        for key, value in choices
    )
    return (turn.phrase("return_reason"), *listed)


for _flow in ("resolve", "wrap_up"):
    dialogue.register(
        _flow,
        "disposition",
        dialogue.Node(
            says=lambda turn: (turn.phrase("choose_disposition"), *_choices(turn)),
            hear=_hear_disposition,
            give_up=back_to_caller if _flow == "resolve" else _record_stays_open,
            timeout_seconds=8,
        ),
    )
dialogue.register(
    "resolve",
    "before_911",
    dialogue.Node(
        says=lambda turn: (turn.phrase("menu_nobody_from_911_yet"),),
        hear=_hear_before_911,
        give_up=back_to_caller,
        timeout_seconds=8,
    ),
)
dialogue.register(
    "resolve",
    "confirm",
    dialogue.Node(
        says=lambda turn: (
            turn.phrase(
                "leave_read_back" if _is_handed_over(turn) else "resolve_read_back",
                disposition=f"@disposition_{turn.call.answers.get('disposition_chosen', '')}",
            ),
        ),
        hear=_hear_confirm,
        give_up=back_to_caller,
        timeout_seconds=8,
    ),
)
dialogue.register(
    "wrap_up",
    "return_reason",
    dialogue.Node(says=_reasons, hear=_hear_reason, give_up=_record_stays_open, timeout_seconds=8),
)
dialogue.register(
    moving.CLOSING,
    "goodbye",
    dialogue.Node(
        says=_goodbye,
        hear=_hear_goodbye,
        give_up=lambda turn: turn.answer(Hangup()),
        timeout_seconds=4,
        silence_is_an_answer=True,
    ),
)
