"""What follows from the policy's decision: the clinicians' desk, or 911 keeps the call, and why."""

from __future__ import annotations

from ivr_flows import dialogue, return_to_911, ringing, waiting, wrap_up
from ivr_flows.call import Role, Stage
from ivr_flows.menus import HELP_KEYS, REPEAT
from ivr_flows.outputs import Say
from ivr_flows.turn import Turn

ELIGIBLE = "clinician"
NO_LOOP = "no_loop"  # the clinicians have given this caller back before (EL7)


def is_ruled_out(turn: Turn) -> bool:
    """Whether the answers so far already keep the call with 911."""
    return turn.facts.decide(turn.call.answers).outcome != ELIGIBLE


def decide(turn: Turn) -> None:
    """Ask the policy about the answers so far and act on it, for the leg that asked."""
    decision = turn.facts.decide(turn.call.answers)
    turn.change(decision=decision.outcome, reason=decision.rule)
    turn.remember(decision_sentence=decision.sentence)
    turn.note("eligibility_decided", outcome=decision.outcome, rule=decision.rule)
    eligible = decision.outcome == ELIGIBLE
    staffed_by_911 = turn.leg.shared or turn.leg.role is Role.CALL_TAKER
    if eligible and staffed_by_911 and turn.program.clinician_desk in turn.call.returned_from:
        eligible = False
        turn.change(decision="return_to_911", reason=NO_LOOP)
        turn.remember(decision_sentence=f"decision_{NO_LOOP}")
        turn.note("given_back_before", desk=turn.program.clinician_desk)
    if turn.leg.role is Role.CALL_TAKER:
        _consult(turn) if eligible else _tell_call_taker(turn)
    elif eligible:
        waiting.to_desk(turn, turn.program.clinician_desk)
    elif turn.leg.shared:
        dialogue.ask(turn, "not_eligible", "stays_with_911")
    else:
        return_to_911.start(turn, reason=decision.rule, by=Role.CALLER, request=decision.request)


def _consult(turn: Turn) -> None:
    """A call taker on their own leg stays with the caller while a clinician is sought (TR1)."""
    desk = turn.program.clinician_desk
    if turn.call.stage is not Stage.CONNECTED or desk in turn.call.returned_from:
        wrap_up.back_to_caller(turn)
        return
    turn.change(desk=desk, queued_at=turn.now, passed_over=(), priority=0)
    turn.enter_stage(Stage.CONSULTING, turn.program.waiting_seconds)
    turn.note("waiting", desk=desk)
    if ringing.ring_next(turn):
        turn.say("ringing_clinicians_stay_with_caller")
    else:
        waiting.nobody_takes_it(turn)
        turn.say("no_clinician_keep_caller")
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
