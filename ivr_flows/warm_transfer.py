"""One transfer for all: consult first, then introduce, then leave (TR2, TR4).

From whoever answers for the caller to any target of `ivr_flows.targets`, by the star menu or the
API. What happens once somebody is rung stands in `ivr_flows.consulting`.
"""

from __future__ import annotations

from dataclasses import replace

from ivr_flows import (
    consulting,
    dialogue,
    moving,
    outcomes,
    return_to_911,
    ringing,
    targets,
    wrap_up,
)
from ivr_flows.call import (
    CARERS,
    FOR_911,
    Leg,
    OfferState,
    Place,
    Role,
    Stage,
    Transfer,
    TransferState,
)
from ivr_flows.inputs import TransferCancelled, TransferIntroduced, TransferRequested
from ivr_flows.menus import (
    MENU_RETURN,
    REPEAT,
    TRANSFER_BACK,
    TRANSFER_CANCEL,
    TRANSFER_DECLINE,
    TRANSFER_INTRODUCE,
    TRANSFER_TALK_ON,
)
from ivr_flows.outputs import EndLeg, Hangup, PlaceLeg, Say, Urgency
from ivr_flows.program import Outside
from ivr_flows.psap_choice import psap_of
from ivr_flows.turn import Turn

FLOW = "transfer"
PRIORITY_TRANSFER = 50  # ahead of those who wait for the desk with nobody: a person waits with them
ORDER_GRACE_SECONDS = 5  # an order to ring may wait its turn among the account's calls

REFUSALS = {
    "transfer_is_under_way": "a transfer is under way; introduce or cancel it first",
    "transfer_not_now": "nobody who answers for the caller is in the room with them",
    "transfer_911_is_called": "911 is being reached for the caller",
    "transfer_no_target": "there is no such target",
    "transfer_nobody_is_free": "nobody at that desk is free",
    "transfer_was_returned": "that desk has returned this call to 911",
    "transfer_danger_is_known": (
        "a danger is known and 911 keeps the caller; send help, and where the program calls a "
        "clinician in beside it, the questions of the star menu do so"
    ),
    "transfer_ruled_out": (
        "the answers rule a clinician out and 911 keeps the caller; if an answer is wrong, correct "
        "it and ask again"
    ),
    "transfer_no_team": "no team has acknowledged a request of this call",
}


# -- beginning --------------------------------------------------------------------------


def start(turn: Turn, giver: Leg, to: str, *, consult: str = "", reason: str = "") -> str:
    """Ring the target for the giver, who stays with the caller.

    Returns the prompt that says why nothing was begun, one of REFUSALS, or "".
    """
    refusal = _find_refusal(turn, giver, to)
    if not refusal:
        before = turn.call
        transfer = Transfer(
            giver=giver.id,
            to=to,
            private=(consult or turn.program.transfers.consult) == "private",
            state=TransferState.RINGING,
            started_at=turn.now,
            desk_before=turn.call.desk,
            before=tuple(leg.id for leg in turn.call.staff()),
            reason=reason,
        )
        outside = targets.find_outside(turn, to)
        if outside is not None:
            _ring_outside(turn, transfer, outside)
        else:
            _seek(turn, transfer, targets.name_of(to), turn.program.transfers.ring_seconds)
            if not ringing.ring_next(turn):
                turn.call = before
                refusal = "transfer_nobody_is_free"
    if refusal:
        turn.note("transfer_refused", giver.id, to=to, why=refusal)
    else:
        turn.note("transfer_started", giver.id, to=to, reason=reason)
    return refusal


def screened(turn: Turn, desk: str) -> None:
    """A call taker's own transfer to a desk, with the caller beside them, after the questions."""
    transfer = Transfer(
        giver=turn.leg_id,
        to=f"{targets.DESK}:{desk}",
        private=False,
        state=TransferState.RINGING,
        started_at=turn.now,
        desk_before=psap_of(turn.call, turn.program).desk,
        before=tuple(leg.id for leg in turn.call.staff()),
    )
    _seek(turn, transfer, desk, turn.program.waiting_seconds)
    turn.change(priority=0)
    turn.note("waiting", desk=desk)


def _seek(turn: Turn, transfer: Transfer, desk: str, seconds: int) -> None:
    consulting.begin(turn, transfer, desk, seconds)
    turn.change(priority=PRIORITY_TRANSFER)


def _find_refusal(turn: Turn, giver: Leg, to: str) -> str:
    call = turn.call
    if call.transfer is not None or call.stage is Stage.CONSULTING:
        return "transfer_is_under_way"
    if call.stage is Stage.RETURNING:
        return "transfer_911_is_called"
    if call.stage is not Stage.CONNECTED or moving.is_closing(call):
        return "transfer_not_now"
    if targets.kind_of(to) == targets.DESK:
        desk = targets.name_of(to)
        if desk in call.returned_from:
            return "transfer_was_returned"
        settings = turn.facts.find_desk(desk)
        if settings is None:
            return "transfer_no_target"
        from_911 = giver.role in FOR_911 and settings.role == "clinician"
        return outcomes.find_bar(turn) if from_911 else ""
    if targets.find_outside(turn, to) is not None:
        return ""
    return "transfer_no_team" if to == targets.TEAM else "transfer_no_target"


def _ring_outside(turn: Turn, transfer: Transfer, outside: Outside) -> None:
    leg = Leg(
        id=turn.call.next_leg_id(),
        role=Role.OUTSIDE,
        place=Place.PLANNED,
        flow=FLOW,
        line_id=targets.line_of(transfer.to, outside),
        due_at=turn.after(
            outside.ring_seconds + ringing.PICK_UP_GRACE_SECONDS + ORDER_GRACE_SECONDS
        ),
    )
    turn.call = turn.call.with_leg(leg)
    # No desk: nobody who becomes free there is to be rung as well.
    seconds = outside.ring_seconds * 2 + turn.program.transfers.ring_seconds
    consulting.begin(turn, replace(transfer, receiver=leg.id), "", seconds)
    turn.do(PlaceLeg(leg.id, outside.ring_seconds, Urgency.TRANSFER))
    turn.note("outside_rung", leg.id, line=leg.line_id or "")


# -- parties outside --------------------------------------------------------------------


def rings_outside(leg: Leg) -> bool:
    """Whether the leg rings somebody outside who has not picked up."""
    return leg.role is Role.OUTSIDE and leg.place in (Place.PLANNED, Place.RINGING)


def outside_answered(turn: Turn) -> None:
    """Somebody outside picked up: they are told who rings, and meet the giver.

    Nothing proves that it is a person but the giver's ear, so they answer for nobody.
    """
    transfer = turn.call.transfer
    if transfer is None or transfer.receiver != turn.leg_id or not turn.call.caller.is_live:
        turn.say("no_longer_needed")
        turn.answer(Hangup())
        return
    turn.note("outside_answered", line=turn.leg.line_id or "")
    consulting.take(turn, turn.leg_id)
    turn.say("transfer_outside_context")
    incident = turn.call.answers.get("incident_number", "")
    if targets.kind_of(transfer.to) == targets.TEAM and incident:
        turn.say("offer_incident", incident=f"#{incident}")
    moving.rejoin(turn)


def outside_overdue(turn: Turn, leg: Leg) -> None:
    """Nobody outside picked up in time."""
    turn.do(EndLeg(leg.id))
    turn.end_leg(leg.id)
    if turn.call.caller.is_live:
        consulting.lost(turn, leg)


def keeps_the_stage(turn: Turn) -> bool:
    """Whether the stage's deadline is that of a consultation, or of somebody outside."""
    call = turn.call
    if call.stage is not Stage.CONSULTING or call.transfer is None:
        return False
    taken = consulting.is_taken(call) and call.transfer.private
    return taken or not call.desk


# -- the API ----------------------------------------------------------------------------


def requested(turn: Turn, given: TransferRequested) -> str:
    """A transfer asked for from a page or the API. Returns why it was not begun, or "".

    911 gives nobody to clinicians whom the answers known rule out, or of whom a danger is known.
    Unknown answers are no reason to refuse: a person asks, and they have heard the caller.
    """
    if turn.call.stage is Stage.CLOSED:
        return "the call is closed"
    giver = _find_giver(turn, given.person_id)
    if giver is None:
        return REFUSALS["transfer_not_now"]
    refusal = start(turn, giver, given.to, consult=given.consult, reason=given.reason)
    if not refusal:
        turn.tell(giver, "transfer_rings")
    return REFUSALS.get(refusal, refusal)


def _find_giver(turn: Turn, person_id: str) -> Leg | None:
    """Who gives the caller: the one who asks, else whoever ends the room, else who is there."""
    there = sorted(
        moving.staff_in_room(turn.call),
        key=lambda leg: (leg.person_id != person_id, not leg.ends_room),
    )
    return there[0] if there else None


def introduced(turn: Turn, _given: TransferIntroduced) -> str:
    """The introduction, from a page or the API. Returns why there was none, or ""."""
    transfer = turn.call.transfer
    if transfer is None or turn.call.stage is not Stage.CONSULTING:
        return "no transfer is under way"
    if transfer.state is TransferState.RINGING:
        return "nobody has taken the call yet"
    if turn.get_leg(transfer.receiver).place is not Place.ROOM:
        return "the receiver is not in the room yet"
    consulting.introduce(turn, vouched=True)
    return ""


def cancelled(turn: Turn, _given: TransferCancelled) -> str:
    """The giver keeps the caller, from a page or the API. Returns why not, or ""."""
    if turn.call.transfer is None or turn.call.stage is not Stage.CONSULTING:
        return "no transfer is under way"
    consulting.give_back(turn, "transfer_is_cancelled")
    return ""


# -- the star menu ----------------------------------------------------------------------


def ask(turn: Turn) -> bool:
    """Put the menu of the transfer under way to its giver or receiver; False for anyone else."""
    transfer = turn.call.transfer
    if transfer is None or turn.call.stage is not Stage.CONSULTING:
        return False
    nodes = {transfer.giver: "giver", transfer.receiver: "receiver"}
    node = nodes.get(turn.leg_id, "")
    if node:
        dialogue.ask(turn, FLOW, node)
    return bool(node)


def ask_target(turn: Turn) -> None:
    """Ask the leg whom the caller is to be transferred to."""
    dialogue.ask(turn, FLOW, "target")


def list_targets(turn: Turn) -> dict[str, str]:
    """Targets by key that can be chosen at all; whether somebody is free is seen when chosen."""
    return {
        key: to
        for key, to in turn.program.transfers.targets.items()
        if (to != targets.TEAM or targets.find_team(turn.call) is not None)
        and targets.name_of(to) not in turn.call.returned_from
    }


def _say_targets(turn: Turn) -> tuple[Say, ...]:
    listed = (targets.phrase(turn, to, key) for key, to in list_targets(turn).items())
    return (turn.phrase("transfer_to_whom"), *listed, turn.phrase("transfer_none"))


def _hear_target(turn: Turn, digits: str, _speech: str) -> bool:
    if digits == REPEAT:
        ask_target(turn)
        return True
    to = list_targets(turn).get(digits, "")
    if not to:
        return False
    if turn.leg.role is Role.CALL_TAKER and to == f"{targets.DESK}:{turn.program.clinician_desk}":
        # By name: the call taker's questions come first.
        dialogue.ask(turn, "call_taker", "incident_number", trail=())
        return True
    turn.say(start(turn, turn.leg, to) or "transfer_rings")
    wrap_up.back_to_caller(turn)
    return True


def _say_giver(turn: Turn) -> tuple[Say, ...]:
    transfer = turn.call.transfer
    if transfer is None:
        return (turn.phrase("transfer_is_over"),)
    if transfer.state is TransferState.RINGING:
        keys = "transfer_menu_rings"
    elif turn.get_leg(transfer.receiver).role is Role.OUTSIDE:
        keys = "transfer_menu_vouch"
    else:
        keys = "transfer_menu_consults"
    says = (turn.phrase(keys),)
    return (*says, turn.phrase("menu_return")) if turn.leg.role in CARERS else says


def _hear_giver(turn: Turn, digits: str, _speech: str) -> bool:
    transfer = turn.call.transfer
    if transfer is None or turn.call.stage is not Stage.CONSULTING:
        _back(turn)
    elif digits == TRANSFER_CANCEL:
        consulting.give_back(turn, "transfer_is_cancelled")
        _back(turn)
    elif digits == MENU_RETURN and turn.leg.role in CARERS:
        return_to_911.start(turn, reason="clinician_request", by=Role.CLINICIAN)
    elif digits == REPEAT:
        dialogue.ask(turn, FLOW, "giver")
    elif transfer.state is TransferState.RINGING:
        if digits != TRANSFER_BACK:
            return False
        _back(turn)
    elif digits == TRANSFER_INTRODUCE:
        consulting.introduce(turn, vouched=True)
        _back(turn)
    elif digits == TRANSFER_TALK_ON:
        _back(turn)
    else:
        return False
    return True


def _say_receiver(turn: Turn) -> tuple[Say, ...]:
    return (turn.phrase("transfer_menu_receiver"),)


def _hear_receiver(turn: Turn, digits: str, _speech: str) -> bool:
    transfer = turn.call.transfer
    if transfer is None or transfer.receiver != turn.leg_id:
        _back(turn)
    elif digits == TRANSFER_DECLINE:
        _decline(turn)
    elif digits == TRANSFER_BACK:
        _back(turn)
    elif digits == REPEAT:
        dialogue.ask(turn, FLOW, "receiver")
    else:
        return False
    return True


def _decline(turn: Turn) -> None:
    """The receiver does not take the call after all: the giver has it."""
    offer = turn.call.find_offer(turn.leg_id)
    if offer is not None:
        ringing.close_offer(turn, offer, OfferState.DECLINED)
    turn.say("transfer_you_declined")
    turn.answer(Hangup())
    turn.change_leg(turn.leg_id, due_at=turn.after(turn.program.decide_seconds))
    consulting.give_back(turn, "transfer_receiver_left")


def _back(turn: Turn) -> None:
    """Back into the room, with what has happened meanwhile."""
    if turn.leg.news and not turn.is_answered:
        turn.say(turn.leg.news)
        turn.change_leg(turn.leg_id, news="")
    wrap_up.back_to_caller(turn)


for _name, _says, _hear in (
    ("target", _say_targets, _hear_target),
    ("giver", _say_giver, _hear_giver),
    ("receiver", _say_receiver, _hear_receiver),
):
    dialogue.register(
        FLOW,
        _name,
        dialogue.Node(says=_says, hear=_hear, give_up=_back, timeout_seconds=8),
    )
