"""EL1, EL3: a decision follows from its answers, is safe in danger, and explains itself."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.policy.coverage import Coverage, Hours
from router.policy.eligibility import (
    CLINICIAN,
    OUTCOMES,
    RETURN_TO_911,
    SCALES,
    UNKNOWN,
    Circumstances,
    Policy,
    Rule,
    Verdict,
    circumstances_of,
    decide,
    explain,
)
from router.policy.outcomes import URGENCY
from router.policy.service_area import Area
from router.policy.soundness import list_faults


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


def test_el3_the_explanation_in_words_has_a_line_for_every_rule_in_order() -> None:
    decision = decide(POLICY, {"call_type": "verbal_dispute", "danger": "no"})
    assert explain(decision)[:2] == (
        "danger: does not hold (danger: no)",
        "weapon: not known (weapon: unknown)",
    )
    assert explain(decision)[-1] == "not listed: holds"
    assert len(explain(decision)) == len(POLICY.rules) + 1


VALUES = {
    **{name: list(SCALES[name]) for name in ("danger", "weapon", "intoxication")},
    "call_type": ["mental_health", "other", "unknown"],
    "caller_party": ["first", "third", "unknown"],
}
CALLS = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(values) for name, values in VALUES.items()}
)


@st.composite
def rules(draw: st.DrawFn, name: str) -> Rule:
    when = {}
    for answer in draw(st.sets(st.sampled_from(sorted(VALUES)), min_size=1, max_size=2)):
        values = draw(st.sets(st.sampled_from(VALUES[answer]), min_size=1))
        when[answer] = frozenset(values)
    return Rule(name, when, draw(st.sampled_from(sorted(OUTCOMES))), "sentence", "why")


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any policy that is spelled right and has a rule for danger, sound or not."""
    drawn = [draw(rules(f"rule_{index}")) for index in range(draw(st.integers(1, 4)))]
    danger = rule("danger", RETURN_TO_911, danger="yes")
    drawn.insert(draw(st.integers(0, 1)), danger)
    return Policy(1, tuple(drawn), OTHERWISE)


@given(policies(), CALLS, st.sampled_from(["danger", "weapon", "intoxication"]), st.data())
@settings(max_examples=400)
def test_el1_what_passes_the_check_never_answers_more_danger_with_less_help(
    policy: Policy, answers: dict[str, str], danger: str, data: st.DataObject
) -> None:
    scale = SCALES[danger]
    before = answers.get(danger)
    rising = scale[scale.index(before) + 1 :] if before else scale[-1:]
    decision = decide(policy, answers)
    assert decision.outcome in OUTCOMES
    if not rising:
        return
    after = decide(policy, {**answers, danger: data.draw(st.sampled_from(rising))})
    if URGENCY[after.outcome] < URGENCY[decision.outcome]:
        assert list_faults(policy)


@given(policies(), CALLS)
def test_el1_a_decision_depends_on_its_answers_alone(
    policy: Policy, answers: Mapping[str, str]
) -> None:
    backwards = dict(reversed(list(answers.items())))
    assert decide(policy, answers) == decide(policy, backwards)


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
        (rule("x", CLINICIAN, weapon="yes"), "sends weapon = yes to clinician; it must go to 911"),
        (rule("x", CLINICIAN, weapon="no unknown"), "unknown weapon for a reason"),
        (rule("x", RETURN_TO_911, weapon="no"), "lets go of a call at weapon = unknown"),
        (rule("x", RETURN_TO_911, weapon="no yes"), "lets go of a call at weapon = unknown"),
        (rule("x", "team", weapon="no"), "more danger must not mean less help"),
        (rule("x", "crisis_line", intoxication="some"), 'rule "x" sends intoxication = some to'),
        (rule("x", RETURN_TO_911, weapon="maybe"), 'weapon cannot be "maybe"'),
        (rule("x", RETURN_TO_911, caller_party="fourth"), 'caller_party cannot be "fourth"'),
        (rule("x", RETURN_TO_911, age="200"), 'age cannot be "200"; use one of a number from 0'),
        (rule("x", RETURN_TO_911, shoe_size="44"), '"shoe_size" is not an answer'),
        (rule("x", RETURN_TO_911, area_city="no"), "the program has no areas"),
        (rule("x", RETURN_TO_911, coverage_all="no"), "the program has no coverage"),
        (rule("x", RETURN_TO_911, weapon=""), "weapon names no value"),
        (rule("x", RETURN_TO_911), "has no conditions"),
        (rule("x", "voicemail", weapon="yes"), 'outcome "voicemail" is unknown'),
        (rule("danger", RETURN_TO_911, weapon="yes"), 'two rules are named "danger"'),
    ],
)
def test_el1_an_unsound_policy_is_refused_in_words(added: Rule, sentence: str) -> None:
    faults = list_faults(replace(POLICY, rules=(added, *POLICY.rules)))
    assert any(sentence in fault for fault in faults), faults


def test_el1_a_danger_that_another_rule_keeps_at_911_need_not_be_repeated() -> None:
    calm = rule("calm", CLINICIAN, call_type="other", weapon="no")
    navigation = rule("navigation", "care_navigation", call_type="other")
    loose = replace(POLICY, rules=(*POLICY.rules, calm, navigation))
    assert any('"calm" lets go' in fault for fault in list_faults(loose))
    kept = rule("armed", RETURN_TO_911, weapon="yes unknown")
    assert list_faults(replace(loose, rules=(kept, *loose.rules))) == []


@pytest.mark.parametrize(
    ("known", "answers", "decider"),
    [
        (Circumstances(is_clinician_free=False), {}, "nobody_free"),
        (Circumstances(is_clinician_free=True), {}, "not_listed"),
        (Circumstances(), {}, "not_listed"),
        (Circumstances(position=(5.0, 5.0)), {}, "not_listed"),
        (Circumstances(position=(50.0, 5.0)), {}, "outside"),
        (Circumstances(position=(50.0, 5.0)), {"zip": "12345"}, "outside"),
        (Circumstances(), {"zip": "12345"}, "not_listed"),
        (Circumstances(), {"zip": "99999"}, "outside"),
        (Circumstances(), {"zip": ""}, "not_listed"),
        (Circumstances(), {"area_town": "no"}, "outside"),
        (Circumstances(at=datetime(2026, 1, 5, 12, tzinfo=UTC)), {}, "not_listed"),
        (Circumstances(at=datetime(2026, 1, 6, 12, tzinfo=UTC)), {}, "closed"),
        (Circumstances(), {"age": "7"}, "child"),
        (Circumstances(), {"age": " 07"}, "child"),
        (Circumstances(), {"age": "30"}, "not_listed"),
        (Circumstances(), {"age": "-3"}, "age_unclear"),
        (Circumstances(), {"age": "seven"}, "age_unclear"),
        (Circumstances(), {"age": ""}, "age_unclear"),
        (Circumstances(), {"intoxication": "severe"}, "drunk"),
        (Circumstances(), {"intoxication": "some"}, "not_listed"),
        (Circumstances(), {"intoxication": "some", "severe_intoxication": "yes"}, "drunk"),
    ],
)
def test_el2_rules_ask_about_area_hours_age_and_who_is_free(
    known: Circumstances, answers: dict[str, str], decider: str
) -> None:
    square = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0), (0.0, 0.0))
    policy = Policy(
        1,
        (
            rule("drunk", RETURN_TO_911, severe_intoxication="yes"),
            rule("nobody_free", RETURN_TO_911, clinician_free="no"),
            rule("outside", RETURN_TO_911, area_town="no"),
            rule("closed", RETURN_TO_911, coverage_mondays="no"),
            rule("child", RETURN_TO_911, age="7 8"),
            rule("age_unclear", RETURN_TO_911, age="unknown"),
        ),
        OTHERWISE,
        areas=(Area("town", ((square,),), ("12",)),),
        coverages=(Coverage("mondays", "UTC", {0: (Hours(time(0), time(0)),)}),),
    )
    decision = decide(policy, answers, known)
    assert decision.rule == decider
    assert set(circumstances_of(decision)) == {"area_town", "clinician_free", "coverage_mondays"}


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
