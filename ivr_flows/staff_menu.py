"""The star menu of a person who answers for a caller, who is held with a voice meanwhile (TR3)."""

from __future__ import annotations

from ivr_flows import dialogue, dispatching, moving, return_to_911, wrap_up
from ivr_flows.call import Role
from ivr_flows.menus import (
    MENU_REJOIN,
    MENU_RESOLVE,
    MENU_RETURN,
    MENU_SEND_TEAM,
    MENU_TO_CLINICIAN,
    REPEAT,
)
from ivr_flows.outputs import Say
from ivr_flows.turn import Turn


def ask(turn: Turn) -> None:
    """Offer the menu to the leg that asked."""
    dialogue.ask(turn, "staff_menu", "menu")


def rejoin(turn: Turn) -> None:
    """Bring the leg that asked back to the caller."""
    turn.say("back_to_your_caller")
    moving.join_room(turn, ends_room=True)


def _has_teams(turn: Turn) -> bool:
    return turn.program.has_teams and turn.leg.role is Role.CLINICIAN


def _may_transfer(turn: Turn) -> bool:
    return (
        turn.leg.role is Role.CALL_TAKER
        and turn.call.outcome != "returned_to_911"
        and turn.program.clinician_desk not in turn.call.returned_from
        and not any(leg.role is Role.CLINICIAN for leg in turn.call.staff())
    )


def _says(turn: Turn) -> tuple[Say, ...]:
    says = [turn.phrase("your_caller_hears_music")]
    if turn.call.dispatches:
        says.append(dispatching.status_sentence(turn, turn.call.dispatches[-1]))
    says.append(turn.phrase("menu_rejoin"))
    if turn.leg.role is Role.CLINICIAN:
        says.append(turn.phrase("menu_resolve"))
    if _has_teams(turn):
        says.append(turn.phrase("menu_send_team"))
    if _may_transfer(turn):
        says.append(turn.phrase("menu_to_clinician"))
    if turn.leg.role is Role.CLINICIAN:
        says.append(turn.phrase("menu_return"))
    return tuple(says)


def _hear(turn: Turn, digits: str, _speech: str) -> bool:
    clinician = turn.leg.role is Role.CLINICIAN
    if digits == MENU_REJOIN:
        rejoin(turn)
    elif digits == MENU_RESOLVE and clinician:
        wrap_up.ask_resolve(turn)
    elif digits == MENU_SEND_TEAM and _has_teams(turn):
        dispatching.ask(turn)
    elif digits == MENU_TO_CLINICIAN and _may_transfer(turn):
        # Imported here by name only: the call taker's flow starts from this menu and ends in it.
        dialogue.ask(turn, "call_taker", "incident_number")
    elif digits == MENU_RETURN and clinician:
        return_to_911.start(turn, reason="clinician_request", by=Role.CLINICIAN)
    elif digits == REPEAT:
        ask(turn)
    else:
        return False
    return True


dialogue.register(
    "staff_menu",
    "menu",
    dialogue.Node(says=_says, hear=_hear, give_up=rejoin, timeout_seconds=8),
)
