"""Every sentence exists, in every language in which it is spoken, and reads well aloud."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

import ivr_flows
from ivr_flows.outputs import Say
from ivr_flows.prompts import en, es, languages, seconds, text, voice
from router.policy.dispatch import Status
from router.programs.reading import read_file, to_program

FLOWS = Path(ivr_flows.__file__).parent
AUSTIN = Path(__file__).parents[2] / "router" / "programs" / "austin.toml"
SPEAKING = {
    "say",
    "phrase",
    "tell",
    "give_back",
    "Say",
    "_cycle",
    "returned_call",
    "for_the_line",
    "_consult",
    "_in_both",
    "say_to_free",
    "Screening",
    "Question",
}
VARIABLES = {"prompt", "first", "sentence", "news", "keys", "REFUSALS"}
PROMPT_RETURNING = {"menu_prompt", "_where_the_caller_is", "_what_to_do"}
# Families of which a name is put together: what answers stand for.
WORDS = ("call_type_", "reason_", "party_", "language_", "request_", "disposition_")
PUT_TOGETHER = (
    *WORDS,
    "place_",
    "hazards_",
    "giver_",
    "desk_",
    "dispatch_",
    "decision_",
    "outcome_",
    "role_",
    "offer_suggests_",
    "team_page_",
    "standing_by_",
    "welfare_",
    "the_team",
    "no_number",
)
STAFF_ONLY = (
    "welfare_",
    "standing_by_",
    "call_taker_",
    "ask_call_t",
    "ask_incident",
    "ask_transfer",
    "code_unknown",
    "announce",
    "ask_medical",
    "ask_imminent",
    "ask_source",
    "decision_",
    "outcome_",
    "send_police",
    "crisis_line_context",
    "not_for_clinician",
    "caller_",
    "release_or_9",
    "ringing_clinicians",
    "no_clinician",
    "offer_",
    "press_1_",
    "star_opens",
    "connecting_you_to",
    "menu_",
    "people_",
    "your_caller",
    "control_not",
    "nobody_else",
    "left_the_call",
    "role_",
    "transfer_",
    "receiver_is",
    "party_has",
    "for_desk",
    "giver_",
    "desk_",
    "which_danger",
    "danger_noted",
    "back_to_your",
    "clinician_is_on",
    "line_trouble",
    "calling_911_stay",
    "trying_next",
    "psap_",
    "return_",
    "no_longer",
    "dispatch_",
    "choose_",
    "resolve_",
    "leave_",
    "record_",
    "the_team",
)
SPANISH_WORDS = ("reason_mental", "reason_suicidal", "reason_dispute", "reason_welfare")


def named_in_code() -> Iterator[str]:
    for path in FLOWS.glob("*.py"):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node.func) in SPEAKING:
                yield from _strings(node.args)
            elif isinstance(node, ast.Assign) and _name(node.targets[0]) in VARIABLES:
                strings = [one for one in ast.walk(node.value) if isinstance(one, ast.Constant)]
                yield from (name for name in _strings(strings) if "_" in name)
            elif isinstance(node, ast.FunctionDef) and node.name in PROMPT_RETURNING:
                for one in ast.walk(node):
                    if isinstance(one, ast.Return):
                        yield from _strings([one.value])


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _strings(nodes: list[Any]) -> Iterator[str]:
    for node in nodes:
        for one in ast.walk(node) if isinstance(node, (ast.Constant, ast.IfExp)) else ():
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                yield one.value


NOT_PROMPTS = {"front_door", "decision_sentence", "call_taker", "911", "en"} | {
    "language",
    "danger",
    "caller_party",
    "reason",
    "zip",
    "incident_number",
    "call_type",
    "medical",
    "imminent_risk",
    "source",
    "service",
    "needs_help",
}
NAMED = sorted(set(named_in_code()) - NOT_PROMPTS)
CALLERS = sorted(
    name
    for name in en.PROMPTS
    if not name.startswith((*STAFF_ONLY, *WORDS, "place_", "hazards_")) or name in es.PROMPTS
)


def parameters(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def test_prompts_named_in_code_are_found_at_all() -> None:
    assert len(NAMED) > 60
    assert {"ask_danger", "please_wait", "911_has_left", "menu_leave", "psap_context"} <= set(NAMED)


@pytest.mark.parametrize("name", NAMED)
def test_every_prompt_named_in_code_exists_in_english(name: str) -> None:
    assert name in en.PROMPTS


def test_no_prompt_is_left_over() -> None:
    made = {name for name in en.PROMPTS if name.startswith(PUT_TOGETHER)}
    assert set(en.PROMPTS) - set(NAMED) - made == set()


def test_every_prompt_a_caller_hears_exists_in_spanish() -> None:
    assert {name for name in CALLERS if name not in es.PROMPTS} == set()
    assert set(es.PROMPTS) <= set(en.PROMPTS)


@pytest.mark.parametrize("name", sorted(es.PROMPTS))
def test_parameters_are_the_same_in_both_languages(name: str) -> None:
    assert parameters(es.PROMPTS[name]) == parameters(en.PROMPTS[name])


@pytest.mark.parametrize("name", CALLERS)
def test_no_sentence_for_a_caller_is_long(name: str) -> None:
    for prompts in (en.PROMPTS, es.PROMPTS):
        for sentence in re.split(r"[.?!]", prompts.get(name, "")):
            assert len(sentence.split()) <= 20, sentence


@pytest.mark.parametrize("name", sorted(en.PROMPTS))
def test_every_prompt_reads_well_aloud(name: str) -> None:
    for prompts in (en.PROMPTS, es.PROMPTS):
        sentence = prompts.get(name, "")
        assert "911" not in sentence, "digit by digit: 9 1 1"
        assert "988" not in sentence
        assert not re.search(r"[#*&/()<>\[\]]|\be\.g\.|\betc\b|\bASAP\b|  ", sentence)
        assert not re.search(r"\b(?!Switchback\b)[A-Z]{2,}\b", sentence), "no abbreviations"


@pytest.mark.parametrize("name", sorted(name for name in en.PROMPTS if "ask_" in name))
def test_a_question_is_short_enough_to_be_kept_in_mind(name: str) -> None:
    for language in languages():
        words = dict.fromkeys(parameters(en.PROMPTS[name]), "Austin 911")
        assert seconds(Say(name, language, words)) <= 14


def test_before_a_person_joins_next_to_nothing_is_said() -> None:
    """Both wait for the end of the sentence."""
    assert seconds(Say("connecting_you_to_caller")) <= 1
    assert seconds(Say("back_to_your_caller")) <= 2


def test_digits_are_read_one_by_one_and_names_as_words() -> None:
    assert text(Say("offer_incident", parameters={"incident": "#4711"})) == "Incident 4, 7, 1, 1."
    assert text(Say("offer_incident", parameters={"incident": "#"})) == "Incident no number given."
    said = text(
        Say("for_choice_press", parameters={"choice": "@call_type_noise_above", "key": "4"})
    )
    assert said == "For noise above, press 4."
    assert text(Say("your_position", parameters={"position": "12"})) == "You are number 12 in line."


def test_a_language_without_the_sentence_speaks_english() -> None:
    assert text(Say("menu_return", "es")) == en.PROMPTS["menu_return"]
    assert text(Say("goodbye", "xx")) == "Goodbye."
    assert voice("es")[1] == "es-US"
    assert voice("xx") == voice("en")
    with pytest.raises(KeyError):
        text(Say("never_written"))


@pytest.mark.parametrize("status", list(Status))
def test_di4_every_state_of_a_dispatch_has_a_sentence(status: Status) -> None:
    assert f"dispatch_{status.value}" in en.PROMPTS


def test_the_austin_program_s_words_and_decisions_are_spoken_by_name() -> None:
    settings = to_program(read_file(AUSTIN), 1)
    for family, menu in (
        ("call_type_", settings.call_types),
        ("reason_", settings.reasons),
        ("disposition_", settings.dispositions),
        ("reason_", settings.return_reasons),
    ):
        for value in menu.values():
            assert f"{family}{value}" in en.PROMPTS
    assert {f"reason_{value}" for value in settings.reasons.values()} <= set(es.PROMPTS)


def test_every_rule_that_keeps_a_call_with_911_has_its_sentence_and_its_reason() -> None:
    document = read_file(AUSTIN)
    for rule in (*document.policy.rules, document.policy.otherwise):
        if rule.outcome == "return_to_911":
            assert f"decision_{rule.name}" in en.PROMPTS
            assert f"reason_{rule.name}" in en.PROMPTS
        if rule.request:
            assert f"request_{rule.request}" in en.PROMPTS
