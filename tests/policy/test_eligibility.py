"""EL1, EL3: a decision follows from its answers, is safe in danger, and explains itself."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.policy.eligibility import (
    CLINICIAN,
    DANGERS,
    NO,
    OUTCOMES,
    RETURN_TO_911,
    UNKNOWN,
    YES,
    YES_OR_NO,
    Policy,
    Rule,
    Verdict,
    decide,
    list_faults,
)


def rule(name: str, outcome: str, request: str = "", **when: str) -> Rule:
    conditions = {key: frozenset(values.split()) for key, values in when.items()}
    return Rule(name, conditions, outcome, f"decision_{name}", f"because of {name}", request)


OTHERWISE = rule("not_listed", RETURN_TO_911)
POLICY = Policy(
    version=7,
    rules=(
        rule("danger", RETURN_TO_911, danger="yes unknown"),
        rule("weapon", RETURN_TO_911, request="police", weapon="yes"),
        rule("no_component", RETURN_TO_911, call_type="verbal_dispute", mental_health="no"),
        rule("mental_health", CLINICIAN, call_type="mental_health verbal_dispute"),
    ),
    otherwise=OTHERWISE,
)


@pytest.mark.parametrize(
    ("answers", "outcome", "decider"),
    [
        ({}, RETURN_TO_911, "not_listed"),
        ({"call_type": "mental_health"}, CLINICIAN, "mental_health"),
        ({"call_type": "mental_health", "weapon": "no"}, CLINICIAN, "mental_health"),
        ({"call_type": "mental_health", "weapon": "unknown"}, CLINICIAN, "mental_health"),
        ({"call_type": "mental_health", "weapon": "yes"}, RETURN_TO_911, "weapon"),
        ({"call_type": "mental_health", "danger": "unknown"}, RETURN_TO_911, "danger"),
        ({"call_type": "verbal_dispute", "mental_health": "no"}, RETURN_TO_911, "no_component"),
        ({"call_type": "verbal_dispute", "mental_health": "yes"}, CLINICIAN, "mental_health"),
        ({"call_type": "verbal_dispute"}, CLINICIAN, "mental_health"),
        ({"call_type": "burglary"}, RETURN_TO_911, "not_listed"),
        ({"call_type": "unknown"}, RETURN_TO_911, "not_listed"),
        ({"call_type": ""}, RETURN_TO_911, "not_listed"),
        ({"call_type": "mental_health", "weapon": "perhaps"}, CLINICIAN, "mental_health"),
    ],
)
def test_el1_the_first_rule_that_holds_decides(
    answers: dict[str, str], outcome: str, decider: str
) -> None:
    decision = decide(POLICY, answers)
    assert (decision.outcome, decision.rule) == (outcome, decider)
    assert decision.sentence == f"decision_{decider}"
    assert decision.policy_version == 7


def test_el1_the_request_of_the_deciding_rule_goes_along() -> None:
    assert decide(POLICY, {"weapon": "yes"}).request == "police"
    assert decide(POLICY, {"danger": "yes", "weapon": "yes"}).request == ""


def test_el3_every_rule_is_in_the_explanation_with_its_verdict_and_its_answers() -> None:
    decision = decide(POLICY, {"call_type": "verbal_dispute", "danger": "no"})
    verdicts = {finding.rule: finding.verdict for finding in decision.findings}
    assert verdicts == {
        "danger": Verdict.FAILS,
        "weapon": Verdict.UNKNOWN,
        "no_component": Verdict.UNKNOWN,
        "mental_health": Verdict.HOLDS,
        "not_listed": Verdict.HOLDS,
    }
    weapon = decision.findings[1]
    assert weapon.answers == {"weapon": UNKNOWN}
    assert weapon.why == "because of weapon"


def _danger_values(outcome: str) -> st.SearchStrategy[frozenset[str]]:
    rising = [frozenset({YES}), frozenset({YES, UNKNOWN}), frozenset({YES, UNKNOWN, NO})]
    return st.sampled_from(rising if outcome == RETURN_TO_911 else [frozenset({NO})])


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any policy that may be published."""
    rules = [rule("danger", RETURN_TO_911, danger="yes")]
    for index in range(draw(st.integers(0, 6))):
        outcome = draw(st.sampled_from(sorted(OUTCOMES)))
        dangers = draw(st.sets(st.sampled_from(sorted(DANGERS)), max_size=2))
        when = {name: draw(_danger_values(outcome)) for name in sorted(dangers)}
        types = draw(st.sets(st.sampled_from(["mental_health", "other"])))
        if types or not when:
            when["call_type"] = frozenset(types or {"mental_health"})
        rules.append(Rule(f"rule_{index}", when, outcome, "sentence", "why"))
    return Policy(1, tuple(rules), OTHERWISE)


ANSWERS = st.dictionaries(st.sampled_from(sorted(YES_OR_NO)), st.sampled_from([YES, NO, UNKNOWN]))
CALL_TYPES = st.sampled_from(["mental_health", "other", "", "unknown"])


@given(policies(), ANSWERS, CALL_TYPES, st.sampled_from(sorted(DANGERS)))
def test_el1_adding_a_danger_never_moves_a_call_from_911_to_a_clinician(
    policy: Policy, answers: dict[str, str], call_type: str, danger: str
) -> None:
    assert list_faults(policy) == []
    before = {**answers, "call_type": call_type}
    for value in (UNKNOWN, YES) if before.get(danger) == NO else (YES,):
        after = {**before, danger: value}
        if decide(policy, before).outcome == RETURN_TO_911:
            assert decide(policy, after).outcome == RETURN_TO_911


@given(policies(), ANSWERS)
def test_el1_a_decision_depends_on_its_answers_alone(
    policy: Policy, answers: Mapping[str, str]
) -> None:
    backwards = dict(reversed(list(answers.items())))
    assert decide(policy, answers) == decide(policy, backwards)
    assert decide(policy, answers).outcome in OUTCOMES


@given(policies(), st.dictionaries(st.text(max_size=8), st.text(max_size=8)))
def test_el1_odd_answers_have_an_outcome_too(policy: Policy, answers: dict[str, str]) -> None:
    assert decide(policy, answers).outcome in OUTCOMES


def test_el1_not_knowing_is_never_taken_for_no() -> None:
    needs_no = Policy(
        1,
        (
            rule("danger", RETURN_TO_911, danger="yes"),
            rule("calm", CLINICIAN, weapon="no"),
        ),
        OTHERWISE,
    )
    assert decide(needs_no, {"weapon": "no"}).outcome == CLINICIAN
    for answers in ({}, {"weapon": "unknown"}, {"weapon": ""}):
        assert decide(needs_no, answers).outcome == RETURN_TO_911


def test_el1_a_sound_policy_has_no_faults() -> None:
    assert list_faults(POLICY) == []


@pytest.mark.parametrize(
    ("added", "sentence"),
    [
        (rule("x", CLINICIAN, weapon="yes"), "sends weapon = yes to a clinician"),
        (rule("x", CLINICIAN, weapon="no unknown"), "unknown weapon for a reason"),
        (rule("x", RETURN_TO_911, weapon="no"), "for a lesser weapon but not for a greater one"),
        (rule("x", RETURN_TO_911, weapon="no yes"), "for a lesser weapon"),
        (rule("x", RETURN_TO_911, weapon="maybe"), 'weapon cannot be "maybe"'),
        (rule("x", RETURN_TO_911, caller_party="fourth"), 'caller_party cannot be "fourth"'),
        (rule("x", RETURN_TO_911, shoe_size="44"), '"shoe_size" is not an answer'),
        (rule("x", RETURN_TO_911, weapon=""), "weapon names no value"),
        (rule("x", RETURN_TO_911), "has no conditions"),
        (rule("x", "voicemail", weapon="yes"), 'outcome "voicemail" is unknown'),
        (rule("danger", RETURN_TO_911, weapon="yes"), 'two rules are named "danger"'),
    ],
)
def test_el1_an_unsound_policy_is_refused_in_words(added: Rule, sentence: str) -> None:
    faults = list_faults(replace(POLICY, rules=(*POLICY.rules, added)))
    assert any(sentence in fault for fault in faults), faults


def test_el1_the_last_resort_is_911() -> None:
    faults = list_faults(replace(POLICY, otherwise=rule("x", CLINICIAN, weapon="no")))
    assert any("must lead to" in fault for fault in faults)
    assert any("must have no conditions" in fault for fault in faults)


@pytest.mark.parametrize(
    "rules",
    [
        (),
        (rule("mental_health", CLINICIAN, call_type="mental_health"),),
        (rule("d", RETURN_TO_911, danger="yes", weapon="yes"),),
    ],
)
def test_el1_a_policy_without_a_rule_for_danger_is_refused(rules: tuple[Rule, ...]) -> None:
    assert any("danger = yes" in fault for fault in list_faults(Policy(1, rules, OTHERWISE)))


def test_el1_all_combinations_of_screening_have_an_outcome() -> None:
    values = ("yes", "no", "unknown")
    for danger, weapon, mental in itertools.product(values, repeat=3):
        answers = {"danger": danger, "weapon": weapon, "mental_health": mental}
        assert decide(POLICY, answers).outcome in OUTCOMES
