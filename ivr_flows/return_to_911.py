"""Back to 911 ahead of the held calls: the hosted desk, or the centre's own lines (RE1-RE5).

With the clinician in the room and REST working, 911 is rung on a leg of its own and the clinician
stays until a person has pressed a key. With the caller alone, or when REST does not answer, the
caller's own leg dials by TwiML.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ivr_flows import consulting, history, holding, line_order, moving, psap_choice
from ivr_flows.call import FOR_911, STAFF, Call, Leg, Place, ReturnTo911, Role, Stage
from ivr_flows.outputs import (
    Announce,
    CheckLeg,
    EndLeg,
    PlaceLeg,
    Say,
    Urgency,
)
from ivr_flows.psap_choice import psap_of
from ivr_flows.ringing import PICK_UP_GRACE_SECONDS, ring_next, withdraw_offers
from ivr_flows.turn import Turn

PRIORITY_SKIP = 100  # ahead of every held call; two returns keep their order by arrival
UNDER_WAY_SECONDS = 2  # Law 8: a 911 leg not under way by then falls to TwiML
HEARD_FROM_SECONDS = 3  # Law 7: a 911 leg not heard from by then is rung again
TAKERS_LOST = 2  # 911 people who took the call and are not known to have entered the room
AFTER_911_SECONDS = 12  # for a caller who stays on after 911 has hung up
AFTER_911_AGAIN_SECONDS = 60  # the same, when 911 has hung up more than once: 9 is for sooner
TALKS = "talks_with_911"
AT_CRISIS_LINE = "crisis_line"  # the outcome of a call that the crisis line has taken
LOST = frozenset({"clinician_lost", "clinician_silent"})  # nobody decided these


def start(
    turn: Turn,
    *,
    reason: str,
    by: Role,
    skip: bool = True,
    request: str = "",
    outside: bool = False,
) -> None:
    """Send the caller back to 911, and tell the leg that asked what happens.

    `outside` passes over the hosted desk: its people cannot be rung.
    """
    if turn.call.stage is Stage.CLOSED:
        return
    if is_under_way(turn.call):
        _guide_asking_leg(turn)
        return
    holding = turn.call.desk if turn.call.stage is Stage.WAITING else ""
    _begin(turn, reason=reason, by=by, skip=skip, request=request)
    hosted = psap_of(turn.call, turn.program).desk
    if hosted and holding != hosted and not outside:
        _to_hosted_desk(turn, skip=skip)
    else:
        # A desk that has held the caller to its limit is not asked again.
        to_outside_lines(turn)
    _guide_asking_leg(turn)


def is_under_way(call: Call) -> bool:
    """Whether 911 is being reached; the crisis line is not 911."""
    is_returning = call.stage is Stage.RETURNING and call.returning is not None
    return is_returning and not moving.is_at_crisis_line(call)


def _begin(turn: Turn, *, reason: str, by: Role, skip: bool, request: str) -> None:
    withdraw_offers(turn)
    holding.bring_caller_back(turn, why="return_to_911")
    holding.bring_back(turn)
    consulting.abandon(turn)
    desk = turn.call.desk
    if desk and desk not in (*turn.program.hosted_desks, *turn.call.returned_from):
        turn.change(returned_from=(*turn.call.returned_from, desk))
    if by is Role.CLINICIAN and reason not in LOST:
        history.gives_back(turn)
    returning = ReturnTo911(
        reason=reason,
        requested_by=by,
        skip=skip,
        started_at=turn.now,
        request=request,
    )
    turn.change(returning=returning, passed_over=(), unrung=())
    turn.note(
        "return_started", reason=reason, by=str(by), request=request, skip="yes" if skip else "no"
    )
    psap_choice.settle(turn)


def dial_at_once(turn: Turn, *, reason: str) -> None:
    """Let the caller's leg, which asked, dial 911 itself: neither queue nor room can be had."""
    if turn.call.returning is None or turn.call.stage is not Stage.RETURNING:
        _begin(turn, reason=reason, by=Role.CALLER, skip=True, request="")
    withdraw_offers(turn)
    turn.change(desk="", returning=_returning(turn, taken=False))
    turn.enter_stage(Stage.RETURNING, turn.program.check_seconds)
    _by_twiml(turn)
    turn.say("connecting_to_911")
    moving.dial_911(turn)


def found_dialling(turn: Turn, *, talks: bool) -> None:
    """A fail-safe document rings 911 from the caller's leg, or has reached it: so be it."""
    if turn.call.returning is None or turn.call.stage is not Stage.RETURNING:
        _begin(turn, reason="failsafe", by=Role.CALLER, skip=True, request="")
    withdraw_offers(turn)
    turn.change(desk="", returning=_returning(turn, by_twiml=True, under_way=True, taken=talks))
    turn.enter_stage(Stage.RETURNING, turn.program.check_seconds)
    caller = turn.call.caller
    turn.change_leg(
        caller.id,
        place=Place.DIAL,
        flow="dial_911",
        node="",
        step=caller.step + 1,  # no order from before may move them
        line_id=None,
        present=talks,
        due_at=None,
    )
    if talks:
        turn.change(outcome="returned_to_911")
    for leg in moving.staff_in_room(turn.call):
        turn.do(Announce(leg.id, leg.room, Say("caller_dials_911_directly")))


def to_outside_lines(turn: Turn) -> None:
    """Ring the centre's lines outside: beside the clinician by REST, or from the caller's leg."""
    withdraw_offers(turn)
    turn.change(desk="", returning=_returning(turn, taken=False, under_way=False))
    turn.enter_stage(Stage.RETURNING, turn.program.check_seconds)
    if _clinicians(turn) and turn.call.caller.place is not Place.FLOW:
        _ring_line(turn)
    else:
        _by_twiml(turn)


def _to_hosted_desk(turn: Turn, *, skip: bool) -> None:
    desk = psap_of(turn.call, turn.program).desk
    turn.change(
        desk=desk,
        priority=PRIORITY_SKIP if skip else 0,
        queued_at=turn.now,
        returning=_returning(turn, under_way=True),
    )
    turn.enter_stage(Stage.RETURNING, turn.program.desks[desk].hold_seconds)
    ring_next(turn)
    if turn.call.caller.place is Place.FLOW:
        moving.fetch_caller(turn, Urgency.RETURN_TO_911)


def _by_twiml(turn: Turn) -> None:
    turn.change(returning=_returning(turn, by_twiml=True, under_way=True))
    caller = turn.call.caller
    if caller.place is not Place.DIAL or moving.rings_crisis_line(turn, caller):
        moving.fetch_caller(turn, Urgency.RETURN_TO_911)
    for leg in moving.staff_in_room(turn.call):
        turn.do(Announce(leg.id, leg.room, Say("caller_dials_911_directly")))


def _ring_line(turn: Turn) -> None:
    line = moving.begin_ringing(turn)
    leg = Leg(
        id=turn.call.next_leg_id(),
        role=Role.PSAP,
        place=Place.PLANNED,
        flow="psap",
        node="whisper",
        line_id=line.id,
        due_at=turn.after(UNDER_WAY_SECONDS),
    )
    turn.call = turn.call.with_leg(leg)
    turn.change(stage_due_at=turn.after(turn.program.check_seconds))
    turn.do(PlaceLeg(leg.id, line.ring_seconds, Urgency.RETURN_TO_911))
    turn.note("line_rung", leg.id, line=line.id)


def _guide_asking_leg(turn: Turn) -> None:
    """Tell the leg that asked what happens; a queued caller is answered by its wait document."""
    if not turn.leg_id or turn.is_answered or turn.leg.place is not Place.FLOW:
        return
    if turn.leg.role is Role.CALLER:
        turn.say("connecting_to_911")
        moving.caller_next(turn)
    elif turn.leg.role in STAFF:
        turn.say("calling_911_stay")
        moving.rejoin(turn)


def line_under_way(turn: Turn, leg: Leg) -> None:
    """The carrier confirms that a 911 leg rings: the caller may join the clinician meanwhile."""
    if leg.place is not Place.PLANNED:
        return
    turn.change_leg(leg.id, place=Place.RINGING, due_at=turn.after(_ring_limit(turn, leg)))
    if turn.call.returning is not None:
        turn.change(returning=_returning(turn, under_way=True))
    moving.release_caller(turn)


def _ring_limit(turn: Turn, leg: Leg) -> int:
    lines = psap_of(turn.call, turn.program).lines
    line = next((line for line in lines if line.id == leg.line_id), lines[-1])
    return line.ring_seconds + PICK_UP_GRACE_SECONDS


def line_failed(turn: Turn, leg: Leg, *, permanent: bool = False) -> None:
    """REST could not ring 911: TwiML does if the caller can be reached by it, else we go on.

    `permanent` says that it refuses this line, as one out of service, and not all of them.
    """
    turn.end_leg(leg.id)
    turn.note("line_failed", leg.id, line=leg.line_id or "")
    if not is_sought(turn):
        return
    if turn.call.caller.place in (Place.ROOM, Place.JOINING) and _clinicians(turn):
        _next_line(turn, line_order.FAILED if permanent else "", unrung=not permanent)
    else:
        _by_twiml(turn)


def line_over(turn: Turn, leg: Leg, status: str = "") -> None:
    """A 911 leg ended, as the carrier's `status` says, before a person proved present: go on."""
    turn.end_leg(leg.id)
    if not is_sought(turn):
        return
    if any(other.role is Role.PSAP and other.is_live for other in turn.call.legs):
        return
    if not _clinicians(turn) and turn.call.caller.place is not Place.ROOM:
        turn.change(returning=_advanced(turn, status))
        _by_twiml(turn)
        return
    _next_line(turn, status)


def is_sought(turn: Turn) -> bool:
    """Whether a 911 line outside is still to be reached."""
    returning = turn.call.returning
    return (
        turn.call.stage is Stage.RETURNING
        and not turn.call.desk
        and returning is not None
        and not returning.taken
    )


def taker_lost(turn: Turn, leg: Leg) -> None:
    """The 911 person who took the call was lost on the way to the caller: 911 is rung on.

    Where that happens again nobody seems to get into the room, or we are not told of it: then the
    caller's own leg dials, which needs neither.
    """
    turn.note("psap_lost", leg.id)
    takers_lost = _returning(turn).takers_lost + 1
    turn.change(returning=_returning(turn, taken=False, takers_lost=takers_lost))
    if takers_lost >= TAKERS_LOST:
        withdraw_offers(turn)
        turn.change(desk="")
        turn.enter_stage(Stage.RETURNING, turn.program.check_seconds)
        _by_twiml(turn)
    elif turn.call.desk:
        turn.change(passed_over=())
        ring_next(turn)
    else:
        line_over(turn, leg)


def leg_overdue(turn: Turn, leg: Leg) -> None:
    """A 911 leg's deadline passed: not under way, not answered, or answered and no key pressed."""
    if leg.place is not Place.PLANNED or leg.tries > 1:
        turn.do(EndLeg(leg.id))
        line_over(turn, leg)
    elif leg.tries:
        # Its fate is unknown: it may ring yet, and is left to, for as long as a ring lasts.
        turn.change_leg(leg.id, tries=2, due_at=turn.after(_ring_limit(turn, leg)))
        if is_sought(turn):
            turn.note("line_rung_again", leg.id, line=leg.line_id or "")
            _ring_line(turn)
    elif turn.call.caller.place in (Place.ROOM, Place.JOINING):
        wait = HEARD_FROM_SECONDS - UNDER_WAY_SECONDS
        turn.change_leg(leg.id, tries=1, due_at=turn.after(wait))
    else:
        turn.do(EndLeg(leg.id, Urgency.RETURN_TO_911))
        line_failed(turn, leg)


def stage_overdue(turn: Turn) -> None:
    """The hosted desk held the call too long, or it is time for the next line or for a check."""
    call = turn.call
    if call.desk:
        turn.note("hosted_desk_did_not_answer", desk=call.desk)
        to_outside_lines(turn)
        return
    turn.change(stage_due_at=turn.after(turn.program.check_seconds))
    if call.returning is None or call.returning.by_twiml or call.returning.taken:
        turn.do(CheckLeg(call.caller.id))
        if moving.dials_itself(call) and call.caller.place is not Place.DIAL:
            moving.fetch_caller(turn, Urgency.RETURN_TO_911)
    elif not any(leg.role is Role.PSAP and leg.is_live for leg in call.legs):
        _ring_line(turn)


def take(turn: Turn) -> None:
    """A 911 person has proven present: they enter the room, and no other line rings on."""
    turn.change(returning=_returning(turn, taken=True, under_way=True))
    turn.change_leg(turn.leg_id, present=True)
    _end_other_lines(turn)
    withdraw_offers(turn)
    turn.note("psap_present", line=turn.leg.line_id or "")
    moving.join_room(turn, ends_room=True)


def _end_other_lines(turn: Turn) -> None:
    for leg in turn.call.legs:
        if leg.role is Role.PSAP and leg.id != turn.leg_id and leg.is_live:
            turn.do(EndLeg(leg.id))
            turn.end_leg(leg.id)


def psap_joined(turn: Turn, leg: Leg) -> None:
    """911 is in the room: the clinician may leave, and the caller is fetched if they wait.

    Whom a fail-safe connects with 911 stays there: they may be talking.
    """
    if turn.call.caller.is_with_failsafe:
        turn.tell(leg, "caller_dials_911_directly")
        return
    withdraw_offers(turn)
    turn.change(outcome="returned_to_911")
    turn.enter_stage(Stage.CONNECTED, turn.program.check_seconds)
    turn.note("returned", leg.id)
    if turn.call.caller.place is Place.DIAL:
        moving.fetch_caller(turn, Urgency.RETURN_TO_911)
    consulting.pass_flag(turn, leg)
    for other in _clinicians(turn):
        if other.place is Place.ROOM:
            turn.do(Announce(other.id, other.room, Say("psap_is_on_the_line")))


def dial_ended(turn: Turn, status: str) -> None:
    """A line rung from the caller's own leg is over: 911 hung up, or the next line is tried."""
    returning = turn.call.returning
    if taker_is_coming(turn):
        moving.caller_next(turn)
    elif turn.leg.present and status in ("completed", "answered"):
        turn.change_leg(turn.leg_id, present=False)
        after_911(turn)
    else:
        turn.note("line_not_reached", line=turn.leg.line_id or "", status=status)
        turn.change_leg(turn.leg_id, present=False)
        if returning is None:
            _begin(turn, reason="caller_stayed", by=Role.CALLER, skip=True, request="")
        following = replace(_advanced(turn, status), by_twiml=True, taken=False)
        turn.change(desk="", returning=following)
        turn.enter_stage(Stage.RETURNING, turn.program.check_seconds)
        turn.say("trying_911_again")
        moving.dial_911(turn, pause_seconds=line_order.pause_seconds(following))


def let_in(turn: Turn) -> None:
    """The line that the caller's own leg dials gets the caller at the end of what it is told."""
    if turn.call.returning is not None:
        turn.change(returning=_returning(turn, taken=True), outcome="returned_to_911")
    _end_other_lines(turn)
    turn.change_leg(turn.leg_id, present=True)
    turn.enter_stage(Stage.RETURNING, turn.program.check_seconds)


def taker_is_coming(turn: Turn) -> bool:
    """Whether a 911 person has taken the call on a leg of their own."""
    return any(leg.present and leg.is_live for leg in turn.call.staff())


def after_911(turn: Turn) -> None:
    """911 has left while the caller is still there: say so, and connect again who stays on.

    A caller whom the crisis line has left is told so too, and then connected to 911.
    """
    turn.note("crisis_line_left" if turn.call.outcome == AT_CRISIS_LINE else "psap_left")
    talks = int(turn.call.answers.get(TALKS, "0")) + 1
    turn.remember(**{TALKS: str(talks)})
    turn.change(returning=None, desk="", priority=0)
    wait = AFTER_911_SECONDS if talks == 1 else AFTER_911_AGAIN_SECONDS
    turn.enter_stage(Stage.WAITING, wait)
    if turn.leg_id and turn.leg.role is Role.CALLER and turn.leg.place is not Place.QUEUE:
        moving.to_queue(turn)


def _next_line(turn: Turn, status: str, *, unrung: bool = False) -> None:
    """Ring the next line beside the clinician; `unrung` says that the carrier rings none now."""
    following = _advanced(turn, status)
    turn.change(returning=following)
    for leg in moving.staff_in_room(turn.call):
        turn.do(Announce(leg.id, leg.room, Say("trying_next_911_line")))
    pause = max(line_order.pause_seconds(following), UNDER_WAY_SECONDS if unrung else 0)
    if pause:
        turn.change(stage_due_at=turn.after(pause))
    else:
        _ring_line(turn)


def _advanced(turn: Turn, status: str) -> ReturnTo911:
    lines = psap_of(turn.call, turn.program).lines
    return line_order.advance(lines, _returning(turn), status)


def _returning(turn: Turn, **changes: Any) -> ReturnTo911:  # noqa: ANN401 - fields of ReturnTo911
    returning = turn.call.returning
    if returning is None:
        raise ValueError("no return is under way")
    return replace(returning, **changes)


def _clinicians(turn: Turn) -> tuple[Leg, ...]:
    return tuple(leg for leg in turn.call.staff() if leg.role not in FOR_911)
