"""Asking for an in-person team from the star menu: danger, place, read-back, one key (DI1)."""

from __future__ import annotations

from types import MappingProxyType

from ivr_flows import dialogue, moving, wrap_up
from ivr_flows.call import CARERS, DispatchNote
from ivr_flows.menus import CANCEL, CHANGE, CONFIRM
from ivr_flows.outputs import Announce, RequestDispatch, Say
from ivr_flows.turn import Turn

HAZARDS = {"1": "yes", "2": "no", "3": "unknown"}
PLACES = {"1": "incident_location", "2": "caller_will_tell"}


def ask(turn: Turn) -> None:
    """Start the request on the leg that asked."""
    dialogue.ask(turn, "dispatching", "hazards")


def status_sentence(turn: Turn, note: DispatchNote) -> Say:
    """How far the team is, as one sentence for the clinician."""
    prompt, parameters = _sentence(note)
    return turn.phrase(prompt, **parameters)


def dispatch_changed(turn: Turn, note: DispatchNote) -> str:
    """A team moved on: keep it, and tell the clinician in the room.

    Returns why it was ignored, or "".
    """
    known = {old.id: old for old in turn.call.dispatches}
    if known.get(note.id) == note:
        return "nothing new"
    known[note.id] = note
    turn.change(dispatches=tuple(known.values()))
    turn.note("dispatch_changed", dispatch=note.id, status=note.status, team=note.team)
    if note.status == "acknowledged" and not turn.call.outcome:
        turn.change(outcome="dispatched")
    if note.status == "requested":
        return ""  # as the clinician has just been told
    prompt, parameters = _sentence(note)
    for leg in moving.staff_in_room(turn.call):
        if leg.role in CARERS:
            turn.do(Announce(leg.id, leg.room, Say(prompt, "en", MappingProxyType(parameters))))
    return ""


def _sentence(note: DispatchNote) -> tuple[str, dict[str, str]]:
    parameters = {"team": note.team or "@the_team"}
    if note.status == "acknowledged" and note.minutes:
        return "dispatch_acknowledged_minutes", {**parameters, "minutes": str(note.minutes)}
    return f"dispatch_{note.status}", parameters


def _hear_hazards(turn: Turn, digits: str, _speech: str) -> bool:
    if digits not in HAZARDS:
        return False
    turn.remember(dispatch_hazards=HAZARDS[digits])
    dialogue.ask(turn, "dispatching", "place")
    return True


def _hear_place(turn: Turn, digits: str, _speech: str) -> bool:
    if digits not in PLACES:
        return False
    turn.remember(dispatch_place=PLACES[digits])
    dialogue.ask(turn, "dispatching", "confirm")
    return True


def _read_back(turn: Turn) -> tuple[Say, ...]:
    answers = turn.call.answers
    says = [
        turn.phrase(
            "dispatch_read_back",
            place=f"@place_{answers.get('dispatch_place', 'incident_location')}",
            hazards=f"@hazards_{answers.get('dispatch_hazards', 'unknown')}",
        ),
    ]
    if answers.get("incident_number"):
        says.append(turn.phrase("offer_incident", incident=f"#{answers['incident_number']}"))
    return (*says, turn.phrase("dispatch_confirm"))


def _hear_confirm(turn: Turn, digits: str, _speech: str) -> bool:
    if digits == CONFIRM:
        answers = turn.call.answers
        details = {
            "hazards": answers.get("dispatch_hazards", "unknown"),
            "place": answers.get("dispatch_place", "incident_location"),
        }
        turn.do(RequestDispatch(MappingProxyType(details)))
        turn.note("dispatch_requested", hazards=details["hazards"], place=details["place"])
        turn.say("dispatch_sent")
        wrap_up.back_to_caller(turn)
    elif digits == CHANGE:
        dialogue.ask(turn, "dispatching", "hazards")
    elif digits == CANCEL:
        _nothing_sent(turn)
    else:
        return False
    return True


def _nothing_sent(turn: Turn) -> None:
    turn.say("dispatch_cancelled_nothing_sent")
    wrap_up.back_to_caller(turn)


dialogue.register(
    "dispatching",
    "hazards",
    dialogue.Node(
        says=lambda turn: (turn.phrase("dispatch_hazards"),),
        hear=_hear_hazards,
        give_up=_nothing_sent,
        timeout_seconds=8,
    ),
)
dialogue.register(
    "dispatching",
    "place",
    dialogue.Node(
        says=lambda turn: (turn.phrase("dispatch_place"),),
        hear=_hear_place,
        give_up=_nothing_sent,
        timeout_seconds=8,
    ),
)
dialogue.register(
    "dispatching",
    "confirm",
    dialogue.Node(says=_read_back, hear=_hear_confirm, give_up=_nothing_sent, timeout_seconds=8),
)
