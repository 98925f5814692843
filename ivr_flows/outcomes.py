"""The policy's outcomes in the flows' words, and whether 911 may give a caller to clinicians."""

from __future__ import annotations

from ivr_flows.turn import Turn

TO_A_DESK = frozenset({"clinician", "clinician_then_team", "team", "care_navigation"})
CRISIS_LINE = "crisis_line"
POLICE_WITH_CLINICIAN = "police_with_clinician"
DANGERS = (
    "danger",
    "weapon",
    "violence",
    "crime",
    "medical",
    "imminent_risk",
    "place_danger",
    "severe_intoxication",
)
NOT_KNOWN = ("", "unknown")


def leads_away_from_911(outcome: str) -> bool:
    """Whether a call of that outcome is taken by somebody who is not 911."""
    return outcome in TO_A_DESK or outcome == CRISIS_LINE


def find_bar(turn: Turn) -> str:
    """Why 911 may not give the caller to clinicians by asking for them, a prompt; "" if it may.

    A danger that is known bars them, and so do answers after which nothing that is still unknown
    could lead to them. What is unknown is no reason: the person who asks has heard the caller, and
    answers for it; for them the questions of the star menu are help, not a gate (EL6, TR2).
    """
    call = turn.call
    if any(name in call.dangers or call.answers.get(name) == "yes" for name in DANGERS):
        return "transfer_danger_is_known"
    known = {name: one for name, one in call.answers.items() if one not in NOT_KNOWN}
    hoped = {
        **dict.fromkeys(DANGERS, "no"),
        **dict.fromkeys(turn.facts.areas_of(known), "yes"),
        "mental_health": "yes",
        "caller_party": "first",
    }
    for call_type in turn.program.call_types.values():
        supposed = {**hoped, "call_type": call_type, **known}
        if turn.facts.decide(supposed).outcome in TO_A_DESK:
            return ""
    decision = turn.facts.decide(call.answers)
    turn.note("eligibility_decided", **decision.to_details())
    return "transfer_ruled_out"
