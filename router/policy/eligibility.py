"""Decides where a call belongs: with a clinician, or back at 911 (EL1 to EL3).

A policy is data: ordered rules over answers. The first rule that holds decides. What is not known
stays unknown; it never counts as "no".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

CLINICIAN = "clinician"
RETURN_TO_911 = "return_to_911"
OUTCOMES = frozenset({CLINICIAN, RETURN_TO_911})

YES, NO, UNKNOWN = "yes", "no", "unknown"

# Answers that name a danger. Nearly every program excludes these (GPL brief, 2024); how is its own
# affair.
DANGERS = frozenset(
    {
        "danger",
        "weapon",
        "violence",
        "crime",
        "medical",
        "imminent_risk",
        "severe_intoxication",
    }
)
YES_OR_NO = DANGERS | {"from_988", "asked_police", "mental_health"}
PARTIES = frozenset({"first", "second", "third", UNKNOWN})
OPEN_ANSWERS = frozenset({"call_type", "reason", "language"})  # a program names their values
INPUTS = YES_OR_NO | OPEN_ANSWERS | {"caller_party"}

DANGER_RANK = {NO: 0, UNKNOWN: 1, YES: 2}


class Verdict(StrEnum):
    """What became of one rule."""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Rule:
    """Sends a call to `outcome` when each answer named in `when` is one of the values given for it.

    `sentence` names the prompt that tells the call taker; `why` is the same in words for the
    record. A value of "unknown" matches only an answer that was asked for and not known.
    """

    name: str
    when: Mapping[str, frozenset[str]]
    outcome: str
    sentence: str
    why: str
    request: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules in order; `otherwise` decides when none of them holds (its `when` is empty)."""

    version: int
    rules: tuple[Rule, ...]
    otherwise: Rule


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's part in a decision: its verdict and the answers it looked at, known or not."""

    rule: str
    outcome: str
    verdict: Verdict
    answers: Mapping[str, str]
    why: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Where the call belongs, by which rule, and what every rule said (EL3)."""

    outcome: str
    rule: str
    sentence: str
    request: str
    why: str
    policy_version: int
    findings: tuple[Finding, ...]


def decide(policy: Policy, answers: Mapping[str, str]) -> Decision:
    """The decision for these answers. A function of its arguments; every set of answers has one."""
    findings = tuple(_examine(rule, answers) for rule in policy.rules)
    holding = (
        rule
        for rule, finding in zip(policy.rules, findings, strict=True)
        if finding.verdict is Verdict.HOLDS
    )
    chosen = next(holding, policy.otherwise)
    return Decision(
        outcome=chosen.outcome,
        rule=chosen.name,
        sentence=chosen.sentence,
        request=chosen.request,
        why=chosen.why,
        policy_version=policy.version,
        findings=(*findings, _examine(policy.otherwise, answers)),
    )


def list_faults(policy: Policy) -> list[str]:
    """What is wrong with a policy, a sentence each; empty when it may be published.

    Besides spelling, it proves that more danger never moves a call from 911 towards a clinician: no
    rule for the clinician asks for a danger, and no rule for 911 lets go of a call as its danger
    grows.
    """
    return [*_spelling_faults(policy), *_danger_faults(policy)]


def _examine(rule: Rule, answers: Mapping[str, str]) -> Finding:
    verdicts = {_match(answers.get(name), values) for name, values in rule.when.items()}
    if Verdict.FAILS in verdicts:
        verdict = Verdict.FAILS
    elif Verdict.UNKNOWN in verdicts:
        verdict = Verdict.UNKNOWN
    else:
        verdict = Verdict.HOLDS
    seen = {name: answers.get(name, UNKNOWN) for name in rule.when}
    return Finding(rule.name, rule.outcome, verdict, MappingProxyType(seen), rule.why)


def _match(answer: str | None, values: frozenset[str]) -> Verdict:
    if answer is not None and answer in values:
        return Verdict.HOLDS
    if answer in (None, "", UNKNOWN):
        return Verdict.UNKNOWN
    return Verdict.FAILS


def _spelling_faults(policy: Policy) -> Iterator[str]:
    names: set[str] = set()
    if policy.otherwise.when:
        yield "the last resort (otherwise) must have no conditions"
    if policy.otherwise.outcome != RETURN_TO_911:
        yield f'the last resort (otherwise) must lead to "{RETURN_TO_911}"'
    for rule in (*policy.rules, policy.otherwise):
        if rule.name in names:
            yield f'two rules are named "{rule.name}"'
        names.add(rule.name)
        if rule.outcome not in OUTCOMES:
            known = " or ".join(sorted(OUTCOMES))
            yield f'rule "{rule.name}": outcome "{rule.outcome}" is unknown; use {known}'
    for rule in policy.rules:
        yield from _condition_faults(rule)


def _condition_faults(rule: Rule) -> Iterator[str]:
    if not rule.when:
        yield f'rule "{rule.name}" has no conditions and would decide every call'
    for name, values in rule.when.items():
        if name not in INPUTS:
            yield f'rule "{rule.name}": "{name}" is not an answer that can be asked about'
            continue
        allowed = _values_of(name)
        for value in sorted(values - allowed) if allowed else ():
            choice = ", ".join(sorted(allowed))
            yield f'rule "{rule.name}": {name} cannot be "{value}"; use one of {choice}'
        if not values:
            yield f'rule "{rule.name}": {name} names no value'


def _values_of(name: str) -> frozenset[str]:
    if name in YES_OR_NO:
        return frozenset(DANGER_RANK)
    return PARTIES if name == "caller_party" else frozenset()


def _danger_faults(policy: Policy) -> Iterator[str]:
    for rule in policy.rules:
        for name, values in rule.when.items():
            if name not in DANGERS or not values <= DANGER_RANK.keys():
                continue
            if rule.outcome == CLINICIAN and YES in values:
                yield f'rule "{rule.name}" sends {name} = yes to a clinician; it must go to 911'
            if rule.outcome == CLINICIAN and UNKNOWN in values:
                yield f'rule "{rule.name}" takes an unknown {name} for a reason to send a clinician'
            ranks = sorted(DANGER_RANK[value] for value in values)
            if rule.outcome == RETURN_TO_911 and ranks != list(range(min(ranks, default=3), 3)):
                yield (
                    f'rule "{rule.name}" goes to 911 for a lesser {name} '
                    'but not for a greater one; add "yes"'
                )
    alone = decide(policy, {"danger": YES})
    if alone.outcome != RETURN_TO_911 or alone.rule == policy.otherwise.name:
        yield 'no rule sends danger = yes to 911; add one with when = { danger = ["yes"] }'
