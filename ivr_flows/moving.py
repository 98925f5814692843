"""Where legs go next: into the room, into the queue, to 911 by TwiML.

The caller enters a room last.
"""

from __future__ import annotations

from dataclasses import replace

from ivr_flows import line_order, psap_choice
from ivr_flows.call import HELD_STAGES, Call, Leg, Place, Role, Stage, TransferState
from ivr_flows.outputs import (
    Dial911,
    Hangup,
    JoinRoom,
    RedirectLeg,
    ReleaseFromQueue,
    Urgency,
    Wait,
)
from ivr_flows.program import ReturnLine
from ivr_flows.turn import Turn

JOIN_SECONDS = 3  # a leg told to join is in the room by then, or the next step follows
LOOK_SECONDS = 1  # so long before, the carrier is asked whether it is: the word of it may be lost
RELEASE_SECONDS = 3
STAR_GRACE_SECONDS = 0.7  # a staff leg whose room has ended comes by its own action within this

CLOSING = "closing"  # flow of a caller who is told how to reach 911 and let go
STAR = "star"  # flow of a caller who pressed star and has the time of one sentence for a key
WAITING = "waiting"
ROOM = "room"
_BETWEEN_ROOMS = frozenset({STAR, WAITING, ROOM})


def return_line(turn: Turn) -> ReturnLine:
    """The line of the caller's 911 centre to be tried now; or the crisis line before it."""
    if is_at_crisis_line(turn.call) and turn.program.crisis_line is not None:
        return turn.program.crisis_line
    psap = psap_choice.psap_of(turn.call, turn.program)
    return line_order.line_now(psap.lines, turn.call.returning)


def begin_ringing(turn: Turn) -> ReturnLine:
    """The line to ring now; with the first one it is settled whose lines they are."""
    returning = turn.call.returning
    if returning is not None and not returning.has_rung and not returning.crisis_line:
        psap_choice.settle(turn)
        lines = psap_choice.psap_of(turn.call, turn.program).lines
        turn.change(returning=line_order.begin(lines, replace(returning, has_rung=True)))
    return return_line(turn)


def is_at_crisis_line(call: Call) -> bool:
    """Whether the crisis line is dialled for the caller, or talks with them."""
    return call.returning is not None and call.returning.crisis_line


def rings_crisis_line(turn: Turn, leg: Leg) -> bool:
    """Whether the line that a caller's leg dials, or talks with, is the crisis line."""
    line = turn.program.crisis_line
    return line is not None and leg.place is Place.DIAL and leg.line_id == line.id


def staff_in_room(call: Call) -> tuple[Leg, ...]:
    """Legs answering for the caller that the carrier has put in the room's newest generation."""
    return tuple(leg for leg in call.staff() if leg.place is Place.ROOM and leg.room == call.room)


def free_in_room(call: Call) -> tuple[Leg, ...]:
    """Those of `staff_in_room` who are neither on hold nor muted, nor about to be."""
    return tuple(leg for leg in staff_in_room(call) if not leg.is_silenced)


def is_caller_held(call: Call) -> bool:
    """Whether the caller waits, with a voice, while those who answer for them confer (TR3)."""
    return call.hold_until_at is not None and call.stage in HELD_STAGES


def may_be_silenced(call: Call, leg: Leg) -> bool:
    """Whether the leg may be on hold or muted in the room as it stands.

    For one who answers for the caller, another who is heard must end the room by leaving it: then
    the caller comes out by TwiML alone, and is never left with somebody who cannot be heard (TR7).
    """
    if leg.id not in {other.id for other in call.staff()}:
        return True
    return any(other.ends_room for other in free_in_room(call) if other.id != leg.id)


def is_closing(call: Call) -> bool:
    """Whether a person has ended the call and the caller is being told so."""
    return call.caller.flow == CLOSING


def dials_itself(call: Call) -> bool:
    """Whether the caller's own leg has to ring 911, by TwiML."""
    returning = call.returning
    return (
        call.stage is Stage.RETURNING
        and returning is not None
        and returning.by_twiml
        and not returning.taken
    )


def consults_in_private(call: Call) -> bool:
    """Whether giver and receiver of a transfer speak, while the caller waits for them."""
    transfer = call.transfer
    if transfer is None or not transfer.private or transfer.state is not TransferState.CONSULTING:
        return False
    pair = (call.find_leg(transfer.giver), call.find_leg(transfer.receiver))
    return call.stage is Stage.CONSULTING and all(leg is not None and leg.is_live for leg in pair)


def caller_may_enter(call: Call) -> bool:
    """Whether somebody is there for the caller, and 911 (if it is being rung) is known to ring.

    Until then a returning caller stays in the queue, from where TwiML alone can dial 911 (Law 8).
    """
    if not free_in_room(call) or is_caller_held(call) or consults_in_private(call):
        return False
    returning = call.returning
    if call.stage is Stage.RETURNING and returning is not None and not returning.taken:
        return returning.under_way and not returning.by_twiml
    return True


def break_room(turn: Turn, generation: int) -> None:
    """A generation of the room is over: whoever comes next meets in the following one."""
    if generation and turn.call.room == generation:
        turn.change(room=generation + 1)


def join_room(turn: Turn, *, ends_room: bool) -> None:
    """Send the leg that asked into the newest generation of the room."""
    if turn.call.room == 0:
        turn.change(room=1)
    muted = turn.leg.mute_wanted and may_be_silenced(turn.call, turn.leg)
    news = turn.leg.news if turn.leg.role is not Role.CALLER else ""  # a caller's was of the wait
    step = turn.next_step(
        place=Place.JOINING,
        flow=ROOM,
        node="",
        room=turn.call.room,
        ends_room=ends_room,
        held=False,
        muted=muted,
        news=news,
        controls_seen=0,
        sought=False,
        due_at=turn.after(turn.spoken_seconds + JOIN_SECONDS - LOOK_SECONDS),
    )
    star = turn.leg.has_menu
    turn.answer(JoinRoom(turn.call.room, step, star=star, ends_room=ends_room, muted=muted))


def rejoin(turn: Turn) -> None:
    """Send the staff leg that asked back in.

    It ends the room unless another there, who is heard, does already.
    """
    others = (leg for leg in free_in_room(turn.call) if leg.id != turn.leg_id)
    answers = turn.leg.role is not Role.OUTSIDE or turn.leg.vouched
    join_room(turn, ends_room=answers and not any(leg.ends_room for leg in others))


def gather(turn: Turn) -> None:
    """Bring legs that are left behind in an older generation to the newest one."""
    for leg in turn.call.legs:
        if leg.place is Place.ROOM and leg.room != turn.call.room and leg.id != turn.leg_id:
            turn.do(RedirectLeg(leg.id, leg.step, after_seconds=STAR_GRACE_SECONDS))


def to_queue(turn: Turn) -> None:
    """Put the caller's leg, which asked, into the queue, where it is spoken to all the time.

    Fetched to hear news, they go on where they were in what the wait says.
    """
    tries = turn.leg.tries if turn.leg.flow in _BETWEEN_ROOMS else 0
    ticks = turn.leg.ticks if turn.leg.news else 0
    step = turn.next_step(
        place=Place.QUEUE, flow=WAITING, node="", ticks=ticks, tries=tries, due_at=None
    )
    turn.answer(Wait(step))


def dial_911(turn: Turn, *, pause_seconds: int = 0) -> None:
    """Ring the current 911 line from the caller's own leg, by TwiML alone (RE5)."""
    line = begin_ringing(turn)
    step = turn.next_step(
        place=Place.DIAL, flow="dial_911", node="", line_id=line.id, news="", due_at=None
    )
    turn.note("line_dialled", line=line.id)
    turn.answer(Dial911(line.id, line.ring_seconds, step, pause_seconds))


def caller_next(turn: Turn) -> None:
    """Tell the caller's leg, which asked, what the present state says."""
    call = turn.call
    if call.stage in (Stage.CLOSED, Stage.CALLING_BACK):
        turn.say("goodbye")
        turn.answer(Hangup())
    elif dials_itself(call):
        dial_911(turn)
    elif caller_may_enter(call):
        join_room(turn, ends_room=False)
    else:
        to_queue(turn)


def release_caller(turn: Turn) -> None:
    """Fetch the caller out of the queue, if they may enter the room now.

    One who pressed star hears first, for the length of a sentence, that 9 is for 911.
    """
    caller = turn.call.caller
    if caller.place is Place.QUEUE and caller.flow != STAR and caller_may_enter(turn.call):
        turn.do(ReleaseFromQueue(caller.id))
        turn.change_leg(caller.id, due_at=turn.after(RELEASE_SECONDS))


def caller_did_not_star(turn: Turn) -> None:
    """The room ended by somebody else's leaving: the caller need not be given time for a key."""
    if turn.call.caller.flow == STAR:
        turn.change_leg(turn.call.caller.id, flow=WAITING)


def fetch_from_menu(turn: Turn, leg: Leg) -> None:
    """Fetch one of staff from a question of their own to the caller."""
    turn.change_leg(leg.id, flow=ROOM, node="")
    turn.do(RedirectLeg(leg.id, leg.step))


def fetch_caller(turn: Turn, urgency: Urgency = Urgency.TRANSFER) -> None:
    """Make the caller's leg ask what to do, wherever it is; the leg that asked is told as it is."""
    caller = turn.call.caller
    if caller.id == turn.leg_id:
        return
    if caller.place is Place.QUEUE:
        turn.do(ReleaseFromQueue(caller.id, urgency))
    elif caller.place in (Place.FLOW, Place.ROOM, Place.DIAL):
        turn.do(RedirectLeg(caller.id, caller.step, urgency=urgency))
