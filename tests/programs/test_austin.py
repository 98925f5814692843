"""EL1, EL2: Austin's policy against the acceptance scenarios gathered from public sources."""

from __future__ import annotations

import itertools

import pytest

from router.policy.eligibility import (
    CLINICIAN,
    DANGERS,
    RETURN_TO_911,
    SCALES,
    YES_OR_NO,
    Decision,
    decide,
)
from router.policy.outcomes import EMERGENCY
from router.policy.soundness import list_faults
from router.programs.reading import EXAMPLES, read_file, to_policy, to_program

DOCUMENT = read_file(EXAMPLES / "austin.toml")
POLICY = to_policy(DOCUMENT, 1)
PROGRAM = to_program(DOCUMENT, 1)
CALM = dict.fromkeys(YES_OR_NO, "no") | {"mental_health": "yes"}


def transferred(**answers: str) -> Decision:
    """What follows when a call taker has ruled everything out but what is given."""
    return decide(POLICY, {**CALM, "call_type": "mental_health", "caller_party": "first"} | answers)


def dialled(**answers: str) -> Decision:
    """What follows on the direct line, where only danger is asked about."""
    usual = {"danger": "no", "caller_party": "first", "reason": "mental_health", "zip": ""}
    return decide(POLICY, usual | answers)


# Numbers are the scenarios' own, in the reference the program was written from.
@pytest.mark.parametrize(
    ("answers", "outcome", "rule"),
    [
        pytest.param({}, CLINICIAN, "mental_health", id="1 panic attack"),
        pytest.param({"call_type": "suicidal"}, CLINICIAN, "suicidal", id="2 no plan, no means"),
        pytest.param(
            {"call_type": "suicidal", "weapon": "yes", "imminent_risk": "yes"},
            "police_with_clinician",
            "armed_and_suicidal",
            id="3 gun in hand",
        ),
        pytest.param(
            {"call_type": "suicidal", "medical": "yes"},
            "ems",
            "medical",
            id="4 took pills",
        ),
        pytest.param({"asked_police": "yes"}, "police", "asked_police", id="6 insists on police"),
        pytest.param({"from_988": "yes"}, "police", "from_988", id="11 handed over by 988"),
        pytest.param(
            {"caller_party": "second"}, CLINICIAN, "mental_health", id="13 brother paranoid"
        ),
        pytest.param(
            {"call_type": "other", "caller_party": "third", "mental_health": "unknown"},
            RETURN_TO_911,
            "third_party",
            id="16 man asleep in a doorway",
        ),
        pytest.param(
            {"call_type": "other", "caller_party": "third", "severe_intoxication": "yes"},
            RETURN_TO_911,
            "severe_intoxication",
            id="19 drunk student",
        ),
        pytest.param(
            {"call_type": "verbal_dispute"}, CLINICIAN, "verbal_dispute", id="21 off their meds"
        ),
        pytest.param(
            {"call_type": "verbal_dispute", "mental_health": "no"},
            RETURN_TO_911,
            "no_mental_health",
            id="21 a dispute and nothing else",
        ),
        pytest.param(
            {"call_type": "other", "mental_health": "unknown"},
            RETURN_TO_911,
            "not_listed",
            id="22 noise",
        ),
        pytest.param(
            {"call_type": "repeat_caller"}, CLINICIAN, "repeat_caller", id="23 sixth call"
        ),
        pytest.param(
            {"crime": "yes"},
            "police_with_clinician",
            "crisis_beside_a_crime",
            id="25 assault outside",
        ),
        pytest.param({"language": "es"}, CLINICIAN, "mental_health", id="27 Spanish alone"),
        pytest.param(
            {"call_type": "welfare_check", "caller_party": "third"},
            CLINICIAN,
            "welfare_check",
            id="welfare check by a neighbor",
        ),
        pytest.param({"caller_party": "unknown"}, RETURN_TO_911, "not_listed", id="party unknown"),
    ],
)
def test_el2_scenarios_of_a_call_takers_transfer(
    answers: dict[str, str], outcome: str, rule: str
) -> None:
    decision = transferred(**answers)
    assert (decision.outcome, decision.rule) == (outcome, rule)


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ({}, CLINICIAN),
        ({"reason": "dispute", "caller_party": "second"}, CLINICIAN),
        ({"reason": "welfare", "caller_party": "third"}, CLINICIAN),
        ({"reason": "other"}, RETURN_TO_911),
        ({"caller_party": "third"}, RETURN_TO_911),
        ({"danger": "yes"}, RETURN_TO_911),
        ({"danger": "unknown"}, RETURN_TO_911),
        ({"reason": "welfare", "danger": "yes"}, RETURN_TO_911),
    ],
)
def test_el2_scenarios_of_the_direct_line(answers: dict[str, str], outcome: str) -> None:
    assert dialled(**answers).outcome == outcome


@pytest.mark.parametrize("danger", sorted(DANGERS - {"intoxication"}))
@pytest.mark.parametrize("call_type", sorted(PROGRAM.call_types.values()))
def test_el1_every_danger_not_ruled_out_goes_to_911_whatever_the_call(
    danger: str, call_type: str
) -> None:
    _, *_, unknown, worst = SCALES[danger]
    for value in (unknown, worst):
        assert transferred(**{danger: value, "call_type": call_type}).outcome in EMERGENCY


def test_el1_austins_policy_is_safe_to_publish() -> None:
    assert list_faults(POLICY) == []


def test_el3_each_decision_accounts_for_every_rule_in_words() -> None:
    for call_type, party in itertools.product(
        PROGRAM.call_types.values(), ("first", "second", "third", "unknown")
    ):
        decision = transferred(call_type=call_type, caller_party=party)
        assert len(decision.findings) == len(POLICY.rules) + 1
        assert all(finding.why.endswith(".") for finding in decision.findings)
        assert decision.why


def test_ro6_nobody_free_means_a_crisis_officer_at_once() -> None:
    clinicians = PROGRAM.desks[PROGRAM.clinician_desk]
    assert clinicians.when_none_free == "return_to_911"
    assert PROGRAM.overflow_request == "crisis_intervention_officer"


def test_re3_lines_outside_are_rung_in_order_and_the_hosted_desk_holds() -> None:
    assert [line.name for line in PROGRAM.psap.lines] == ["priority", "second", "general"]
    assert PROGRAM.desks[PROGRAM.psap.desk].when_none_free == "hold"
    assert PROGRAM.desks[PROGRAM.psap.desk].role == "call_taker"
