"""Caller and staff in the room: joining, star, lost legs and deadlines (TR1, TR3, TR7)."""

from __future__ import annotations

from ivr_flows import (
    consulting,
    holding,
    moving,
    parties,
    party_menu,
    return_to_911,
    ringing,
    staff_menu,
    waiting,
    warm_transfer,
    wrap_up,
)
from ivr_flows.call import CARERS, FOR_911, HELD_STAGES, STAFF, Leg, OfferState, Place, Role, Stage
from ivr_flows.inputs import SeenInRoom
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
PRIORITY_AFTER_DROP = waiting.PRIORITY_AFTER_DROP
DROPS_ALLOWED = 2
MENUS = frozenset({staff_menu.FLOW, warm_transfer.FLOW})


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
    if _must_leave(turn):
        _take_out(turn)


def _must_leave(turn: Turn) -> bool:
    """Whether the caller sits in a room where nobody is heard, or where they are not to be now."""
    call = turn.call
    is_alone = not any(leg.is_heard for leg in moving.staff_in_room(call))
    is_wanted_elsewhere = moving.dials_itself(call) or moving.is_closing(call)
    waits = moving.is_caller_held(call) or moving.consults_in_private(call)
    return is_alone or is_wanted_elsewhere or waits


def _take_out(turn: Turn, *, after_seconds: float = 0.0) -> None:
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


def room_left(turn: Turn, *, hung_up: bool) -> None:
    """The leg that asked is out of the room: by star, by the room's end, or because it hung up."""
    leg = turn.leg
    if hung_up:
        leg_ended(turn, leg)
        return
    turn.note("room_left", room=str(leg.room))
    never_in = leg.place is Place.JOINING
    if leg.role is Role.CALLER or (leg.ends_room and not never_in):
        moving.break_room(turn, leg.room)
    tries = leg.tries + 1 if never_in else 0
    here = {"place": Place.FLOW, "held": False, "muted": False}
    turn.change_leg(leg.id, due_at=None, ends_room=False, tries=tries, **here)
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
    leg_ended(turn, turn.leg)


def _caller_left_room(turn: Turn, left: Leg, *, by_star: bool) -> None:
    staff = turn.call.staff()
    if not staff and turn.call.stage is Stage.CONNECTED:
        _nobody_is_left(turn, lost=None)
    staying = [leg for leg in staff if leg.place is Place.ROOM and leg.room == left.room]
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
    _caller_did_not_star(turn)
    if not caller.is_live:
        wrap_up.ask(turn)
    elif left.place is Place.JOINING or not left.has_menu or _others_left_first(turn, left):
        moving.rejoin(turn)
    else:
        turn.note("held", caller.id)
        if caller.place is Place.QUEUE and turn.call.stage in HELD_STAGES:
            turn.change_leg(caller.id, due_at=None)
        staff_menu.ask(turn)


def _caller_did_not_star(turn: Turn) -> None:
    """The room ended by somebody else's leaving: the caller need not be given time for a key."""
    if turn.call.caller.flow == moving.STAR:
        turn.change_leg(turn.call.caller.id, flow=moving.WAITING)


def _others_left_first(turn: Turn, left: Leg) -> bool:
    """Whether the room ended around the leg, which did not end it itself, as far as is known.

    Another who ended the room has gone from it, is at a menu or is being taken out; or it is
    forming anew already.
    """
    is_broken = left.room != turn.call.room and not left.ends_room
    return is_broken or any(
        leg.room == left.room and (_is_on_the_way_out(leg) if leg.is_live else leg.ends_room)
        for leg in turn.call.legs
        if leg.id != left.id and leg.role is not Role.CALLER
    )


def _is_on_the_way_out(leg: Leg) -> bool:
    """Whether the leg pressed star and is at a menu of its own, or leaves the room it ends."""
    return _has_left_for_menu(leg) or (leg.flow == parties.LEAVING and leg.ends_room)


def _has_left_for_menu(leg: Leg) -> bool:
    return leg.place is Place.FLOW and leg.flow in MENUS


def room_departed(turn: Turn, leg: Leg, room: int) -> str:
    """The carrier says a leg left a generation of the room; its own request says where it goes."""
    if leg.place is not Place.ROOM or leg.room != room:
        return "not in that room any more"
    if leg.role is Role.CALLER:
        turn.change_leg(leg.id, due_at=turn.after(HELD_SECONDS))
        return ""
    if leg.ends_room:
        moving.break_room(turn, room)
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
    leg_ended(turn, leg)


def _caller_asked(turn: Turn) -> None:
    leg = turn.leg
    if leg.flow == moving.CLOSING:
        moving.break_room(turn, leg.room if leg.place is Place.ROOM else 0)
        wrap_up.say_goodbye(turn)
        return
    if moving.consults_in_private(turn.call):
        turn.change_leg(leg.id, place=Place.FLOW, due_at=None)
        moving.to_queue(turn)  # the room lives on: giver and receiver are in it
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
    _caller_left_room(turn, leg if was_in else turn.leg, by_star=False)


def leg_ended(turn: Turn, leg: Leg) -> None:
    """A leg is over, whoever told us: everyone it leaves behind gets a next step."""
    if not leg.is_live:
        return
    was_staff = leg.id in {other.id for other in turn.call.staff()}
    turn.end_leg(leg.id)
    turn.note("leg_ended", leg.id, role=str(leg.role))
    if leg.place is Place.JOINING:
        turn.change_leg(leg.id, ends_room=False)  # it never ended a room
    if leg.role is Role.CALLER:
        wrap_up.caller_gone(turn, leg)
    elif was_staff and turn.call.caller.is_live:
        _staff_lost(turn, leg)
    elif leg.role is Role.OUTSIDE and turn.call.caller.is_live:
        _party_lost(turn, leg)
    elif turn.call.stage is not Stage.CLOSED and not turn.call.caller.is_live:
        wrap_up.close_if_over(turn)


def _party_lost(turn: Turn, leg: Leg) -> None:
    """Somebody outside, who answers for nobody, is gone: those who do are told."""
    if turn.call.transfer is not None and turn.call.transfer.receiver == leg.id:
        consulting.lost(turn, leg)
    elif leg.room:
        for other in turn.call.staff():
            turn.tell(other, "party_has_left")


def _staff_lost(turn: Turn, leg: Leg) -> None:
    was_in = leg.place is Place.ROOM
    _caller_did_not_star(turn)
    if was_in and leg.ends_room:
        moving.break_room(turn, leg.room)
    if _never_reached_the_caller(turn, leg):
        return
    if turn.call.stage is Stage.RETURNING and leg.present:
        return_to_911.taker_lost(turn, leg)
    if leg.ends_room:
        _call_back_from_menus(turn, leg)
    if moving.is_closing(turn.call) or consulting.lost(turn, leg):
        return
    if leg.vouched and turn.call.outcome == consulting.HANDED_OVER:
        turn.change(outcome="")
    if turn.call.staff():
        return
    _caller_lost_them(turn, leg)


def _caller_lost_them(turn: Turn, leg: Leg) -> None:
    """Nobody who answers for the caller is left on the call."""
    if turn.call.stage is Stage.CONSULTING:
        _giver_left_early(turn, leg)
    elif turn.call.stage in (Stage.CONNECTED, Stage.WAITING):
        _nobody_is_left(turn, lost=leg)
    if turn.call.caller.place is Place.ROOM:
        _take_out(turn, after_seconds=STAR_GRACE_SECONDS)


def _never_reached_the_caller(turn: Turn, leg: Leg) -> bool:
    """A person who accepted and was lost on the way counts as one who did not answer."""
    offer = turn.call.find_offer(leg.id)
    if (
        offer is None
        or not ringing.has_accepted(turn, leg)
        or leg.place is not Place.JOINING
        or turn.call.stage not in (Stage.WAITING, Stage.CONSULTING)
    ):
        return False
    ringing.close_offer(turn, offer, OfferState.NO_ANSWER)
    consulting.not_reached(turn)
    waiting.pursue(turn)
    return True


def _call_back_from_menus(turn: Turn, lost: Leg) -> None:
    """Who came out of the room because `lost` ended it did not press star: back to the caller."""
    for leg in turn.call.staff():
        if _has_left_for_menu(leg) and leg.room == lost.room:
            turn.change_leg(leg.id, flow=moving.ROOM, node="")
            turn.do(RedirectLeg(leg.id, leg.step))


def _giver_left_early(turn: Turn, leg: Leg) -> None:
    """The call taker left while clinicians are rung: the caller waits for them like any other."""
    turn.note("giver_left_early", leg.id)
    next_ring_at = turn.call.next_ring_at
    turn.change(transfer=None)
    if not turn.call.desk:
        _nobody_is_left(turn, lost=leg)
        return
    turn.enter_stage(Stage.WAITING, turn.program.waiting_seconds)
    turn.change(next_ring_at=next_ring_at)


def _nobody_is_left(turn: Turn, lost: Leg | None) -> None:
    """Who answered for the caller is gone: 911 hung up, or a clinician's line dropped."""
    for leg in turn.call.staff():
        turn.do(CheckLeg(leg.id))
    if turn.call.caller.place is Place.QUEUE:
        # They came out before we were told why: what has happened is what they hear next.
        turn.change_leg(turn.call.caller.id, ticks=0)
    last = lost if lost is not None and lost.role is not Role.CALLER else _last_staff(turn)
    if last is not None and last.vouched:
        turn.change(outcome=consulting.HANDED_OVER)
        return_to_911.after_911(turn)
        return
    if last is not None and last.role in FOR_911:
        return_to_911.after_911(turn)
        return
    drops = turn.call.drops + 1
    turn.note("clinician_lost", last.id if last else "", drops=str(drops))
    desk = turn.program.clinician_desk
    turn.change(drops=drops)
    if desk in turn.call.returned_from:
        return_to_911.start(turn, reason="clinician_lost", by=Role.CLINICIAN)
        return
    turn.change(
        desk=desk,
        priority=PRIORITY_AFTER_DROP,
        queued_at=turn.now,
        passed_over=(last.person_id,) if last is not None and last.person_id else (),
    )
    turn.enter_stage(Stage.WAITING, turn.program.reoffer_seconds)
    if drops > DROPS_ALLOWED or not ringing.ring_next(turn):
        waiting.nobody_takes_it(turn)


def _last_staff(turn: Turn) -> Leg | None:
    answered = [leg for leg in turn.call.legs if leg.room and (leg.role in STAFF or leg.vouched)]
    return max(answered, key=lambda leg: leg.room) if answered else None


def stage_overdue(turn: Turn) -> None:
    """Connected has a deadline too: ask the carrier whether the legs still live."""
    turn.change(stage_due_at=turn.after(turn.program.check_seconds))
    for leg in (turn.call.caller, *turn.call.staff()):
        if leg.is_live:
            turn.do(CheckLeg(leg.id))
    caller = turn.call.caller
    if not turn.call.staff() and caller.is_live and not moving.is_closing(turn.call):
        _nobody_is_left(turn, lost=None)
        if caller.place is Place.ROOM:
            _take_out(turn)
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
        leg_ended(turn, leg)
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
    if leg.place is Place.JOINING and not leg.sought and not _must_leave(turn):
        _look_in_room(turn, leg)
    elif leg.place is Place.JOINING:
        turn.change_leg(leg.id, tries=leg.tries + 1, due_at=turn.after(HELD_SECONDS))
        turn.do(RedirectLeg(leg.id, leg.step))
    elif leg.place is Place.ROOM:
        turn.do(CheckLeg(leg.id))
        if moving.is_caller_held(turn.call):
            holding.caller_not_held(turn)
        if _must_leave(turn):
            _take_out(turn)
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
            _giver_left_early(turn, leg)
        else:
            _nobody_is_left(turn, lost=None)
