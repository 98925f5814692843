"""EL1, EL2: the acceptance scenarios of the field, for each program and its documented rules.

Each row is one call. Its outcomes are those that a source documents ("doc") or that are our reading
of it ("inf"), as the reference the programs were written from marks them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.policy.eligibility import (
    AREA,
    DANGERS,
    SCALES,
    UNKNOWN,
    YES_OR_NO,
    Circumstances,
    Policy,
    decide,
)
from router.policy.outcomes import EMERGENCY, URGENCY, Outcome
from router.policy.soundness import list_faults
from router.programs.document import ProgramDocument
from router.programs.reading import EXAMPLES, read_file, to_policy

CITIES = ("austin", "phoenix", "durham")
DOCUMENTS = {city: read_file(EXAMPLES / f"{city}.toml") for city in CITIES}
POLICIES = {city: to_policy(document, 1) for city, document in DOCUMENTS.items()}
DOWNTOWN = {"austin": (-97.74, 30.27), "phoenix": (-112.07, 33.45), "durham": (-78.90, 35.99)}
AFTERNOON = datetime(2026, 6, 3, 20, tzinfo=UTC)  # 15:00, 13:00 and 16:00 there
NIGHT = datetime(2026, 6, 3, 9, 30, tzinfo=UTC)  # 4:30, 2:30 and 5:30
OVERFLOW = {
    "": Outcome.RETURN_TO_911,
    "police": Outcome.POLICE,
    "crisis_intervention_officer": Outcome.CRISIS_OFFICER,
}
CALM = dict.fromkeys(YES_OR_NO, "no") | {"mental_health": "yes"}

C = {Outcome.CLINICIAN}
CT = {Outcome.CLINICIAN, Outcome.CLINICIAN_THEN_TEAM}
T = {Outcome.TEAM}
HOTLINE = {Outcome.CRISIS_LINE}
POLICE = {Outcome.POLICE, Outcome.CRISIS_OFFICER}
CONFERENCED = {Outcome.POLICE_WITH_CLINICIAN}
EMS = {Outcome.EMS}
CO = {Outcome.CO_RESPONSE}
BACK = {Outcome.RETURN_TO_911}
ANY_911 = set(EMERGENCY)

Accepted = tuple[set[Outcome], str]


@dataclass(frozen=True)
class Scenario:
    """One call: what is known of it and where it may go in each city, and why."""

    title: str
    answers: Mapping[str, str]
    austin: Accepted
    phoenix: Accepted
    durham: Accepted
    why: str

    def accepted(self, city: str) -> Accepted:
        found: Accepted = getattr(self, city)
        return found


def call(call_type: str, party: str, **answers: str) -> dict[str, str]:
    """A call on which everything was asked and nothing found but what is given."""
    return CALM | {"call_type": call_type, "caller_party": party} | answers


SCENARIOS = (
    Scenario(
        "1 panic attack at home",
        call("mental_health", "first"),
        (C, "doc"),
        (HOTLINE, "doc"),
        (C, "inf"),
        "the model of a call resolved by phone; Phoenix diverts first-party callers",
    ),
    Scenario(
        "2 thoughts of suicide, no plan, no means",
        call("suicidal", "first", risk_level="low"),
        (C, "doc"),
        (HOTLINE, "inf"),
        (C, "doc"),
        "suicidal ideation stood in Austin's first decision tree, a threat on Durham's list",
    ),
    Scenario(
        "3 thoughts of suicide, gun in hand",
        call("suicidal", "first", weapon="yes", imminent_risk="yes"),
        (CONFERENCED, "doc"),
        (POLICE, "inf"),
        (CO | POLICE, "inf"),
        "weapon and imminent risk; Austin conferences a clinician in",
    ),
    Scenario(
        "4 took pills ten minutes ago",
        call("suicidal", "first", medical="yes"),
        (EMS, "doc"),
        (EMS, "doc"),
        (EMS, "inf"),
        "medical need beats diversion",
    ),
    Scenario(
        "4 overdose, as Phoenix codes it, with medical need",
        call("overdose", "third", medical="yes"),
        (EMS, "doc"),
        (EMS, "doc"),
        (EMS, "inf"),
        "overdose is a type of Phoenix's, but Fire and EMS must not be required",
    ),
    Scenario(
        "6 hears children calling, calm",
        call("mental_health", "first"),
        (C, "doc"),
        (HOTLINE, "inf"),
        (C, "doc"),
        "such a caller was helped by phone",
    ),
    Scenario(
        "6 the same, and insists on police",
        call("mental_health", "first", asked_police="yes"),
        (POLICE, "doc"),
        (POLICE, "inf"),
        (POLICE, "inf"),
        "who asks for police gets police",
    ),
    Scenario(
        "10 escalates: he has a knife now",
        call("mental_health", "first", weapon="yes"),
        (ANY_911, "doc"),
        (ANY_911, "inf"),
        (ANY_911, "inf"),
        "the clinician patches 911 in",
    ),
    Scenario(
        "11 handed over by a 988 counselor",
        call("mental_health", "first", from_988="yes"),
        (POLICE | EMS, "doc"),
        (POLICE, "inf"),
        (POLICE | CO, "inf"),
        "988 has tried already what a clinician can do",
    ),
    Scenario(
        "13 brother paranoid, pacing, no weapon",
        call("mental_health", "second"),
        (CT, "inf"),
        (T, "doc"),
        (T, "doc"),
        "a second-party caller; Phoenix and Durham send a team",
    ),
    Scenario(
        "15 man talking to himself, the caller stays",
        call("mental_health", "third", caller_stays="yes"),
        (CT, "inf"),
        (T, "doc"),
        (T, "doc"),
        "little can be resolved by phone with a third party",
    ),
    Scenario(
        "15 the same, the caller has gone on",
        call("mental_health", "third", caller_stays="no"),
        (ANY_911, "inf"),
        (T, "doc"),
        (T, "doc"),
        "Austin: a welfare check, which is for 911 to send",
    ),
    Scenario(
        "16 man asleep in a doorway",
        call("trespass", "third", mental_health="unknown"),
        (ANY_911, "inf"),
        (ANY_911, "inf"),
        (T, "doc"),
        "trespass is on Durham's list alone",
    ),
    Scenario(
        "16 the same, and the caller is concerned for him",
        call("trespass", "third"),
        (ANY_911, "inf"),
        (T, "inf"),
        (T, "doc"),
        "Phoenix: concern for well-being, and no crime",
    ),
    Scenario(
        "18 naked man walking in traffic",
        call("indecency", "third", place_danger="yes"),
        (ANY_911, "inf"),
        (CO, "inf"),
        (CO, "inf"),
        "traffic is the danger",
    ),
    Scenario(
        "18 the same on a quiet path",
        call("indecency", "third"),
        (ANY_911, "inf"),
        (ANY_911 | T, "inf"),
        (T, "doc"),
        "indecency is on Durham's list",
    ),
    Scenario(
        "19 drunk student, stumbling",
        call("intoxicated_person", "third", severe_intoxication="no", intoxication="some"),
        (ANY_911, "doc"),
        (T, "inf"),
        (T, "doc"),
        "an intoxicated person is on Durham's list",
    ),
    Scenario(
        "19 the same, and unwell",
        call("intoxicated_person", "third", severe_intoxication="yes", medical="yes"),
        (ANY_911, "doc"),
        (EMS, "inf"),
        (EMS, "inf"),
        "severe intoxication is excluded in Austin",
    ),
    Scenario(
        "21 couple argues, one off their meds, no blows",
        call("verbal_dispute", "second"),
        (C, "doc"),
        (T, "inf"),
        (T, "doc"),
        "a verbal dispute with a mental-health component",
    ),
    Scenario(
        "22 noise from a group home",
        call("noise", "third", mental_health="unknown"),
        (BACK, "inf"),
        (BACK, "inf"),
        (BACK, "doc"),
        "not listed; Durham deferred noise",
    ),
    Scenario(
        "23 sixth call today, no new risk",
        call("repeat_caller", "first"),
        (C, "doc"),
        (HOTLINE | T, "inf"),
        (C | {Outcome.CARE_NAVIGATION}, "inf"),
        "repeat callers are an eligible type in Austin",
    ),
    Scenario(
        "23 sixth call today, with new risk",
        call("repeat_caller", "first", imminent_risk="yes"),
        (ANY_911, "inf"),
        (ANY_911, "inf"),
        (ANY_911, "inf"),
        "history never lowers a priority when the risk is new",
    ),
    Scenario(
        "25 panic beside an assault in progress",
        call("mental_health", "first", crime="yes"),
        (CONFERENCED, "doc"),
        (POLICE, "doc"),
        (POLICE, "inf"),
        "a crime in progress wins; Austin conferences a clinician in",
    ),
    Scenario(
        "27 Spanish alone, thoughts of suicide, no plan",
        call("suicidal", "first", language="es"),
        (C, "inf"),
        (HOTLINE, "inf"),
        (C, "inf"),
        "a language never excludes",
    ),
    Scenario(
        "29 open line",
        {},
        (BACK, "inf"),
        (BACK, "inf"),
        (BACK, "inf"),
        "nothing is known, so 911 keeps it",
    ),
    Scenario(
        '30 "assist citizen", untagged',
        call("assist_citizen", "first", mental_health="unknown"),
        (BACK, "doc"),
        (BACK, "doc"),
        (BACK, "doc"),
        "the policy does not take it; a clinician may pull it, subject to approval",
    ),
)
ALL = [
    pytest.param(scenario, city, id=f"{scenario.title} in {city}, {scenario.accepted(city)[1]}")
    for scenario in SCENARIOS
    for city in CITIES
]


def outcome(city: str, answers: Mapping[str, str], at: datetime) -> str:
    known = Circumstances(at=at, position=DOWNTOWN[city], is_clinician_free=True)
    return decide(POLICIES[city], answers, known).outcome


def with_nobody_free(document: ProgramDocument, decided: str) -> str:
    """What a decision comes to when nobody of the desk is free, by the program's own rule (RO6)."""
    is_a_desk = URGENCY[decided] < URGENCY[Outcome.RETURN_TO_911] and decided != "crisis_line"
    desk = document.desks[document.clinician_desk]
    if not is_a_desk or desk.when_none_free == "hold":
        return decided
    return OVERFLOW[document.overflow.request]


@pytest.mark.parametrize(("scenario", "city"), ALL)
def test_el2_within_hours_and_with_clinicians_free(scenario: Scenario, city: str) -> None:
    assert outcome(city, scenario.answers, AFTERNOON) in scenario.accepted(city)[0], scenario.why


@pytest.mark.parametrize(("scenario", "city"), ALL)
def test_el2_outside_hours_it_goes_to_the_crisis_line_or_to_911(
    scenario: Scenario, city: str
) -> None:
    decided = outcome(city, scenario.answers, NIGHT)
    if city == "austin":  # 24 hours a day
        assert decided in scenario.austin[0]
    elif city == "phoenix" and HOTLINE & scenario.phoenix[0]:
        assert decided in HOTLINE  # which has no hours
    else:
        assert decided in EMERGENCY


@pytest.mark.parametrize(("scenario", "city"), ALL)
def test_ro6_with_nobody_free_the_programs_rule_applies(scenario: Scenario, city: str) -> None:
    decided = outcome(city, scenario.answers, AFTERNOON)
    then = with_nobody_free(DOCUMENTS[city], decided)
    if decided in EMERGENCY or decided in HOTLINE or city == "durham":
        assert then == decided
    else:
        assert then == {"austin": "crisis_officer", "phoenix": "police"}[city]


def test_scenario_8_austins_caller_who_finds_nobody_free_gets_a_crisis_officer() -> None:
    direct = {"danger": "no", "caller_party": "first", "reason": "mental_health"}
    assert outcome("austin", direct, AFTERNOON) == Outcome.CLINICIAN
    assert with_nobody_free(DOCUMENTS["austin"], "clinician") == Outcome.CRISIS_OFFICER
    assert outcome("durham", direct, AFTERNOON) == Outcome.CLINICIAN
    assert with_nobody_free(DOCUMENTS["durham"], "clinician") == Outcome.CLINICIAN  # waits in line


@pytest.mark.parametrize("city", CITIES)
@pytest.mark.parametrize("party", ["first", "second", "third"])
@pytest.mark.parametrize("call_type", ["mental_health", "suicidal", "welfare_check"])
def test_el2_a_place_outside_the_city_goes_to_911_and_an_unknown_one_is_not_outside(
    city: str, party: str, call_type: str
) -> None:
    answers = call(call_type, party)
    atlantic = Circumstances(at=AFTERNOON, position=(-40.0, 30.0))
    assert decide(POLICIES[city], answers, atlantic).rule == "outside_area"
    unknown = decide(POLICIES[city], answers, Circumstances(at=AFTERNOON))
    (finding,) = [one for one in unknown.findings if one.rule == "outside_area"]
    assert unknown.rule != "outside_area"
    assert set(finding.answers.values()) == {UNKNOWN}


def test_el2_durham_sends_teams_only_where_and_when_they_work() -> None:
    worried = call("welfare_check", "third")
    edge_of_town = Circumstances(at=AFTERNOON, position=(-78.80, 35.90))
    assert decide(POLICIES["durham"], worried, edge_of_town).outcome == "clinician_then_team"
    evening = datetime(2026, 6, 4, 2, tzinfo=UTC)  # 22:00: the clinicians are on, the teams not
    assert outcome("durham", worried, evening) == "clinician_then_team"


@pytest.mark.parametrize("city", CITIES)
def test_el1_the_policy_is_safe_to_publish(city: str) -> None:
    assert list_faults(POLICIES[city]) == []


def values_of(policy: Policy) -> dict[str, list[str]]:
    """Every value that a rule of the policy asks about, and unknown."""
    found: dict[str, set[str]] = {}
    for rule in policy.rules:
        for name, values in rule.when.items():
            found.setdefault(name, {UNKNOWN, "other"}).update(values)
    return {
        name: sorted(SCALES.get(name, values))
        for name, values in found.items()
        if not name.startswith("coverage_")
    }


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, dict[str, str], Circumstances]:
    city = draw(st.sampled_from(CITIES))
    values = values_of(POLICIES[city])
    answers = draw(
        st.fixed_dictionaries(
            {}, optional={name: st.sampled_from(of) for name, of in values.items()}
        )
    )
    at = draw(st.sampled_from([None, AFTERNOON, NIGHT]))
    position = None
    if not any(name.startswith(AREA) for name in answers):
        position = draw(st.sampled_from([None, DOWNTOWN[city], (0.0, 51.0)]))
    return city, answers, Circumstances(at=at, position=position)


@given(calls(), st.sampled_from(sorted(DANGERS)), st.data())
def test_el1_more_danger_never_means_less_help_and_every_call_has_an_outcome(
    a_call: tuple[str, dict[str, str], Circumstances], danger: str, data: st.DataObject
) -> None:
    city, answers, known = a_call
    scale = SCALES[danger]
    before = answers.get(danger)
    rising = scale[scale.index(before) + 1 :] if before in scale else scale[-1:]
    less = decide(POLICIES[city], answers, known)
    assert less == decide(POLICIES[city], dict(reversed(list(answers.items()))), known)
    if rising:
        after = {**answers, danger: data.draw(st.sampled_from(rising))}
        more = decide(POLICIES[city], after, known)
        assert URGENCY[more.outcome] >= URGENCY[less.outcome]
