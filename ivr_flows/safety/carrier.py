"""The carrier by its rules: what a command does, what a leg does with the document it is given.

Both are tables by class. A class of `Command`, `Instruction` or `Input` that is in none of them is
an error that names it: whoever adds one says here what the carrier does with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from ivr_flows import inputs, outputs
from ivr_flows.call import Call, Place, Role
from ivr_flows.callback import is_unreached
from ivr_flows.copies import changed
from ivr_flows.engine import advance
from ivr_flows.facts import Announcement, Candidate, Decision, Facts, History, QueueFacts
from ivr_flows.moving import CLOSING
from ivr_flows.outputs import Step
from ivr_flows.program import Desk, Program, Psap
from ivr_flows.safety import entry
from ivr_flows.safety.violation import Promise, Violation
from ivr_flows.safety.world import BY_TWIML, CALL_DEADLINES, NOW, Item, Phone, Report, World
from ivr_flows.void import find_reason_void

CLINICIANS = ("ana", "ben", "eva", "kai")
CALL_TAKERS = ("lee", "kim", "mia", "raj")
SUPERVISORS = ("sue", "tom", "pat", "joy")
OTHERS = ("nell", "otis", "quin", "rhea")  # clinicians of another program
ELSEWHERE = "nextville/clinicians"
TEAM = "team-1"


class UnknownKindError(Exception):
    """The explorer has no rule for a class of input, command or instruction."""


class Choice(NamedTuple):
    """What the world outside the call decides while an input is worked out."""

    outcome: str = "clinician"  # what the policy decides, where it is asked
    is_anyone_free: bool = True
    announced: str = ""  # what 911 has announced, of `entry.ANNOUNCED`


class _Facts(Facts):
    """Facts that notice what they are asked for."""

    def candidates(self, desk: str) -> tuple[Candidate, ...]:
        _NOTICED["roster"] = True
        return Facts.candidates(self, desk)

    def announcements(self) -> tuple[Announcement, ...]:
        _NOTICED["announced"] = True
        return Facts.announcements(self)

    def history_of(self, incident_number: str) -> History:
        return History(incident_number)


_NOTICED: dict[str, bool] = {}


class Carrier:
    """Applies what happens to a world.

    `parties` caps the people of a desk, and the lines of each 911 centre. `targets` are those to
    whom callers are transferred; without them the star menu offers nobody. With `asks` a triage
    protocol is asked, and incidents are announced.
    """

    def __init__(
        self,
        program: Program,
        *,
        parties: int = 2,
        targets: tuple[str, ...] = (),
        asks: bool = False,
    ) -> None:
        program = entry.asking(program) if asks else program
        kept = _kept(program, targets)
        self.program = program = replace(
            program,
            psap=_capped(program.psap, parties),
            psaps={name: _capped(psap, parties) for name, psap in program.psaps.items()},
            transfers=replace(program.transfers, targets=kept),
        )
        self.parties = parties
        self.targets = tuple(kept.values())
        self.outcomes = _outcomes(program)
        self.last_step: Step | None = None
        self.noticed = _NOTICED
        self.announced = tuple(entry.ANNOUNCED) if asks else ("",)
        self._protocols = {entry.NAME: entry.PROTOCOL} if asks else {}
        self._facts = {
            Choice(outcome, free, announced): self._facts_for(
                outcome, is_anyone_free=free, announced=announced
            )
            for outcome in self.outcomes
            for free in (True, False)
            for announced in self.announced
        }

    def _facts_for(self, outcome: str, *, is_anyone_free: bool, announced: str) -> Facts:
        def decide(_answers: Mapping[str, str]) -> Decision:
            _NOTICED["policy"] = True
            return Decision(outcome, "policy", "not_for_clinician")

        people = {
            "clinician": CLINICIANS,
            "call_taker": CALL_TAKERS,
            "supervisor": SUPERVISORS,
        }
        roster = {
            name: tuple(Candidate(one, one.title()) for one in people[desk.role][: self.parties])
            for name, desk in self.program.desks.items()
        }
        roster[ELSEWHERE] = tuple(Candidate(one, one.title()) for one in OTHERS[: self.parties])
        return _Facts(
            self.program,
            decide,
            roster if is_anyone_free else {},
            QueueFacts(1, 60),
            entry.ANNOUNCED[announced],
            self._protocols,
            elsewhere={ELSEWHERE: Desk(ELSEWHERE, "clinician")},
        )

    def find_desk(self, name: str) -> Desk:
        """A desk of the program, or the one of another program."""
        desk = self._facts[Choice()].find_desk(name)
        if desk is None:
            msg = f"safety: there is no desk {name}"
            raise KeyError(msg)
        return desk

    def other_choices(self, choice: Choice) -> list[Choice]:
        """The other ways the last input could have gone, by what it asked for."""
        outcomes = self.outcomes if _NOTICED.get("policy") else (choice.outcome,)
        free = (True, False) if _NOTICED.get("roster") else (choice.is_anyone_free,)
        announced = self.announced if _NOTICED.get("announced") else (choice.announced,)
        ways = (Choice(o, f, a) for o in outcomes for f in free for a in announced)
        return [one for one in ways if one != choice]

    def give(
        self,
        world: World,
        given: inputs.Input,
        choice: Choice,
        *,
        is_heard: bool = False,
        now: datetime = NOW,
    ) -> World:
        """The world after an input, with the orders it leads to put in line."""
        call = world.call
        step = advance(call, given, self._facts[choice], now)
        self.last_step = step
        world = world._replace(call=_without_clock(step.call))
        if step.commands:
            world = report(world, *step.commands)
        if is_heard:
            world = self._follow(world, given.leg_id, step.instructions)  # type: ignore[union-attr]
        return world

    def _follow(
        self, world: World, leg_id: str, document: tuple[outputs.Instruction, ...]
    ) -> World:
        """The leg does what the document says last."""
        phone = world.phones[leg_id]
        if phone.where == "over":
            return world
        last: outputs.Instruction = document[-1] if document else outputs.Nothing()
        rule = INSTRUCTIONS.get(type(last))
        if rule is None:
            msg = f"safety: no rule for what a leg does with {type(last).__name__}"
            raise UnknownKindError(msg)
        return rule(world, leg_id, phone._replace(told=document), last)

    def run(self, world: World, item: Item, choice: Choice, now: datetime = NOW) -> World:
        """The world after an item that was under way has arrived; it is not in line any more."""
        if isinstance(item, Report):
            phone = world.phone(getattr(item.given, "leg_id", ""))
            is_heard = item.is_heard and phone is not None and phone.where == "moving"
            return self.give(world, item.given, choice, is_heard=is_heard, now=now)
        rule = COMMANDS.get(type(item))
        if rule is None:
            msg = f"safety: no rule for what the carrier does with {type(item).__name__}"
            raise UnknownKindError(msg)
        return rule(world, item)


def _without_clock(call: Call) -> Call:
    """The call when the sentence of a wait is over and its news told, as they may be by then."""
    caller = call.caller
    if caller.silent_at is None and not caller.news:
        return call
    return call.with_leg(changed(caller, silent_at=None, news=""))


def _kept(program: Program, targets: tuple[str, ...]) -> dict[str, str]:
    """The star menu's keys for the targets; another program's desk is given one if it has none."""
    kept = {key: to for key, to in program.transfers.targets.items() if to in targets}
    away = f"desk:{ELSEWHERE}"
    if away in targets and away not in kept.values():
        kept[next(key for key in "1234567" if key not in kept)] = away
    return kept


def _capped(psap: Psap, parties: int) -> Psap:
    return replace(psap, lines=psap.lines[: parties - 1] + psap.lines[-1:])


def _outcomes(program: Program) -> tuple[str, ...]:
    """One outcome of the policy for each way it can send a call."""
    outcomes = ["clinician", "return_to_911", "police_with_clinician"]
    if program.crisis_line is not None:
        outcomes.append("crisis_line")
    own = {"team": program.team_desk, "care_navigation": program.care_desk}
    outcomes += [name for name, desk in own.items() if desk not in ("", program.clinician_desk)]
    return tuple(outcomes)


def report(world: World, *items: Item) -> World:
    """The world with more under way; what is ordered for a moment later stays last in line."""
    line = [*world.queue, *items]
    if any(_is_for_later(item) for item in line):
        line.sort(key=_is_for_later)
    return world._replace(queue=tuple(line))


def _is_for_later(item: Item) -> bool:
    return isinstance(item, outputs.RedirectLeg) and item.after_seconds > 0


def _asked(world: World, leg_id: str, phone: Phone, last: Any) -> World:  # noqa: ANN401
    return world.with_phone(leg_id, phone._replace(where="ivr", step=last.step))


def _queued(world: World, leg_id: str, phone: Phone, last: Any) -> World:  # noqa: ANN401
    return world.with_phone(leg_id, phone._replace(where="queue", step=last.step))


def _wait_piece(world: World, leg_id: str, phone: Phone, _last: Any) -> World:  # noqa: ANN401
    if phone.where != "queue":
        raise Violation(Promise.COMES_BACK, f"{leg_id} is given a piece of a wait, unqueued")
    return world.with_phone(leg_id, phone)


def _leave_queue(world: World, leg_id: str, phone: Phone, _last: Any) -> World:  # noqa: ANN401
    world = world.with_phone(leg_id, phone._replace(where="moving"))
    if phone.where != "queue":
        return report(world, Report(inputs.LegAsked(leg_id), is_heard=True))
    left = inputs.QueueLeft(leg_id, phone.step, "leave")
    return report(world, Report(left, is_heard=True, may_be_lost=False))


def _joins(world: World, leg_id: str, phone: Phone, last: Any) -> World:  # noqa: ANN401
    joined = phone._replace(
        where="room",
        step=last.step,
        room=last.room,
        ends_room=last.ends_room,
        star=last.star,
        held=False,
        muted=last.muted,
    )
    return report(world.with_phone(leg_id, joined), Report(inputs.RoomJoined(leg_id, last.room)))


def _dials(world: World, leg_id: str, phone: Phone, last: Any) -> World:  # noqa: ANN401
    return world.with_phone(leg_id, phone._replace(where="dial", step=last.step))


def _moves_on(world: World, leg_id: str, phone: Phone, _last: Any) -> World:  # noqa: ANN401
    """The leg goes on as one of another call, and this one hears nothing more of it."""
    return world.with_phone(leg_id, phone._replace(where="over"))


def _asks_the_line(world: World, leg_id: str, phone: Phone, last: Any) -> World:  # noqa: ANN401
    return world.with_phone(leg_id, phone._replace(where="asked", step=last.step))


def _hung_up_on(world: World, leg_id: str, phone: Phone, _last: Any) -> World:  # noqa: ANN401
    leg = world.call.find_leg(leg_id)
    is_let_go = leg is not None and (leg.flow == CLOSING or is_unreached(world.call))
    if leg is not None and leg.role is Role.CALLER and not is_let_go:
        raise Violation(Promise.NOT_HUNG_UP, "the caller is hung up on, and nobody ended it")
    world = world.with_phone(leg_id, phone._replace(where="over"))
    return report(world, Report(inputs.LegStatusChanged(leg_id, "completed")))


INSTRUCTIONS: dict[type, Callable[[World, str, Phone, Any], World]] = {
    outputs.Ask: _asked,
    outputs.Wait: _queued,
    outputs.WaitPiece: _wait_piece,
    outputs.LeaveQueue: _leave_queue,
    outputs.JoinRoom: _joins,
    outputs.Dial911: _dials,
    outputs.AskLine: _asks_the_line,
    outputs.MoveTo: _moves_on,
    outputs.Hangup: _hung_up_on,
    outputs.Nothing: _hung_up_on,  # a document without a verb ends the call
    outputs.Say: _hung_up_on,  # so does one that only speaks
}


def out_of_room(world: World, leg_id: str) -> World:
    """The leg leaves its room, which takes the others along where it ends the room."""
    phone = world.phones[leg_id]
    world = world.with_phone(leg_id, phone._replace(where="moving"))
    world = report(world, Report(inputs.RoomDeparted(leg_id, phone.room)))
    left = inputs.RoomLeft(leg_id, phone.step)
    world = report(world, Report(left, is_heard=True, may_be_lost=False))
    return world if not phone.ends_room else end_room(world, phone.room)


def end_room(world: World, room: int) -> World:
    """A room is over: every leg in it asks what comes next, staff first."""
    for leg_id, phone in reversed(world.phones.items()):
        if phone.where == "room" and phone.room == room:
            world = world.with_phone(leg_id, phone._replace(where="moving"))
            left = inputs.RoomLeft(leg_id, phone.step)
            world = report(world, Report(left, is_heard=True, may_be_lost=False))
    return world


def hang_up(world: World, leg_id: str, status: str = "completed") -> World:
    """The leg is over, whoever ended it; what was on its way to it is not heard."""
    phone = world.phones[leg_id]
    world = world.with_phone(leg_id, phone._replace(where="over"))
    over = Report(inputs.LegStatusChanged(leg_id, status))
    if phone.where == "queue":
        left = inputs.QueueLeft(leg_id, phone.step, "hangup")
        return report(world, Report(left, may_be_lost=False), over)
    if phone.where in ("dial", "asked", "talk"):
        ended = inputs.DialEnded(leg_id, phone.step, "completed", hung_up=True)
        return report(world, Report(ended, may_be_lost=False), over)
    world = report(world, over)
    if phone.where == "room":
        world = report(world, Report(inputs.RoomDeparted(leg_id, phone.room)))
        if phone.ends_room:
            world = end_room(world, phone.room)
    return world


def ring(world: World, leg_id: str) -> World:
    """The phone rings."""
    return world.with_phone(leg_id, Phone("ringing"))


def _place(world: World, order: outputs.PlaceLeg) -> World:
    if find_reason_void(order, world.call):
        return report(world, Report(inputs.LegStatusChanged(order.leg_id, "canceled")))
    done = inputs.CommandDone("PlaceLeg", order.leg_id, f"CA{order.leg_id}")
    return report(ring(world, order.leg_id), Report(done))


def _end(world: World, order: outputs.EndLeg) -> World:
    leg_id = order.leg_id
    leg = world.call.find_leg(leg_id)
    if leg is not None and leg.role is Role.CALLER and find_reason_void(order, world.call):
        raise Violation(Promise.NOT_HUNG_UP, "EndLeg is ordered for the caller")
    phone = world.phone(leg_id)
    if phone is None:  # not rung yet, and never will be
        queue = tuple(one for one in world.queue if not _places(one, leg_id))
        late = tuple(one for one in world.late if not _places(one[0], leg_id))
        if (queue, late) == (world.queue, world.late):
            return world
        over = Report(inputs.LegStatusChanged(leg_id, "canceled"))
        return report(world._replace(queue=queue, late=late), over)
    world = world.with_phone(leg_id, phone._replace(stop_ordered=True))
    if phone.where == "over" or (phone.where == "ringing" and not _is_known(world, leg_id)):
        return world  # without its sid it cannot be ended; its ring has a limit
    return hang_up(world, leg_id, "canceled" if phone.where == "ringing" else "completed")


def _places(item: Item, leg_id: str) -> bool:
    return isinstance(item, outputs.PlaceLeg) and item.leg_id == leg_id


def _is_known(world: World, leg_id: str) -> bool:
    """Whether the carrier's sid of the leg is known: told, or on its way."""
    leg = world.call.find_leg(leg_id)
    told = (item.given for item in world.queue if isinstance(item, Report))
    return (leg is not None and leg.sid is not None) or any(
        isinstance(given, inputs.CommandDone) and given.leg_id == leg_id for given in told
    )


def _release(world: World, order: outputs.ReleaseFromQueue) -> World:
    phone = world.phone(order.leg_id)
    leg = world.call.find_leg(order.leg_id)
    if phone is None or phone.where != "queue" or leg is None or leg.place is not Place.QUEUE:
        return world
    world = world.with_phone(order.leg_id, phone._replace(where="moving"))
    asked = Report(inputs.LegAsked(order.leg_id), is_heard=True, may_be_lost=False)
    left = inputs.QueueLeft(order.leg_id, phone.step, "redirected")
    return report(world, asked, Report(left))


def _redirect(world: World, order: outputs.RedirectLeg) -> World:
    leg_id = order.leg_id
    phone, leg = world.phone(leg_id), world.call.find_leg(leg_id)
    if phone is None or leg is None or not leg.is_live or leg.step != order.step:
        return world
    if phone.where in ("over", "ringing", "moving"):
        return world
    if phone.where == "failsafe" and not leg.is_with_failsafe:
        # The carrier is asked before they are fetched, and they are left there.
        found = inputs.Reconciled(leg_id, inputs.Found.TALK, leg.place, leg.step)
        return report(world, Report(found, may_be_lost=False))
    if phone.where == "failsafe" or (phone.where == "talk" and not phone.is_counselor):
        raise Violation(Promise.NOT_HUNG_UP, "the caller is taken away from 911")
    world = world.with_phone(leg_id, phone._replace(where="moving", stop_ordered=True))
    if phone.where == "room":
        world = report(world, Report(inputs.RoomDeparted(leg_id, phone.room)))
        if phone.ends_room:
            world = end_room(world, phone.room)
    asked = Report(inputs.LegAsked(leg_id), is_heard=True, may_be_lost=False)
    return report(world, asked)


def _rescue(world: World, order: outputs.RescueCaller) -> World:
    phone = world.phone(order.leg_id)
    if phone is None or phone.where in ("over", *BY_TWIML):
        return world
    return world.with_phone(order.leg_id, phone._replace(where="failsafe"))


def _set_flag(world: World, order: outputs.SetEndsRoom) -> World:
    phone = world.phone(order.leg_id)
    if phone is None or phone.where != "room" or phone.room != order.room:
        return world
    world = world.with_phone(order.leg_id, phone._replace(ends_room=order.ends_room))
    done = inputs.CommandDone("SetEndsRoom", order.leg_id, on=order.ends_room)
    return report(world, Report(done))


def _hold(world: World, order: outputs.HoldLeg) -> World:
    phone = _of_a_party(world, order)
    if phone is None:
        return world
    world = world.with_phone(order.leg_id, phone._replace(held=order.on))
    return report(world, Report(inputs.CommandDone("HoldLeg", order.leg_id, on=order.on)))


def _mute(world: World, order: outputs.MuteLeg) -> World:
    phone = _of_a_party(world, order)
    if phone is None:
        return world
    world = world.with_phone(order.leg_id, phone._replace(muted=order.on))
    return report(world, Report(inputs.CommandDone("MuteLeg", order.leg_id, on=order.on)))


def _of_a_party(world: World, order: outputs.HoldLeg | outputs.MuteLeg) -> Phone | None:
    """The phone that is to be held or muted, if it is in that room; never a caller's."""
    leg = world.call.find_leg(order.leg_id)
    if leg is not None and leg.role is Role.CALLER:
        what = f"{type(order).__name__} is ordered for the caller"
        raise Violation(Promise.NEVER_ALONE, what)
    phone = world.phone(order.leg_id)
    is_there = phone is not None and phone.where == "room" and phone.room == order.room
    return phone if is_there else None


def _remove(world: World, order: outputs.RemoveLeg) -> World:
    phone = world.phone(order.leg_id)
    if phone is None or phone.where != "room" or phone.room != order.room:
        return world
    return out_of_room(world, order.leg_id)


def _look_up(world: World, order: outputs.CheckLeg) -> World:
    phone = world.phone(order.leg_id)
    leg = world.call.find_leg(order.leg_id)
    if leg is None or not leg.is_live or (phone is not None and phone.where != "over"):
        return world
    over = inputs.LegStatusChanged(order.leg_id, "completed")
    return report(world, Report(over, may_be_lost=False))


def _look_in_room(world: World, order: outputs.LookInRoom) -> World:
    where = ("room", order.room)
    there = [one for one, phone in world.phones.items() if (phone.where, phone.room) == where]
    if find_reason_void(order, world.call) or order.leg_id not in there:
        return world
    others = tuple(one for one in there if one != order.leg_id)
    seen = inputs.SeenInRoom(order.leg_id, order.room, order.step, others)
    return report(world, Report(seen, may_be_lost=False))


def _nothing(world: World, _order: outputs.Command) -> World:
    return world


COMMANDS: dict[type, Callable[[World, Any], World]] = {
    outputs.PlaceLeg: _place,
    outputs.EndLeg: _end,
    outputs.ReleaseFromQueue: _release,
    outputs.RedirectLeg: _redirect,
    outputs.SetEndsRoom: _set_flag,
    outputs.HoldLeg: _hold,
    outputs.MuteLeg: _mute,
    outputs.RemoveLeg: _remove,
    outputs.CheckLeg: _look_up,
    outputs.LookInRoom: _look_in_room,
    outputs.Announce: _nothing,  # speech in the room moves nobody
    outputs.RequestDispatch: _nothing,  # not the carrier's; it answers by DispatchChanged
    outputs.NotifySupervisor: _nothing,  # not the carrier's
    outputs.RescueCaller: _rescue,
    outputs.PlanCallBack: _nothing,  # call-backs are calls of their own
    outputs.CallBackNow: _nothing,
    outputs.CancelCallBack: _nothing,
    outputs.CallBackTried: _nothing,
    outputs.TextCaller: _nothing,  # a text message moves nobody
}


def with_due(world: World, what: str, leg_id: str, now: datetime = NOW) -> World:
    """The world in which that deadline is the one that has come."""
    call = world.call
    if what == "offer":
        offer = call.find_offer(leg_id)
        call = call if offer is None else call.with_offer(changed(offer, due_at=now))
    elif what == "leg":
        leg = call.find_leg(leg_id)
        call = call if leg is None else call.with_leg(changed(leg, due_at=now))
    else:
        call = changed(call, **{CALL_DEADLINES[what]: now})
    return world._replace(call=call)
