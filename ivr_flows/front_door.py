"""The direct line: language, danger, who it is about, reason, place (IN1); and the 911 front door.

Danger goes to 911 at once. At a 911 centre whose first answer is hosted here (IN4) the first
question is which service: three of them are 911's own, and so is silence.
"""

from __future__ import annotations

from ivr_flows import history, moving, protocol_flow, psap_choice, return_to_911, waiting
from ivr_flows.call import Place, Role
from ivr_flows.screening import Question, Screening, keys
from ivr_flows.speech import find_choice, find_danger, find_help, find_service
from ivr_flows.turn import Turn

_LANGUAGES = {"1": "en", "2": "es"}
SERVICES = {"1": "police", "2": "fire", "3": "ems", "4": "mental_health"}
SPANISH_KEY, SPANISH = "5", "spanish"
FRONT_DOOR_911 = "front_door_911"


def start(turn: Turn) -> None:
    """Greet the caller; ask for the language or, at a 911 front door, for the service."""
    FLOW.start(turn)


def hold_for_911(turn: Turn) -> None:
    """The hosted 911 desk holds the caller in their turn; without one the lines outside ring."""
    service = turn.call.answers.get("service", "")
    desk = psap_choice.choose(turn).psap.desk
    if not desk:
        reason = "chose_service" if service else "no_desk"
        return_to_911.start(turn, reason=reason, by=Role.CALLER, request=service)
        return
    turn.say("911_hold_greeting")
    waiting.to_desk(turn, desk)
    if turn.leg.place is Place.FLOW:
        moving.caller_next(turn)


def _first(turn: Turn) -> str:
    is_911 = turn.program.lines[turn.call.line].kind == FRONT_DOOR_911
    return "service" if is_911 else "language"


def _services(turn: Turn) -> dict[str, str]:
    more = {SPANISH_KEY: SPANISH} if "es" in turn.program.languages else {}
    return {**SERVICES, **more}


def _after_service(turn: Turn) -> str:
    service = turn.call.answers["service"]
    if service == SPANISH:
        turn.change(language="es")
        return "service"
    history.recall(turn)
    if service == "mental_health":
        turn.remember(reason=service)
        return _unless_blocked(turn)
    hold_for_911(turn)
    return ""


def _unless_blocked(turn: Turn) -> str:
    """A number on the list has one key more to press; nothing else is asked of it (IN8)."""
    return "needs_help" if turn.call.is_blocked else "danger"


def _after_party(turn: Turn) -> str:
    if _first(turn) == "language":
        return "reason"
    protocol_flow.ask_or_decide(turn)
    return ""


def _after_language(turn: Turn) -> str:
    turn.change(language=turn.call.answers["language"])
    history.recall(turn)
    return _unless_blocked(turn)


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
            "needs_help",
            "ask_needs_help",
            lambda _turn: "danger",
            keys(k1="yes"),
            spoken=find_help,
            tries=0,
        ),
        Question(
            "danger", "ask_danger", _after_danger, keys(k1="yes", k2="no"), spoken=find_danger
        ),
        Question(
            "caller_party",
            "ask_caller_party",
            _after_party,
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
        # Who cannot speak or press is not asked twice: a call taker is quicker.
        Question(
            "service",
            "ask_service",
            _after_service,
            _services,
            spoken=find_service,
            words=lambda turn: {"place": turn.program.psap.name},
            to_person=hold_for_911,
            tries=0,
        ),
    ),
    _first,
)
