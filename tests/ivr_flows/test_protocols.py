"""EL4: triage protocols, by the engine alone and on the phone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from ivr_flows import inputs, outputs, protocols
from ivr_flows.call import Place, Stage
from ivr_flows.program import ProtocolUse
from ivr_flows.protocols import Protocol, Run
from router.policy.eligibility import DANGERS, INPUTS
from router.programs.protocol_shape import read_protocol, to_protocol
from router.programs.reading import EXAMPLES
from tests.ivr_flows.story import PROGRAM, Story

CALLER = "call-1"
SHIPPED = sorted((EXAMPLES / "protocols").glob("*.toml"))
SUICIDAL = to_protocol(read_protocol(EXAMPLES / "protocols/austin_suicidal_thoughts.toml"), 1)
ASKING = replace(
    PROGRAM,
    protocols=(
        ProtocolUse("suicidal_thoughts", "call_taker", {"call_type": frozenset({"suicidal"})}),
        ProtocolUse("suicidal_thoughts", "caller", {"reason": frozenset({"other"})}),
    ),
)
IN_FORCE = {SUICIDAL.name: SUICIDAL}


def runs(protocol: Protocol, run: Run) -> Iterator[Run]:
    """Every way through a protocol."""
    question = protocols.question_of(protocol, run)
    if question is None:
        yield run
        return
    values = {"number": ("0", "7"), "text": ("words",)}.get(question.kind, question.values())
    for value in values:
        yield from runs(protocol, protocols.answer(protocol, run, value, by_phone=False))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_el4_every_way_through_a_shipped_protocol_has_an_outcome(path: Path) -> None:
    protocol = to_protocol(read_protocol(path), 1)
    reached = set()
    for run in runs(protocol, protocols.begin(protocol, by_phone=False)):
        outcome = protocols.outcome_of(protocol, run)
        assert outcome is not None
        assert set(outcome.answers) <= INPUTS
        reached.add(outcome.name)
    assert reached == {outcome.name for outcome in protocol.outcomes}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_el4_what_is_not_known_is_never_taken_for_the_better_answer(path: Path) -> None:
    """With an answer unknown, no danger is ruled out that the worst known answer would name."""
    protocol = to_protocol(read_protocol(path), 1)
    for run in runs(protocol, protocols.begin(protocol, by_phone=False)):
        for name, value in run.answers.items():
            question = protocol.questions[name]
            if value != protocols.UNKNOWN or question.kind is not protocols.Kind.YES_NO:
                continue
            unknown = protocols.score_of(protocol, run)
            for known in ("yes", "no"):
                other = replace(run, answers={**run.answers, name: known})
                assert protocols.score_of(protocol, other) <= unknown


def test_el4_three_programs_ship_one_each_in_two_languages() -> None:
    assert {path.stem.split("_")[0] for path in SHIPPED} == {"austin", "phoenix", "durham"}
    for path in SHIPPED:
        assert read_protocol(path).languages == ("en", "es")


def asked(*keys: str, program: object = ASKING) -> Story:
    """A call taker's transfer about thoughts of suicide, up to the protocol."""
    story = Story(ASKING, "transfer", protocols=IN_FORCE)
    for digits in ("4711", "2", "1", "2", "2", "2", "1", *keys):
        story.presses(CALLER, digits)
    return story


def test_el4_a_call_taker_is_asked_by_key_and_the_outcome_goes_to_the_policy() -> None:
    story = asked()
    assert "Has the person hurt themselves today" in story.said(CALLER)
    assert "Yes, press 1. No, 2. Not known, 3." in story.said(CALLER)
    for digits in ("2", "2", "1", "2"):
        story.presses(CALLER, digits)
    assert story.is_at(Stage.WAITING)
    answers = story.call.answers
    assert (answers["protocol_outcome"], answers["risk"]) == ("safe_to_talk", "usual")
    assert answers["imminent_risk"] == "no"
    assert "note" not in dict(story.call.protocol.answers if story.call.protocol else {})


@pytest.mark.parametrize("keys", [("1",), ("2", "1", "1", "2"), ("2", "2", "2", "2")])
def test_el4_a_danger_found_by_the_protocol_stays_with_911(keys: tuple[str, ...]) -> None:
    story = asked(*keys)
    assert story.call.answers["imminent_risk"] == "yes"
    assert story.call.decision == "return_to_911"
    assert "The caller stays with you" in story.said(CALLER)


def test_el4_star_goes_back_8_starts_over_and_pound_adds_the_help() -> None:
    story = asked("2", "2", "*")
    run = story.call.protocol
    assert run is not None
    assert (run.at, dict(run.answers)) == ("means_near", {"hurt_today": "no"})
    story.presses(CALLER, "#")
    assert "Near means within a few steps." in story.said(CALLER)
    story.presses(CALLER, "8")
    assert story.call.protocol == protocols.begin(SUICIDAL, by_phone=True)
    story.presses(CALLER, "*")
    assert story.call.protocol.at == "hurt_today"


def test_el4_a_caller_is_asked_in_their_language_and_may_speak() -> None:
    story = Story(ASKING, protocols=IN_FORCE)
    for digits in ("2", "2", "1", "2", ""):
        story.presses(CALLER, digits)
    assert "¿Se ha hecho daño hoy" in story.said(CALLER)
    for heard in ("no", "no", "sí", "nadie"):
        story.give(inputs.Keyed(CALLER, story.caller.step, speech=heard))
    assert "Para nadie, oprima el 1." in story.said(CALLER)
    assert story.call.protocol is not None
    assert dict(story.call.protocol.answers)["can_stay_safe"] == "yes"


def test_el4_an_unclear_word_is_no_answer() -> None:
    story = asked()
    story.give(inputs.Keyed(CALLER, story.caller.step, speech="no well yes"))
    assert story.call.protocol is not None
    assert story.call.protocol.at == "hurt_today"


def test_el4_silence_at_a_question_that_is_needed_reaches_a_person() -> None:
    story = asked("", "", "")
    assert isinstance(story.last(CALLER), outputs.Dial911)


def test_el4_silence_at_a_question_that_is_not_needed_leaves_it_out() -> None:
    story = asked("2", "2", "1", "", "", "")
    assert story.call.protocol is not None
    assert story.call.protocol.answers["who_is_near"] == "unknown"
    assert story.is_at(Stage.WAITING)


@pytest.mark.parametrize("key", ["0", "9"])
def test_el4_0_and_9_reach_911_in_a_protocol(key: str) -> None:
    story = asked("2", key)
    assert story.caller.place is Place.DIAL


def test_el4_what_was_answered_when_the_line_drops_is_kept() -> None:
    story = asked("2", "3")
    story.hangs_up(CALLER)
    assert story.is_at(Stage.CLOSED)
    assert story.call.protocol is not None
    assert dict(story.call.protocol.answers) == {"hurt_today": "no", "means_near": "unknown"}


def test_el4_without_a_published_protocol_nothing_is_asked() -> None:
    story = Story(ASKING, "transfer")
    for digits in ("4711", "2", "1", "2", "2", "2", "1"):
        story.presses(CALLER, digits)
    assert story.is_at(Stage.WAITING)


def move(story: Story, move: str, **more: str) -> str:
    story.give(inputs.ProtocolMoved("ana", move, **more))
    return story.ignored


def test_el4_a_screen_runs_the_same_protocol_and_a_text_can_be_given_there() -> None:
    story = Story(ASKING, protocols=IN_FORCE)
    assert move(story, "answer", question="hurt_today", value="no") == (
        "no protocol has been started"
    )
    assert move(story, "start", protocol="nothing") == "no protocol nothing is published"
    move(story, "start", protocol="suicidal_thoughts")
    assert move(story, "start", protocol="suicidal_thoughts") == "a protocol is under way"
    for question, value in (
        ("hurt_today", "no"),
        ("means_near", "no"),
        ("can_stay_safe", "yes"),
        ("who_is_near", "family_or_friend"),
        ("note", "in words"),
    ):
        assert move(story, "answer", question=question, value=value) == ""
    assert story.call.protocol is not None
    assert story.call.protocol.answers["note"] == "given"
    assert story.call.answers["protocol_outcome"] == "safe_to_talk"


def test_el4_a_screen_is_told_why_an_answer_is_none() -> None:
    story = asked("2")
    assert move(story, "answer", question="hurt_today", value="no") == (
        "the question asked now is means_near"
    )
    assert move(story, "answer", question="means_near", value="maybe") == (
        "means_near needs one of yes, no, unknown"
    )
    assert move(story, "answer", question="means_near", value="") == "means_near needs an answer"


def test_el4_a_key_answers_the_question_that_was_heard_not_one_a_screen_moved_on_to() -> None:
    story = asked("2")
    move(story, "answer", question="means_near", value="no")
    story.presses(CALLER, "1")
    assert story.call.protocol is not None
    assert story.call.protocol.at == "can_stay_safe"
    assert "can stay safe while they talk" in story.said(CALLER)


def test_el4_a_named_danger_is_not_unsaid_by_a_protocol() -> None:
    story = Story(ASKING, protocols=IN_FORCE)
    story.call = replace(story.call, answers={"imminent_risk": "yes"})
    move(story, "start", protocol="suicidal_thoughts")
    for question, value in zip(SUICIDAL.questions, ("no", "no", "yes", "", ""), strict=True):
        move(story, "answer", question=question, value=value)
    assert story.call.answers["imminent_risk"] == "yes"
    assert "imminent_risk" in DANGERS


@pytest.mark.parametrize(("value", "kept"), [("07", "7"), ("0", "0")])
def test_el4_a_number_is_a_whole_number_within_its_limit(value: str, kept: str) -> None:
    question = protocols.Question("age", protocols.Kind.NUMBER, {}, most=120)
    protocol = replace(SUICIDAL, questions={"age": question})
    run = protocols.begin(protocol, by_phone=True)
    assert protocols.answer(protocol, run, value, by_phone=True).answers["age"] == kept
    for wrong, by_phone in product(("", "121", "-1", "²", "x"), (True, False)):
        with pytest.raises(protocols.AnswerError):
            protocols.answer(protocol, run, wrong, by_phone=by_phone)
