"""The call taker's transfer: a short keypad flow on the leg that carries the caller, or on their own (IN2)."""

from __future__ import annotations

from ivr_flows import eligibility
from ivr_flows.screening import Question, Screening, keys
from ivr_flows.turn import Turn

_YES_NO_UNKNOWN = keys(k1="yes", k2="no", k3="unknown")


def start(turn: Turn) -> None:
    """Greet the call taker and ask for the incident number."""
    FLOW.start(turn, turn.phrase("call_taker_welcome"))


def _after_danger(turn: Turn) -> str:
    danger = turn.call.answers["danger"]
    if danger != "yes":
        turn.remember(weapon=danger, violence=danger, crime=danger)
    return "medical"


def _after_source(turn: Turn) -> str:
    source = turn.call.answers["source"]
    turn.remember(
        asked_police="yes" if source == "asked_police" else "no",
        from_988="yes" if source == "from_988" else "no",
    )
    eligibility.decide(turn)
    return ""


FLOW = Screening(
    "call_taker",
    (
        Question("incident_number", "ask_incident_number", lambda _turn: "call_type"),
        Question(
            "call_type",
            "ask_call_type",
            lambda _turn: "caller_party",
            lambda turn: turn.program.call_types,
            list_choices=True,
        ),
        Question(
            "caller_party",
            "ask_call_taker_party",
            lambda _turn: "danger",
            keys(k1="first", k2="second", k3="third"),
        ),
        Question("danger", "ask_call_taker_danger", _after_danger, _YES_NO_UNKNOWN),
        Question("medical", "ask_medical", lambda _turn: "imminent_risk", _YES_NO_UNKNOWN),
        Question("imminent_risk", "ask_imminent_risk", lambda _turn: "source", _YES_NO_UNKNOWN),
        Question(
            "source",
            "ask_source",
            _after_source,
            keys(k1="neither", k2="asked_police", k3="from_988"),
        ),
    ),
)
