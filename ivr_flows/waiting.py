"""The wait for a person: what the caller hears, and what follows when nobody comes (RO5, RO6)."""

from __future__ import annotations

from datetime import timedelta

from ivr_flows import (
    callback,
    consulting,
    holding,
    moving,
    return_to_911,
    ringing,
    waiting_news,
)
from ivr_flows.call import FOR_911, HELD_STAGES, Leg, OfferState, Place, Role, Stage, ToldWait
from ivr_flows.facts import QueueFacts
from ivr_flows.menus import CONFIRM, HELP_KEYS, KEEP_PLACE, TEXT_ME
from ivr_flows.outputs import CheckLeg, LeaveQueue, Say, TextCaller, WaitPiece
from ivr_flows.prompts import seconds
from ivr_flows.ringing import desk_of, ring_next
from ivr_flows.turn import Turn

PIECE_SECONDS = 8  # one piece of the wait, speech and silence, is at most so long
SILENCE_SECONDS = 4
HELD_SILENCE_SECONDS = 2  # with somebody who has the caller: short, and never wordless
SAME_PIECE_SECONDS = 0.5
ESTIMATE_EVERY = 6  # pieces between two estimates, about half a minute
MINUTE_SECONDS = 60
PRIORITY_AFTER_DROP = 50
PRIORITY_BLOCKED = -1  # last among those who wait for a clinician; for 911 there is no such thing
ASKED, ASKED_AGAIN = "call_back", "call_back_again"  # whether to call the caller back
WAIT_TEXT = "waiting"
DANGERS = ("danger", "weapon", "violence", "crime", "medical", "imminent_risk", "place_danger")
NOT_THEIRS = frozenset({"withheld", "unreadable", "failed"})
ORDER_SECONDS = 4  # a request to the carrier is given up by then
UNTOUCHED_SECONDS = 15  # an offer may wait its turn among the account's calls, but not so long


def to_desk(turn: Turn, desk: str, *, priority: int = 0) -> None:
    """Offer the call to a desk and let the caller wait; with nobody free, what the program says."""
    if desk in turn.call.returned_from:
        return_to_911.start(turn, reason="no_loop", by=Role.CALLER)
        return
    if turn.call.is_blocked and desk not in turn.program.hosted_desks:
        priority = min(priority, PRIORITY_BLOCKED)
    elif turn.call.was_lost:
        priority = max(priority, PRIORITY_AFTER_DROP)
    turn.change(desk=desk, priority=priority, queued_at=turn.now, passed_over=(), unrung=())
    turn.enter_stage(Stage.WAITING, _wait_limit(turn))
    turn.note("waiting", desk=desk)
    if not ring_next(turn) and not _desk_holds(turn):
        nobody_takes_it(turn)
    elif not turn.is_answered:
        moving.to_queue(turn)


def pursue(turn: Turn) -> None:
    """Ring the next person; with nobody left to ring, do what the stage says."""
    if turn.call.stage not in (Stage.WAITING, Stage.CONSULTING, Stage.RETURNING):
        return
    if not turn.call.desk or _is_coming(turn):
        return
    if not ringing.can_ring(turn):
        _nobody_can_be_rung(turn)
        return
    if ring_next(turn):
        return
    is_awaited = callback.is_awaited(turn.call)
    if turn.call.stage is Stage.RETURNING or _desk_holds(turn) or is_awaited:
        ringing.ring_again_later(turn)
    else:
        nobody_takes_it(turn)


def _is_coming(turn: Turn) -> bool:
    """Whether somebody who took the call is on the way into the room."""
    if turn.call.stage is Stage.RETURNING:
        return turn.call.returning is not None and turn.call.returning.taken
    takers = ringing.takers(turn)
    return consulting.is_taken(turn.call) or any(leg.place is Place.JOINING for leg in takers)


def ring_unknown(turn: Turn, leg: Leg) -> None:
    """The carrier does not say whether it rings somebody: the next is rung at once (RO6).

    It may ring all the same, so the offer stands until its deadline.
    """
    ringing.note_unrung(turn, leg.id)
    pursue(turn)


def nobody_takes_it(turn: Turn, *, outside: bool = False) -> None:
    """Nobody is free or nobody accepts: the giver keeps the call, or 911 gets it back (RO6).

    `outside` passes over the hosted 911 desk, whose people cannot be rung either.
    """
    turn.note("nobody_available", desk=turn.call.desk)
    if callback.is_awaited(turn.call):
        callback.ring_caller(turn)
        return
    if turn.call.stage is Stage.CONSULTING and turn.call.staff():
        desk = desk_of(turn)
        clinicians = desk is None or desk.role == "clinician"
        news = "no_clinician_keep_caller" if clinicians else "transfer_nobody_answered"
        consulting.give_back(turn, news)
        return
    request = turn.program.overflow_request if turn.call.desk == turn.program.clinician_desk else ""
    return_to_911.start(
        turn, reason="nobody_available", by=Role.CALLER, request=request, outside=outside
    )


def stage_overdue(turn: Turn) -> None:
    """The wait is over its limit; a person who is deciding or coming is not cut off."""
    deciding = [o.due_at for o in turn.call.live_offers() if o.state is OfferState.ANSWERED]
    coming = [leg.due_at for leg in turn.call.staff() if leg.place is Place.JOINING]
    still = [due for due in deciding + coming if due is not None and due > turn.now]
    if still:
        turn.change(stage_due_at=max(still))
    elif turn.call.kept_desk:
        # They were told that they can hang up: only the carrier knows whether they have.
        turn.change(stage_due_at=turn.after(turn.program.check_seconds))
        turn.do(CheckLeg(turn.call.caller.id))
    elif not turn.call.desk:
        return_to_911.start(turn, reason="caller_stayed", by=Role.CALLER)
    else:
        nobody_takes_it(turn)


def wait_ticked(turn: Turn, digits: str) -> None:
    """Serve one piece of the wait, and let the caller out to 911 on 0 or 9."""
    before: tuple[Say, ...] = ()
    if digits in HELP_KEYS:
        before = _asked_for_911(turn)
    elif digits or turn.call.choosing:
        before = _chosen(turn, digits)
    if turn.leg.flow == moving.STAR and turn.leg.ticks:
        turn.change_leg(turn.leg_id, flow=moving.WAITING)
    if _is_rung_in_vain(turn):
        _nobody_can_be_rung(turn)
    elif _waits_for_free_call_taker(turn):
        pursue(turn)  # as the switchboard would, if it were there to see that one is free
    until_at = turn.call.hold_until_at
    if until_at is not None and until_at <= turn.now:
        holding.bring_caller_back(turn, why="hold_is_over")
    call = turn.call
    if moving.is_closing(call) or moving.dials_itself(call) or _may_go_in(turn):
        turn.answer(LeaveQueue())
        return
    ticks, news = turn.leg.ticks, () if before else _news(turn)
    if ticks and _is_asked_again(turn):
        ticks -= 1
    says = before or news or _piece(turn, ticks)
    spoken = sum(seconds(say) for say in says)
    turn.change_leg(
        turn.leg_id,
        ticks=ticks if news else ticks + 1,
        ticked_at=turn.now,
        silent_at=turn.after(spoken),
        news="",
    )
    most = HELD_SILENCE_SECONDS if call.stage in HELD_STAGES else SILENCE_SECONDS
    silence = max(1, min(most, int(PIECE_SECONDS - spoken)))
    turn.answer(WaitPiece(says, silence))


def _is_asked_again(turn: Turn) -> bool:
    """Whether the same piece is asked for twice, one of which is not heard: say it again.

    Each piece ends with a second of silence at least, so the next is never asked for sooner.
    """
    at = turn.leg.ticked_at
    return at is not None and turn.now < at + timedelta(seconds=SAME_PIECE_SECONDS)


def _is_rung_in_vain(turn: Turn) -> bool:
    """Whether people were to be rung, none of whose phones the carrier has confirmed in time.

    Then the switchboard is gone, or REST is: the caller's own leg dials the lines outside (Law 8).
    """
    call = turn.call
    offers = call.live_offers()
    if call.stage not in (Stage.WAITING, Stage.RETURNING) or not call.desk or not offers:
        return False
    patience = ORDER_SECONDS if call.stage is Stage.RETURNING else UNTOUCHED_SECONDS
    if min(offer.offered_at for offer in offers) + timedelta(seconds=patience) > turn.now:
        return False
    legs = [turn.get_leg(offer.leg_id) for offer in offers]
    return all(leg.place is Place.PLANNED and leg.sid is None for leg in legs)


def _waits_for_free_call_taker(turn: Turn) -> bool:
    """Whether the caller goes back to the hosted 911 desk and nobody there is rung, now or soon."""
    call = turn.call
    is_sought = call.stage is Stage.RETURNING and bool(call.desk)
    return is_sought and not call.live_offers() and call.next_ring_at is None


def _nobody_can_be_rung(turn: Turn) -> None:
    """Ringing does not work at all: what the program says follows, without ringing anybody."""
    turn.note("nobody_can_be_rung", desk=turn.call.desk)
    unrung = [offer.leg_id for offer in turn.call.live_offers()]
    if turn.call.stage is Stage.RETURNING:
        return_to_911.to_outside_lines(turn)
    else:
        nobody_takes_it(turn, outside=True)
    for leg_id in unrung:
        # Nobody else would end them, and the desk's people are needed for the next caller.
        turn.end_leg(leg_id)


def _may_go_in(turn: Turn) -> bool:
    return turn.leg.flow != moving.STAR and moving.caller_may_enter(turn.call)


def _asked_for_911(turn: Turn) -> tuple[Say, ...]:
    """Keys 0 and 9. Returns what to say where the wait is already one for 911."""
    if moving.is_closing(turn.call):
        turn.note("asked_for_911")
        turn.change(outcome="")
        callback.cancel(turn, "caller_request")
        turn.change_leg(turn.leg_id, flow=moving.WAITING)
        return_to_911.start(turn, reason="caller_request", by=Role.CALLER)
    elif turn.call.stage is Stage.RETURNING:
        # A second press while 911 is being rung: the lines outside, by TwiML, need nobody else.
        turn.note("asked_for_911_again")
        if not turn.call.staff() and not moving.dials_itself(turn.call):
            return_to_911.to_outside_lines(turn)
    elif any(leg.role in FOR_911 for leg in turn.call.staff()):
        if moving.consults_in_private(turn.call):
            consulting.introduce(turn, vouched=False)
        turn.note("asked_for_911_again")
        turn.change_leg(turn.leg_id, flow=moving.WAITING)  # 911 is with them: no time for a key
        holding.bring_caller_back(turn, why="asked_for_911")
    elif _holds_for_911(turn):
        turn.note("asked_for_911_again")
        return (turn.phrase("911_already_in_line"),)
    else:
        turn.note("asked_for_911")
        return_to_911.start(turn, reason="caller_request", by=Role.CALLER)
    return ()


def _chosen(turn: Turn, digits: str) -> tuple[Say, ...]:
    """What the caller chose in the wait, or how they answered whether to call them back (RO5)."""
    choosing = turn.call.choosing
    if choosing and not _may_keep_place(turn):
        turn.change(choosing="")
        return ()
    if not digits:
        turn.change(choosing=ASKED_AGAIN if choosing == ASKED else "")
        again = "wait_confirm_call_back" if choosing == ASKED else "wait_stay_in_line"
        return (turn.phrase(again),)
    if choosing:
        turn.change(choosing="")
        if digits == CONFIRM:
            callback.keep_place(turn)
            return ()
        return (turn.phrase("wait_stay_in_line"),)
    if digits == KEEP_PLACE and _may_keep_place(turn):
        turn.change(choosing=ASKED)
        return (turn.phrase("wait_confirm_call_back"),)
    if digits == TEXT_ME and _may_be_texted(turn):
        turn.note("text_asked_for")
        turn.change(is_texted=True)
        turn.do(TextCaller(WAIT_TEXT))
        return (turn.phrase("wait_text_sent"),)
    return ()


def _is_reachable(turn: Turn) -> bool:
    """Whether the caller waits for a clinician, and the number they call from is their own."""
    call = turn.call
    is_waiting = call.stage is Stage.WAITING and bool(call.desk) and not _holds_for_911(turn)
    return is_waiting and not turn.leg.shared and call.caller_id not in NOT_THEIRS


def _may_keep_place(turn: Turn) -> bool:
    """Whether the caller may hang up and keep their place: never with danger known (RO5)."""
    call = turn.call
    is_offered = turn.program.waiting.call_back_offer and _is_reachable(turn)
    is_coming = bool(call.staff()) or any(o.state is OfferState.ANSWERED for o in call.offers)
    return is_offered and not is_coming and not call.drops and not _is_dangerous(turn)


def _is_dangerous(turn: Turn) -> bool:
    """Whether a danger is known, or may be: then nobody is asked to hang up."""
    answers = turn.call.answers
    told = any(answers.get(name) in ("yes", "unknown") for name in DANGERS)
    return told or callback.is_risky(turn.call, turn.program.call_back)


def _may_be_texted(turn: Turn) -> bool:
    return turn.program.waiting.text and _is_reachable(turn) and not turn.call.is_texted


def _holds_for_911(turn: Turn) -> bool:
    """Whether the caller waits for the hosted 911 desk, in their turn."""
    call = turn.call
    return call.stage is Stage.WAITING and call.desk in turn.program.hosted_desks


def _news(turn: Turn) -> tuple[Say, ...]:
    """What has become of a ring, between two pieces of the wait; nothing where there is no news."""
    call = turn.call
    if not turn.leg.news or not call.desk:
        return ()
    if call.stage is Stage.RETURNING:
        return (turn.phrase("911_still_being_reached"),)
    if call.stage is not Stage.WAITING:
        return ()
    if call.drops:
        return (turn.phrase("still_finding_someone"),)
    if _holds_for_911(turn):
        return (turn.phrase("911_hold_comfort"),)
    picked_up = waiting_news.has_picked_up(call)
    return (turn.phrase("someone_has_picked_up" if picked_up else "still_calling_a_clinician"),)


def _piece(turn: Turn, ticks: int) -> tuple[Say, ...]:
    call = turn.call
    if call.stage is Stage.RETURNING:
        return _returning_piece(turn, ticks)
    if call.stage in (Stage.CONNECTED, Stage.CONSULTING):
        return _held_piece(turn, ticks)
    if not call.desk and call.outcome in (return_to_911.AT_CRISIS_LINE, consulting.HANDED_OVER):
        at_crisis_line = call.outcome == return_to_911.AT_CRISIS_LINE
        first = "crisis_line_has_left" if at_crisis_line else "receiver_has_left"
        return _cycle(turn, ticks, first, "press_9_for_911", "you_will_be_connected")
    if not call.desk:
        return _cycle(
            turn, ticks, "911_has_left", "press_9_to_reconnect", "you_will_be_reconnected"
        )
    if call.drops:
        first = "line_dropped_finding_someone"
        return _cycle(turn, ticks, first, "press_9_for_911", "still_finding_someone")
    if _holds_for_911(turn):
        return (turn.phrase("911_hold_comfort"),) if ticks % 2 == 0 else ()
    return _clinicians_piece(turn, ticks)


def _clinicians_piece(turn: Turn, ticks: int) -> tuple[Say, ...]:
    """The wait for a clinician: the place and the wait to expect, the choices, 911, comfort."""
    if ticks == 0:
        # Said in the wait itself, where a key is heard, and not on the way to it, where it is lost.
        picked_up = waiting_news.has_picked_up(turn.call)
        first = turn.phrase("someone_has_picked_up" if picked_up else "please_wait")
        return (*_matched_incident(turn), first)
    if ticks % ESTIMATE_EVERY == 1:
        return _estimate(turn)
    if ticks % ESTIMATE_EVERY == 2:  # noqa: PLR2004 - after the estimate, which it answers
        return _choices(turn)
    if ticks % ESTIMATE_EVERY == 4:  # noqa: PLR2004 - half-way between two estimates
        return (turn.phrase("press_9_for_911"),)
    return (turn.phrase("comfort"),) if ticks % 2 else ()


def _choices(turn: Turn) -> tuple[Say, ...]:
    says = (turn.phrase("wait_press_2_call_back"),) if _may_keep_place(turn) else ()
    return (*says, turn.phrase("wait_press_3_text")) if _may_be_texted(turn) else says


def _matched_incident(turn: Turn) -> tuple[Say, ...]:
    """For the call taker, who pressed nothing: which announced incident the call goes on as."""
    announced = turn.call.announced
    if announced is None or not announced.is_taken or not turn.leg.shared:
        return ()
    return (turn.phrase("offer_incident", incident=f"#{announced.number}"),)


def _returning_piece(turn: Turn, ticks: int) -> tuple[Say, ...]:
    returning = turn.call.returning
    if ticks == 0:
        return (turn.phrase("911_is_being_reached"),)
    if ticks == 1 and turn.call.desk and returning is not None and returning.skip:
        return (turn.phrase("you_are_ahead"),)
    return (turn.phrase("911_still_being_reached"),) if ticks % 2 == 0 else ()


def _held_piece(turn: Turn, ticks: int) -> tuple[Say, ...]:
    """Somebody has the caller, who hears in every piece that they are not forgotten.

    Nobody rings whose ring could bring them news: so the pauses are short instead. It does not last
    long, 180 s at the most.
    """
    first = "you_are_on_hold" if moving.is_caller_held(turn.call) else "one_moment_still_here"
    return (turn.phrase("still_on_hold" if ticks % 2 else first),)


def _cycle(turn: Turn, ticks: int, first: str, second: str, later: str) -> tuple[Say, ...]:
    """`first`, `second`, and then `later` with a pause between."""
    if ticks < len((first, second)):
        return (turn.phrase((first, second)[ticks]),)
    return (turn.phrase(later),) if ticks % 2 else ()


def _estimate(turn: Turn) -> tuple[Say, ...]:
    queue = turn.facts.place_in_queue()
    if queue.position > 1:
        where = turn.phrase("your_position", position=str(queue.position))
    else:
        where = turn.phrase("you_are_next")
    minutes = _honest_minutes(turn, queue)
    if not minutes:
        return (where,)
    prompt = "expected_wait_minute" if minutes == 1 else "expected_wait_minutes"
    return (where, turn.phrase(prompt, minutes=str(minutes)))


def _honest_minutes(turn: Turn, queue: QueueFacts) -> int:
    """Minutes to tell, rounded up; 0 for nothing, when the wait is not known.

    Figures jump: within a minute of telling a wait none shorter is told, unless the caller has
    moved up in line since.
    """
    if not queue.expected_wait_seconds:
        return 0
    minutes = max(1, -(-queue.expected_wait_seconds // MINUTE_SECONDS))
    told = turn.call.told
    is_fresh = told is not None and turn.now < told.told_at + timedelta(seconds=MINUTE_SECONDS)
    if told is not None and is_fresh and queue.position >= told.position:
        minutes = max(minutes, told.minutes)
        if minutes == told.minutes:
            return minutes
    turn.change(told=ToldWait(queue.position, minutes, turn.now))
    return minutes


def _wait_limit(turn: Turn) -> int:
    desk = desk_of(turn)
    if desk is not None and desk.when_none_free == "hold":
        return desk.hold_seconds
    return turn.program.waiting_seconds


def _desk_holds(turn: Turn) -> bool:
    """Whether the desk holds a caller for whom nobody is free; not one who has the giver."""
    desk = desk_of(turn)
    if turn.call.stage is Stage.CONSULTING and turn.call.desk != turn.program.clinician_desk:
        return False
    return desk is not None and desk.when_none_free == "hold"
