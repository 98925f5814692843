"""The shape of a triage protocol's file, and what is wrong with one (EL4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from ivr_flows import prompts, protocols
from ivr_flows.protocols import Audience, Choice, Kind, Outcome, Protocol, Question
from router.policy.eligibility import YES_OR_NO
from router.programs.document import LANGUAGE, MENU_KEY
from router.programs.reading import read_shape, text_of
from router.programs.shape import ANSWER_NAME, Fault, Shape
from router.programs.shape import Words as Title

# A question is heard once, under strain; Twilio speaks about 150 words a minute.
MOST_LETTERS = 300
Name = Annotated[str, Field(pattern=ANSWER_NAME)]
Spoken = dict[
    Annotated[str, Field(pattern=LANGUAGE)],
    Annotated[str, Field(min_length=1, max_length=MOST_LETTERS)],
]


class ChoiceShape(Shape):
    """One answer to choose; keys are 1 to 7, since 0 and 9 are 911 and 8 starts over."""

    key: Annotated[str, Field(pattern=MENU_KEY)]
    value: Name
    words: Spoken


class QuestionShape(Shape):
    """One question; `then` and `branches` name the next one, or "end"."""

    name: Name
    kind: Literal["yes_no", "choice", "number", "text"]
    caller: Spoken = Field(default_factory=dict)
    call_taker: Spoken
    help: Spoken = Field(default_factory=dict)
    choices: tuple[ChoiceShape, ...] = ()
    weights: dict[Name, int] = Field(default_factory=dict)
    branches: dict[Name, Name] = Field(default_factory=dict)
    then: Name = protocols.END
    required: bool = True
    most: int = Field(default=999, ge=1, le=1_000_000)


class OutcomeShape(Shape):
    """What answers come to; `risk` is the agency's own word for how grave it is."""

    name: Name
    risk: Name
    at_least: int | None = None
    when: dict[Name, tuple[Name, ...]] = Field(default_factory=dict)
    answers: dict[Name, Literal["yes", "no", "unknown"]] = Field(default_factory=dict)


class ProtocolDocument(Shape):
    """A whole protocol; `asked_of` says in whose words every question must be there."""

    name: Name
    title: Title
    languages: tuple[Annotated[str, Field(pattern=LANGUAGE)], ...] = Field(min_length=1)
    asked_of: tuple[Literal["caller", "call_taker"], ...] = Field(min_length=1)
    questions: tuple[QuestionShape, ...] = Field(min_length=1)
    outcomes: tuple[OutcomeShape, ...] = Field(min_length=1)


def read_protocol(path: Path) -> ProtocolDocument:
    """The protocol in a file. Raises ProgramFileError with a sentence and a line for each fault."""
    return read_protocol_text(text_of(path), path.name)


def read_protocol_text(text: str, source: str) -> ProtocolDocument:
    """The protocol that `text` describes. Raises ProgramFileError."""
    return read_shape(text, source, ProtocolDocument, find_faults)


def to_protocol(document: ProtocolDocument, version: int) -> Protocol:
    """What the engine runs."""
    return Protocol(
        name=document.name,
        version=version,
        title=document.title,
        languages=document.languages,
        questions={one.name: _to_question(one) for one in document.questions},
        outcomes=tuple(
            Outcome(
                one.name,
                one.risk,
                one.answers,
                one.at_least,
                {name: frozenset(values) for name, values in one.when.items()},
            )
            for one in document.outcomes
        ),
    )


def from_stored(stored: Mapping[str, Any], version: int) -> Protocol:
    """A version as kept; settings that a newer release added are passed over."""
    return to_protocol(ProtocolDocument.model_validate(dict(stored), extra="ignore"), version)


def find_faults(document: ProtocolDocument) -> Iterator[Fault]:
    """Unreachable questions, cycles, missing outcomes and words, keys and answers that clash."""
    names = [one.name for one in document.questions]
    for place, question in enumerate(document.questions):
        here = ("questions", place)
        if question.name in names[:place]:
            yield (*here, "name"), f'is used twice: "{question.name}"'
        yield from _kind_faults(question, here)
        yield from _word_faults(document, question, here)
    places = {one.name: ("questions", place) for place, one in enumerate(document.questions)}
    places |= {one.name: ("outcomes", place) for place, one in enumerate(document.outcomes)}
    for name, sentence in protocols.list_faults(to_protocol(document, 0)):
        yield places.get(name, ("outcomes",)), f'("{name}") {sentence}'
    for place, outcome in enumerate(document.outcomes):
        for name in sorted(set(outcome.answers) - YES_OR_NO):
            known = ", ".join(sorted(YES_OR_NO))
            yield ("outcomes", place, "answers", name), f"is no input of the policy; use {known}"
    for index, language in enumerate(document.languages):
        if language not in prompts.languages():
            known = ", ".join(prompts.languages())
            yield ("languages", index), f'"{language}" has no prompts; there are {known}'


def _kind_faults(question: QuestionShape, here: tuple[str | int, ...]) -> Iterator[Fault]:
    if (question.kind == "choice") != bool(question.choices):
        wrong = "needs choices" if question.kind == "choice" else "has choices but no choice"
        yield (*here, "kind"), wrong
    for name in ("key", "value"):
        given = [getattr(choice, name) for choice in question.choices]
        for place, one in enumerate(given):
            if one in given[:place]:
                yield (*here, "choices", place, name), f'is used twice: "{one}"'
    if question.kind == "text" and (question.required or question.branches or question.weights):
        yield here, "is a text, which a phone cannot take: it may not be required, branch or weigh"
    if question.kind not in ("yes_no", "choice"):
        return
    known = set(_to_question(question).values())
    for value in sorted((set(question.weights) | set(question.branches)) - known):
        yield here, f'names the answer "{value}", which cannot be given'
    least = min([question.weights.get(value, 0) for value in known - {"unknown"}], default=0)
    unknown = question.weights.get("unknown")
    if unknown is not None and unknown < least:
        yield (*here, "weights", "unknown"), "takes what is not known for better than any answer"


def _word_faults(
    document: ProtocolDocument, question: QuestionShape, here: tuple[str | int, ...]
) -> Iterator[Fault]:
    texts: list[tuple[str, Mapping[str, str]]] = [("call_taker", question.call_taker)]
    if "caller" in document.asked_of and question.kind != "text":
        texts.append(("caller", question.caller))
    if question.help:
        texts.append(("help", question.help))
    texts += [(f'words of "{choice.value}"', choice.words) for choice in question.choices]
    for what, words in texts:
        for language in document.languages:
            if not words.get(language):
                yield here, f'("{question.name}") has no {what} in "{language}"'
        for text in words.values():
            if text.startswith(("@", "#")):
                yield here, f'("{question.name}") begins {what} with a sign that is not spoken'


def _to_question(shape: QuestionShape) -> Question:
    return Question(
        name=shape.name,
        kind=Kind(shape.kind),
        asks={Audience.CALLER: shape.caller, Audience.CALL_TAKER: shape.call_taker},
        help=shape.help,
        choices=tuple(Choice(one.key, one.value, one.words) for one in shape.choices),
        weights=shape.weights,
        branches=shape.branches,
        then=shape.then,
        required=shape.required,
        most=shape.most,
    )
