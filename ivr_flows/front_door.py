"""The direct line: language, danger, who it is about, reason, place (IN1).

Danger goes to 911 at once.
"""

from __future__ import annotations

from ivr_flows import history, protocol_flow, return_to_911
from ivr_flows.call import Role
from ivr_flows.screening import Question, Screening, keys
from ivr_flows.speech import find_choice, find_danger
from ivr_flows.turn import Turn

_LANGUAGES = {"1": "en", "2": "es"}


def start(turn: Turn) -> None:
    """Greet the caller and ask for the language."""
    FLOW.start(turn)


def _after_language(turn: Turn) -> str:
    turn.change(language=turn.call.answers["language"])
    history.recall(turn)
    return "danger"


def _after_danger(turn: Turn) -> str:
    if turn.call.answers["danger"] != "yes":
        return "caller_party"
    return_to_911.start(turn, reason="danger", by=Role.CALLER)
    return ""


def _decide(turn: Turn) -> str:
    protocol_flow.ask_or_decide(turn)
    return ""


FLOW = Screening(
    "front_door",
    (
        Question(
            "language",
            "welcome_choose_language",
            _after_language,
            lambda turn: {k: v for k, v in _LANGUAGES.items() if v in turn.program.languages},
        ),
        Question(
            "danger", "ask_danger", _after_danger, keys(k1="yes", k2="no"), spoken=find_danger
        ),
        Question(
            "caller_party",
            "ask_caller_party",
            lambda _turn: "reason",
            keys(k1="first", k2="second", k3="third"),
        ),
        Question(
            "reason",
            "ask_reason",
            lambda _turn: "zip",
            lambda turn: turn.program.reasons,
            list_choices=True,
            spoken=find_choice,
        ),
        Question("zip", "ask_zip", _decide, length=5, optional=True, speech=True),
    ),
)
