"""Proves of a policy that every call has an outcome and that danger never lessens the help."""

from __future__ import annotations

from collections.abc import Iterator

from router.policy.eligibility import (
    AGES,
    ANSWERS,
    AREA,
    CLINICIAN_FREE,
    COVERAGE,
    DANGERS,
    OPEN_ANSWERS,
    OUTCOMES,
    PARTIES,
    RETURN_TO_911,
    SCALES,
    UNKNOWN,
    YES,
    YES_OR_NO,
    Policy,
    Rule,
    decide,
)
from router.policy.outcomes import EMERGENCY, URGENCY

NOT_ASKED = None


def list_faults(policy: Policy) -> list[str]:
    """What is wrong with a policy, a sentence each; empty when it may be published.

    Besides spelling, it proves that more danger never moves a call to a less urgent outcome.
    """
    spelling = list(_spelling_faults(policy))
    return spelling or [*_danger_faults(policy), *_reach_faults(policy)]


def allowed_values(policy: Policy, name: str) -> frozenset[str] | None:
    """What an answer may be; empty where a program names the values, None for no answer at all."""
    if name in SCALES:
        return frozenset(SCALES[name])
    if name in YES_OR_NO or name == CLINICIAN_FREE or name in _derived(policy):
        return frozenset(ANSWERS)
    if name == "age":
        return AGES
    if name == "caller_party":
        return PARTIES
    return frozenset() if name in OPEN_ANSWERS else None


def _derived(policy: Policy) -> set[str]:
    areas = {AREA + area.name for area in policy.areas}
    return areas | {COVERAGE + coverage.name for coverage in policy.coverages}


def _spelling_faults(policy: Policy) -> Iterator[str]:
    names: set[str] = set()
    if policy.otherwise.when:
        yield "the last resort (otherwise) must have no conditions, or a call could have no outcome"
    if policy.otherwise.outcome != RETURN_TO_911:
        yield f'the last resort (otherwise) must lead to "{RETURN_TO_911}"'
    for rule in (*policy.rules, policy.otherwise):
        if rule.name in names:
            yield f'two rules are named "{rule.name}"'
        names.add(rule.name)
        if rule.outcome not in OUTCOMES:
            known = ", ".join(sorted(OUTCOMES))
            yield f'rule "{rule.name}": outcome "{rule.outcome}" is unknown; use one of {known}'
    for rule in policy.rules:
        yield from _condition_faults(policy, rule)


def _condition_faults(policy: Policy, rule: Rule) -> Iterator[str]:
    if not rule.when:
        yield f'rule "{rule.name}" has no conditions and would decide every call'
    for name, values in rule.when.items():
        allowed = allowed_values(policy, name)
        if allowed is None:
            hint = _near(policy, name)
            yield f'rule "{rule.name}": "{name}" is not an answer that can be asked about{hint}'
            continue
        for value in sorted(values - allowed) if allowed else ():
            choice = "a number from 0 to 130" if name == "age" else ", ".join(sorted(allowed))
            yield f'rule "{rule.name}": {name} cannot be "{value}"; use one of {choice}'
        if not values:
            yield f'rule "{rule.name}": {name} names no value'


def _near(policy: Policy, name: str) -> str:
    for prefix, kind in ((AREA, "areas"), (COVERAGE, "coverage")):
        if name.startswith(prefix):
            known = sorted(one for one in _derived(policy) if one.startswith(prefix))
            return f"; {kind} has {', '.join(known)}" if known else f"; the program has no {kind}"
    return ""


def _danger_faults(policy: Policy) -> Iterator[str]:
    for name in sorted(DANGERS & policy.inputs):
        told: set[str] = set()
        for less, more in _steps(SCALES[name]):
            for rule, lower in _lower_after(policy, name, less, more):
                if rule.name not in told:
                    told.add(rule.name)
                    yield _fall(rule, lower, name, less, more)
    alone = decide(policy, {"danger": YES})
    if alone.outcome not in EMERGENCY or alone.rule == policy.otherwise.name:
        yield 'no rule sends danger = yes to 911; add one with when = { danger = ["yes"] }'


def _steps(scale: tuple[str, ...]) -> Iterator[tuple[str | None, str]]:
    """Each way in which one danger may grow; what nobody asked about may turn out to be there."""
    for index, less in enumerate(scale):
        for more in scale[index + 1 :]:
            yield less, more
    yield NOT_ASKED, scale[-1]


def _lower_after(
    policy: Policy, name: str, less: str | None, more: str
) -> Iterator[tuple[Rule, Rule]]:
    """Pairs of a rule that may decide with `name` at `less` and a less urgent one at `more`.

    All other answers stay as they are. A pair is told when nothing in the two rules excludes it and
    no rule before the second is sure to hold.
    """
    rules = (*policy.rules, policy.otherwise)
    for position, before in enumerate(rules):
        if not _allows(before, name, less) or _is_hidden(rules[:position], before, name, less):
            continue
        for index, after in enumerate(rules):
            if not _allows(after, name, more):
                continue
            if index < position and _allows(after, name, less):
                continue  # it would have held before, too, and decided
            if not _may_meet(before, after, name):
                continue
            if URGENCY[after.outcome] < URGENCY[before.outcome]:
                yield before, after
            if _is_sure(after, before, name):
                break


def _allows(rule: Rule, name: str, value: str | None) -> bool:
    return name not in rule.when or value in rule.when[name]


def _may_meet(one: Rule, other: Rule, changed: str) -> bool:
    """Whether both can hold for the same answers to everything but `changed`."""
    return all(
        one.when[name] & values
        for name, values in other.when.items()
        if name != changed and name in one.when
    )


def _is_sure(rule: Rule, given: Rule, changed: str) -> bool:
    """Whether `rule` holds wherever `given` does, `changed` left aside."""
    return all(
        name == changed or (name in given.when and given.when[name] <= values)
        for name, values in rule.when.items()
    )


def _is_hidden(earlier: tuple[Rule, ...], rule: Rule, name: str, value: str | None) -> bool:
    """Whether an earlier rule holds wherever this one does, so that it never decides."""
    return any(_allows(one, name, value) and _is_sure(one, rule, name) for one in earlier)


def _fall(rule: Rule, lower: Rule, name: str, less: str | None, more: str) -> str:
    before = f"{name} = {less}" if less is not None else f"{name} not asked about"
    if more in lower.when.get(name, ()):
        cause = f'rule "{lower.name}" sends {name} = {more} to {lower.outcome}'
    else:
        cause = f'rule "{rule.name}" lets go of a call at {name} = {more}'
    return (
        f"{cause}, though {before} may have led to {rule.outcome} "
        f'(rule "{rule.name}"): more danger must not mean less help'
    )


def _reach_faults(policy: Policy) -> Iterator[str]:
    """Rules for which an unknown danger is a reason to send somebody less than 911."""
    for rule in policy.rules:
        if rule.outcome in EMERGENCY:
            continue
        for name in sorted(DANGERS & rule.when.keys()):
            worst = SCALES[name][-1]
            if worst in rule.when[name]:
                sends = f'rule "{rule.name}" sends {name} = {worst} to {rule.outcome}'
                yield f"{sends}; it must go to 911"
            elif UNKNOWN in rule.when[name]:
                takes = f'rule "{rule.name}" takes an unknown {name} for a reason'
                yield f"{takes} to send a call to {rule.outcome}"
