"""The star menu of a person who answers for a caller, who is held with a voice meanwhile (TR3)."""

from __future__ import annotations

from ivr_flows import (
    dialogue,
    dispatching,
    moving,
    parties,
    party_menu,
    rescreening,
    return_choice,
    warm_transfer,
    wrap_up,
)
from ivr_flows.call import CARERS, FOR_911, Role, Stage
from ivr_flows.menus import (
    MENU_NEW_DANGER,
    MENU_PEOPLE,
    MENU_REJOIN,
    MENU_RESOLVE,
    MENU_RETURN,
    MENU_SEND_TEAM,
    MENU_TRANSFER,
    REPEAT,
)
from ivr_flows.outputs import Hangup, Say
from ivr_flows.turn import Turn

FLOW = party_menu.FLOW


def ask(turn: Turn) -> None:
    """Offer the menu to the leg that asked; in the middle of a transfer, the transfer's."""
    if not warm_transfer.ask(turn):
        dialogue.ask(turn, FLOW, "menu")


def _has_teams(turn: Turn) -> bool:
    return turn.program.has_teams and turn.leg.role in CARERS


def _may_transfer(turn: Turn) -> bool:
    """Whether there is somebody to choose, or a call taker may bring in a clinician."""
    if turn.call.stage is not Stage.CONNECTED:
        return False
    return bool(warm_transfer.list_targets(turn)) or _may_bring_in_clinician(turn)


def _may_bring_in_clinician(turn: Turn) -> bool:
    return (
        turn.leg.role is Role.CALL_TAKER
        and turn.call.outcome != "returned_to_911"
        and turn.program.clinician_desk not in turn.call.returned_from
        and not any(leg.role is Role.CLINICIAN for leg in turn.call.staff())
    )


def _may_return(turn: Turn) -> bool:
    """Whether 911 is neither with the caller nor being called."""
    return (
        turn.leg.role in CARERS
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
    carer = turn.leg.role in CARERS
    if carer:
        says.append(turn.phrase(wrap_up.menu_prompt(turn)))
    elif parties.is_handed_over(turn.call, turn.leg):
        says.append(turn.phrase("menu_leave_now"))
    if _has_teams(turn):
        again = bool(turn.call.dispatches)
        says.append(turn.phrase("menu_send_another_team" if again else "menu_send_team"))
    if _may_transfer(turn):
        chooses = bool(warm_transfer.list_targets(turn))
        says.append(turn.phrase("menu_transfer" if chooses else "menu_to_clinician"))
    if carer:
        says.append(turn.phrase("menu_new_danger"))
    says.append(turn.phrase("menu_people"))
    if _may_return(turn):
        says.append(turn.phrase("menu_return"))
    return tuple(says)


def _hear(turn: Turn, digits: str, _speech: str) -> bool:
    if not turn.call.caller.is_live:
        wrap_up.ask(turn)
        return True
    carer = turn.leg.role in CARERS
    if digits == MENU_REJOIN:
        wrap_up.back_to_caller(turn)
    elif digits == MENU_RESOLVE:
        (wrap_up.ask_resolve if carer else _leave)(turn)
    elif digits == MENU_SEND_TEAM and _has_teams(turn):
        dispatching.ask(turn)
    elif digits == MENU_TRANSFER and _may_transfer(turn):
        _transfer(turn)
    elif digits == MENU_NEW_DANGER and carer:
        rescreening.ask(turn)
    elif digits == MENU_PEOPLE:
        party_menu.ask(turn)
    elif digits == MENU_RETURN and _may_return(turn):
        return_choice.begin(turn)
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


def _transfer(turn: Turn) -> None:
    if warm_transfer.list_targets(turn):
        warm_transfer.ask_target(turn)
    else:
        # By name: the call taker's flow itself goes through this menu's neighbours.
        dialogue.ask(turn, "call_taker", "incident_number", trail=())


dialogue.register(
    FLOW,
    "menu",
    dialogue.Node(says=_says, hear=_hear, give_up=wrap_up.back_to_caller, timeout_seconds=8),
)
