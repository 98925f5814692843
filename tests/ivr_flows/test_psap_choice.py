"""RE3: the caller's own 911 centre, chosen once, explained, and followed by every ring."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from types import MappingProxyType

import pytest

from ivr_flows import inputs, outputs
from ivr_flows.call import Stage
from ivr_flows.facts import Announcement
from ivr_flows.program import Program, Psap, ReturnLine
from ivr_flows.psap_choice import Choice, choose_for
from tests.ivr_flows.story import Story, connected, hosted, transferred, with_centres

CALLER, ANA = "call-1", "call-2"
CENTRES = with_centres()


def of_line(program: Program, line: str, psap: str) -> Program:
    return replace(program, lines={**program.lines, line: replace(program.lines[line], psap=psap)})


def choice_of(story: Story, **answers: str) -> Choice:
    call = replace(story.call, answers=MappingProxyType(answers))
    return choose_for(call, story.program, lambda told: told)


def chosen(story: Story) -> list[dict[str, str]]:
    return [dict(event.details) for event in story.events if event.kind == "psap_chosen"]


def rung(story: Story) -> str:
    return story.leg(story.psap_leg()).line_id or ""


@pytest.mark.parametrize(
    ("program", "answers", "psap", "because", "by"),
    [
        (CENTRES, {}, "testville", "default", ""),
        (CENTRES, {"area_east": "no"}, "testville", "default", ""),
        (CENTRES, {"area_east": "unknown"}, "testville", "default", ""),
        (CENTRES, {"area_east": "yes"}, "east", "area", "east"),
        (CENTRES, {"incident_number": "e-12"}, "east", "incident", "E"),
        (CENTRES, {"incident_number": "7712"}, "east", "incident", "77"),
        (CENTRES, {"incident_number": "4712"}, "testville", "default", ""),
        (CENTRES, {"psap": "east"}, "east", "incident", ""),
        (CENTRES, {"psap": "testville", "area_east": "yes"}, "testville", "incident", ""),
        (CENTRES, {"psap": "closed_down"}, "testville", "default", ""),
        (of_line(CENTRES, "direct", "east"), {}, "east", "line", ""),
        (of_line(CENTRES, "direct", "testville"), {"area_east": "yes"}, "testville", "line", ""),
        (of_line(CENTRES, "direct", "east"), {"psap": "testville"}, "testville", "incident", ""),
        (of_line(CENTRES, "direct", "gone"), {}, "testville", "default", ""),
    ],
)
def test_re3_the_incident_goes_before_the_line_the_line_before_the_area(
    program: Program, answers: dict[str, str], psap: str, because: str, by: str
) -> None:
    choice = choice_of(Story(program), **answers)
    assert (choice.psap.id, choice.because, choice.by) == (psap, because, by)


def test_re3_the_longest_prefix_names_the_centre() -> None:
    north = Psap("north", "North 911", (ReturnLine("n", "general"),), incident_prefixes=("772",))
    program = replace(CENTRES, psaps={**CENTRES.psaps, "north": north})
    assert choice_of(Story(program), incident_number="7723").psap.id == "north"
    assert choice_of(Story(program), incident_number="7713").psap.id == "east"


def test_re3_whatever_is_known_there_is_a_centre_of_the_program_and_a_reason() -> None:
    random = Random(5)
    programs = [CENTRES, of_line(CENTRES, "direct", "east"), with_centres(hosted()), hosted()]
    values = ["", "yes", "no", "unknown", "east", "E1", "771", "testville", "??", "é"]
    for _ in range(500):
        program = random.choice(programs)
        names = random.sample(["psap", "incident_number", "area_east", "area_x", "zip"], 3)
        story = Story(program)
        choice = choice_of(story, **{name: random.choice(values) for name in names})
        assert choice.psap in (program.psap, *program.psaps.values())
        assert choice.because in ("incident", "line", "area", "default")
        assert (choice.because == "default") <= (choice.psap == program.psap)


def test_re3_a_clinician_s_return_rings_the_chosen_centre_and_says_why_in_the_record() -> None:
    story = connected(Story(CENTRES))
    story.give(inputs.AnswersChanged("token", {"area_east": "yes"}))
    story.give(inputs.ReturnRequested("ana", "medical"))
    assert rung(story) == "east-sip"
    assert chosen(story) == [{"psap": "east", "because": "area", "by": "east"}]
    assert (story.call.psap, story.call.psap_because) == ("east", "area")
    placed = story.take(outputs.PlaceLeg)
    while placed.leg_id != story.psap_leg():
        placed = story.take(outputs.PlaceLeg)
    assert placed.ring_seconds == 10
    assert "East" not in story.said(CALLER) + story.said(ANA)


def test_re3_a_place_told_in_the_very_step_of_the_return_counts() -> None:
    """The zip code is held against the areas by the facts: the answers learn of it only later."""
    answers = MappingProxyType({"zip": "78702"})
    call = replace(Story(CENTRES).call, answers=answers)
    choice = choose_for(call, CENTRES, lambda told: {"area_east": "yes"} if told["zip"] else {})
    assert choice.because == "area"


def test_re3_the_centre_announced_with_the_incident_is_rung() -> None:
    named = Announcement(
        "i1", "P-1", "11111", {"call_type": "mental_health", "psap": "east"}, 5, by_number=True
    )
    story = Story(CENTRES, "transfer", announced=(named,))
    story.presses(CALLER, "1")
    story.presses(CALLER, "9")
    last = story.last(CALLER)
    assert isinstance(last, outputs.Dial911)
    assert last.line_id == "east-sip"
    assert chosen(story) == [{"psap": "east", "because": "incident"}]


def test_re3_new_facts_change_the_centre_until_a_line_rings_and_not_after() -> None:
    for held, expected in ((True, "east-sip"), (False, "priority")):
        program = with_centres(hosted()) if held else CENTRES
        story = connected(Story(program, people={"clinicians": ("ana",), "911": ()}))
        story.give(inputs.ReturnRequested("ana", "medical"))
        story.give(inputs.AnswersChanged("token", {"area_east": "yes"}))
        story.passes(61)  # the hosted desk has no one; its limit is over
        assert rung(story) == expected or not held
        assert story.call.psap == ("east" if held else "testville")


def test_re3_a_hosted_desk_is_the_default_centre_s_own() -> None:
    program = with_centres(hosted())
    for area, desk in (("yes", ""), ("no", "911")):
        story = connected(Story(program))
        story.give(inputs.AnswersChanged("token", {"area_east": area}))
        story.give(inputs.ReturnRequested("ana", "medical"))
        assert story.is_at(Stage.RETURNING)
        assert story.call.desk == desk


def test_re3_a_centre_may_name_a_hosted_desk_of_its_own() -> None:
    program = with_centres(desk="911")
    story = Story(of_line(program, "psap", "east"), "psap")
    assert story.is_at(Stage.WAITING)
    assert story.call.desk == "911"
    other = transferred(Story(program, "transfer"))
    assert other.call.psap == "", "nothing is chosen before a return"
