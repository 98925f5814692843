"""The star menu of a person who answers for a caller, who is held with a voice meanwhile (TR3)."""

from __future__ import annotations

from ivr_flows import (
    dialogue,
    dispatching,
    moving,
    parties,
    party_menu,
    rescreening,
    return_to_911,
    wrap_up,
)
from ivr_flows.call import FOR_911, Role, Stage
from ivr_flows.menus import (
    MENU_NEW_DANGER,
    MENU_PEOPLE,
    MENU_REJOIN,
    MENU_RESOLVE,
    MENU_RETURN,
    MENU_SEND_TEAM,
    MENU_TO_CLINICIAN,
    REPEAT,
)
from ivr_flows.outputs import Hangup, Say
from ivr_flows.turn import Turn

FLOW = party_menu.FLOW


def ask(turn: Turn) -> None:
    """Offer the menu to the leg that asked."""
    dialogue.ask(turn, FLOW, "menu")


def _has_teams(turn: Turn) -> bool:
    return turn.program.has_teams and turn.leg.role is Role.CLINICIAN


def _may_transfer(turn: Turn) -> bool:
    return (
        turn.leg.role is Role.CALL_TAKER
        and turn.call.outcome != "returned_to_911"
        and turn.program.clinician_desk not in turn.call.returned_from
        and not any(leg.role is Role.CLINICIAN for leg in turn.call.staff())
    )


def _may_return(turn: Turn) -> bool:
    """Whether 911 is neither with the caller nor being called."""
    return (
        turn.leg.role is Role.CLINICIAN
        and turn.call.stage is not Stage.RETURNING
        and not any(leg.role in FOR_911 for leg in turn.call.staff())
    )


def _where_the_caller_is(turn: Turn) -> str:
    if turn.call.stage is Stage.RETURNING:
        return "menu_911_is_being_called"
    if any(leg.id != turn.leg_id for leg in moving.free_in_room(turn.call)):
        return "menu_caller_is_with_another"
    return "menu_caller_holds"


def _says(turn: Turn) -> tuple[Say, ...]:
    says = [turn.phrase(_where_the_caller_is(turn))]
    if turn.call.dispatches:
        says.append(dispatching.status_sentence(turn, turn.call.dispatches[-1]))
    says.append(turn.phrase("menu_rejoin"))
    if turn.leg.role is Role.CLINICIAN:
        says.append(turn.phrase(wrap_up.menu_prompt(turn)))
    elif parties.is_handed_over(turn.call, turn.leg):
        says.append(turn.phrase("menu_leave_now"))
    if _has_teams(turn):
        again = bool(turn.call.dispatches)
        says.append(turn.phrase("menu_send_another_team" if again else "menu_send_team"))
    if _may_transfer(turn):
        says.append(turn.phrase("menu_to_clinician"))
    if turn.leg.role is Role.CLINICIAN:
        says.append(turn.phrase("menu_new_danger"))
    says.append(turn.phrase("menu_people"))
    if _may_return(turn):
        says.append(turn.phrase("menu_return"))
    return tuple(says)


def _hear(turn: Turn, digits: str, _speech: str) -> bool:
    if not turn.call.caller.is_live:
        wrap_up.ask(turn)
        return True
    clinician = turn.leg.role is Role.CLINICIAN
    if digits == MENU_REJOIN:
        wrap_up.back_to_caller(turn)
    elif digits == MENU_RESOLVE:
        (wrap_up.ask_resolve if clinician else _leave)(turn)
    elif digits == MENU_SEND_TEAM and _has_teams(turn):
        dispatching.ask(turn)
    elif digits == MENU_TO_CLINICIAN and _may_transfer(turn):
        # By name: the call taker's flow itself goes through this menu's neighbours.
        dialogue.ask(turn, "call_taker", "incident_number", trail=())
    elif digits == MENU_NEW_DANGER and clinician:
        rescreening.ask(turn)
    elif digits == MENU_PEOPLE:
        party_menu.ask(turn)
    elif digits == MENU_RETURN and _may_return(turn):
        return_to_911.start(turn, reason="clinician_request", by=Role.CLINICIAN)
    elif digits == REPEAT:
        ask(turn)
    else:
        return False
    return True


def _leave(turn: Turn) -> None:
    """Somebody without a record to keep leaves the caller with others, if there are any."""
    if not parties.is_handed_over(turn.call, turn.leg):
        turn.say("nobody_else_with_caller")
        moving.rejoin(turn)
        return
    turn.note("left_with_others")
    turn.say("left_the_call_goodbye")
    turn.answer(Hangup())


dialogue.register(
    FLOW,
    "menu",
    dialogue.Node(says=_says, hear=_hear, give_up=wrap_up.back_to_caller, timeout_seconds=8),
)
