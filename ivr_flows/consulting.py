"""A transfer under way: who meets whom, when the caller is let in, and how it ends (TR2, TR7).

The giver stays with the caller until somebody has taken the call. In a private consultation the
caller then waits in the queue, where they are spoken to and 9 leads to 911, and giver and receiver
meet in the room; the introduction lets the caller in. Whoever goes meanwhile, the other has the
caller at once.
"""

from __future__ import annotations

from dataclasses import replace

from ivr_flows import moving, ringing, targets
from ivr_flows.call import (
    FOR_911,
    Call,
    Leg,
    OfferState,
    Place,
    Role,
    Stage,
    Transfer,
    TransferState,
)
from ivr_flows.outputs import CheckLeg, EndLeg, RedirectLeg, SetEndsRoom
from ivr_flows.psap_choice import psap_of
from ivr_flows.turn import Turn

HANDED_OVER = "handed_over"  # the outcome of a call that somebody outside has taken over


def is_taken(call: Call) -> bool:
    """Whether somebody has taken the transfer and is with the giver, or on the way."""
    return call.transfer is not None and call.transfer.state is TransferState.CONSULTING


def begin(turn: Turn, transfer: Transfer, desk: str, seconds: int) -> None:
    """Enter the stage in which `desk`, or "" somebody outside, is rung for the giver."""
    turn.change(transfer=transfer, desk=desk, queued_at=turn.now, passed_over=(), unrung=())
    turn.enter_stage(Stage.CONSULTING, seconds)


def take(turn: Turn, leg_id: str) -> None:
    """Somebody has accepted, or picked up outside: they are the receiver from here on."""
    transfer = turn.call.transfer
    if transfer is None or turn.call.stage is not Stage.CONSULTING:
        return
    transfer = replace(transfer, state=TransferState.CONSULTING, receiver=leg_id)
    turn.change(transfer=transfer)
    turn.note("transfer_taken", leg_id)
    if transfer.private or turn.get_leg(leg_id).role is Role.OUTSIDE:
        turn.change(stage_due_at=turn.after(turn.program.transfers.consult_seconds))
    _hold_caller(turn)


def _hold_caller(turn: Turn) -> None:
    """Fetch the caller out of the room, where the two who are to speak in private meet."""
    caller = turn.call.caller
    if moving.consults_in_private(turn.call) and caller.place in (Place.ROOM, Place.JOINING):
        turn.do(RedirectLeg(caller.id, caller.step))
        turn.change_leg(caller.id, due_at=turn.after(moving.JOIN_SECONDS))


def joined(turn: Turn, leg: Leg) -> bool:
    """A leg has entered the room; True where that is all, as the caller has somebody else."""
    transfer = turn.call.transfer
    if transfer is None or leg.id != transfer.receiver or turn.call.stage is not Stage.CONSULTING:
        return False
    if not transfer.private and leg.role is not Role.OUTSIDE:
        return False
    _hold_caller(turn)
    if transfer.private and not moving.consults_in_private(turn.call):
        return False
    if is_helper(turn, leg) and not transfer.private:
        introduce(turn, vouched=False)
    elif not transfer.met:
        turn.change(transfer=replace(transfer, met=True))
        turn.note("transfer_consulting", leg.id)
        turn.tell(turn.get_leg(transfer.giver), _what_to_do(transfer))
        if leg.role is not Role.OUTSIDE:
            turn.tell(leg, "transfer_giver_is_here")
    return True


def _what_to_do(transfer: Transfer) -> str:
    return "transfer_speak_in_private" if transfer.private else "transfer_outside_is_here"


def is_helper(turn: Turn, leg: Leg) -> bool:
    """Whether the party outside is one that never takes a caller over, as an interpreter."""
    outside = targets.find_outside(turn, leg.line_id or "")
    return outside is not None and outside.is_helper


def introduce(turn: Turn, *, vouched: bool) -> None:
    """Let the caller in to both; a receiver who can answer for them takes over.

    A party outside can only when the giver vouches that a person is there.
    """
    transfer = turn.call.transfer
    if transfer is None:
        return
    receiver = turn.get_leg(transfer.receiver)
    if receiver.role is Role.OUTSIDE:
        turn.change(desk=transfer.desk_before)
        if vouched and not is_helper(turn, receiver):
            receiver = turn.change_leg(receiver.id, vouched=True)
            turn.change(outcome=turn.call.outcome or HANDED_OVER)
    over_to(turn, receiver)
    turn.enter_stage(Stage.CONNECTED, turn.program.check_seconds)
    takes_over = receiver in turn.call.staff()
    turn.note("transfer_introduced", receiver.id, takes_over="yes" if takes_over else "no")
    giver = turn.get_leg(transfer.giver)
    turn.tell(giver, "transfer_caller_comes_in" if takes_over else "transfer_helper_is_here")
    if takes_over:
        pass_flag(turn, receiver)
    moving.release_caller(turn)


def over_to(turn: Turn, receiver: Leg) -> None:
    """The transfer is over. Where 911 has received the caller, its giver's desk gave them back."""
    transfer = turn.call.transfer
    if transfer is None:
        return
    turn.change(transfer=None)
    giver = turn.call.find_leg(transfer.giver)
    desk = transfer.desk_before
    if receiver.role not in FOR_911 or giver is None or giver.role in FOR_911:
        return
    turn.change(outcome="returned_to_911")
    if desk and desk not in (*turn.program.hosted_desks, *turn.call.returned_from):
        turn.change(returned_from=(*turn.call.returned_from, desk))


def pass_flag(turn: Turn, receiver: Leg) -> None:
    """Have the receiver end the room, and then nobody else; until it is known, both do."""
    if receiver.place is not Place.ROOM or receiver.room != turn.call.room:
        return
    if not receiver.ends_room:
        turn.do(SetEndsRoom(receiver.id, receiver.room, ends_room=True))
        return
    for leg in moving.staff_in_room(turn.call):
        if leg.id != receiver.id and leg.ends_room:
            turn.do(SetEndsRoom(leg.id, leg.room, ends_room=False))


def give_back(turn: Turn, news: str) -> None:
    """Nothing comes of it: whoever had the caller is told why, and has them back."""
    transfer = turn.call.transfer
    ringing.withdraw_offers(turn)
    turn.change(
        transfer=None,
        desk=transfer.desk_before if transfer else psap_of(turn.call, turn.program).desk,
    )
    turn.enter_stage(Stage.CONNECTED, turn.program.check_seconds)
    turn.note("transfer_given_back", why=news)
    if transfer is not None:
        _let_go(turn, transfer.receiver)
    for leg in turn.call.staff():
        turn.tell(leg, news)
    moving.release_caller(turn)


def _let_go(turn: Turn, leg_id: str) -> None:
    """The receiver is not needed: a desk's person is told so, a party outside is hung up on."""
    leg = turn.call.find_leg(leg_id)
    if leg is None or not leg.is_live or leg.id == turn.leg_id:
        return
    offer = turn.call.find_offer(leg.id)
    if offer is None:
        turn.do(EndLeg(leg.id))
        turn.change_leg(leg.id, due_at=turn.after(ringing.PICK_UP_GRACE_SECONDS))
        return
    ringing.close_offer(turn, offer, OfferState.WITHDRAWN)
    if leg.ends_room and leg.place is Place.ROOM:
        moving.break_room(turn, leg.room)
    turn.do(RedirectLeg(leg.id, leg.step))
    turn.change_leg(leg.id, due_at=turn.after(turn.program.decide_seconds))


def abandon(turn: Turn) -> None:
    """Something else happens to the caller: nobody more is rung, and who is there stays."""
    transfer = turn.call.transfer
    if transfer is None:
        return
    turn.change(transfer=None, desk=transfer.desk_before)
    turn.note("transfer_abandoned")
    leg = turn.call.find_leg(transfer.receiver)
    if leg is not None and leg.is_live and not leg.is_answered:
        _let_go(turn, leg.id)


def not_reached(turn: Turn) -> None:
    """The receiver was lost on the way to the giver, who has the caller while others are rung."""
    transfer = turn.call.transfer
    if transfer is None or turn.call.stage is not Stage.CONSULTING:
        return
    turn.change(transfer=replace(transfer, state=TransferState.RINGING, receiver=""))
    turn.change(stage_due_at=turn.after(turn.program.transfers.ring_seconds))
    moving.release_caller(turn)


def lost(turn: Turn, leg: Leg) -> bool:
    """Giver or receiver is gone. True where the caller has somebody, and nothing more follows."""
    transfer = turn.call.transfer
    if transfer is None or turn.call.stage is not Stage.CONSULTING:
        return False
    if leg.id == transfer.receiver:
        give_back(turn, "transfer_receiver_left" if leg.room else "transfer_not_answered")
        return bool(turn.call.staff())
    if leg.id != transfer.giver:
        return False
    receiver = turn.call.find_leg(transfer.receiver)
    if receiver is not None and receiver in turn.call.staff():
        _receiver_has_the_caller(turn, receiver)
        return True
    others = [one for one in turn.call.staff() if one.id != transfer.receiver]
    if others:
        turn.change(transfer=replace(transfer, giver=others[0].id))
        return True
    if not turn.call.desk:
        let_outside_go(turn)
        turn.enter_stage(Stage.CONNECTED, turn.program.check_seconds)
    return False


def let_outside_go(turn: Turn) -> None:
    """Without the giver nobody has vouched that a person is there: the caller is not left to them.

    What follows for the caller is for the one who calls this.
    """
    transfer = turn.call.transfer
    if transfer is not None:
        turn.change(transfer=None, desk=transfer.desk_before)
        _let_go(turn, transfer.receiver)


def _receiver_has_the_caller(turn: Turn, receiver: Leg) -> None:
    """The giver is gone, but a person has taken the call: they have the caller at once."""
    turn.note("giver_left_early", receiver.id)
    if receiver.place is Place.JOINING:
        turn.enter_stage(Stage.WAITING, turn.program.waiting_seconds)
        turn.change(transfer=None)
        return
    over_to(turn, receiver)
    turn.enter_stage(Stage.CONNECTED, turn.program.check_seconds)
    turn.tell(receiver, "transfer_giver_left")
    moving.release_caller(turn)


def stage_overdue(turn: Turn) -> None:
    """The two have spoken long enough: the caller comes in to both, and the giver keeps them."""
    transfer = turn.call.transfer
    if transfer is None:
        return
    if transfer.state is TransferState.RINGING:
        give_back(turn, "transfer_not_answered")
        return
    for leg_id in (transfer.giver, transfer.receiver):
        turn.do(CheckLeg(leg_id))
    turn.note("consultation_is_long")
    introduce(turn, vouched=False)
