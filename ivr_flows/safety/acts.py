"""What may happen next in a world: people act, deadlines pass, the carrier loses or delays.

An act is data, so that a story can be told and played again from its beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from ivr_flows import callback, inputs, moving, outputs, party_menu
from ivr_flows.call import Call, Place, Role, Stage, TransferState
from ivr_flows.copies import changed
from ivr_flows.dialogue import find_node
from ivr_flows.engine import arrive
from ivr_flows.menus import CONFIRM, KEEP_PLACE
from ivr_flows.presence import LINE_TRIES
from ivr_flows.safety import repairing
from ivr_flows.safety.carrier import (
    TEAM,
    Carrier,
    Choice,
    hang_up,
    out_of_room,
    report,
    ring,
    with_due,
)
from ivr_flows.safety.violation import Promise, Violation
from ivr_flows.safety.world import NOW, Phone, Report, World, deadlines_of
from ivr_flows.standing_by import HAND_OVER_TRIES
from ivr_flows.targets import TEAM as TEAM_TARGET
from ivr_flows.targets import find_team
from ivr_flows.void import find_reason_void
from ivr_flows.waiting import ORDER_SECONDS, UNTOUCHED_SECONDS

# Silence and unknown keys are heard alike, by the tries.
KEYS = ("", "1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "*", "#")
ENTRIES = ("", "4711", "12345", "0", "9", "8", "*", "**", "#")
HELP_KEY = "9"
SIDE_DIALOGUES = frozenset({"dispatching", "resolve", "new_danger", "call_taker", "return_choice"})
OF_PARTIES = frozenset({"people", "party"})  # nodes of the star menu's own flow
"""Flows that a person at the menu can go into while the caller is held."""
MOST_LATE = 1  # other things that happen before a late item arrives
STALE_SECONDS = UNTOUCHED_SECONDS + ORDER_SECONDS

FROM_PAGES: dict[str, inputs.Input] = {
    "asks for 911 on a page": inputs.ReturnRequested("page", "danger"),
    "names a danger on a page": inputs.AnswersChanged("page", {"weapon": "yes"}),
    "a team is on its way": inputs.DispatchChanged(TEAM, "acknowledged", "Team 1", 10),
    "records the outcome on a page": inputs.Resolved("page", "resolved_by_phone"),
    "goes back in the protocol on a page": inputs.ProtocolMoved("page", "back"),
    "answers the protocol on a page": inputs.ProtocolMoved(
        "page", "answer", question="hurt", value="no"
    ),
}
GIVEN = frozenset(
    {
        inputs.CallArrived,
        inputs.LegAnswered,
        inputs.Keyed,
        inputs.WaitTicked,
        inputs.QueueLeft,
        inputs.RoomLeft,
        inputs.DialEnded,
        inputs.LineAnswered,
        inputs.LineKeyed,
        inputs.LegDetected,
        inputs.TransferRequested,
        inputs.TransferIntroduced,
        inputs.TransferCancelled,
        inputs.LegAsked,
        inputs.LegStatusChanged,
        inputs.RoomJoined,
        inputs.SeenInRoom,
        inputs.RoomDeparted,
        inputs.CommandDone,
        inputs.CommandFailed,
        inputs.CommandUnknown,
        inputs.TimePassed,
        inputs.StaffFreed,
        inputs.Reconciled,
        inputs.FailsafeAnswered,
        inputs.CallBackBegun,
        inputs.CallBackCancelled,
        *(type(given) for given in FROM_PAGES.values()),
    }
)
"""Classes of input that some act gives. Whoever adds one gives it, or says below why not."""
NOT_EXPLORED: dict[type, str] = {
    inputs.ControlsChanged: "tells what CommandDone of HoldLeg and MuteLeg tells",
    inputs.ControlRequested: "does what the star menu's people on the line do, which is explored",
}
"""Classes of input that no act gives, and why."""


class Act(NamedTuple):
    """One thing that happens. `kind` names a rule of `perform`; `costs` counts as a fault."""

    kind: str
    leg_id: str = ""
    detail: str = ""
    choice: Choice = Choice()

    @property
    def is_fault(self) -> bool:
        """Whether the story gets one of its bounded number of faults from this."""
        return self.kind in FAULTS


FAULTS = frozenset(
    {"lose", "delay", "repeat", "refuse", "page", "stale_tick", "unheard", "failsafe"}
)
FAILSAFE = ("told", "not told")
"""The web process tells the call that the fail-safe answered; or it is killed before that."""
REFUSALS = ("not now", "for good", "unknown, and it rings", "unknown, and it does not ring")


def list_acts(
    world: World,
    *,
    with_faults: bool,
    with_failsafe: bool = False,
    targets: tuple[str, ...] = (),
    with_choices: bool = False,
) -> Iterator[Act]:
    """Everything that may happen next, without the keys of a question, which `keys` finds.

    With `with_choices` the caller may choose in the wait to be called back; with `with_failsafe`
    the fail-safe may answer them.
    """
    if with_failsafe and _asks_us(world):
        yield from (Act("failsafe", world.call.caller.id, how) for how in FAILSAFE)
    if world.queue:
        yield Act("run")
        if with_faults:
            yield from _mishaps(world)
        return
    if world.late:
        yield Act("late")
        if world.late[0][1] >= MOST_LATE:
            return
    for leg_id, phone in world.phones.items():
        yield from _of_a_phone(world, leg_id, phone.where)
        if phone.where == "queue" and with_choices:
            yield from (Act("tick", leg_id, digits) for digits in _choices(world.call))
    yield from _deadlines(world, with_faults=with_faults)
    yield from _by_api(world, targets)
    yield from _repairs(world)
    if world.call.stage in (Stage.WAITING, Stage.CONSULTING, Stage.RETURNING) and world.call.desk:
        yield Act("staff_freed")
    if with_faults and world.caller_is_on_the_line:
        yield from _from_pages(world)


def _asks_us(world: World) -> bool:
    """Whether the caller's next request is on its way, or may be at any moment."""
    item = world.queue[0] if world.queue else None
    if isinstance(item, Report):
        return item.is_heard and getattr(item.given, "leg_id", "") == world.call.caller.id
    return item is None and world.caller_phone.where in ("ivr", "queue")


def _from_pages(world: World) -> Iterator[Act]:
    for name, given in FROM_PAGES.items():
        if world.call.protocol is not None or not isinstance(given, inputs.ProtocolMoved):
            yield Act("page", detail=name)


def _by_api(world: World, targets: tuple[str, ...]) -> Iterator[Act]:
    """What a person does about a transfer or a call-back, on a page or by the API."""
    call = world.call
    if callback.is_awaited(call) and call.stage is not Stage.CLOSED:
        yield Act("cancel_call_back")
    if not world.caller_is_on_the_line:
        return
    if call.transfer is None and call.stage is Stage.CONNECTED and moving.staff_in_room(call):
        yield from (Act("transfer", detail=to) for to in targets)
        if TEAM_TARGET in targets and find_team(call) is None:
            yield Act("team")
    elif call.transfer is not None and call.stage is Stage.CONSULTING:
        if call.transfer.state is TransferState.CONSULTING:
            yield Act("introduce")
        yield Act("cancel_transfer")


def _repairs(world: World) -> Iterator[Act]:
    """What the repairer tells of legs that are elsewhere: true, or of a moment ago."""
    for finding in repairing.list_findings(world):
        yield Act("repair", finding.leg_id)
        if not world.late:
            yield Act("reading", finding.leg_id)


def _deadlines(world: World, *, with_faults: bool) -> Iterator[Act]:
    for what, leg_id, _ in deadlines_of(world.call):
        if not _comes_back_first(world, what, leg_id):
            yield Act("due", leg_id, what)
        elif with_faults:
            yield Act("unheard", leg_id, what)


def _mishaps(world: World) -> Iterator[Act]:
    item = world.queue[0]
    if isinstance(item, Report):
        if item.may_be_lost and not item.is_heard:
            yield Act("lose")
        yield Act("repeat")
    elif isinstance(item, outputs.PlaceLeg):
        if find_reason_void(item, world.call):
            return
        yield from (Act("refuse", detail=how) for how in REFUSALS)
    elif isinstance(item, (outputs.Announce, outputs.RequestDispatch, outputs.NotifySupervisor)):
        return
    else:
        yield Act("lose")
    yield Act("delay")


_AT_THE_PHONE: dict[str, tuple[str, ...]] = {
    "ringing": ("answer", "no_answer"),
    "ivr": ("keys", "hang_up"),
    "queue": ("tick", "hang_up"),
    "room": ("hang_up",),
    "dial": ("line_answers", "line_silent", "hang_up"),
    "asked": ("line_proves", "line_is_a_machine", "hang_up"),
    "talk": ("line_hangs_up", "hang_up"),
    "failsafe": ("hang_up",),
}
"""What the person on a phone may do, by where it is; in the queue, without a key."""


def _of_a_phone(world: World, leg_id: str, where: str) -> Iterator[Act]:
    leg = world.call.find_leg(leg_id)
    yield from (Act(kind, leg_id) for kind in _AT_THE_PHONE.get(where, ()))
    if where == "ivr" and leg is not None and leg.role is Role.PSAP and leg.place is Place.FLOW:
        yield Act("detected", leg_id)
    elif where == "ringing" and leg is not None and leg.role is Role.CALLER:
        yield Act("machine", leg_id)
    elif where == "queue":
        yield Act("tick", leg_id, HELP_KEY)
        if _may_be_rung_in_vain(world):
            yield Act("stale_tick", leg_id)
    elif where == "room" and world.phones[leg_id].star:
        yield Act("star", leg_id)


def _choices(call: Call) -> tuple[str, ...]:
    """Keys that are heard in the wait: to keep one's place, and to confirm that."""
    if call.choosing:
        return (CONFIRM,)
    return (KEEP_PLACE,) if call.stage is Stage.WAITING else ()


def _comes_back_first(world: World, what: str, leg_id: str) -> bool:
    """Whether the leg's question ends before its deadline, unless its answer does not reach us."""
    phone, leg = world.phones.get(leg_id), world.call.find_leg(leg_id)
    if what != "leg" or phone is None or leg is None or phone.where != "ivr":
        return False
    return phone.step == leg.step and leg.place is Place.FLOW and bool(leg.node)


def _may_be_rung_in_vain(world: World) -> bool:
    legs = [world.call.find_leg(offer.leg_id) for offer in world.call.live_offers()]
    return bool(legs) and all(
        leg is not None and leg.place is Place.PLANNED and leg.sid is None for leg in legs
    )


def is_in_side_dialogue(world: World) -> bool:
    """Whether a person of staff is at a question beyond the menu's own."""
    return any(
        (leg.flow in SIDE_DIALOGUES or (leg.flow == party_menu.FLOW and leg.node in OF_PARTIES))
        and leg.role is not Role.CALLER
        and leg.place is Place.FLOW
        for leg in world.call.legs
    )


def keys_at(world: World, leg_id: str) -> tuple[str, ...]:
    """Keys to try at the question the leg stands at."""
    leg = world.call.find_leg(leg_id)
    node = None if leg is None else find_node(leg.flow, leg.node)
    return ENTRIES if node is not None and node.digits == 0 else KEYS


def perform(carrier: Carrier, world: World, act: Act) -> World:
    """The world after an act. Raises Violation when a rule of the carrier itself is broken."""
    if act.kind in ("run", "lose", "refuse", "repeat", "delay"):
        return _under_way(carrier, world, act)
    if act.kind == "failsafe":
        return _failsafe(world, act)
    if act.kind == "late":
        (item, _), *rest = world.late
        return carrier.run(world._replace(late=tuple(rest)), item, act.choice)
    if world.late:
        world = world._replace(late=tuple((item, age + 1) for item, age in world.late))
    if act.kind in ("repair", "reading"):
        return _repair(carrier, world, act)
    if act.kind in ("due", "unheard"):
        return _pass_deadline(carrier, world, act)
    if act.kind == "staff_freed":
        return carrier.give(world, inputs.StaffFreed(), act.choice)
    if act.kind == "page":
        return carrier.give(world, FROM_PAGES[act.detail], act.choice)
    if act.kind in _BY_API:
        return carrier.give(world, _BY_API[act.kind](act), act.choice)
    return _of_people(carrier, world, act)


def _failsafe(world: World, act: Act) -> World:
    """The caller's request is answered by a document that rings 911, and not by the call."""
    rest = world.queue[1:]
    world = world._replace(queue=rest).with_phone(
        act.leg_id, world.phones[act.leg_id]._replace(where="failsafe")
    )
    is_told = act.detail == FAILSAFE[0]
    return report(world, Report(inputs.FailsafeAnswered(act.leg_id))) if is_told else world


def _repair(carrier: Carrier, world: World, act: Act) -> World:
    """Where a leg is reaches us by reading the carrier: at once, or after one other thing."""
    found = repairing.find(world, act.leg_id)
    if found is None:
        msg = f"safety: {act.leg_id} is where the record has it"
        raise ValueError(msg)
    if act.kind == "repair":
        return carrier.give(world, found, act.choice)
    return world._replace(late=(*world.late, (Report(found), 0)))


def _under_way(carrier: Carrier, world: World, act: Act) -> World:
    item, *rest = world.queue
    world = world._replace(queue=tuple(rest))
    if act.kind == "run":
        return carrier.run(world, item, act.choice)
    if act.kind == "lose":
        return _stop_ordered(world, item)
    if act.kind == "delay":
        return world._replace(late=(*world.late, (item, 0)))
    if act.kind == "repeat" and isinstance(item, Report):
        again = item._replace(is_heard=False)
        world = world._replace(late=(*world.late, (again, 0)))
        return carrier.run(world, item, act.choice)
    if isinstance(item, outputs.PlaceLeg):
        return refuse(carrier, world, item, act.detail, act.choice)
    msg = f"safety: {type(item).__name__} cannot be refused"
    raise ValueError(msg)


def _stop_ordered(world: World, item: object) -> World:
    """An order to end a ring that is lost: the ring's own limit ends it."""
    phone = world.phone(item.leg_id) if isinstance(item, outputs.EndLeg) else None
    if phone is None or not isinstance(item, outputs.EndLeg):
        return world
    return world.with_phone(item.leg_id, phone._replace(stop_ordered=True))


def refuse(
    carrier: Carrier,
    world: World,
    order: outputs.PlaceLeg,
    how: str,
    choice: Choice,
    now: datetime = NOW,
) -> World:
    """The carrier does not take an order to ring, or does not say whether it does."""
    leg_id = order.leg_id
    if how.startswith("unknown"):
        if how == REFUSALS[2]:
            world = ring(world, leg_id)
        unknown = inputs.CommandUnknown("PlaceLeg", leg_id, "http_503")
        return carrier.give(world, unknown, choice, now=now)
    failed = inputs.CommandFailed("PlaceLeg", leg_id, "refused", permanent=how == REFUSALS[1])
    return carrier.give(world, failed, choice, now=now)


def _pass_deadline(carrier: Carrier, world: World, act: Act) -> World:
    """One deadline passes. Raises Violation when nothing follows from it and it stays."""
    due = with_due(world, act.detail, act.leg_id)
    after = carrier.give(due, inputs.TimePassed(), act.choice)
    soonest = after.call.due_at
    if soonest is not None and soonest <= NOW:
        raise Violation(Promise.DEADLINE, f"the deadline of {act.detail} passes, and stays due")
    return after


def _of_people(carrier: Carrier, world: World, act: Act) -> World:
    leg_id = act.leg_id
    phone = world.phones[leg_id]
    asked = _what_is_asked(act, phone.step)
    if asked is not None:
        moving = world.with_phone(leg_id, phone._replace(where="moving"))
        if act.kind == "key" and not act.detail:
            moving = _silent_to_the_end(moving, leg_id)
        return carrier.give(moving, asked, act.choice, is_heard=True)
    if act.kind in ("no_answer", "hang_up"):
        return hang_up(world, leg_id, "no-answer" if act.kind == "no_answer" else "completed")
    if act.kind == "star":
        return out_of_room(world, leg_id)
    if act.kind in ("tick", "stale_tick"):
        return _tick(carrier, world, act)
    if act.kind == "detected":
        found = inputs.LegDetected(leg_id, "machine_start")
        return carrier.give(world, found, act.choice)
    if act.kind in ("line_answers", "line_proves", "line_is_a_machine"):
        return _line_answers(carrier, world, act)
    msg = f"safety: no rule for the act {act.kind}"
    raise ValueError(msg)


def _what_is_asked(act: Act, step: int) -> inputs.Input | None:
    """The request by which the leg asks what comes next, for acts that are one."""
    if act.kind == "key":
        return inputs.Keyed(act.leg_id, step, act.detail)
    if act.kind in ("answer", "machine"):
        by = "machine_start" if act.kind == "machine" else ""
        return inputs.LegAnswered(act.leg_id, f"CA{act.leg_id}", by)
    if act.kind in ("line_silent", "line_hangs_up"):
        status = "no-answer" if act.kind == "line_silent" else "completed"
        return inputs.DialEnded(act.leg_id, step, status)
    return None


def _silent_to_the_end(world: World, leg_id: str) -> World:
    """Silence at a question is silence until it gives up: the tries before that say it again."""
    leg = world.call.find_leg(leg_id)
    node = None if leg is None else find_node(leg.flow, leg.node)
    if leg is None or node is None:
        return world
    tries = max(node.tries, HAND_OVER_TRIES)
    return world._replace(call=world.call.with_leg(changed(leg, tries=tries)))


def _tick(carrier: Carrier, world: World, act: Act) -> World:
    if act.kind == "stale_tick":
        old = NOW - timedelta(seconds=STALE_SECONDS)
        offers = tuple(changed(offer, offered_at=old) for offer in world.call.offers)
        world = world._replace(call=changed(world.call, offers=offers))
    given = inputs.WaitTicked(act.leg_id, act.detail)
    return carrier.give(world, given, act.choice, is_heard=True)


def _line_answers(carrier: Carrier, world: World, act: Act) -> World:
    """A line that the caller's own leg dials picks up, or answers our question.

    It is told who comes, or asked whether a person is there, or told to hang up.
    """
    leg_id = act.leg_id
    phone = world.phones[leg_id]
    given: inputs.Input = inputs.LineAnswered(leg_id, phone.step)
    if act.kind == "line_proves":
        given = inputs.LineKeyed(leg_id, phone.step, 0, "1")
    elif act.kind == "line_is_a_machine":
        given = inputs.LineKeyed(leg_id, phone.step, LINE_TRIES - 1)
    world = carrier.give(world, given, act.choice)
    told = () if carrier.last_step is None else carrier.last_step.instructions
    if any(isinstance(one, outputs.AskLine) for one in told):
        return world.with_phone(leg_id, phone._replace(where="asked"))
    if any(isinstance(one, outputs.Hangup) for one in told):
        world = world.with_phone(leg_id, phone._replace(where="moving"))
        ended = inputs.DialEnded(leg_id, phone.step, "completed")
        return report(world, Report(ended, is_heard=True, may_be_lost=False))
    line, leg = carrier.program.crisis_line, world.call.find_leg(leg_id)
    is_counselor = line is not None and leg is not None and leg.line_id == line.id
    return world.with_phone(leg_id, phone._replace(where="talk", is_counselor=is_counselor))


_BY_API: dict[str, Callable[[Act], inputs.Input]] = {
    "transfer": lambda act: inputs.TransferRequested("page", act.detail),
    "introduce": lambda _act: inputs.TransferIntroduced("page"),
    "cancel_transfer": lambda _act: inputs.TransferCancelled("page"),
    "cancel_call_back": lambda _act: inputs.CallBackCancelled("called_in"),
    "team": lambda _act: inputs.DispatchChanged(TEAM, "acknowledged", "Team 1", 10),
}


def begin(carrier: Carrier, line: str) -> World:
    """The call that has just rung a line."""
    call = arrive("call", line, carrier.program, NOW)
    arrived = Report(inputs.CallArrived(call.caller.id), is_heard=True, may_be_lost=False)
    return World(call, {call.caller.id: Phone("moving")}, (arrived,))
