"""The call taker's transfer: a short keypad flow (IN2).

It runs on the trunk leg that carries the caller too, or on the call taker's own leg.
"""

from __future__ import annotations

from collections.abc import Callable

from ivr_flows import announced, eligibility, history, protocol_flow
from ivr_flows.screening import Question, Screening, keys
from ivr_flows.turn import Turn

_YES_NO_UNKNOWN = keys(k1="yes", k2="no", k3="unknown")


def start(turn: Turn) -> None:
    """Greet the call taker; without an announced incident, ask for the incident number."""
    announced.start(turn)


def _then(following: str) -> Callable[[Turn], str]:
    """Go on to `following`; where 911 has announced the incident, to what it left open."""

    def then(turn: Turn) -> str:
        known = turn.call.announced
        if known is None or not known.is_taken:
            return following
        question = announced.next_question(turn)
        if not question:
            protocol_flow.ask_or_decide(turn)
        return question

    return then


def _after_number(turn: Turn) -> str:
    number = turn.call.answers["incident_number"]
    known = turn.call.announced
    if known is not None and known.number == number:
        return _then("call_type")(turn)
    announced.forget(turn)
    turn.remember(incident_number=number)
    return "" if announced.find_keyed(turn, number) else "call_type"


def _unless_ruled_out(question: str, following: str) -> Callable[[Turn], str]:
    """Go on to `following`; a yes to `question` that the policy excludes ends the questions."""

    def then(turn: Turn) -> str:
        named = turn.call.answers[question] == "yes" or turn.call.dangers
        if named and eligibility.is_ruled_out(turn):
            eligibility.decide(turn)
            return ""
        return _then(following)(turn)

    return then


def _after_party(turn: Turn) -> str:
    # Not where the number is keyed: that step has the incident to look up as well.
    history.recall(turn, turn.call.answers.get("incident_number", ""))
    return _then("danger")(turn)


def _after_danger(turn: Turn) -> str:
    danger = turn.call.answers["danger"]
    if danger != "yes":
        turn.remember(weapon=danger, violence=danger, crime=danger)
    return _unless_ruled_out("danger", "medical")(turn)


def _after_source(turn: Turn) -> str:
    source = turn.call.answers["source"]
    turn.remember(
        asked_police="yes" if source == "asked_police" else "no",
        from_988="yes" if source == "from_988" else "no",
    )
    protocol_flow.ask_or_decide(turn)
    return ""


FLOW = Screening(
    "call_taker",
    (
        Question("incident_number", "ask_incident_number", _after_number),
        Question(
            "call_type",
            "ask_call_type",
            _then("caller_party"),
            lambda turn: turn.program.call_types,
            list_choices=True,
        ),
        Question(
            "caller_party",
            "ask_call_taker_party",
            _after_party,
            keys(k1="first", k2="second", k3="third"),
        ),
        Question("danger", "ask_call_taker_danger", _after_danger, _YES_NO_UNKNOWN),
        Question(
            "medical",
            "ask_medical",
            _unless_ruled_out("medical", "imminent_risk"),
            _YES_NO_UNKNOWN,
        ),
        Question(
            "imminent_risk",
            "ask_imminent_risk",
            _unless_ruled_out("imminent_risk", "source"),
            _YES_NO_UNKNOWN,
        ),
        Question(
            "source",
            "ask_source",
            _after_source,
            keys(k1="neither", k2="asked_police", k3="from_988"),
        ),
    ),
)
