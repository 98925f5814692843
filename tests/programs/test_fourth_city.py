"""A fourth city needs no code: ten lines of a file that is read, decided by and followed."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from ivr_flows.call import Stage
from router.cli import main
from router.policy.eligibility import Circumstances, decide
from router.programs.inheritance import OF_A_PLACE
from router.programs.reading import (
    EXAMPLES,
    ProgramFileError,
    read_file,
    read_text,
    to_policy,
    to_program,
)
from router.services.load_program import decide_by
from tests.ivr_flows.story import Story, eligible_direct

RENO = """\
extends = "austin"
name = "reno"
title = "Reno crisis calls"
time_zone = "America/Los_Angeles"
areas = { county = { zips = ["895"] } }
lines.direct = { kind = "direct", number = "+17755550100" }
lines.transfer = { kind = "transfer", number = "+17755550101" }
psap.id = "reno"
psap.name = "Reno 911"
psap.lines = [{ id = "reno-911", name = "general", number = "+17755550110" }]
"""


def test_el1_ten_lines_are_a_program(tmp_path: Path) -> None:
    assert len(RENO.splitlines()) == 10
    path = tmp_path / "reno.toml"
    path.write_text(RENO, encoding="utf-8")
    done = CliRunner().invoke(main, ["program", "validate", str(path)])
    assert done.exit_code == 0
    assert "reno.toml is right: Reno crisis calls, 2 lines" in done.output
    document = read_file(path)
    assert document.policy == read_file(EXAMPLES / "austin.toml").policy
    assert "512555" not in document.model_dump_json()


def test_el1_a_call_runs_through_a_fourth_city() -> None:
    document = read_text(RENO, "reno.toml")
    policy = to_policy(document, 1)
    story = Story(to_program(document, 1), decides=lambda answers: decide_by(policy, answers))
    eligible_direct(story)
    assert story.is_at(Stage.WAITING)
    story.enters(story.accepts("ana"))
    assert story.is_at(Stage.CONNECTED)
    story.stars("call-2")
    story.leaves_room("call-1")
    story.presses("call-2", "9")
    assert story.is_at(Stage.RETURNING)
    assert story.leg(story.psap_leg()).line_id == "reno-911"


@pytest.mark.parametrize(
    ("zip_code", "outcome"), [("89501", "clinician"), ("78701", "return_to_911")]
)
def test_el2_the_city_has_its_own_area(zip_code: str, outcome: str) -> None:
    policy = to_policy(read_text(RENO, "reno.toml"), 1)
    answers = {"reason": "mental_health", "caller_party": "first", "zip": zip_code}
    assert decide(policy, answers, Circumstances()).outcome == outcome


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('extends = "austin"', 'extends = "boston"', "line 1: extends should name a program that"),
        ("areas =", "# areas =", "the program has no areas"),
        ("psap.lines", "# psap.lines", "psap.lines is missing"),
        ("lines.transfer", "# lines.transfer", 'names the line "transfer", which is not among'),
    ],
)
def test_el1_what_belongs_to_the_place_must_be_given(old: str, new: str, sentence: str) -> None:
    with pytest.raises(ProgramFileError) as caught:
        read_text(RENO.replace(old, new), "reno.toml")
    assert any(sentence in fault for fault in caught.value.faults), caught.value.faults


def test_law4_no_number_and_no_911_centre_is_ever_taken_over() -> None:
    assert {"lines", "psap", "crisis_line", "areas", "coverage"} <= OF_A_PLACE
