"""Decides where a call belongs: with a clinician, a team, a crisis line, or 911 (EL1 to EL3).

A policy is data: ordered rules over answers, and the areas and hours that rules may ask about. The
first rule that holds decides. What is not known stays unknown; it never counts as "no".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from router.policy.coverage import Coverage
from router.policy.outcomes import REQUESTS, Outcome
from router.policy.service_area import Area, Position

CLINICIAN = Outcome.CLINICIAN.value
RETURN_TO_911 = Outcome.RETURN_TO_911.value
OUTCOMES = frozenset(outcome.value for outcome in Outcome)

YES, NO, UNKNOWN = "yes", "no", "unknown"
ANSWERS = (NO, UNKNOWN, YES)

# Answers that name a danger, each with its values in the order of rising danger. Nearly every
# program excludes these (GPL brief, 2024); how is its own affair.
SCALES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    dict.fromkeys(
        (
            "danger",
            "weapon",
            "violence",
            "crime",
            "medical",
            "imminent_risk",
            "place_danger",  # of where the person is: traffic, a ledge
            "severe_intoxication",
        ),
        ANSWERS,
    )
    | {
        "intoxication": ("none", "some", UNKNOWN, "severe"),
        "risk_level": ("low", "moderate", UNKNOWN, "high"),  # of a triage protocol
    }
)
DANGERS = frozenset(SCALES)
YES_OR_NO = frozenset(name for name, scale in SCALES.items() if scale is ANSWERS) | {
    "from_988",
    "asked_police",
    "mental_health",
    "caller_stays",
}
PARTIES = frozenset({"first", "second", "third", UNKNOWN})
OPEN_ANSWERS = frozenset({"call_type", "reason", "language"})  # a program names their values
OLDEST = 130
AGES = frozenset(str(age) for age in range(OLDEST + 1)) | {UNKNOWN}
CLINICIAN_FREE = "clinician_free"
AREA, COVERAGE = "area_", "coverage_"  # before the name of one, the answer whether the call is in
INPUTS = YES_OR_NO | DANGERS | OPEN_ANSWERS | {"caller_party", "age", CLINICIAN_FREE}


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
    areas: tuple[Area, ...] = ()
    coverages: tuple[Coverage, ...] = ()
    inputs: frozenset[str] = field(init=False, repr=False, compare=False)  # what rules ask about

    def __post_init__(self) -> None:
        names = frozenset(name for rule in self.rules for name in rule.when)
        object.__setattr__(self, "inputs", names)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known of a call besides its answers; None for what is not."""

    at: datetime | None = None
    position: Position | None = None
    is_clinician_free: bool | None = None


NOTHING_KNOWN = Circumstances()


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


def decide(
    policy: Policy, answers: Mapping[str, str], known: Circumstances = NOTHING_KNOWN
) -> Decision:
    """The decision for these answers. A function of its arguments; every set of answers has one."""
    complete = complete_answers(policy, answers, known)
    findings = tuple([_examine(rule, complete) for rule in policy.rules])
    chosen = policy.otherwise
    for rule, finding in zip(policy.rules, findings, strict=True):
        if finding.verdict is Verdict.HOLDS:
            chosen = rule
            break
    return Decision(
        outcome=chosen.outcome,
        rule=chosen.name,
        sentence=chosen.sentence,
        request=chosen.request or REQUESTS.get(chosen.outcome, ""),
        why=chosen.why,
        policy_version=policy.version,
        findings=(*findings, _examine(policy.otherwise, complete)),
    )


def circumstances_of(decision: Decision) -> Mapping[str, str]:
    """What the decision knew besides answers: areas, hours, whether somebody is free."""
    seen: dict[str, str] = {}
    for finding in decision.findings:
        seen.update(finding.answers)
    return {
        name: value
        for name, value in sorted(seen.items())
        if name.startswith((AREA, COVERAGE)) or name == CLINICIAN_FREE
    }


def explain(decision: Decision) -> tuple[str, ...]:
    """Every rule in order, its verdict and the answers it looked at, a line each (EL3)."""
    return tuple(_in_words(finding) for finding in decision.findings)


def _in_words(finding: Finding) -> str:
    looked_at = ", ".join(
        f"{name.replace('_', ' ')}: {value.replace('_', ' ')}"
        for name, value in finding.answers.items()
    )
    verdict = _VERDICTS[finding.verdict]
    line = f"{finding.rule.replace('_', ' ')}: {verdict}"
    return f"{line} ({looked_at})" if looked_at else line


_VERDICTS = {
    Verdict.HOLDS: "holds",
    Verdict.FAILS: "does not hold",
    Verdict.UNKNOWN: "not known",
}


def complete_answers(
    policy: Policy, answers: Mapping[str, str], known: Circumstances = NOTHING_KNOWN
) -> Mapping[str, str]:
    """The answers with what follows from them and from the circumstances, as far as rules ask.

    What cannot be worked out, such as the area of a place that nobody told, is "unknown".
    """
    inputs = policy.inputs
    complete = dict(answers)
    if "severe_intoxication" in inputs and "severe_intoxication" not in answers:
        complete.update(_intoxication(answers))
    if "age" in inputs and "age" in answers:
        complete["age"] = _age(answers["age"])
    if CLINICIAN_FREE in inputs:
        complete[CLINICIAN_FREE] = _word(known.is_clinician_free)
    for area in policy.areas:
        if (name := AREA + area.name) in inputs:
            complete[name] = _in_area(area, answers, known.position)
    for coverage in policy.coverages:
        if (name := COVERAGE + coverage.name) in inputs:
            complete[name] = _word(None if known.at is None else coverage.is_open(known.at))
    return complete


def areas_of(
    policy: Policy, answers: Mapping[str, str], position: Position | None = None
) -> dict[str, str]:
    """For each area of the policy, as an answer, whether the place of the call lies in it."""
    return {AREA + area.name: _in_area(area, answers, position) for area in policy.areas}


def _intoxication(answers: Mapping[str, str]) -> dict[str, str]:
    words = {"none": NO, "some": NO, UNKNOWN: UNKNOWN, "severe": YES}
    found = words.get(answers.get("intoxication", ""))
    return {} if found is None else {"severe_intoxication": found}


def _age(given: str) -> str:
    text = given.strip().lstrip("0") or given.strip()[-1:]
    return text if text in AGES else UNKNOWN


def _in_area(area: Area, answers: Mapping[str, str], position: Position | None) -> str:
    if position is not None and area.polygons:
        return _word(area.contains(position))
    if answers.get("zip") and area.zips:
        return _word(area.has_zip(answers["zip"]))
    return answers.get(AREA + area.name, UNKNOWN)


def _word(holds: bool | None) -> str:  # noqa: FBT001 - a truth put into words
    return UNKNOWN if holds is None else YES if holds else NO


def _examine(rule: Rule, answers: Mapping[str, str]) -> Finding:
    verdict = Verdict.HOLDS
    seen = {}
    for name, values in rule.when.items():
        answer = answers.get(name)
        seen[name] = answer or UNKNOWN
        if answer in values:
            continue
        if answer not in _NOT_KNOWN:
            verdict = Verdict.FAILS
        elif verdict is Verdict.HOLDS:
            verdict = Verdict.UNKNOWN
    return Finding(rule.name, rule.outcome, verdict, MappingProxyType(seen), rule.why)


_NOT_KNOWN = (None, "", UNKNOWN)
