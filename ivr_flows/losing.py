"""A leg is over, whoever told us: whom it leaves behind gets a next step (TR1, TR7)."""

from __future__ import annotations

from ivr_flows import (
    consulting,
    joining,
    moving,
    return_to_911,
    ringing,
    staff_menu,
    waiting,
    warm_transfer,
    wrap_up,
)
from ivr_flows.call import FOR_911, STAFF, Leg, OfferState, Place, Role, Stage
from ivr_flows.moving import STAR_GRACE_SECONDS
from ivr_flows.outputs import CheckLeg
from ivr_flows.turn import Turn

PRIORITY_AFTER_DROP = waiting.PRIORITY_AFTER_DROP
DROPS_ALLOWED = 2
MENUS = frozenset({staff_menu.FLOW, warm_transfer.FLOW})


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
    moving.caller_did_not_star(turn)
    if was_in and leg.ends_room:
        moving.break_room(turn, leg.room)
    if _never_reached_the_caller(turn, leg):
        return
    if turn.call.stage is Stage.RETURNING and leg.present:
        return_to_911.taker_lost(turn, leg)
    if was_in and leg.ends_room:
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
        giver_left_early(turn, leg)
    elif turn.call.stage in (Stage.CONNECTED, Stage.WAITING):
        nobody_is_left(turn, lost=leg)
    if turn.call.caller.place is Place.ROOM:
        joining.take_out(turn, after_seconds=STAR_GRACE_SECONDS)


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
        if has_left_for_menu(leg) and leg.room == lost.room:
            moving.fetch_from_menu(turn, leg)


def has_left_for_menu(leg: Leg) -> bool:
    """Whether the leg is out of the room and at the menu that star opens."""
    return leg.place is Place.FLOW and leg.flow in MENUS


def giver_left_early(turn: Turn, leg: Leg) -> None:
    """The giver left while others are rung: of a desk, the caller waits for them like any other."""
    turn.note("giver_left_early", leg.id)
    if not turn.call.desk:
        consulting.let_outside_go(turn)
        nobody_is_left(turn, lost=leg)
        return
    next_ring_at = turn.call.next_ring_at
    turn.change(transfer=None)
    turn.enter_stage(Stage.WAITING, turn.program.waiting_seconds)
    turn.change(next_ring_at=next_ring_at)


def nobody_is_left(turn: Turn, lost: Leg | None) -> None:
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
