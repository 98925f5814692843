"""Whoever picks up a call-back: are they the person who called? Then on to a person (IN6, RO5).

Nothing private is said before they have answered, in their language and in the other. Keys 0 and 9
mean 911 here as everywhere.
"""

from __future__ import annotations

from dataclasses import replace

from ivr_flows import callback, dialogue, moving, return_to_911, standing_by, waiting
from ivr_flows.call import Place, Role, Stage
from ivr_flows.callback import FLOW, MACHINE, NOT_THE_CALLER, UNCONFIRMED
from ivr_flows.menus import ACCEPT, DECLINE, HELP_KEYS, REPEAT
from ivr_flows.outputs import Hangup, Say
from ivr_flows.speech import find_yes_no
from ivr_flows.turn import Turn

CONFIRM, GOODBYE = "confirm", "goodbye"
MACHINES = ("machine", "fax")  # AnsweredBy begins so


def answered(turn: Turn, answered_by: str) -> None:
    """The caller's telephone was picked up."""
    if not callback.is_awaited(turn.call) or not turn.leg.is_live:
        turn.say("call_back_late")
        turn.answer(Hangup())
        return
    turn.note("call_back_answered", by=answered_by)
    if answered_by.startswith(MACHINES):
        _leave_machine(turn)
        return
    turn.change(stage_due_at=turn.after(turn.program.menu_seconds))
    dialogue.ask(turn, FLOW, CONFIRM)


def _leave_machine(turn: Turn) -> None:
    turn.change_leg(turn.leg_id, place=Place.FLOW, flow=FLOW, node="")
    callback.miss(turn, MACHINE)
    if turn.program.call_back.leaves_message:
        turn.say("call_back_message")
    turn.answer(Hangup())


def _in_both(turn: Turn, prompt: str) -> tuple[Say, ...]:
    """The sentence in the call's language and in the program's others."""
    first = turn.call.language
    others = [one for one in turn.program.languages if one != first]
    return tuple(replace(turn.phrase(prompt), language=one) for one in (first, *others))


def _hear(turn: Turn, digits: str, speech: str) -> bool:
    if not callback.is_awaited(turn.call):
        moving.caller_next(turn)
        return True
    said = {ACCEPT: "yes", DECLINE: "no"}.get(digits) or find_yes_no(speech)
    if digits in HELP_KEYS:
        turn.note("asked_for_911")
        callback.reach(turn)
        return_to_911.start(turn, reason="caller_request", by=Role.CALLER)
    elif said == "yes":
        _is_the_caller(turn)
    elif said == "no":
        callback.miss(turn, NOT_THE_CALLER)
        dialogue.ask(turn, FLOW, GOODBYE)
    elif digits == REPEAT:
        dialogue.ask(turn, FLOW, CONFIRM)
    else:
        return False
    return True


def _is_the_caller(turn: Turn) -> None:
    back = turn.call.call_back
    callback.reach(turn)
    standing = callback.standing_by(turn.call)
    if back is not None and back.to_911:
        return_to_911.start(turn, reason="dropped_call", by=Role.CALLER)
    elif standing:
        turn.enter_stage(Stage.WAITING, turn.program.waiting_seconds)
        turn.say("call_back_connecting")
        moving.to_queue(turn)
        standing_by.fetch(turn, standing)
    else:
        turn.say("call_back_thanks")
        desk = turn.call.desk or turn.program.clinician_desk
        priority = max(turn.call.priority, waiting.PRIORITY_AFTER_DROP)
        waiting.to_desk(turn, desk, priority=priority)
        if turn.leg.place is Place.FLOW:
            moving.caller_next(turn)


def _nobody_speaks(turn: Turn) -> None:
    """Silence, or nothing that could be understood: a machine perhaps, or not a caller of ours."""
    callback.miss(turn, UNCONFIRMED)
    dialogue.ask(turn, FLOW, GOODBYE)


def _hear_goodbye(turn: Turn, digits: str, _speech: str) -> bool:
    if digits in HELP_KEYS:
        turn.note("asked_for_911")
        callback.reach(turn)
        return_to_911.start(turn, reason="caller_request", by=Role.CALLER)
    else:
        turn.answer(Hangup())
    return True


dialogue.register(
    FLOW,
    CONFIRM,
    dialogue.Node(
        says=lambda turn: _in_both(turn, "call_back_are_you_the_caller"),
        hear=_hear,
        give_up=_nobody_speaks,
        speech=True,
        tries=1,
    ),
)
dialogue.register(
    FLOW,
    GOODBYE,
    dialogue.Node(
        says=lambda turn: _in_both(turn, "call_back_goodbye"),
        hear=_hear_goodbye,
        give_up=lambda turn: turn.answer(Hangup()),
        timeout_seconds=2,
        silence_is_an_answer=True,
    ),
)
