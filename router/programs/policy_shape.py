"""The shape of a program's policy: rules in order, what they ask, and where they send a call."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from types import MappingProxyType

from pydantic import Field, field_validator

from ivr_flows import prompts
from ivr_flows.outputs import Say
from router.policy.coverage import Coverage
from router.policy.eligibility import OLDEST, Policy, Rule
from router.policy.outcomes import Outcome
from router.policy.service_area import Area
from router.programs.shape import AnswerName, Fault, OptionalName, Shape, Words

NOT_FOR_CLINICIAN = "not_for_clinician"  # the prompt for a rule of 911 without one of its own
_AGES = re.compile(r"(\d{1,3})(?:-(\d{1,3})|(\+))?")


class RuleShape(Shape):
    """One rule of eligibility; `sentence` names a prompt, "" for the usual one.

    A value of `age` is a number, a range such as "0-17", or "65+".
    """

    name: AnswerName
    when: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    outcome: Outcome
    request: OptionalName = ""
    sentence: OptionalName = ""
    why: Words

    @field_validator("when", mode="before")
    @classmethod
    def _whole_numbers_are_ages(cls, when: object) -> object:
        if not isinstance(when, dict) or not isinstance(when.get("age"), list):
            return when
        ages = [str(age) if type(age) is int else age for age in when["age"]]
        return {**when, "age": ages}


class PolicyShape(Shape):
    """Rules in order, and what applies when none holds."""

    rules: tuple[RuleShape, ...] = Field(min_length=1)
    otherwise: RuleShape


def to_policy_rules(
    policy: PolicyShape, version: int, areas: Iterable[Area], coverages: Iterable[Coverage]
) -> Policy:
    """The policy in the form that decisions are made by."""
    return Policy(
        version=version,
        rules=tuple(_to_rule(rule) for rule in policy.rules),
        otherwise=_to_rule(policy.otherwise),
        areas=tuple(areas),
        coverages=tuple(coverages),
    )


def find_unspoken(policy: PolicyShape) -> Iterator[Fault]:
    """Rules whose sentence no file of prompts has."""
    paths: list[tuple[str | int, ...]] = [
        *(("policy", "rules", index) for index in range(len(policy.rules))),
        ("policy", "otherwise"),
    ]
    for path, rule in zip(paths, (*policy.rules, policy.otherwise), strict=True):
        if rule.sentence and not is_prompt(rule.sentence):
            yield (*path, "sentence"), f'(rule "{rule.name}") names no prompt: "{rule.sentence}"'


def is_prompt(name: str) -> bool:
    """Whether there is a sentence of that name to be spoken."""
    try:
        prompts.text(Say(name))
    except (KeyError, IndexError):
        return False
    return True


def _to_rule(rule: RuleShape) -> Rule:
    return Rule(
        name=rule.name,
        when=MappingProxyType({name: _values(name, given) for name, given in rule.when.items()}),
        outcome=rule.outcome.value,
        sentence=_sentence(rule),
        why=rule.why,
        request=rule.request,
    )


def _sentence(rule: RuleShape) -> str:
    if rule.outcome is Outcome.RETURN_TO_911:
        usual = NOT_FOR_CLINICIAN
    else:
        usual = f"outcome_{rule.outcome.value}"
    named = rule.sentence or f"decision_{rule.name}"
    return next((one for one in (named, usual) if is_prompt(one)), "")


def _values(name: str, given: tuple[str, ...]) -> frozenset[str]:
    if name != "age":
        return frozenset(given)
    return frozenset(age for one in given for age in _ages(one))


def _ages(given: str) -> Iterator[str]:
    found = _AGES.fullmatch(given)
    if found is None:
        yield given  # "unknown", or a fault that the check of values tells
        return
    first = int(found[1])
    last = OLDEST if found[3] else int(found[2] or first)
    if first > last or last > OLDEST:
        yield given
        return
    yield from (str(age) for age in range(first, last + 1))
