"""The star menu's people on the line: who is there, held or muted, and what to do (TR3, TR4)."""

from __future__ import annotations

from ivr_flows import dialogue, holding, moving, parties, targets, wrap_up
from ivr_flows.call import Leg, Place, Role
from ivr_flows.menus import (
    BACK,
    CHOOSE_PARTY,
    CONTROL_SELF,
    HOLD_CALLER,
    HOLD_PARTY,
    MUTE_PARTY,
    REMOVE_PARTY,
    REPEAT,
)
from ivr_flows.outputs import Say
from ivr_flows.prompts import text
from ivr_flows.turn import STAFF_LANGUAGE, Turn

FLOW = holding.MENU
_THERE = (Place.ROOM, Place.JOINING)


def ask(turn: Turn) -> None:
    """Read out the parties and offer what may be done."""
    dialogue.ask(turn, FLOW, "people", trail=())


def while_held(turn: Turn) -> None:
    """Where somebody goes whose caller is on hold: to the others in the room, else to wait."""
    if _has_company(turn):
        if not turn.is_answered:
            turn.say("your_caller_waits")
        moving.rejoin(turn)
    else:
        dialogue.ask(turn, FLOW, holding.ON_HOLD)


def _has_company(turn: Turn) -> bool:
    mine = (turn.leg_id, turn.call.caller.id)
    return any(leg.place in _THERE for leg in turn.call.legs if leg.id not in mine)


def _others(turn: Turn) -> list[Leg]:
    """Parties that may be chosen, in the order in which they came."""
    staff = {leg.id for leg in turn.call.staff()}
    return [
        leg
        for leg in turn.call.legs
        if leg.id != turn.leg_id
        and leg.role is not Role.CALLER
        and leg.is_answered
        and (leg.id in staff or leg.place in _THERE)
    ][: len(CHOOSE_PARTY)]


def _name(turn: Turn, leg: Leg) -> str:
    """The party by role or by its name in the directory, numbered where there are several."""
    same = [one.id for one in _others(turn) if (one.role, one.line_id) == (leg.role, leg.line_id)]
    outside = targets.find_outside(turn, leg.line_id or "")
    role = (outside.name if outside is not None else "") or f"@role_{leg.role}"
    number = same.index(leg.id) + 1 if leg.id in same else 1
    if number == 1:
        return role
    return text(Say("role_numbered", STAFF_LANGUAGE, {"role": role, "number": str(number)}))


def _state(turn: Turn, leg: Leg) -> Say:
    """One party and its state, as it will be once what was asked is done."""
    held, muted = leg.hold_wanted, leg.mute_wanted
    if leg.role is Role.CALLER:
        held = moving.is_caller_held(turn.call)
    prompt = "people_there"
    if held and muted:
        prompt = "people_held_and_muted"
    elif held:
        prompt = "people_held"
    elif muted:
        prompt = "people_muted"
    return turn.phrase(prompt, party=_name(turn, leg))


def _may(turn: Turn, leg: Leg, action: str) -> bool:
    return not parties.find_refusal(turn.call, leg, action)


def _people(turn: Turn) -> tuple[Say, ...]:
    caller, others = turn.call.caller, _others(turn)
    says = [turn.phrase("people_on_the_line"), _state(turn, caller)]
    says += [_state(turn, leg) for leg in others]
    if moving.is_caller_held(turn.call):
        says.append(turn.phrase("people_bring_caller_back"))
    elif _may(turn, caller, parties.HOLD):
        says.append(turn.phrase("people_hold_caller"))
    if turn.leg.hold_wanted:
        says.append(turn.phrase("people_free_me"))
    elif turn.leg.mute_wanted:
        says.append(turn.phrase("people_unmute_me"))
    elif _may(turn, turn.leg, parties.MUTE):
        says.append(turn.phrase("people_mute_me"))
    for key, leg in zip(CHOOSE_PARTY, others, strict=False):
        says.append(turn.phrase("for_choice_press", choice=_name(turn, leg), key=key))
    return (*says, turn.phrase("people_go_back"))


def _hear_people(turn: Turn, digits: str, _speech: str) -> bool:
    caller, others = turn.call.caller, dict(zip(CHOOSE_PARTY, _others(turn), strict=False))
    if not caller.is_live:
        wrap_up.ask(turn)
    elif digits == HOLD_CALLER and moving.is_caller_held(turn.call):
        wrap_up.back_to_caller(turn)
    elif digits == HOLD_CALLER:
        _do(turn, caller, parties.HOLD)
    elif digits == CONTROL_SELF:
        _do(turn, turn.leg, _about_self(turn.leg))
    elif digits in others:
        dialogue.ask(turn, FLOW, "party", trail=(others[digits].id,))
    elif digits == BACK:
        dialogue.ask(turn, FLOW, "menu")
    elif digits == REPEAT:
        ask(turn)
    else:
        return False
    return True


def _about_self(leg: Leg) -> str:
    if leg.hold_wanted:
        return parties.UNHOLD
    return parties.UNMUTE if leg.mute_wanted else parties.MUTE


def _do(turn: Turn, leg: Leg, action: str) -> None:
    """Do it and go back to the line, where it takes effect; or say that it cannot be."""
    if parties.control(turn, leg, action, by=turn.leg.person_id or turn.leg_id):
        dialogue.ask(turn, FLOW, "people", turn.phrase("people_not_now"), trail=())
        return
    if leg.role is not Role.CALLER:
        turn.say("people_noted")
    if moving.is_caller_held(turn.call):
        while_held(turn)
    else:
        moving.rejoin(turn)


def _chosen(turn: Turn) -> Leg | None:
    leg = turn.call.find_leg(turn.leg.trail[0]) if turn.leg.trail else None
    return leg if leg is not None and leg.is_live else None


def _party(turn: Turn) -> tuple[Say, ...]:
    leg = _chosen(turn)
    if leg is None:
        return (turn.phrase("people_party_gone"), turn.phrase("people_go_back"))
    says = [_state(turn, leg)]
    if leg.hold_wanted:
        says.append(turn.phrase("people_unhold_party"))
    elif _may(turn, leg, parties.HOLD):
        says.append(turn.phrase("people_hold_party"))
    if leg.mute_wanted:
        says.append(turn.phrase("people_unmute_party"))
    elif _may(turn, leg, parties.MUTE):
        says.append(turn.phrase("people_mute_party"))
    if _may(turn, leg, parties.REMOVE):
        says.append(turn.phrase("people_remove_party"))
    return (*says, turn.phrase("people_go_back"))


def _hear_party(turn: Turn, digits: str, _speech: str) -> bool:
    leg = _chosen(turn)
    if not turn.call.caller.is_live:
        wrap_up.ask(turn)
    elif leg is None and digits:
        dialogue.ask(turn, FLOW, "people", turn.phrase("people_party_gone"), trail=())
    elif leg is not None and digits == HOLD_PARTY:
        _do(turn, leg, parties.UNHOLD if leg.hold_wanted else parties.HOLD)
    elif leg is not None and digits == MUTE_PARTY:
        _do(turn, leg, parties.UNMUTE if leg.mute_wanted else parties.MUTE)
    elif leg is not None and digits == REMOVE_PARTY:
        _do(turn, leg, parties.REMOVE)
    elif digits == BACK:
        ask(turn)
    elif digits == REPEAT:
        dialogue.ask(turn, FLOW, "party")
    else:
        return False
    return True


def _on_hold(turn: Turn) -> tuple[Say, ...]:
    return (turn.phrase("your_caller_waits_press_1"),)


def _hear_on_hold(turn: Turn, digits: str, _speech: str) -> bool:
    """Silence is heard as well: while the caller is on hold, nobody forgets them."""
    if not turn.call.caller.is_live:
        wrap_up.ask(turn)
    elif not moving.is_caller_held(turn.call) or digits == HOLD_CALLER:
        wrap_up.back_to_caller(turn)
    elif digits == BACK:
        dialogue.ask(turn, FLOW, "menu")
    elif not digits or digits == REPEAT:
        while_held(turn)
    else:
        return False
    return True


dialogue.register(
    FLOW,
    "people",
    dialogue.Node(
        says=_people, hear=_hear_people, give_up=wrap_up.back_to_caller, timeout_seconds=8
    ),
)
dialogue.register(
    FLOW,
    "party",
    dialogue.Node(says=_party, hear=_hear_party, give_up=wrap_up.back_to_caller, timeout_seconds=8),
)
dialogue.register(
    FLOW,
    holding.ON_HOLD,
    dialogue.Node(
        says=_on_hold,
        hear=_hear_on_hold,
        give_up=wrap_up.back_to_caller,
        timeout_seconds=15,
        silence_is_an_answer=True,
    ),
)
