"""Who may do what about one party of a call: hold, mute, remove, leave (TR3, TR4)."""

from __future__ import annotations

from ivr_flows import holding, moving
from ivr_flows.call import HELD_STAGES, Call, Leg, Place, Role, Stage
from ivr_flows.outputs import RedirectLeg, RemoveLeg
from ivr_flows.turn import Turn

HOLD, UNHOLD, MUTE, UNMUTE, REMOVE, LEAVE = "hold", "unhold", "mute", "unmute", "remove", "leave"
ACTIONS = (HOLD, UNHOLD, MUTE, UNMUTE, REMOVE, LEAVE)

LEAVING = "leaving"  # flow of a leg that is on its way out of the call
_IN_ROOM = (Place.ROOM, Place.JOINING)

CLOSED = "the call is over"
GONE = "this party has left the line"
NOT_THERE = "this party is not on the line with the caller yet"
CALLER_HEARD = "a caller is never muted: hold them instead"
CALLER_STAYS = "a caller is never taken out: resolve the call, or return them to 911"
CALLER_WAITS = "nobody is with the caller, who hears the wait already"
ENDING = "the call is being ended"
TO_911 = "911 is being called for the caller: wait until they have them"
ALONE = "nobody else whom the caller hears is with them: bring another party back first"
NOBODY_ELSE = (
    "nobody else answers for the caller: bring somebody in, resolve the call, or return it to 911"
)
ANSWERS = "this party answers for the caller: they leave by themselves"


def find_refusal(call: Call, leg: Leg, action: str) -> str:
    """Why nobody may do `action` about the leg now and what to do instead, or ""."""
    if call.stage is Stage.CLOSED:
        return CLOSED
    if not leg.is_live:
        return GONE
    if leg.role is Role.CALLER:
        return _find_refusal_of_caller(call, action)
    is_staff = leg.id in {other.id for other in call.staff()}
    if not is_staff and leg.place not in _IN_ROOM:
        return NOT_THERE
    if action in (UNHOLD, UNMUTE):
        return ""
    if action == LEAVE and is_staff:
        return "" if is_handed_over(call, leg) else NOBODY_ELSE
    if action == REMOVE and is_staff:
        return ANSWERS
    if action in (HOLD, MUTE) and is_staff:
        return _find_reason_to_be_heard(call, leg)
    return ""


def _find_refusal_of_caller(call: Call, action: str) -> str:
    if action in (MUTE, UNMUTE):
        return CALLER_HEARD
    if action in (REMOVE, LEAVE):
        return CALLER_STAYS
    if action == UNHOLD:
        return ""
    if moving.is_closing(call):
        return ENDING
    if call.stage is Stage.RETURNING:
        return TO_911
    is_anybody_free = any(not (leg.hold_wanted or leg.mute_wanted) for leg in call.staff())
    return "" if call.stage in HELD_STAGES and is_anybody_free else CALLER_WAITS


def _find_reason_to_be_heard(call: Call, leg: Leg) -> str:
    if moving.is_closing(call):
        return ENDING
    if call.stage is Stage.RETURNING:
        return TO_911
    others = [other for other in call.staff() if other.id != leg.id and not other.is_silenced]
    return "" if others and call.stage in HELD_STAGES else ALONE


def is_handed_over(call: Call, leg: Leg) -> bool:
    """Whether another whom the caller hears answers for them, or 911 is being reached."""
    if call.stage is Stage.RETURNING:
        return True
    others = (other for other in call.staff() if other.id != leg.id and not other.is_silenced)
    return any(other.place in _IN_ROOM for other in others)


def control(turn: Turn, leg: Leg, action: str, *, by: str) -> str:
    """Do `action` about the leg. Returns why it is refused, or ""."""
    refused = find_refusal(turn.call, leg, action)
    if refused:
        return refused
    turn.note(f"{action}_requested", leg.id, person=by)
    if leg.role is Role.CALLER:
        _control_caller(turn, action)
    elif action in (HOLD, UNHOLD):
        holding.set_hold(turn, leg, on=action == HOLD)
    elif action in (MUTE, UNMUTE):
        holding.set_mute(turn, leg, on=action == MUTE)
    else:
        _take_out(turn, leg)
    return ""


def _control_caller(turn: Turn, action: str) -> None:
    if action == UNHOLD:
        holding.bring_caller_back(turn, why="asked_for")
    elif not moving.is_caller_held(turn.call):
        holding.hold_caller(turn)


def _take_out(turn: Turn, leg: Leg) -> None:
    is_staff = leg.id in {other.id for other in turn.call.staff()}
    turn.change_leg(leg.id, flow=LEAVING, node="", due_at=turn.after(moving.JOIN_SECONDS), tries=0)
    if is_staff or leg.place is not Place.ROOM:
        turn.do(RedirectLeg(leg.id, leg.step))
    else:
        turn.do(RemoveLeg(leg.id, leg.room))


def not_taken_out(turn: Turn, leg: Leg) -> None:
    """The carrier did not take the party out: they stay, and those who could ask are told."""
    turn.change_leg(leg.id, flow=moving.ROOM, due_at=None)
    turn.note("control_given_up", leg.id)
    holding.say_to_free(turn, "control_not_done")
