"""The wait for a person: what the caller hears every few seconds, and what happens when nobody takes the call (RO5, RO6)."""

from __future__ import annotations

from ivr_flows import moving, return_to_911
from ivr_flows.call import Place, Role, Stage
from ivr_flows.menus import HELP_KEYS
from ivr_flows.outputs import Announce, LeaveQueue, Say, WaitPiece
from ivr_flows.ringing import desk_of, ring_next
from ivr_flows.turn import Turn

PIECE_SECONDS = 4
ESTIMATE_EVERY = 6  # pieces between two estimates, about half a minute
MINUTE_SECONDS = 60


def to_desk(turn: Turn, desk: str, *, priority: int = 0) -> None:
    """Offer the call to a desk and let the caller wait; with nobody free, what the program says, at once."""
    if desk in turn.call.returned_from:
        return_to_911.start(turn, reason="no_loop", by=Role.CALLER)
        return
    turn.change(desk=desk, priority=priority, queued_at=turn.now, passed_over=())
    turn.enter_stage(Stage.WAITING, _wait_limit(turn))
    turn.note("waiting", desk=desk)
    if not ring_next(turn) and not _desk_holds(turn):
        nobody_takes_it(turn)
    elif not turn.is_answered:
        turn.say("please_wait")
        moving.to_queue(turn)


def pursue(turn: Turn) -> None:
    """Ring the next person; with nobody left to ring, do what the stage says."""
    if turn.call.stage in (Stage.WAITING, Stage.CONSULTING, Stage.RETURNING) and turn.call.desk:
        if any(
            offer.state == "accepted" and _still_coming(turn, offer.leg_id)
            for offer in turn.call.offers
        ):
            return
        if ring_next(turn) or turn.call.stage is Stage.RETURNING or _desk_holds(turn):
            return
        nobody_takes_it(turn)


def _still_coming(turn: Turn, leg_id: str) -> bool:
    leg = turn.call.find_leg(leg_id)
    return leg is not None and leg.place is Place.JOINING


def nobody_takes_it(turn: Turn) -> None:
    """Nobody is free or nobody accepted: the giver keeps the call, or the caller goes back to 911 (RO6)."""
    turn.note("nobody_available", desk=turn.call.desk)
    if turn.call.stage is Stage.CONSULTING:
        turn.change(desk=turn.program.psap.desk)
        turn.enter_stage(Stage.CONNECTED, turn.program.check_seconds)
        for leg in moving.staff_in_room(turn.call):
            turn.do(Announce(leg.id, leg.room, Say("no_clinician_keep_caller")))
        return
    request = turn.program.overflow_request if turn.call.desk == turn.program.clinician_desk else ""
    return_to_911.start(turn, reason="nobody_available", by=Role.CALLER, request=request)


def stage_overdue(turn: Turn) -> None:
    """The wait is over its limit."""
    if not turn.call.desk:
        return_to_911.start(turn, reason="caller_stayed", by=Role.CALLER)
    else:
        nobody_takes_it(turn)


def wait_ticked(turn: Turn, digits: str) -> None:
    """Serve one piece of the wait, and let the caller out to 911 on 0 or 9."""
    if turn.leg.place is not Place.QUEUE:
        turn.answer(LeaveQueue())
        return
    if digits in HELP_KEYS and turn.call.stage is not Stage.RETURNING:
        turn.note("asked_for_911")
        return_to_911.start(turn, reason="caller_request", by=Role.CALLER)
    elif digits in HELP_KEYS and not _dials_itself(turn):
        # A second press while 911 is being rung: the lines outside, by TwiML, need nobody else.
        turn.note("asked_for_911_again")
        if not turn.call.staff():
            return_to_911.to_outside_lines(turn)
    if _dials_itself(turn) or moving.caller_may_enter(turn.call) or turn.leg.flow == "closing":
        turn.answer(LeaveQueue())
        return
    ticks = turn.leg.ticks
    turn.change_leg(turn.leg_id, ticks=ticks + 1)
    turn.answer(WaitPiece(_piece(turn, ticks), PIECE_SECONDS))


def _dials_itself(turn: Turn) -> bool:
    returning = turn.call.returning
    return returning is not None and returning.by_twiml and not returning.taken


def _piece(turn: Turn, ticks: int) -> tuple[Say, ...]:
    call = turn.call
    if call.stage is Stage.RETURNING:
        return (turn.phrase("911_is_being_reached" if ticks == 0 else "911_still_being_reached"),)
    if call.stage is Stage.WAITING and not call.desk:
        return (turn.phrase("911_has_left_stay_to_reconnect"),) if ticks == 0 else ()
    if call.stage in (Stage.CONNECTED, Stage.CONSULTING):
        return (turn.phrase("one_moment_still_here" if ticks % 2 == 0 else "press_9_for_911"),)
    if call.drops:
        return (
            turn.phrase("line_dropped_finding_someone" if ticks == 0 else "still_finding_someone"),
        )
    if ticks % ESTIMATE_EVERY:
        return (turn.phrase("comfort"),) if ticks % 2 == 0 else ()
    return _estimate(turn)


def _estimate(turn: Turn) -> tuple[Say, ...]:
    queue = turn.facts.place_in_queue()
    if queue.position > 1:
        where = turn.phrase("your_position", position=str(queue.position))
    else:
        where = turn.phrase("you_are_next")
    if queue.expected_wait_seconds is None:
        return (where, turn.phrase("press_9_for_911"))
    minutes = max(1, round(queue.expected_wait_seconds / MINUTE_SECONDS))
    prompt = "expected_wait_minute" if minutes == 1 else "expected_wait_minutes"
    return (where, turn.phrase(prompt, minutes=str(minutes)), turn.phrase("press_9_for_911"))


def _wait_limit(turn: Turn) -> int:
    desk = desk_of(turn)
    if desk is not None and desk.when_none_free == "hold":
        return desk.hold_seconds
    return turn.program.waiting_seconds


def _desk_holds(turn: Turn) -> bool:
    desk = desk_of(turn)
    return desk is not None and desk.when_none_free == "hold"
