"""Where a call may be sent, and how much of an emergency response each of these is."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Outcome(StrEnum):
    """What a policy may decide (PRODUCT.md, EL1).

    What each means on the phone is told in `ivr_flows.eligibility`.
    """

    CARE_NAVIGATION = "care_navigation"
    CRISIS_LINE = "crisis_line"
    CLINICIAN = "clinician"
    CLINICIAN_THEN_TEAM = "clinician_then_team"
    TEAM = "team"
    POLICE_WITH_CLINICIAN = "police_with_clinician"
    CO_RESPONSE = "co_response"
    CRISIS_OFFICER = "crisis_officer"
    POLICE = "police"
    FIRE = "fire"
    EMS = "ems"
    RETURN_TO_911 = "return_to_911"


EMERGENCY = frozenset(
    {
        Outcome.POLICE_WITH_CLINICIAN,
        Outcome.CO_RESPONSE,
        Outcome.CRISIS_OFFICER,
        Outcome.POLICE,
        Outcome.FIRE,
        Outcome.EMS,
        Outcome.RETURN_TO_911,
    }
)
"""Outcomes that are 911's."""

_RISING: tuple[str, ...] = (
    Outcome.CARE_NAVIGATION,
    Outcome.CRISIS_LINE,
    Outcome.CLINICIAN,
    Outcome.CLINICIAN_THEN_TEAM,
    Outcome.TEAM,
)
URGENCY: Mapping[str, int] = MappingProxyType(
    {outcome: urgency for urgency, outcome in enumerate(_RISING)}
    | {str(outcome): len(_RISING) for outcome in EMERGENCY}
)
"""How much of an emergency response an outcome is: more danger never leads to a lower number.

The order is an assumption of ours. No source ranks them; in every program a team goes where a
clinician by phone is not enough, and 911 where a team is not (GPL brief, 2024).
"""

REQUESTS: Mapping[str, str] = MappingProxyType(
    {
        Outcome.POLICE: "police",
        Outcome.CRISIS_OFFICER: "crisis_intervention_officer",
        Outcome.EMS: "ems",
        Outcome.FIRE: "fire",
        Outcome.CO_RESPONSE: "co_response",
        Outcome.POLICE_WITH_CLINICIAN: "police_with_clinician",
    }
)
"""What 911 is asked for when a rule leads there and names no request of its own."""
