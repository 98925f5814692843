"""Back to 911 ahead of the held calls: the hosted desk or the lines outside, with or without the clinician (RE1-RE5).

With the clinician in the room and REST working, 911 is rung on a leg of its own and the clinician stays until a
person has pressed a key. With the caller alone, or when REST does not answer, the caller's own leg dials by TwiML.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ivr_flows import dialogue, moving
from ivr_flows.call import Leg, Place, ReturnTo911, Role, Stage
from ivr_flows.menus import ACCEPT
from ivr_flows.outputs import (
    Announce,
    EndLeg,
    Hangup,
    PlaceLeg,
    RedirectLeg,
    ReleaseFromQueue,
    Say,
    SetEndsRoom,
    Urgency,
)
from ivr_flows.ringing import ring_next, withdraw_offers
from ivr_flows.turn import Turn

PRIORITY_SKIP = 100  # ahead of every held call; two returns keep their order by arrival
UNDER_WAY_SECONDS = 2  # Law 8: a 911 leg not under way by then falls to TwiML
HEARD_FROM_SECONDS = 3  # Law 7: a 911 leg not heard from by then is rung again
AFTER_911_SECONDS = 12  # for a caller who stays on after 911 has hung up


def start(turn: Turn, *, reason: str, by: Role, skip: bool = True, request: str = "") -> None:
    """Send the caller back to 911, and tell the leg that asked what happens."""
    if turn.call.returning is not None and turn.call.stage is Stage.RETURNING:
        _guide_asking_leg(turn)
        return
    withdraw_offers(turn)
    hosted = turn.program.psap.desk
    hosted_desk_holds_it = turn.call.desk == hosted and turn.call.stage is Stage.WAITING
    if turn.call.desk and turn.call.desk != hosted:
        turn.change(returned_from=(*turn.call.returned_from, turn.call.desk))
    returning = ReturnTo911(
        reason=reason, requested_by=by, skip=skip, started_at=turn.now, request=request
    )
    turn.change(returning=returning, passed_over=())
    turn.note("return_started", reason=reason, by=str(by), request=request, skip=_yes(skip))
    if hosted and not hosted_desk_holds_it:
        _to_hosted_desk(turn, skip=skip)
    else:
        to_outside_lines(turn)
    _guide_asking_leg(turn)


def to_outside_lines(turn: Turn) -> None:
    """Ring the centre's lines outside: beside the clinician by REST, or from the caller's own leg."""
    withdraw_offers(turn)
    turn.change(desk="", returning=_returning(turn, taken=False))
    turn.enter_stage(Stage.RETURNING, None)
    if _clinicians(turn) and turn.call.caller.place is not Place.FLOW:
        _ring_line(turn)
    else:
        _by_twiml(turn)


def _to_hosted_desk(turn: Turn, *, skip: bool) -> None:
    psap = turn.program.psap
    turn.change(
        desk=psap.desk,
        priority=PRIORITY_SKIP if skip else 0,
        queued_at=turn.now,
        returning=_returning(turn, under_way=True),
    )
    turn.enter_stage(Stage.RETURNING, turn.program.desks[psap.desk].hold_seconds)
    ring_next(turn)


def _by_twiml(turn: Turn) -> None:
    turn.change(returning=_returning(turn, by_twiml=True, under_way=True))
    caller = turn.call.caller
    if caller.id == turn.leg_id:
        return
    if caller.place is Place.QUEUE:
        turn.do(ReleaseFromQueue(caller.id, Urgency.RETURN_TO_911))
    elif caller.place in (Place.FLOW, Place.ROOM):
        turn.do(RedirectLeg(caller.id, caller.step, urgency=Urgency.RETURN_TO_911))
    for leg in moving.staff_in_room(turn.call):
        turn.do(Announce(leg.id, leg.room, Say("caller_dials_911_directly")))


def _ring_line(turn: Turn) -> None:
    line = moving.return_line(turn)
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
    turn.change(stage_due_at=None)
    turn.do(PlaceLeg(leg.id, line.ring_seconds, Urgency.RETURN_TO_911))
    turn.note("line_rung", leg.id, line=line.id)


def _guide_asking_leg(turn: Turn) -> None:
    """Tell the leg that asked what happens; a queued caller is answered by its wait document."""
    if not turn.leg_id or turn.is_answered or turn.leg.place is not Place.FLOW:
        return
    if turn.leg.role is Role.CALLER:
        turn.say("connecting_to_911")
        moving.caller_next(turn)
    elif turn.leg.role in (Role.CLINICIAN, Role.CALL_TAKER):
        turn.say("calling_911_stay")
        moving.join_room(turn, ends_room=True)


def line_under_way(turn: Turn, leg: Leg) -> None:
    """The carrier confirms that a 911 leg rings: the caller may join the clinician meanwhile."""
    if leg.place is not Place.PLANNED:
        return
    line = next(line for line in turn.program.psap.lines if line.id == leg.line_id)
    turn.change_leg(leg.id, place=Place.RINGING, due_at=turn.after(line.ring_seconds + 6))
    if turn.call.returning is not None:
        turn.change(returning=_returning(turn, under_way=True))
    moving.release_caller(turn)


def line_failed(turn: Turn, leg: Leg) -> None:
    """REST could not ring 911: TwiML does if the caller can be reached by it, else the next line is rung."""
    turn.end_leg(leg.id)
    turn.note("line_failed", leg.id, line=leg.line_id or "")
    if turn.call.caller.place is Place.ROOM and _clinicians(turn):
        _next_line(turn, pause=True)
    else:
        _by_twiml(turn)


def line_over(turn: Turn, leg: Leg) -> None:
    """A 911 leg ended before a person proved present: try the next line."""
    turn.end_leg(leg.id)
    returning = turn.call.returning
    if turn.call.stage is not Stage.RETURNING or returning is None or returning.taken:
        return
    if any(other.role is Role.PSAP and other.is_live for other in turn.call.legs):
        return
    if not _clinicians(turn) and turn.call.caller.place is not Place.ROOM:
        turn.change(returning=_advanced(turn))
        _by_twiml(turn)
        return
    _next_line(turn, pause=False)


def taker_lost(turn: Turn, leg: Leg) -> None:
    """The 911 person who took the call was lost on the way to the caller: 911 is rung on."""
    turn.note("psap_lost", leg.id)
    turn.change(returning=_returning(turn, taken=False))
    if turn.call.desk:
        turn.change(passed_over=())
        ring_next(turn)
    else:
        line_over(turn, leg)


def leg_overdue(turn: Turn, leg: Leg) -> None:
    """A 911 leg's deadline passed: not under way, not answered, or answered by nobody who pressed a key."""
    if leg.place is Place.PLANNED and leg.tries == 0:
        if turn.call.caller.place is not Place.ROOM:
            turn.do(EndLeg(leg.id, Urgency.RETURN_TO_911))
            line_failed(turn, leg)
            return
        wait = HEARD_FROM_SECONDS - UNDER_WAY_SECONDS
        turn.change_leg(leg.id, tries=1, due_at=turn.after(wait))
    elif leg.place is Place.PLANNED:
        turn.change_leg(leg.id, due_at=None, tries=2)
        turn.note("line_rung_again", leg.id, line=leg.line_id or "")
        _ring_line(turn)
    else:
        turn.do(EndLeg(leg.id))
        line_over(turn, leg)


def stage_overdue(turn: Turn) -> None:
    """The hosted desk held the call too long, or it is time for the next line."""
    if turn.call.desk:
        turn.note("hosted_desk_did_not_answer", desk=turn.call.desk)
        to_outside_lines(turn)
    elif any(leg.role is Role.PSAP and leg.is_live for leg in turn.call.legs):
        turn.change(stage_due_at=None)
    else:
        _ring_line(turn)


def psap_answered(turn: Turn) -> None:
    """A 911 line picked up: tell it in one breath what comes, and ask for a key as proof of a person."""
    returning = turn.call.returning
    if turn.call.stage is not Stage.RETURNING or returning is None or returning.taken:
        turn.say("no_longer_needed")
        turn.answer(Hangup())
        return
    line_under_way(turn, turn.leg)
    turn.note("line_answered", line=turn.leg.line_id or "")
    due_at = turn.after(turn.program.presence_seconds)
    dialogue.ask(turn, "psap", "whisper", due_at=due_at)


def take(turn: Turn) -> None:
    """A 911 person has proven present: they enter the room, and no other line rings on."""
    turn.change(returning=_returning(turn, taken=True, under_way=True))
    turn.change_leg(turn.leg_id, present=True)
    for leg in turn.call.legs:
        if leg.role is Role.PSAP and leg.id != turn.leg_id and leg.is_live:
            turn.do(EndLeg(leg.id))
            turn.end_leg(leg.id)
    withdraw_offers(turn)
    turn.note("psap_present", line=turn.leg.line_id or "")
    moving.join_room(turn, ends_room=True)


def psap_joined(turn: Turn, leg: Leg) -> None:
    """911 is in the room: the clinician may leave, and the caller is fetched if they wait."""
    turn.change(outcome="returned_to_911")
    turn.enter_stage(Stage.CONNECTED, turn.program.check_seconds)
    turn.note("returned", leg.id)
    for other in _clinicians(turn):
        if other.place is Place.ROOM:
            if other.ends_room:
                turn.do(SetEndsRoom(other.id, other.room, ends_room=False))
            turn.do(Announce(other.id, other.room, Say("psap_is_on_the_line")))


def dial_ended(turn: Turn, status: str) -> None:
    """A line rung from the caller's own leg is over: 911 hung up, or the next line is tried, with speech between."""
    returning = turn.call.returning
    if status in ("completed", "answered") and returning is not None and returning.taken:
        after_911(turn)
        return
    turn.note("line_not_reached", line=turn.leg.line_id or "", status=status)
    turn.change(returning=_advanced(turn))
    turn.say("trying_911_again")
    moving.dial_911(turn)


def line_answered(turn: Turn) -> None:
    """A line rung by TwiML picked up: say who is coming; the caller is let in when the sentence ends."""
    if turn.call.returning is not None:
        turn.change(returning=_returning(turn, taken=True), outcome="returned_to_911")
    turn.note("line_answered", line=turn.leg.line_id or "")
    turn.answer(*(Say(say.prompt, "en", say.parameters) for say in context(turn, "psap_context")))


def after_911(turn: Turn) -> None:
    """911 has left while the caller is still there: say so, and connect again whoever stays on the line."""
    turn.note("psap_left")
    turn.change(returning=None, desk="", priority=0)
    turn.enter_stage(Stage.WAITING, AFTER_911_SECONDS)
    if turn.leg_id and turn.leg.role is Role.CALLER and turn.leg.place is not Place.QUEUE:
        moving.to_queue(turn)


def _next_line(turn: Turn, *, pause: bool) -> None:
    turn.change(returning=_advanced(turn))
    for leg in moving.staff_in_room(turn.call):
        turn.do(Announce(leg.id, leg.room, Say("trying_next_911_line")))
    returning = turn.call.returning
    if pause or (returning is not None and returning.rounds):
        turn.change(stage_due_at=turn.after(UNDER_WAY_SECONDS))
    else:
        _ring_line(turn)


def _advanced(turn: Turn) -> ReturnTo911:
    returning = turn.call.returning
    if returning is None:
        msg = "no return is under way"
        raise ValueError(msg)
    last = len(turn.program.psap.lines) - 1
    if returning.line < last:
        return replace(returning, line=returning.line + 1)
    return replace(returning, rounds=returning.rounds + 1)


def _returning(turn: Turn, **changes: Any) -> ReturnTo911:  # noqa: ANN401
    returning = turn.call.returning
    if returning is None:
        msg = "no return is under way"
        raise ValueError(msg)
    return replace(returning, **changes)


def _clinicians(turn: Turn) -> tuple[Leg, ...]:
    return tuple(leg for leg in turn.call.staff() if leg.role is Role.CLINICIAN)


def _yes(value: bool) -> str:  # noqa: FBT001 - words for the record
    return "yes" if value else "no"


def context(turn: Turn, prompt: str) -> tuple[Say, ...]:
    """What 911 is told of the call in one breath: that it returns, why, and its incident."""
    answers = turn.call.answers
    returning = turn.call.returning
    says = [
        turn.phrase(
            prompt,
            incident=f"#{answers.get('incident_number', '')}",
            reason=f"@reason_{returning.reason if returning else 'unknown'}",
        ),
    ]
    if returning is not None and returning.request:
        says.append(turn.phrase("psap_request", request=f"@request_{returning.request}"))
    return tuple(says)


def _hear_whisper(turn: Turn, digits: str, _speech: str) -> bool:
    if digits != ACCEPT:
        return False
    if turn.call.stage is not Stage.RETURNING or (
        turn.call.returning and turn.call.returning.taken
    ):
        turn.say("no_longer_needed")
        turn.answer(Hangup())
        return True
    take(turn)
    return True


def _whisper_given_up(turn: Turn) -> None:
    turn.answer(Hangup())
    line_over(turn, turn.leg)


dialogue.register(
    "psap",
    "whisper",
    dialogue.Node(
        says=lambda turn: (*context(turn, "psap_context"), turn.phrase("press_1_to_take_the_call")),
        hear=_hear_whisper,
        give_up=_whisper_given_up,
        timeout_seconds=5,
    ),
)
