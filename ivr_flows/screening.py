"""A chain of screening questions: keys, going back, repeating, starting over, 911 on 0 or 9."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ivr_flows import dialogue, return_to_911, wrap_up
from ivr_flows.call import Role
from ivr_flows.menus import BACK, HELP_KEYS, REPEAT, START_OVER, START_OVER_ENTRY
from ivr_flows.outputs import Say
from ivr_flows.speech import digits as spoken_digits
from ivr_flows.turn import Turn

Choices = Callable[[Turn], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Question:
    """One screening question.

    `choices` maps keys to values; None for a number typed and ended with the pound key, `length`
    digits long (0: any length) and, where `optional`, skipped by the pound key alone. `then` names
    the next question or finishes the flow and returns "".
    """

    name: str
    prompt: str
    then: Callable[[Turn], str]
    choices: Choices | None = None
    length: int = 0
    optional: bool = False
    speech: bool = False  # a number may be spoken
    spoken: Callable[[Mapping[str, str], str], str | None] | None = None  # finds a spoken choice
    list_choices: bool = False  # speak the choices from the program: "for X, press 1"
    words: Callable[[Turn], Mapping[str, str]] | None = None  # parameters of the prompt
    to_person: Callable[[Turn], None] | None = None  # another way to a person than `to_person`
    tries: int = dialogue.GENTLE_TRIES


def keys(**choices: str) -> Choices:
    """Fixed choices, written k1="value" for key 1."""
    mapping = {name.removeprefix("k"): value for name, value in choices.items()}
    return lambda _turn: mapping


class Screening:
    """A named flow of questions, registered with the dialogue."""

    def __init__(
        self, flow: str, questions: tuple[Question, ...], first: Callable[[Turn], str] | None = None
    ) -> None:
        """`first` names the question that a call begins with, if it is not always the same."""
        self.flow = flow
        self.questions = {question.name: question for question in questions}
        self.first = first or (lambda _turn: questions[0].name)
        for question in questions:
            dialogue.register(flow, question.name, self._node(question))

    def start(self, turn: Turn, *before: Say) -> None:
        """Ask the first question."""
        turn.change_leg(turn.leg_id, trail=())
        dialogue.ask(turn, self.flow, self.first(turn), *before)

    def _node(self, question: Question) -> dialogue.Node:
        entry = question.choices is None
        return dialogue.Node(
            says=lambda turn: self._says(turn, question),
            hear=lambda turn, digits, speech: self._hear(turn, question, digits, speech),
            give_up=self._skip(question) if question.optional else question.to_person or give_up,
            digits=0 if entry else 1,
            timeout_seconds=10 if entry else 6,
            speech=question.speech or question.spoken is not None,
            silence_is_an_answer=question.optional,
            tries=question.tries,
        )

    def _skip(self, question: Question) -> Callable[[Turn], None]:
        """Go on without an answer that nobody needs."""
        return lambda turn: self._accept(turn, question, "")

    def _says(self, turn: Turn, question: Question) -> tuple[Say, ...]:
        words = {} if question.words is None else question.words(turn)
        says = [turn.phrase(question.prompt, **words)]
        if question.list_choices and question.choices is not None:
            says += [
                turn.phrase("for_choice_press", choice=f"@{question.name}_{value}", key=key)
                for key, value in question.choices(turn).items()
            ]
        return tuple(says)

    def _hear(self, turn: Turn, question: Question, digits: str, speech: str) -> bool:
        if digits in HELP_KEYS:
            turn.note("asked_for_911", question=question.name)
            if question.to_person is not None:
                question.to_person(turn)
            else:
                to_person(turn, reason="caller_request")
            return True
        if self._navigate(turn, question, digits):
            return True
        value = self._value(turn, question, digits, speech)
        if value is None:
            return False
        self._accept(turn, question, value)
        return True

    def _accept(self, turn: Turn, question: Question, value: str) -> None:
        turn.remember(**{question.name: value})
        turn.note(
            "answered",
            question=question.name,
            answer="given" if question.choices is None else value,
        )
        turn.change_leg(turn.leg_id, trail=(*turn.leg.trail, question.name), tries=0)
        following = question.then(turn)
        if following:
            dialogue.ask(turn, self.flow, following)

    def _navigate(self, turn: Turn, question: Question, digits: str) -> bool:
        entry = question.choices is None
        if digits == BACK:
            trail = turn.leg.trail
            previous = trail[-1] if trail else self.first(turn)
            turn.change_leg(turn.leg_id, trail=trail[:-1], tries=0)
            dialogue.ask(turn, self.flow, previous, turn.phrase("going_back"))
            return True
        if digits == (START_OVER_ENTRY if entry else START_OVER):
            turn.change_leg(turn.leg_id, trail=(), tries=0)
            dialogue.ask(turn, self.flow, self.first(turn), turn.phrase("starting_over"))
            return True
        if digits == REPEAT and not entry:
            turn.change_leg(turn.leg_id, tries=0)
            dialogue.ask(turn, self.flow, question.name)
            return True
        return False

    def _value(self, turn: Turn, question: Question, digits: str, speech: str) -> str | None:
        if question.choices is not None:
            choices = question.choices(turn)
            if digits:
                return choices.get(digits)
            return question.spoken(choices, speech) if question.spoken else None
        if question.optional and not digits and not speech:
            return ""
        digits = digits or spoken_digits(speech)
        if digits.isdigit() and (not question.length or len(digits) == question.length):
            return digits
        return None


def give_up(turn: Turn) -> None:
    """After silence or unknown keys: a person, which for a caller is 911."""
    to_person(turn, reason="no_answer_to_questions")


def to_person(turn: Turn, *, reason: str) -> None:
    """911 for the caller's leg; a call taker on their own leg is 911, and goes back."""
    if turn.leg.role is Role.CALL_TAKER:
        wrap_up.back_to_caller(turn)
    else:
        return_to_911.start(turn, reason=reason, by=turn.leg.role)
