"""Runs a triage protocol: questions, branches, weights and outcomes that clinicians wrote (EL4).

One engine for the keypad, the API and pages: a `Run` is what has been answered of one version, and
every function here gives a new one. Nothing is read or written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

END = "end"
YES, NO, UNKNOWN = "yes", "no", "unknown"
GIVEN = "given"  # stands for a text, which is kept elsewhere, encrypted


class Kind(StrEnum):
    """How a question is answered; a text is for screens only."""

    YES_NO = "yes_no"
    CHOICE = "choice"
    NUMBER = "number"
    TEXT = "text"


class Audience(StrEnum):
    """Who is asked, and so in which words."""

    CALLER = "caller"
    CALL_TAKER = "call_taker"


Words = Mapping[str, str]  # by language


def no_answers() -> Mapping[str, str]:
    """An empty mapping that nobody can fill."""
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to choose: the key for it, its value, and how it is called."""

    key: str
    value: str
    words: Words


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `branches` says by value where it goes on, `then` for every other value.

    A question that is not required may be left out; its answer is "unknown" then.
    """

    name: str
    kind: Kind
    asks: Mapping[str, Words]  # by audience
    help: Words = field(default_factory=no_answers)
    choices: tuple[Choice, ...] = ()
    weights: Mapping[str, int] = field(default_factory=dict)
    branches: Mapping[str, str] = field(default_factory=no_answers)
    then: str = END
    required: bool = True
    most: int = 999  # of a number

    def values(self) -> tuple[str, ...]:
        """What may be answered where there is a choice."""
        if self.kind is Kind.YES_NO:
            return (YES, NO, UNKNOWN)
        return (*(choice.value for choice in self.choices), UNKNOWN)

    def weight(self, value: str) -> int:
        """What an answer adds to the score. Unknown weighs as much as the worst answer would."""
        if value == UNKNOWN and UNKNOWN not in self.weights:
            return max(self.weights.values(), default=0)
        return self.weights.get(value, 0)

    def following(self, value: str) -> str:
        """The question after this answer, or END."""
        return self.branches.get(value, self.then)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the answers come to: the first outcome that holds.

    It holds when the score is `at_least` and each answer named in `when` is among its values.
    `answers` are handed to the program's policy; `risk` is the program's own word.
    """

    name: str
    risk: str
    answers: Mapping[str, str] = field(default_factory=no_answers)
    at_least: int | None = None
    when: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def is_last_resort(self) -> bool:
        """Whether it always holds."""
        return self.at_least is None and not self.when


@dataclass(frozen=True, slots=True)
class Protocol:
    """One version. `languages[0]` is spoken where another has no words."""

    name: str
    version: int
    title: str
    languages: tuple[str, ...]
    questions: Mapping[str, Question]  # in order; the first one is asked first
    outcomes: tuple[Outcome, ...]

    @property
    def first(self) -> str:
        """The question that is asked first."""
        return next(iter(self.questions))


@dataclass(frozen=True, slots=True)
class Run:
    """What has been answered of one version; `at` is the question asked now, "" at the end."""

    protocol: str
    version: int
    at: str
    answers: Mapping[str, str] = field(default_factory=no_answers)
    trail: tuple[str, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether every question that had to be asked has been."""
        return not self.at


class AnswerError(ValueError):
    """The answer is none of this question's; the text says what would be."""


def begin(protocol: Protocol, *, by_phone: bool) -> Run:
    """A run before its first answer."""
    return Run(protocol.name, protocol.version, _skip(protocol, protocol.first, by_phone=by_phone))


def question_of(protocol: Protocol, run: Run) -> Question | None:
    """The question asked now, or None at the end."""
    return protocol.questions.get(run.at)


def answer(protocol: Protocol, run: Run, value: str, *, by_phone: bool) -> Run:
    """The run after an answer; "" leaves out a question that is not required.

    Raises AnswerError, also at the end of the run.
    """
    question = question_of(protocol, run)
    if question is None:
        raise AnswerError("every question has been answered")
    kept = _check(question, value)
    following = _skip(protocol, question.following(kept), by_phone=by_phone)
    return replace(
        run,
        at=following,
        answers=MappingProxyType({**run.answers, question.name: kept}),
        trail=(*run.trail, question.name),
    )


def go_back(run: Run) -> Run:
    """The run at the question before, whose answer no longer counts; at the first, unchanged."""
    if not run.trail:
        return run
    last = run.trail[-1]
    kept = MappingProxyType({name: v for name, v in run.answers.items() if name != last})
    return replace(run, at=last, answers=kept, trail=run.trail[:-1])


def score_of(protocol: Protocol, run: Run) -> int:
    """The weights of all answers so far."""
    return sum(protocol.questions[name].weight(value) for name, value in run.answers.items())


def outcome_of(protocol: Protocol, run: Run) -> Outcome | None:
    """What a finished run comes to; None before its end."""
    if not run.is_over:
        return None
    score = score_of(protocol, run)
    return next(one for one in protocol.outcomes if _holds(one, run.answers, score))


def words_of(words: Words, protocol: Protocol, language: str) -> str:
    """The words in a language, or in the protocol's first."""
    return words.get(language) or words.get(protocol.languages[0], "")


def list_faults(protocol: Protocol) -> Iterator[tuple[str, str]]:
    """What keeps a protocol from being used: the question or outcome, and a sentence each."""
    for name, question in protocol.questions.items():
        for value, following in (*question.branches.items(), ("", question.then)):
            if following != END and following not in protocol.questions:
                yield name, f'goes on to "{following}", which is no question here'
            if value and question.kind is Kind.YES_NO and value not in question.values():
                yield name, f'branches on "{value}", which cannot be answered'
    yield from _path_faults(protocol)
    yield from _outcome_faults(protocol)


def _check(question: Question, value: str) -> str:
    if not value:
        if question.required:
            raise AnswerError(f"{question.name} needs an answer")
        return UNKNOWN
    if question.kind is Kind.TEXT:
        return GIVEN
    if question.kind is Kind.NUMBER:
        if value == UNKNOWN and not question.required:
            return UNKNOWN
        if not (value.isascii() and value.isdigit() and int(value) <= question.most):
            raise AnswerError(f"{question.name} needs a whole number from 0 to {question.most}")
        return str(int(value))
    if value not in question.values():
        raise AnswerError(f"{question.name} needs one of {', '.join(question.values())}")
    return value


def _skip(protocol: Protocol, name: str, *, by_phone: bool) -> str:
    """The question of that name or, on the phone, the next one that can be asked there."""
    while name != END:
        question = protocol.questions[name]
        if not by_phone or question.kind is not Kind.TEXT:
            return name
        name = question.then
    return ""


def _holds(outcome: Outcome, answers: Mapping[str, str], score: int) -> bool:
    if outcome.at_least is not None and score < outcome.at_least:
        return False
    return all(answers.get(name) in values for name, values in outcome.when.items())


def _next_names(protocol: Protocol, name: str) -> set[str]:
    question = protocol.questions[name]
    names = {question.then, *question.branches.values()} - {END}
    return names & set(protocol.questions)


def _path_faults(protocol: Protocol) -> Iterator[tuple[str, str]]:
    reached: set[str] = set()
    ahead = [protocol.first]
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead.extend(_next_names(protocol, name))
    for name in protocol.questions:
        if name not in reached:
            yield name, "is never asked: nothing goes on to it"
    # Without a cycle, taking away what leads nowhere new leaves nothing.
    left = set(reached)
    while ends := {name for name in left if not _next_names(protocol, name) & left}:
        left -= ends
    for name in sorted(left):
        if name in _after(protocol, name):
            yield name, "can be asked again and again: its questions go round in a circle"


def _after(protocol: Protocol, start: str) -> set[str]:
    found: set[str] = set()
    ahead = list(_next_names(protocol, start))
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead.extend(_next_names(protocol, name))
    return found


def _outcome_faults(protocol: Protocol) -> Iterator[tuple[str, str]]:
    if not protocol.outcomes or not protocol.outcomes[-1].is_last_resort:
        last = protocol.outcomes[-1].name if protocol.outcomes else "outcomes"
        yield last, "leaves answers without an outcome: end with one that has no conditions"
    lowest: int | None = None
    for place, outcome in enumerate(protocol.outcomes):
        if outcome.is_last_resort and place < len(protocol.outcomes) - 1:
            yield outcome.name, "always holds, so that no outcome after it is ever reached"
        if outcome.at_least is not None and outcome.at_least > _most(protocol):
            yield outcome.name, f"is never reached: the highest score is {_most(protocol)}"
        if outcome.at_least is not None and lowest is not None and outcome.at_least >= lowest:
            yield outcome.name, "is never reached: an outcome before it holds at a lower score"
        if outcome.at_least is not None and not outcome.when:
            lowest = min(outcome.at_least, outcome.at_least if lowest is None else lowest)
        yield from _condition_faults(protocol, outcome)


def _most(protocol: Protocol) -> int:
    """The score of the worst answers."""
    return sum(max([*one.weights.values(), 0]) for one in protocol.questions.values())


def _condition_faults(protocol: Protocol, outcome: Outcome) -> Iterator[tuple[str, str]]:
    for name, values in outcome.when.items():
        question = protocol.questions.get(name)
        if question is None:
            yield outcome.name, f'looks at "{name}", which is no question here'
        elif question.kind in (Kind.YES_NO, Kind.CHOICE):
            for value in sorted(values - set(question.values())):
                yield outcome.name, f'waits for {name} "{value}", which cannot be answered'
