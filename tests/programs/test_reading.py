"""A program's file is read whole or refused with a sentence and a line for each fault."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ivr_flows.program import Line
from router.programs.location import find_line, locate
from router.programs.policy_shape import NOT_FOR_CLINICIAN
from router.programs.reading import (
    EXAMPLES,
    ProgramFileError,
    from_stored,
    read_file,
    read_text,
    to_deadlines,
    to_policy,
    to_program,
    to_stored,
)

AUSTIN = (EXAMPLES / "austin.toml").read_text(encoding="utf-8")

CALL_TYPES = AUSTIN[AUSTIN.index('1 = "mental') : AUSTIN.index("# The same, as a caller")]


def line_of(text: str) -> int:
    return AUSTIN[: AUSTIN.index(text)].count("\n") + 1


def faults_of(text: str) -> tuple[str, ...]:
    with pytest.raises(ProgramFileError) as caught:
        read_text(text, "austin.toml")
    return caught.value.faults


def test_a_published_version_holds_no_number_and_reads_back_the_same() -> None:
    document = read_text(AUSTIN, "austin.toml")
    stored = json.loads(json.dumps(to_stored(document)))
    assert "555" not in json.dumps(stored)
    assert to_stored(from_stored(stored)) == stored
    assert to_program(from_stored(stored), 4) == to_program(document, 4)
    assert to_policy(from_stored(stored), 4) == to_policy(document, 4)


def test_a_version_written_by_a_newer_release_is_read_all_the_same() -> None:
    document = read_text(AUSTIN, "austin.toml")
    stored = {**to_stored(document), "patience": {"hours": "all"}}
    stored["timings"] = {**stored["timings"], "patience_seconds": 9}
    assert to_program(from_stored(stored), 1) == to_program(document, 1)


def test_settings_reach_the_flows() -> None:
    program = to_program(
        read_text(AUSTIN.replace("waiting_seconds = 180", "waiting_seconds = 77"), "x"), 9
    )
    assert program.waiting_seconds == 77
    assert program.version == 9
    assert program.lines["transfer"] == Line("transfer", "transfer")
    assert program.desks["911"].overlap_seconds == 3.0
    assert program.call_types["2"] == "suicidal"
    assert to_deadlines(read_text(AUSTIN, "x")).acknowledge_seconds == 90


def test_every_sentence_a_call_taker_may_hear_is_in_the_catalogue() -> None:
    policy = to_policy(read_text(AUSTIN, "x"), 1)
    assert all(rule.sentence for rule in (*policy.rules, policy.otherwise))
    custom = AUSTIN.replace(
        'name = "not_listed"', 'name = "not_listed"\nsentence = "caller_stays_with_you"'
    )
    assert to_policy(read_text(custom, "x"), 1).otherwise.sentence == "caller_stays_with_you"
    unknown = AUSTIN.replace('name = "weapon"\n', 'name = "weapon_of_sorts"\n')
    rules = {rule.name: rule for rule in to_policy(read_text(unknown, "x"), 1).rules}
    assert rules["weapon_of_sorts"].sentence == "outcome_police"
    unknown = AUSTIN.replace('name = "place_danger"\n', 'name = "ledge"\n')
    rules = {rule.name: rule for rule in to_policy(read_text(unknown, "x"), 1).rules}
    assert rules["ledge"].sentence == NOT_FOR_CLINICIAN


@pytest.mark.parametrize(
    ("good", "bad", "sentence"),
    [
        ("ring_seconds = 15", "ring_second = 15", 'did you mean "ring_seconds"?'),
        ("decide_seconds = 25", 'decide_seconds = "soon"', "should be a whole number"),
        ("decide_seconds = 25", "decide_seconds = 1", "should be at least 5"),
        ("decide_seconds = 25", "decide_seconds = 5000", "should be at most 120"),
        ("enabled = true", 'enabled = "maybe"', "should be true or false"),
        ("overlap_seconds = 8.0", 'overlap_seconds = "x"', "should be a number"),
        ('kind = "direct"', 'kind = "diret"', "should be 'direct', 'transfer', 'psap' or"),
        ('number = "+15125550100"', 'number = "911"', "telephone number in full"),
        ('number = "+15125550101"', 'number = "+15125550100"', 'number of the line "direct"'),
        ('number = "+15125550110"', 'number = "+15125550100"', 'our own line "direct"'),
        ('id = "austin-second"', 'id = "austin-priority"', "is used twice"),
        ('6 = "other"', '9 = "other"', "should be a key from 1 to 7"),
        ('6 = "other"', '6 = "suicidal"', "which another key stands for"),
        ('6 = "other"', '6 = "Other"', "should be lower-case letters"),
        ('desk = "911"', 'desk = "912"', '"912", which is not among the desks'),
        ('desk = "911"', 'desk = "clinicians"', 'whose role is not "call_taker"'),
        ('clinician_desk = "clinicians"', 'clinician_desk = "911"', 'role is not "clinician"'),
        ('clinician_desk = "clinicians"', 'clinician_desk = "c4"', "not among the desks"),
        ('caller_id = "transfer"', 'caller_id = "main"', "not among the lines"),
        ('time_zone = "America/Chicago"', 'time_zone = "Texas"', "should be a time zone"),
        ('time_zone = "America/Chicago"', 'time_zone = "../x"', "should be a time zone"),
        ('languages = ["en", "es"]', 'languages = ["en", "xx"]', '"xx" has no prompts'),
        ('languages = ["en", "es"]', "languages = []", "should not be empty"),
        ('languages = ["en", "es"]', 'languages = "en"', "should be a list"),
        ('outcome = "return_to_911"', 'outcome = "voicemail"', "'ems' or 'return_to_911'"),
        ('danger = ["yes", "unknown"]', 'danger = ["unknown"]', "would be unsafe"),
        ("when = { weapon =", "when = { wepon =", "is not an answer that can be asked"),
        ('call_type = ["suicidal"]', 'call_type = ["sad"]', 'waits for call_type "sad"'),
        ('why = "A weapon', 'sentence = "no_such"\nwhy = "A weapon', 'no prompt: "no_such"'),
        ('title = "Austin', 'title = = "Austin', "is not valid TOML"),
    ],
)
def test_each_fault_is_a_sentence_with_its_line(good: str, bad: str, sentence: str) -> None:
    (fault, *_rest) = faults_of(AUSTIN.replace(good, bad, 1))
    assert sentence in fault
    assert fault.startswith("austin.toml, line ")
    number = int(fault.removeprefix("austin.toml, line ").split(":")[0])
    # a fault of a list element or a rule is named by the line on which its table begins
    assert 0 <= line_of(good) - number <= 2


def test_all_faults_are_told_at_once_in_the_order_of_the_file() -> None:
    text = AUSTIN.replace("ring_seconds = 15", "ring_seconds = 0").replace(
        'kind = "direct"', 'kind = "x"'
    )
    faults = faults_of(text)
    assert len(faults) == 3
    line = line_of('kind = "direct"')
    assert faults[0].startswith(f"austin.toml, line {line}:")
    assert "psap.lines[1].ring_seconds" in faults[1]
    assert "psap.lines[2].ring_seconds" in faults[2]


@pytest.mark.parametrize(
    ("cut", "sentence"),
    [
        ('name = "austin"\n', "name is missing"),
        ('number = "+15125550100"\n', "lines.direct.number is missing"),
        ('number = "+15125550110"\n', "psap.lines[1].number is missing"),
        ('desk = "911"\n', "the 911 centre (psap) has no desk"),
        ('1 = "mental_health"\n2 = "dispute"\n3 = "welfare"\n4 = "other"\n', "need reasons"),
        (
            AUSTIN[AUSTIN.index('1 = "mental') : AUSTIN.index("# The same, as a c")],
            "need call_types",
        ),
    ],
)
def test_what_is_missing_is_named(cut: str, sentence: str) -> None:
    assert any(sentence in fault for fault in faults_of(AUSTIN.replace(cut, "", 1)))


def test_a_program_that_no_caller_could_reach_is_refused() -> None:
    text = AUSTIN
    for kind in ("direct", "transfer", "front_door_911"):
        text = text.replace(f'kind = "{kind}"', 'kind = "psap"')
    assert any("no caller could come" in fault for fault in faults_of(text))


def test_an_external_911_centre_needs_no_desk() -> None:
    text = AUSTIN.replace('desk = "911"\n', "").replace('kind = "psap"', 'kind = "direct"')
    program = to_program(read_text(text, "austin.toml"), 1)
    assert program.psap.desk == ""
    assert len(program.psap.lines) == 3


def test_a_file_that_is_not_there_or_not_text_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ProgramFileError, match="cannot be read: No such file"):
        read_file(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ProgramFileError, match="not text in UTF-8"):
        read_file(tmp_path / "bytes.toml")


def test_settings_are_found_on_their_lines() -> None:
    text = 'a = 1\n[t."x y"]\nb.c = 2\n[[l]]\nd = 1\n[l.sub]\ne = 1\n[[l]]\nf = [\n  "=",\n]\n'
    lines = locate(text)
    assert find_line(lines, ("a",)) == 1
    assert find_line(lines, ("t", "x y", "b", "c")) == 3
    assert find_line(lines, ("l", 0, "d")) == 5
    assert find_line(lines, ("l", 0, "sub", "e")) == 7
    assert find_line(lines, ("l", 1, "f", 0)) == 9
    assert find_line(lines, ("l", 1, "missing")) == 8
    assert find_line(lines, ("nowhere",)) is None
