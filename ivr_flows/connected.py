"""Caller and staff in the room: star, the room's end, who comes out and asks, deadlines (TR3)."""

from __future__ import annotations

from ivr_flows import (
    holding,
    joining,
    losing,
    moving,
    parties,
    party_menu,
    return_to_911,
    staff_menu,
    wrap_up,
)
from ivr_flows.call import CARERS, HELD_STAGES, Leg, Place, Role, Stage
from ivr_flows.moving import STAR_GRACE_SECONDS
from ivr_flows.outputs import (
    CheckLeg,
    EndLeg,
    Hangup,
    LookInRoom,
    RedirectLeg,
    ReleaseFromQueue,
)
from ivr_flows.turn import Turn

HELD_SECONDS = 6  # a caller out of the room hears from somebody by then, or the next step follows
JOIN_TRIES = 2  # a room that cannot be entered more often than this is given up


def room_left(turn: Turn) -> None:
    """The leg that asked is out of the room: by star, or by the room's end."""
    leg = turn.leg
    turn.note("room_left", room=str(leg.room))
    if leg.role is Role.CALLER and moving.consults_in_private(turn.call):
        _wait_for_the_consultation(turn)
        return
    never_in = leg.place is Place.JOINING
    has_ended_it = leg.ends_room and not never_in
    if leg.role is Role.CALLER or has_ended_it:
        moving.break_room(turn, leg.room)
    tries = leg.tries + 1 if never_in else 0
    here = {"place": Place.FLOW, "held": False, "muted": False}
    turn.change_leg(leg.id, due_at=None, ends_room=has_ended_it, tries=tries, **here)
    if leg.flow == parties.LEAVING and turn.call.caller.is_live:
        _leave_for_good(turn, leg)
    elif tries > JOIN_TRIES:
        _cannot_join(turn)
    elif leg.role is Role.CALLER:
        _caller_left_room(turn, leg, by_star=not never_in and not leg.shared)
    else:
        _staff_left_room(turn, leg)


def _cannot_join(turn: Turn) -> None:
    """The carrier does not let this leg into the room: the caller needs none to reach 911."""
    turn.note("cannot_join")
    if turn.leg.role is Role.CALLER:
        return_to_911.dial_at_once(turn, reason="room_failed")
        return
    turn.say("line_trouble_goodbye")
    turn.answer(Hangup())
    losing.leg_ended(turn, turn.leg)


def _caller_left_room(turn: Turn, left: Leg, *, by_star: bool) -> None:
    staff = turn.call.staff()
    if not staff and turn.call.stage is Stage.CONNECTED:
        losing.nobody_is_left(turn, lost=None)
    has_broken_it = left.place in (Place.ROOM, Place.JOINING)
    together = [leg for leg in staff if leg.place is Place.ROOM and leg.room == left.room]
    staying = together if has_broken_it else []
    for leg in staying:
        turn.do(RedirectLeg(leg.id, leg.step, after_seconds=STAR_GRACE_SECONDS))
    if turn.is_answered:
        return
    moving.caller_next(turn)
    if turn.call.stage in HELD_STAGES and turn.leg.place is Place.QUEUE:
        if moving.is_caller_held(turn.call):
            turn.change_leg(turn.leg_id, due_at=holding.reminder_at(turn))
            return
        flow = moving.STAR if by_star and staying else moving.WAITING
        turn.change_leg(turn.leg_id, flow=flow, due_at=turn.after(HELD_SECONDS))


def _staff_left_room(turn: Turn, left: Leg) -> None:
    caller = turn.call.caller
    moving.caller_did_not_star(turn)
    if not caller.is_live:
        wrap_up.ask(turn)
    elif left.place is Place.JOINING or not left.has_menu or _others_left_first(turn, left):
        moving.rejoin(turn)
    else:
        turn.note("held", caller.id)
        if caller.place is Place.QUEUE and turn.call.stage in HELD_STAGES:
            turn.change_leg(caller.id, due_at=None)
        staff_menu.ask(turn)


def _others_left_first(turn: Turn, left: Leg) -> bool:
    """Whether the room ended around the leg, which did not end it itself, as far as is known.

    It is forming anew already, or another who carries its end is at a menu, is being taken out or
    is gone.
    """
    is_broken = left.room != turn.call.room and not left.ends_room
    return is_broken or any(
        leg.ends_room and leg.room == left.room and _is_on_the_way_out(leg)
        for leg in turn.call.legs
        if leg.id != left.id and leg.role is not Role.CALLER
    )


def _is_on_the_way_out(leg: Leg) -> bool:
    return not leg.is_live or leg.flow == parties.LEAVING or losing.has_left_for_menu(leg)


def room_departed(turn: Turn, leg: Leg, room: int, *, pushed_out: bool) -> str:
    """The carrier says a leg left a generation of the room; its own request says where it goes."""
    if leg.room == room and pushed_out and losing.has_left_for_menu(leg):
        moving.fetch_from_menu(turn, leg)
        return ""
    if leg.place is not Place.ROOM or leg.room != room:
        return "not in that room any more"
    if leg.role is Role.CALLER:
        turn.change_leg(leg.id, due_at=turn.after(HELD_SECONDS))
        return ""
    if pushed_out or leg.ends_room:
        moving.break_room(turn, room)
    if pushed_out:
        turn.change_leg(leg.id, ends_room=False)
    return ""


def leg_asked(turn: Turn) -> None:
    """A leg we moved asks what to do."""
    if turn.leg.role is Role.CALLER:
        _caller_asked(turn)
    elif not turn.call.caller.is_live:
        wrap_up.ask(turn)
    elif turn.leg.flow == parties.LEAVING:
        if turn.leg.place is Place.ROOM and turn.leg.ends_room:
            moving.break_room(turn, turn.leg.room)
        _leave_for_good(turn, turn.leg)
    elif moving.is_caller_held(turn.call) and turn.leg.has_menu:
        turn.change_leg(turn.leg_id, ends_room=False, held=False, muted=False)
        party_menu.while_held(turn)
    else:
        if turn.leg.role is not Role.OUTSIDE:
            starred = turn.call.caller.flow == moving.STAR
            turn.say("caller_at_menu" if starred else "back_to_your_caller")
        moving.rejoin(turn)


def _leave_for_good(turn: Turn, leg: Leg) -> None:
    """A party that was to be taken out is: a last word, unless the caller needs them after all."""
    is_staff = leg.id in {other.id for other in turn.call.staff()}
    if is_staff and not parties.is_handed_over(turn.call, leg):
        turn.say("nobody_else_with_caller")
        moving.rejoin(turn)
        return
    is_open = leg.role in CARERS and not turn.call.disposition
    turn.say("record_left_open" if is_open else "left_the_call_goodbye")
    turn.answer(Hangup())
    turn.note("left_the_call", leg.id)
    losing.leg_ended(turn, leg)


def _caller_asked(turn: Turn) -> None:
    leg = turn.leg
    if leg.flow == moving.CLOSING:
        moving.break_room(turn, leg.room if leg.place is Place.ROOM else 0)
        wrap_up.say_goodbye(turn)
        return
    if moving.consults_in_private(turn.call):
        _wait_for_the_consultation(turn)
        return
    joining = leg.place is Place.JOINING
    if joining and not leg.tries and leg.room == turn.call.room:
        if moving.caller_may_enter(turn.call):
            return  # fetched twice: the same answer again
    elif joining and leg.tries > JOIN_TRIES:
        _cannot_join(turn)
        return
    returning = turn.call.returning
    at_911 = turn.call.stage is Stage.RETURNING and returning is not None and returning.taken
    if at_911 and not turn.call.staff():
        turn.change_leg(leg.id, place=Place.FLOW, due_at=None, present=False)
        return_to_911.after_911(turn)
        return
    was_in = joining or leg.place is Place.ROOM
    moving.break_room(turn, leg.room if was_in else 0)
    turn.change_leg(leg.id, place=Place.FLOW, due_at=None)
    _caller_left_room(turn, leg, by_star=False)


def _wait_for_the_consultation(turn: Turn) -> None:
    """Fetched or by star, the caller waits where 9 is heard; the room is left to the two in it."""
    turn.change_leg(turn.leg_id, place=Place.FLOW, due_at=None)
    moving.to_queue(turn)


def stage_overdue(turn: Turn) -> None:
    """Connected has a deadline too: ask the carrier whether the legs still live."""
    turn.change(stage_due_at=turn.after(turn.program.check_seconds))
    for leg in (turn.call.caller, *turn.call.staff()):
        if leg.is_live:
            turn.do(CheckLeg(leg.id))
    caller = turn.call.caller
    if not turn.call.staff() and caller.is_live and not moving.is_closing(turn.call):
        losing.nobody_is_left(turn, lost=None)
        if caller.place is Place.ROOM:
            joining.take_out(turn)
    elif _waits_for_nobody_due(turn, caller):
        turn.change_leg(caller.id, due_at=turn.after(HELD_SECONDS))


def _waits_for_nobody_due(turn: Turn, caller: Leg) -> bool:
    """Whether the caller is out of the room, and neither they nor any of staff have a time limit.

    Staff were in the room when we were last told of them; if the carrier never says that they have
    gone, nothing but the caller's own limit leads on (Law 2).
    """
    waits = caller.place is Place.QUEUE and not moving.is_caller_held(turn.call)
    return waits and all(leg.due_at is None for leg in (caller, *turn.call.staff()))


def leg_overdue(turn: Turn, leg: Leg) -> None:
    """A leg of the room did not do what it was told in time."""
    if leg.role is Role.CALLER:
        _caller_overdue(turn, leg)
    elif leg.place is Place.JOINING and leg.flow == moving.ROOM and not leg.sought:
        _look_in_room(turn, leg)
    elif leg.place is Place.JOINING and leg.tries == 0:
        turn.change_leg(leg.id, tries=1, due_at=turn.after(moving.JOIN_SECONDS * 2))
        turn.do(RedirectLeg(leg.id, leg.step))
    elif leg.place is Place.JOINING:
        turn.note("did_not_join", leg.id)
        turn.do(EndLeg(leg.id))
        losing.leg_ended(turn, leg)
    elif leg.place is Place.FLOW and leg in turn.call.staff():
        turn.change_leg(leg.id, due_at=turn.after(turn.program.menu_seconds))
        turn.do(CheckLeg(leg.id))
        _answers_no_question(turn)
    elif leg.flow != parties.LEAVING and holding.is_open(leg):
        holding.overdue(turn, leg)
    else:
        turn.change_leg(leg.id, due_at=None)
        turn.do(CheckLeg(leg.id))
        if leg.flow == parties.LEAVING:
            turn.do(EndLeg(leg.id))
        if leg.place is Place.ROOM and leg.room != turn.call.room:
            turn.do(RedirectLeg(leg.id, leg.step))


def _look_in_room(turn: Turn, leg: Leg) -> None:
    """Nobody has told us that the leg joined: that may be lost, so who is there is not disturbed.

    The leg's time to join is not over yet; without an answer it ends when it would have ended.
    """
    turn.do(LookInRoom(leg.id, leg.room, leg.step))
    turn.change_leg(leg.id, sought=True, due_at=turn.after(moving.LOOK_SECONDS))


def _answers_no_question(turn: Turn) -> None:
    """Somebody at a menu is silent, for whom the caller waits."""
    waits = turn.call.caller.place is Place.QUEUE and not moving.free_in_room(turn.call)
    if waits and not holding.bring_back(turn):
        return_to_911.start(turn, reason="clinician_silent", by=Role.CLINICIAN)


def _caller_overdue(turn: Turn, leg: Leg) -> None:
    turn.change_leg(leg.id, due_at=None)
    if leg.place is Place.JOINING and not leg.sought and not joining.must_leave(turn):
        _look_in_room(turn, leg)
    elif leg.place is Place.JOINING:
        turn.change_leg(leg.id, tries=leg.tries + 1, due_at=turn.after(HELD_SECONDS))
        turn.do(RedirectLeg(leg.id, leg.step))
    elif leg.place is Place.ROOM:
        turn.do(CheckLeg(leg.id))
        if moving.is_caller_held(turn.call):
            holding.caller_not_held(turn)
        if joining.must_leave(turn):
            joining.take_out(turn)
    elif leg.place is Place.QUEUE:
        _queued_caller_overdue(turn, leg)
    else:
        turn.do(CheckLeg(leg.id))


def _queued_caller_overdue(turn: Turn, leg: Leg) -> None:
    if moving.is_closing(turn.call):
        turn.do(ReleaseFromQueue(leg.id))
        turn.change_leg(leg.id, due_at=turn.after(moving.RELEASE_SECONDS))
        return
    turn.change_leg(leg.id, flow=moving.WAITING)
    if moving.consults_in_private(turn.call):
        turn.change_leg(leg.id, due_at=None)  # spoken to all the while, and 9 leads to 911
    elif moving.is_caller_held(turn.call):
        holding.remind(turn)
    elif moving.caller_may_enter(turn.call):
        moving.release_caller(turn)
    elif turn.call.stage in HELD_STAGES:
        if any(one.place is not Place.ROOM for one in turn.call.staff()):
            turn.change_leg(leg.id, due_at=turn.after(HELD_SECONDS))
            return
        turn.note("staff_did_not_come_back", leg.id)
        if turn.call.stage is Stage.CONSULTING:
            losing.giver_left_early(turn, leg)
        else:
            losing.nobody_is_left(turn, lost=None)
