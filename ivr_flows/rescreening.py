"""New danger during a call: the policy decides again, and the route changes at once (EL6)."""

from __future__ import annotations

from ivr_flows import (
    callback,
    consulting,
    dialogue,
    eligibility,
    moving,
    return_to_911,
    wrap_up,
)
from ivr_flows.call import FOR_911, Role, Stage
from ivr_flows.inputs import AnswersChanged
from ivr_flows.menus import CANCEL_DANGER, REPEAT
from ivr_flows.outcomes import leads_away_from_911
from ivr_flows.turn import Turn

FLOW = "new_danger"
DANGERS = {"1": "weapon", "2": "violence", "3": "crime", "4": "medical", "5": "imminent_risk"}


def ask(turn: Turn) -> None:
    """Ask the clinician which danger there is."""
    dialogue.ask(turn, FLOW, "which")


def answers_changed(turn: Turn, given: AnswersChanged) -> str:
    """Answers from a page or the API. Returns why nothing was done, or "".

    A danger that has been named stays named: only people on the line can rule it out, by talking.
    """
    if turn.call.stage is Stage.CLOSED:
        return "the call is closed"
    known = turn.call.answers
    new = {
        name: value
        for name, value in given.answers.items()
        if known.get(name) not in (value, "yes")
    }
    if not new:
        return "nothing new: a danger that was named stays named"
    _add_dangers(turn, *(name for name, value in new.items() if value == "yes"))
    turn.remember(**new)
    turn.note("answers_changed", person=given.person_id, **new)
    decide_again(turn)
    return ""


def decide_again(turn: Turn) -> None:
    """Let the policy decide about the answers as they are, and take the caller where it says."""
    before = turn.call.decision
    decision = turn.facts.decide(turn.call.answers)
    ruled_out = eligibility.is_ruled_out(turn)
    is_danger = ruled_out and any(turn.call.answers.get(name) == "yes" for name in _ALL)
    # Answers not asked yet are no reason to take anybody anywhere; a danger always is.
    if not is_danger and not (ruled_out and leads_away_from_911(before)):
        return
    turn.change(decision=decision.outcome, reason=decision.rule)
    turn.remember(decision_sentence=decision.sentence)
    turn.note("eligibility_decided", **decision.to_details())
    call = turn.call
    if _is_with_911(turn):
        return
    if callback.is_unreached(call):
        callback.send_to_911(turn)
        return
    consults = call.stage is Stage.CONSULTING
    if consults and any(leg.role in FOR_911 for leg in call.staff()):
        # The call taker has the caller and keeps them: nobody is sought any more.
        consulting.give_back(turn, decision.sentence or "not_for_clinician")
        return
    by = Role.CLINICIAN if consults or call.stage is Stage.CONNECTED else Role.CALLER
    return_to_911.start(turn, reason=decision.rule, by=by, request=decision.request)


_ALL = ("danger", "severe_intoxication", *DANGERS.values())


def _is_with_911(turn: Turn) -> bool:
    """Whether 911 has the caller, is being reached, or is about to hear what was decided."""
    call = turn.call
    if call.stage is Stage.CLOSED or return_to_911.is_under_way(call):
        return True
    if call.stage is Stage.RETURNING:
        return False  # the crisis line, which is not 911
    if call.stage is Stage.SCREENING:
        return call.caller.shared  # its own questions end there, with the call taker on the line
    if call.stage is Stage.WAITING:
        return not call.desk or call.desk in turn.program.hosted_desks
    at_911 = any(leg.role in FOR_911 for leg in moving.staff_in_room(call))
    return at_911 and call.stage is Stage.CONNECTED


def _add_dangers(turn: Turn, *names: str) -> None:
    fresh = [name for name in names if name in _ALL and name not in turn.call.dangers]
    turn.change(dangers=(*turn.call.dangers, *fresh))
    turn.remember()


def _hear(turn: Turn, digits: str, _speech: str) -> bool:
    if digits in DANGERS:
        _add_dangers(turn, DANGERS[digits])
        turn.note("danger_reported", danger=DANGERS[digits])
        decide_again(turn)
        if not turn.is_answered:
            turn.say("danger_noted")
            wrap_up.back_to_caller(turn)
    elif digits == CANCEL_DANGER:
        wrap_up.back_to_caller(turn)
    elif digits == REPEAT:
        ask(turn)
    else:
        return False
    return True


dialogue.register(
    FLOW,
    "which",
    dialogue.Node(
        says=lambda turn: (turn.phrase("which_danger"),),
        hear=_hear,
        give_up=wrap_up.back_to_caller,
        timeout_seconds=8,
    ),
)
