"""Caller and staff in the room: joining, star and leaving, lost legs, and the end of the call (TR1, TR3, TR7)."""

from __future__ import annotations

from ivr_flows import moving, return_to_911, ringing, staff_menu, wrap_up
from ivr_flows.call import Leg, Place, Role, Stage
from ivr_flows.outputs import Announce, CheckLeg, EndLeg, RedirectLeg, Say, SetEndsRoom
from ivr_flows.turn import Turn
from ivr_flows.waiting import nobody_takes_it

STAR_GRACE_SECONDS = (
    0.7  # a staff leg whose room has ended comes by its own action within this time
)
HELD_SECONDS = 6  # a caller out of the room hears from somebody by then, or the next step follows
PRIORITY_AFTER_DROP = 50
DROPS_ALLOWED = 2


def room_joined(turn: Turn, leg: Leg, room: int) -> str:
    """The carrier says a leg is in the room. Returns why it was ignored, or ""."""
    if leg.place is not Place.JOINING or leg.room != room:
        return "not on its way to that room"
    turn.change_leg(leg.id, place=Place.ROOM, due_at=None, tries=0)
    turn.note("room_joined", leg.id, room=str(room))
    if leg.role is Role.CALLER:
        _caller_joined(turn)
    else:
        _staff_joined(turn, turn.get_leg(leg.id))
    return ""


def _caller_joined(turn: Turn) -> None:
    if turn.call.stage is Stage.CONNECTED:
        turn.change(stage_due_at=turn.after(turn.program.check_seconds))
    if not moving.staff_in_room(turn.call):
        _free_lonely_caller(turn)


def _free_lonely_caller(turn: Turn) -> None:
    caller = turn.call.caller
    turn.note("caller_alone", caller.id)
    turn.do(RedirectLeg(caller.id, caller.step))


def _staff_joined(turn: Turn, leg: Leg) -> None:
    call = turn.call
    if leg.room != call.room:
        return
    if call.stage is Stage.RETURNING and leg.present:
        return_to_911.psap_joined(turn, leg)
    elif call.stage in (Stage.WAITING, Stage.CONSULTING) and leg.id in _accepted(turn):
        consulted = call.stage is Stage.CONSULTING
        turn.enter_stage(Stage.CONNECTED, turn.program.check_seconds)
        turn.note("connected", leg.id, person=leg.person_id or "")
        if consulted:
            _pass_the_flag(turn, leg)
    moving.release_caller(turn)


def _accepted(turn: Turn) -> frozenset[str]:
    return frozenset(o.leg_id for o in turn.call.offers if o.state == "accepted")


def _pass_the_flag(turn: Turn, receiver: Leg) -> None:
    """The receiver answers for the caller from here on; the giver may leave without ending the room."""
    for giver in moving.staff_in_room(turn.call):
        if giver.id == receiver.id:
            continue
        if giver.ends_room:
            turn.do(SetEndsRoom(giver.id, giver.room, ends_room=False))
        turn.do(Announce(giver.id, giver.room, Say("clinician_is_on_the_line")))


def room_left(turn: Turn, *, hung_up: bool) -> None:
    """The leg that asked is out of the room: by star, because the room ended, or because it hung up."""
    leg = turn.leg
    if hung_up:
        leg_ended(turn, leg)
        return
    turn.note("room_left", room=str(leg.room))
    if leg.ends_room or leg.role is Role.CALLER:
        moving.break_room(turn, leg.room)
    turn.change_leg(leg.id, place=Place.FLOW, due_at=None, ends_room=False)
    if leg.role is Role.CALLER:
        _caller_left_room(turn, leg)
    else:
        _staff_left_room(turn, leg)


def _caller_left_room(turn: Turn, left: Leg) -> None:
    staff = turn.call.staff()
    if not staff and turn.call.stage is Stage.CONNECTED:
        _nobody_is_left(turn, lost=None)
    for leg in staff:
        if leg.place is Place.ROOM and leg.room == left.room:
            turn.do(RedirectLeg(leg.id, leg.step, after_seconds=STAR_GRACE_SECONDS))
    if turn.is_answered:
        return
    if turn.call.stage is Stage.WAITING and turn.call.drops:
        turn.say("line_dropped_stay")
    moving.caller_next(turn)
    if turn.call.stage is Stage.CONNECTED and turn.leg.place is Place.QUEUE:
        turn.change_leg(turn.leg_id, due_at=turn.after(HELD_SECONDS))


def _staff_left_room(turn: Turn, left: Leg) -> None:
    if not turn.call.caller.is_live:
        wrap_up.ask(turn)
    elif left.role is Role.PSAP or _others_ended_the_room(turn, left):
        moving.join_room(turn, ends_room=True)
    else:
        caller = turn.call.caller
        turn.note("held", caller.id)
        if caller.place is Place.QUEUE and caller.due_at is not None:
            turn.change_leg(caller.id, due_at=None)
        staff_menu.ask(turn)


def _others_ended_the_room(turn: Turn, left: Leg) -> bool:
    """Whether the room ended because somebody else who answered for the caller is known to have gone."""
    return any(
        leg.id != left.id and not leg.is_live and leg.ends_room and leg.room == left.room
        for leg in turn.call.legs
    )


def room_departed(turn: Turn, leg: Leg, room: int) -> str:
    """The carrier says a leg left a generation of the room; its own request tells where it goes."""
    if leg.place is not Place.ROOM or leg.room != room:
        return "not in that room any more"
    if leg.role is Role.CALLER:
        return ""
    if leg.ends_room:
        moving.break_room(turn, room)
    return ""


def leg_asked(turn: Turn) -> None:
    """A leg we moved asks what to do."""
    leg = turn.leg
    if leg.role is Role.CALLER:
        if leg.place in (Place.ROOM, Place.JOINING) and leg.room:
            moving.break_room(turn, leg.room)
        if leg.flow == "closing":
            wrap_up.say_goodbye(turn)
            return
        turn.change_leg(leg.id, place=Place.FLOW, due_at=None)
        if not turn.call.staff() and turn.call.stage is Stage.CONNECTED:
            _nobody_is_left(turn, lost=None)
        if not turn.is_answered:
            moving.caller_next(turn)
    elif not turn.call.caller.is_live:
        wrap_up.ask(turn)
    else:
        turn.say("one_moment_back_to_caller")
        moving.join_room(turn, ends_room=True)


def leg_ended(turn: Turn, leg: Leg) -> None:
    """A leg is over, whoever told us: everyone it leaves behind gets a next step."""
    if not leg.is_live:
        return
    was_staff = leg.id in {other.id for other in turn.call.staff()}
    turn.end_leg(leg.id)
    turn.note("leg_ended", leg.id, role=str(leg.role))
    if leg.role is Role.CALLER:
        wrap_up.caller_gone(turn, leg)
    elif was_staff and turn.call.caller.is_live:
        _staff_lost(turn, leg)
    elif turn.call.stage is not Stage.CLOSED and not turn.call.caller.is_live:
        wrap_up.close_if_over(turn)


def _staff_lost(turn: Turn, leg: Leg) -> None:
    if leg.ends_room:
        moving.break_room(turn, leg.room)
    if turn.call.stage is Stage.RETURNING and leg.present:
        return_to_911.taker_lost(turn, leg)
    if turn.call.outcome == "resolved" or turn.call.staff():
        return
    if turn.call.stage is Stage.CONSULTING:
        turn.enter_stage(Stage.WAITING, turn.program.waiting_seconds)
        turn.note("giver_left_early", leg.id)
    elif turn.call.stage in (Stage.CONNECTED, Stage.WAITING):
        _nobody_is_left(turn, lost=leg)
    caller = turn.call.caller
    if caller.place is Place.ROOM:
        turn.do(RedirectLeg(caller.id, caller.step, after_seconds=STAR_GRACE_SECONDS))


def _nobody_is_left(turn: Turn, lost: Leg | None) -> None:
    """The person who answered for the caller is gone: 911 hung up, or a clinician's line dropped."""
    last = lost or _last_staff(turn)
    if last is not None and last.role in (Role.PSAP, Role.CALL_TAKER):
        return_to_911.after_911(turn)
        return
    drops = turn.call.drops + 1
    turn.note("clinician_lost", last.id if last else "", drops=str(drops))
    desk = turn.program.clinician_desk
    turn.change(
        drops=drops,
        desk=desk,
        priority=PRIORITY_AFTER_DROP,
        queued_at=turn.now,
        passed_over=(),
    )
    turn.enter_stage(Stage.WAITING, turn.program.reoffer_seconds)
    if drops > DROPS_ALLOWED or not ringing.ring_next(turn):
        nobody_takes_it(turn)


def _last_staff(turn: Turn) -> Leg | None:
    answered = [leg for leg in turn.call.legs if leg.role is not Role.CALLER and leg.room]
    return answered[-1] if answered else None


def stage_overdue(turn: Turn) -> None:
    """Connected has a deadline too: ask the carrier whether the staff legs still live."""
    for leg in moving.staff_in_room(turn.call):
        turn.do(CheckLeg(leg.id))
    if not turn.call.staff() and turn.call.caller.is_live:
        _nobody_is_left(turn, lost=None)
        return
    turn.change(stage_due_at=turn.after(turn.program.check_seconds))


def leg_overdue(turn: Turn, leg: Leg) -> None:
    """A leg of the room did not do what it was told in time."""
    if leg.role is Role.CALLER:
        _caller_overdue(turn, leg)
    elif leg.place is Place.JOINING and leg.tries == 0:
        turn.change_leg(leg.id, tries=1, due_at=turn.after(moving.JOIN_SECONDS * 2))
        turn.do(RedirectLeg(leg.id, leg.step))
    elif leg.place is Place.JOINING:
        turn.note("did_not_join", leg.id)
        turn.do(EndLeg(leg.id))
        leg_ended(turn, leg)
    elif leg.place is Place.FLOW and leg.id in {other.id for other in turn.call.staff()}:
        turn.change_leg(leg.id, due_at=turn.after(turn.program.menu_seconds))
        turn.do(CheckLeg(leg.id))
        if turn.call.caller.place is Place.QUEUE and not moving.staff_in_room(turn.call):
            return_to_911.start(turn, reason="clinician_silent", by=Role.CLINICIAN)
    else:
        turn.change_leg(leg.id, due_at=None)
        turn.do(CheckLeg(leg.id))


def _caller_overdue(turn: Turn, leg: Leg) -> None:
    turn.change_leg(leg.id, due_at=None)
    if leg.place is Place.JOINING:
        turn.do(RedirectLeg(leg.id, leg.step))
        turn.change_leg(leg.id, due_at=turn.after(HELD_SECONDS))
    elif leg.place is Place.QUEUE and moving.caller_may_enter(turn.call):
        moving.release_caller(turn)
    elif leg.place is Place.QUEUE and turn.call.stage is Stage.CONNECTED:
        reachable = [
            s for s in turn.call.staff() if s.place is not Place.ROOM or s.room == turn.call.room
        ]
        if reachable:
            turn.change_leg(leg.id, due_at=turn.after(HELD_SECONDS))
        else:
            turn.note("staff_did_not_come_back", leg.id)
            _nobody_is_left(turn, lost=None)
