"""Into the room: staff first, the caller last; and out again where nobody is heard (TR1, TR7)."""

from __future__ import annotations

from ivr_flows import consulting, holding, moving, return_to_911, ringing
from ivr_flows.call import FOR_911, Leg, Place, Role, Stage
from ivr_flows.inputs import SeenInRoom
from ivr_flows.outputs import RedirectLeg
from ivr_flows.turn import Turn


def room_joined(turn: Turn, leg: Leg, room: int, *, muted: bool | None = None) -> str:
    """The carrier says a leg is in the room, `muted` or not if it says so.

    Returns why it was ignored, or "".
    """
    if leg.place is not Place.JOINING or leg.room != room:
        return "not on its way to that room"
    muted = leg.muted if muted is None else muted
    leg = turn.change_leg(leg.id, place=Place.ROOM, due_at=None, tries=0, muted=muted)
    turn.note("room_joined", leg.id, room=str(room))
    if leg.role is Role.CALLER:
        _caller_joined(turn)
    else:
        _staff_joined(turn, leg)
    return ""


def seen_in_room(turn: Turn, leg: Leg, given: SeenInRoom) -> str:
    """The carrier was asked and has the leg in the room: it has joined, although nobody told us.

    A caller has to be there with somebody who is heard: else they come out, as if not seen. Returns
    why it was ignored, or "".
    """
    if leg.step != given.step:
        return "has moved on since"
    company = (one for one in moving.staff_in_room(turn.call) if one.id in given.others)
    if leg.role is Role.CALLER and not any(one.is_heard for one in company):
        return "nobody is there with the caller"
    ignored = room_joined(turn, leg, given.room)
    if not ignored:
        turn.note("seen_in_room", leg.id, room=str(given.room))
    return ignored


def _caller_joined(turn: Turn) -> None:
    if turn.call.stage is Stage.CONNECTED:
        turn.change(stage_due_at=turn.after(turn.program.check_seconds))
    if must_leave(turn):
        take_out(turn)


def must_leave(turn: Turn) -> bool:
    """Whether the caller sits in a room where nobody is heard, or where they are not to be now."""
    call = turn.call
    is_alone = not any(leg.is_heard for leg in moving.staff_in_room(call))
    is_wanted_elsewhere = moving.dials_itself(call) or moving.is_closing(call)
    waits = moving.is_caller_held(call) or moving.consults_in_private(call)
    return is_alone or is_wanted_elsewhere or waits


def take_out(turn: Turn, *, after_seconds: float = 0.0) -> None:
    caller = turn.call.caller
    if not any(leg.is_heard for leg in moving.staff_in_room(turn.call)):
        turn.note("caller_alone", caller.id)
    turn.do(RedirectLeg(caller.id, caller.step, after_seconds=after_seconds))
    turn.change_leg(caller.id, due_at=turn.after(after_seconds + moving.JOIN_SECONDS))


def _staff_joined(turn: Turn, leg: Leg) -> None:
    call = turn.call
    if leg.room != call.room:
        turn.do(RedirectLeg(leg.id, leg.step))
        turn.change_leg(leg.id, due_at=turn.after(moving.JOIN_SECONDS))
        return
    moving.gather(turn)
    holding.carry_on(turn)
    if leg.news:
        turn.tell(turn.change_leg(leg.id, news=""), leg.news)
    if call.stage is Stage.RETURNING and (leg.present or leg.role in FOR_911):
        # A call taker who was silent at their menu, and comes back before another has answered.
        return_to_911.psap_joined(turn, leg)
    elif consulting.joined(turn, leg):
        return
    elif call.stage in (Stage.WAITING, Stage.CONSULTING) and leg in ringing.takers(turn):
        consulted = call.stage is Stage.CONSULTING
        consulting.over_to(turn, leg)
        turn.enter_stage(Stage.CONNECTED, turn.program.check_seconds)
        turn.note("connected", leg.id, person=leg.person_id or "")
        if consulted:
            _pass_the_flag(turn, leg)
    moving.release_caller(turn)


def _pass_the_flag(turn: Turn, receiver: Leg) -> None:
    """The receiver answers for the caller from here on; the giver's leaving no longer ends it."""
    consulting.pass_flag(turn, receiver)
    clinician = receiver.role is Role.CLINICIAN
    for giver in moving.staff_in_room(turn.call):
        if giver.id != receiver.id:
            turn.tell(giver, "clinician_is_on_the_line" if clinician else "receiver_is_on_the_line")
