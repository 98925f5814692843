"""What follows from the policy's decision: a desk, the crisis line, or 911, and why.

`clinician` goes to the clinicians' desk. `clinician_then_team` does too, and `team` to the desk
that sends teams, each with the suggestion told to whoever accepts: no team goes out before a person
has asked about hazards and the place (DI1). `care_navigation` likewise has its desk, or the
clinicians'. `crisis_line` is dialled from the caller's own leg, with 911 behind it.
`police_with_clinician` calls a clinician in while the call taker, who sends police, stays; a caller
without one goes to 911 with that request. Every other outcome, known or not, is 911's.
"""

from __future__ import annotations

from ivr_flows import (
    crisis_line,
    dialogue,
    moving,
    return_to_911,
    ringing,
    waiting,
    warm_transfer,
    wrap_up,
)
from ivr_flows.call import Place, Role, Stage
from ivr_flows.menus import HELP_KEYS, REPEAT
from ivr_flows.outcomes import (
    CRISIS_LINE,
    POLICE_WITH_CLINICIAN,
    TO_A_DESK,
    leads_away_from_911,
)
from ivr_flows.outputs import Say
from ivr_flows.turn import Turn

SUGGESTIONS = {
    "clinician_then_team": "team",
    "team": "team",
    "care_navigation": "care_navigation",
    POLICE_WITH_CLINICIAN: "police_are_sent",
}
NO_LOOP = "no_loop"  # the desk's people have given this caller back before (EL7)


def is_ruled_out(turn: Turn) -> bool:
    """Whether the answers so far already keep the call with 911."""
    return not leads_away_from_911(turn.facts.decide(turn.call.answers).outcome)


def decide(turn: Turn) -> None:
    """Ask the policy about the answers so far and act on it, for the leg that asked."""
    decision = turn.facts.decide(turn.call.answers)
    outcome = decision.outcome
    turn.change(decision=outcome, reason=decision.rule)
    turn.remember(decision_sentence=decision.sentence)
    if outcome in SUGGESTIONS or "suggestion" in turn.call.answers:
        turn.remember(suggestion=SUGGESTIONS.get(outcome, ""))
    turn.note("eligibility_decided", **decision.to_details())
    staffed_by_911 = turn.leg.shared or turn.leg.role is Role.CALL_TAKER
    if staffed_by_911 and outcome in TO_A_DESK and _was_given_back(turn, desk_for(turn, outcome)):
        outcome = "return_to_911"
        turn.change(decision=outcome, reason=NO_LOOP)
        turn.remember(decision_sentence=f"decision_{NO_LOOP}")
    if turn.leg.role is Role.CALL_TAKER:
        _for_call_taker(turn, outcome)
    elif outcome in TO_A_DESK:
        waiting.to_desk(turn, desk_for(turn, outcome))
    elif outcome == CRISIS_LINE:
        crisis_line.start(turn, reason=decision.rule)
    elif turn.leg.shared and outcome == POLICE_WITH_CLINICIAN:
        _call_clinician_in(turn)
    elif turn.leg.shared:
        dialogue.ask(turn, "not_eligible", "stays_with_911")
    else:
        return_to_911.start(turn, reason=decision.rule, by=Role.CALLER, request=decision.request)


def _was_given_back(turn: Turn, desk: str) -> bool:
    if desk not in turn.call.returned_from:
        return False
    turn.note("given_back_before", desk=desk)
    return True


def desk_for(turn: Turn, outcome: str) -> str:
    """The desk whose people are offered a call of that outcome."""
    program = turn.program
    own = {"team": program.team_desk, "care_navigation": program.care_desk}
    return own.get(outcome) or program.clinician_desk


def _call_clinician_in(turn: Turn) -> None:
    """The call taker on this line sends police and stays, while a clinician is sought."""
    turn.say("send_police_and_stay")
    waiting.to_desk(turn, turn.program.clinician_desk)
    if turn.leg.place is Place.FLOW:
        moving.caller_next(turn)


def _for_call_taker(turn: Turn, outcome: str) -> None:
    if outcome in TO_A_DESK:
        _consult(turn, desk_for(turn, outcome), "ringing_clinicians_stay_with_caller")
    elif outcome == POLICE_WITH_CLINICIAN:
        _consult(turn, turn.program.clinician_desk, "send_police_and_stay")
    else:
        _tell_call_taker(turn)


def _consult(turn: Turn, desk: str, sentence: str) -> None:
    """A call taker on their own leg stays with the caller while a clinician is sought (TR1)."""
    if turn.call.stage is not Stage.CONNECTED or desk in turn.call.returned_from:
        wrap_up.back_to_caller(turn)
        return
    warm_transfer.screened(turn, desk)
    if ringing.ring_next(turn):
        turn.say(sentence)
    else:
        waiting.nobody_takes_it(turn)
    wrap_up.back_to_caller(turn)


def _tell_call_taker(turn: Turn) -> None:
    turn.answer(*_stays(turn))
    wrap_up.back_to_caller(turn)


def _stays(turn: Turn) -> tuple[Say, ...]:
    sentence = turn.call.answers.get("decision_sentence") or "not_for_clinician"
    return (turn.phrase(sentence), turn.phrase("caller_stays_with_you"))


def _hear(turn: Turn, digits: str, _speech: str) -> bool:
    if digits in HELP_KEYS:
        _to_911(turn)
        return True
    if digits == REPEAT:
        dialogue.ask(turn, "not_eligible", "stays_with_911")
        return True
    return False


def _to_911(turn: Turn) -> None:
    # Whoever is still on this line may be the caller alone: nobody's departure is inferred.
    return_to_911.start(turn, reason=turn.call.reason, by=Role.CALL_TAKER)


dialogue.register(
    "not_eligible",
    "stays_with_911",
    dialogue.Node(
        says=lambda turn: (*_stays(turn), turn.phrase("release_or_9_for_911")),
        hear=_hear,
        give_up=_to_911,
        timeout_seconds=8,
    ),
)
