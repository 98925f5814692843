"""A triage protocol on the phone: its questions by key or voice, and what follows (EL4)."""

from __future__ import annotations

from collections.abc import Mapping

from ivr_flows import dialogue, eligibility, protocols, speech
from ivr_flows.call import Leg, Role
from ivr_flows.inputs import ProtocolMoved
from ivr_flows.menus import BACK, HELP_KEYS, REPEAT, START_OVER, START_OVER_ENTRY
from ivr_flows.outputs import Say
from ivr_flows.protocols import UNKNOWN, AnswerError, Audience, Kind, Protocol, Question, Run
from ivr_flows.screening import give_up, to_person
from ivr_flows.turn import Turn

FLOW = "protocol"
YES_NO_KEYS = {"1": "yes", "2": "no", "3": UNKNOWN}
OUTCOME, RISK = "protocol_outcome", "risk"


def ask_or_decide(turn: Turn) -> None:
    """Ask the protocol that the program wants for these answers, or let the policy decide."""
    protocol = None if eligibility.is_ruled_out(turn) else _wanted(turn)
    if protocol is None:
        eligibility.decide(turn)
        return
    run = turn.call.protocol
    if run is None or run.is_over or run.protocol != protocol.name:
        turn.change(protocol=protocols.begin(protocol, by_phone=True))
        turn.note("protocol_started", protocol=protocol.name, version=str(protocol.version))
    _ask(turn, protocol)


def moved(turn: Turn, given: ProtocolMoved) -> str:
    """A person started, answered or went back on a screen. Returns why nothing was done, or ""."""
    run = turn.call.protocol
    if given.move == "start":
        if run is not None and not run.is_over:
            return "a protocol is under way"
        protocol = turn.facts.find_protocol(given.protocol)
        if protocol is None:
            return f"no protocol {given.protocol} is published"
        run = protocols.begin(protocol, by_phone=False)
        turn.note("protocol_started", protocol=protocol.name, version=str(protocol.version))
        turn.change(protocol=run)
        return ""
    protocol = _current(turn)
    if run is None or protocol is None:
        return "no protocol has been started"
    if given.move == "back":
        turn.change(protocol=protocols.go_back(run))
    elif given.move == "start_over":
        turn.change(protocol=protocols.begin(protocol, by_phone=False))
    elif given.question != run.at:
        return f"the question asked now is {run.at or 'none: all have been answered'}"
    else:
        try:
            after = protocols.answer(protocol, run, given.value, by_phone=False)
        except AnswerError as error:
            return str(error)
        _keep(turn, protocol, after)
    return ""


def _wanted(turn: Turn) -> Protocol | None:
    """The published protocol that is to be asked now, and has not been."""
    asked_of = _audience(turn.leg)
    run = turn.call.protocol
    for use in turn.program.protocols:
        fits = all(turn.call.answers.get(name) in values for name, values in use.when.items())
        is_done = run is not None and run.protocol == use.name and run.is_over
        if use.asked_of == asked_of and fits and not is_done:
            return turn.facts.find_protocol(use.name)
    return None


def _audience(leg: Leg) -> Audience:
    is_caller = leg.role is Role.CALLER and not leg.shared
    return Audience.CALLER if is_caller else Audience.CALL_TAKER


def _current(turn: Turn) -> Protocol | None:
    run = turn.call.protocol
    return None if run is None else turn.facts.find_protocol(run.protocol)


def _standing(turn: Turn) -> tuple[Protocol, Run, Question] | None:
    """The protocol, the run and the question asked now; None when there is none to ask."""
    protocol, run = _current(turn), turn.call.protocol
    question = None if protocol is None or run is None else protocols.question_of(protocol, run)
    if protocol is None or run is None or question is None or question.kind is Kind.TEXT:
        return None
    return protocol, run, question


def _ask(turn: Turn, protocol: Protocol, *before: Say) -> None:
    """Ask what is to be asked now, or go on to the decision."""
    run = turn.call.protocol
    question = None if run is None else protocols.question_of(protocol, run)
    if question is None or question.kind is Kind.TEXT:
        eligibility.decide(turn)
        return
    node = "number" if question.kind is Kind.NUMBER else "choice"
    # The trail says what this leg was asked: a page may have moved the run on meanwhile.
    turn.change_leg(turn.leg_id, trail=(question.name,))
    dialogue.ask(turn, FLOW, node, *before)


def _keep(turn: Turn, protocol: Protocol, run: Run) -> None:
    """Keep the run after an answer; at its end, what it comes to."""
    question = run.trail[-1]
    kind = protocol.questions[question].kind
    shown = run.answers[question] if kind in (Kind.YES_NO, Kind.CHOICE) else protocols.GIVEN
    turn.change(protocol=run)
    turn.note("protocol_answered", protocol=protocol.name, question=question, answer=shown)
    outcome = protocols.outcome_of(protocol, run)
    if outcome is None:
        return
    # A danger that has been named stays named, whatever a later question says.
    named = {name: v for name, v in outcome.answers.items() if turn.call.answers.get(name) != "yes"}
    turn.remember(**named, **{OUTCOME: outcome.name, RISK: outcome.risk})
    score = str(protocols.score_of(protocol, run))
    turn.note("protocol_ended", outcome=outcome.name, risk=outcome.risk, score=score)


def _says(turn: Turn) -> tuple[Say, ...]:
    standing = _standing(turn)
    if standing is None:
        return (turn.phrase("one_moment_still_here"),)
    protocol, _, question = standing
    language = turn.language_of(turn.leg)
    asked = protocols.words_of(question.asks.get(_audience(turn.leg), {}), protocol, language)
    says = [_written(turn, asked)]
    if question.kind is Kind.YES_NO:
        says.append(turn.phrase("protocol_yes_no"))
    elif question.kind is Kind.NUMBER:
        says.append(turn.phrase("protocol_number"))
    says += [
        turn.phrase(
            "for_choice_press",
            choice=protocols.words_of(choice.words, protocol, language),
            key=choice.key,
        )
        for choice in question.choices
    ]
    return tuple(says)


def _written(turn: Turn, words: str) -> Say:
    return turn.phrase("as_written", words=words)


def _hear(turn: Turn, digits: str, heard: str) -> bool:
    if digits in HELP_KEYS:
        turn.note("asked_for_911", question=FLOW)
        to_person(turn, reason="caller_request")
        return True
    standing = _standing(turn)
    if standing is None or turn.leg.trail[-1:] != (standing[2].name,):
        protocol = _current(turn)
        if protocol is None:
            eligibility.decide(turn)
        else:
            _ask(turn, protocol)
        return True
    protocol, run, question = standing
    if _navigate(turn, protocol, question, digits):
        return True
    try:
        after = protocols.answer(protocol, run, _value(question, digits, heard), by_phone=True)
    except AnswerError:
        return False
    turn.change_leg(turn.leg_id, tries=0)
    _keep(turn, protocol, after)
    _ask(turn, protocol)
    return True


def _navigate(turn: Turn, protocol: Protocol, question: Question, digits: str) -> bool:
    run = turn.call.protocol
    is_entry = question.kind is Kind.NUMBER
    if run is not None and digits == BACK:
        turn.change(protocol=protocols.go_back(run))
        before = turn.phrase("going_back")
    elif digits == (START_OVER_ENTRY if is_entry else START_OVER):
        turn.change(protocol=protocols.begin(protocol, by_phone=True))
        before = turn.phrase("starting_over")
    elif digits == REPEAT and not is_entry:
        words = protocols.words_of(question.help, protocol, turn.language_of(turn.leg))
        turn.change_leg(turn.leg_id, tries=0)
        _ask(turn, protocol, *([_written(turn, words)] if words else []))
        return True
    else:
        return False
    turn.change_leg(turn.leg_id, tries=0)
    _ask(turn, protocol, before)
    return True


def _value(question: Question, digits: str, heard: str) -> str:
    """The answer in the protocol's words; one that is no answer comes back as it is."""
    if question.kind is Kind.NUMBER:
        return digits or speech.digits(heard) or "?"
    keys: Mapping[str, str] = YES_NO_KEYS
    if question.kind is Kind.CHOICE:
        keys = {choice.key: choice.value for choice in question.choices}
    if digits:
        return keys.get(digits, "?")
    if question.kind is Kind.YES_NO:
        return speech.find_yes_no(heard) or "?"
    return speech.find_choice(keys, heard) or "?"


def _give_up(turn: Turn) -> None:
    """Silence: what is not required is left out, all else leads to a person."""
    standing = _standing(turn)
    if standing is None or standing[2].required:
        give_up(turn)
        return
    protocol, run, _ = standing
    _keep(turn, protocol, protocols.answer(protocol, run, "", by_phone=True))
    _ask(turn, protocol)


for _node, _digits, _timeout in (("choice", 1, 6), ("number", 0, 10)):
    dialogue.register(
        FLOW,
        _node,
        dialogue.Node(
            says=_says,
            hear=_hear,
            give_up=_give_up,
            digits=_digits,
            timeout_seconds=_timeout,
            speech=True,
        ),
    )
