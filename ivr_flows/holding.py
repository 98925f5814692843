"""Hold and mute of one party, and the caller who waits while staff confer (TR3, TR4, TR7).

A party is held or muted in its room by REST, and what we want is wanted until it is told: on every
new generation of the room it is ordered anew. A caller is never held there: they wait in the queue,
where a voice and the keys for 911 need no REST. The last person whom the caller hears is neither
held nor muted; if all others go, whoever is left is brought back.
"""

from __future__ import annotations

from datetime import datetime

from ivr_flows import moving
from ivr_flows.call import Leg, Place, Role, Stage
from ivr_flows.outputs import Announce, HoldLeg, MuteLeg, RedirectLeg, Say, SetEndsRoom
from ivr_flows.turn import Turn

CONTROL_SECONDS = 5  # an order to hold or mute is told by then, or given up; its undo is repeated
ALONE_SECONDS = 1.5  # a caller hears a voice within 2 s of our being told (TR7)
COMES_BACK_SECONDS = 6  # a caller whose hold has ended is with somebody by then
ON_HOLD = "on_hold"  # node of the star menu where somebody waits whose caller is on hold
MENU = "staff_menu"


def set_hold(turn: Turn, leg: Leg, *, on: bool) -> None:
    """Put a party on hold, or bring them back, as soon as it is safe for the caller."""
    turn.change_leg(leg.id, hold_wanted=on)
    carry_on(turn)


def set_mute(turn: Turn, leg: Leg, *, on: bool) -> None:
    """Mute a party or let them be heard again, likewise."""
    turn.change_leg(leg.id, mute_wanted=on)
    carry_on(turn)


def carry_on(turn: Turn) -> None:
    """Order what is wanted of those in the room and has not been told of yet."""
    for leg in turn.call.legs:
        if leg.role is Role.CALLER or leg.place is not Place.ROOM:
            continue
        wants_silence = leg.hold_wanted or leg.mute_wanted
        is_safe = leg.room == turn.call.room and moving.may_be_silenced(turn.call, leg)
        if wants_silence and not is_safe:
            _have_another_end_the_room(turn, leg)
        is_ordered = False
        if leg.hold_wanted != leg.held and (is_safe or leg.held):
            turn.do(HoldLeg(leg.id, leg.room, on=leg.hold_wanted))
            is_ordered = True
        if leg.mute_wanted != leg.muted and (is_safe or leg.muted):
            turn.do(MuteLeg(leg.id, leg.room, on=leg.mute_wanted))
            is_ordered = True
        if is_ordered:
            turn.change_leg(leg.id, due_at=turn.after(CONTROL_SECONDS))


def _have_another_end_the_room(turn: Turn, leg: Leg) -> None:
    """The flag first, then the hold: that of a held party may no longer be changed."""
    others = [other for other in moving.free_in_room(turn.call) if other.id != leg.id]
    if others and not any(other.ends_room for other in others):
        turn.do(SetEndsRoom(others[0].id, others[0].room, ends_room=True))
        turn.change_leg(leg.id, due_at=turn.after(CONTROL_SECONDS))


def controls_told(
    turn: Turn, leg: Leg, *, held: bool | None = None, muted: bool | None = None
) -> None:
    """Keep what the carrier tells of a party in the room, and order what is wanted otherwise."""
    told = {"held": leg.held if held is None else held}
    told["muted"] = leg.muted if muted is None else muted
    for name, before in (("held", leg.held), ("muted", leg.muted)):
        if told[name] != before:
            turn.note(f"party_{name}" if told[name] else f"party_not_{name}", leg.id)
    leg = turn.change_leg(leg.id, **told)
    if (leg.held, leg.muted) == (leg.hold_wanted, leg.mute_wanted):
        turn.change_leg(leg.id, due_at=None)
    carry_on(turn)
    moving.release_caller(turn)


def not_done(turn: Turn, leg: Leg) -> None:
    """A hold or mute was refused or not heard of: it is given up, and said to those who could ask.

    What undoes one is ordered again until it is done.
    """
    was_wanted = (leg.hold_wanted and not leg.held) or (leg.mute_wanted and not leg.muted)
    leg = turn.change_leg(
        leg.id,
        hold_wanted=leg.hold_wanted and leg.held,
        mute_wanted=leg.mute_wanted and leg.muted,
        due_at=turn.after(CONTROL_SECONDS) if leg.held or leg.muted else None,
    )
    if was_wanted:
        turn.note("control_given_up", leg.id)
        say_to_free(turn, "control_not_done")


def is_open(leg: Leg) -> bool:
    """Whether something is wanted of a party in the room that has not been told of."""
    differs = (leg.held, leg.muted) != (leg.hold_wanted, leg.mute_wanted)
    return leg.place is Place.ROOM and leg.role is not Role.CALLER and differs


def overdue(turn: Turn, leg: Leg) -> None:
    """An order was not told of in time."""
    not_done(turn, leg)
    carry_on(turn)


def say_to_free(turn: Turn, prompt: str) -> None:
    """Speak to everyone in the room who answers for the caller and is not on hold."""
    for leg in moving.staff_in_room(turn.call):
        if not leg.held:
            turn.do(Announce(leg.id, leg.room, Say(prompt)))


def bring_back(turn: Turn) -> bool:
    """Let everybody who answers for the caller be heard again. False when all are."""
    silenced = [leg for leg in turn.call.staff() if leg.hold_wanted or leg.mute_wanted]
    for leg in silenced:
        turn.change_leg(leg.id, hold_wanted=False, mute_wanted=False)
        turn.note("brought_back", leg.id)
    if silenced:
        carry_on(turn)
        moving.release_caller(turn)
    return bool(silenced)


def keep_somebody_heard(turn: Turn) -> None:
    """What holds after every input: whoever answers for the caller alone is heard by them (TR7)."""
    call = turn.call
    if call.stage is Stage.CLOSED or not call.caller.is_live:
        return
    staff = call.staff()
    is_anybody_free = any(not (leg.hold_wanted or leg.mute_wanted) for leg in staff)
    if moving.is_caller_held(call) and not is_anybody_free:
        bring_caller_back(turn, why="nobody_else")
    if not any(leg.is_silenced for leg in staff):
        return
    if not is_anybody_free:
        bring_back(turn)
    _bound_the_silence(turn)


def _bound_the_silence(turn: Turn) -> None:
    caller = turn.call.caller
    if caller.place is not Place.ROOM or moving.is_closing(turn.call):
        return
    here = [leg for leg in turn.call.staff() if leg.place is Place.ROOM and leg.room == caller.room]
    if here and not any(leg.is_heard for leg in here):
        due_at = turn.after(ALONE_SECONDS)
        if caller.due_at is None or caller.due_at > due_at:
            turn.change_leg(caller.id, due_at=due_at)


def caller_not_held(turn: Turn) -> None:
    """The caller could not be taken out of the room: they go on talking, and staff are told."""
    turn.change(hold_until_at=None)
    turn.note("control_given_up", turn.call.caller.id)
    say_to_free(turn, "control_not_done")


def hold_caller(turn: Turn) -> None:
    """Let the caller wait, at most as long as the program says."""
    caller = turn.call.caller
    turn.change(hold_until_at=turn.after(turn.program.hold_seconds))
    turn.note("caller_held", caller.id)
    if caller.place is Place.ROOM:
        turn.do(RedirectLeg(caller.id, caller.step))
        turn.change_leg(caller.id, due_at=turn.after(moving.JOIN_SECONDS))
    elif caller.place is Place.QUEUE:
        turn.change_leg(caller.id, flow=moving.WAITING, ticks=0, due_at=reminder_at(turn))


def reminder_at(turn: Turn) -> datetime:
    """When those who hold the caller are reminded: half-way through."""
    return turn.after(turn.program.hold_seconds / 2)


def remind(turn: Turn) -> None:
    """Tell those in the room that the caller is still on hold; at the menu they hear it anyway."""
    turn.note("caller_hold_reminder", turn.call.caller.id)
    say_to_free(turn, "caller_still_on_hold")


def bring_caller_back(turn: Turn, *, why: str) -> None:
    """End the caller's hold: they and those who wait for them come together again."""
    if turn.call.hold_until_at is None:
        return
    turn.change(hold_until_at=None)
    caller = turn.call.caller
    turn.note("caller_brought_back", caller.id, why=why)
    for leg in turn.call.staff():
        waits = leg.place is Place.FLOW and (leg.flow, leg.node) == (MENU, ON_HOLD)
        if waits and leg.id != turn.leg_id:
            moving.fetch_from_menu(turn, leg)
    if caller.place is Place.QUEUE:
        turn.change_leg(caller.id, ticks=0, due_at=turn.after(COMES_BACK_SECONDS))
        say_to_free(turn, "caller_comes_back")
        moving.release_caller(turn)
