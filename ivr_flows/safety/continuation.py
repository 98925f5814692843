"""How a call goes on when nobody does anything more: in real seconds, whatever of us still works.

From every state the story is played on in silence until the caller is with a person or rings 911,
or, once the caller has gone, until the record is over.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from datetime import datetime, timedelta
from typing import Any

from ivr_flows import inputs, moving, outputs, prompts, waiting
from ivr_flows.call import Call, Role, Stage
from ivr_flows.leg_requests import SWEEP_LATE_SECONDS
from ivr_flows.program import Program
from ivr_flows.psap_choice import psap_of
from ivr_flows.safety.acts import REFUSALS, refuse
from ivr_flows.safety.carrier import Carrier, Choice, hang_up
from ivr_flows.safety.violation import Promise, Violation
from ivr_flows.safety.world import BY_TWIML, NOW, Item, Phone, Report, World, deadlines_of, key
from ivr_flows.targets import name_of

WORKS = "everything works, and nobody answers"
SILENT = "whoever is rung answers, and says nothing"
REFUSED = "the carrier takes no commands"
NO_SWITCHBOARD = "the switchboard is gone"
CALLBACKS_LOST = "no status or conference callback arrives"
MODES = (WORKS, SILENT, REFUSED, NO_SWITCHBOARD, CALLBACKS_LOST)
MODES_OF_A_RECORD = (WORKS, SILENT, CALLBACKS_LOST)  # without commands the repairer ends records

RING_GRACE_SECONDS = 5  # that the carrier adds to a ring's limit
MOST_AT_ONCE = 60  # things that happen within one instant
MOST_STEPS = 600


class Silence:
    """Continuations of one program's calls, each state of them worked out once."""

    def __init__(self, carrier: Carrier) -> None:
        self.carrier = carrier
        self.bound_seconds = bound_seconds(carrier.program)
        self.alone_seconds = alone_seconds(carrier.program)
        self.record_seconds = record_seconds(carrier.program)
        self.longest_seconds = 0.0
        self.longest_alone_seconds = 0.0
        self.longest_record_seconds = 0.0
        self.steps = 0
        self._known: dict[int, tuple[float, float]] = {}

    def check(self, world: World) -> None:
        """Raises Violation when a state does not lead to where it must, soon enough."""
        if world.caller_is_on_the_line:
            if world.is_with_a_person and not world.queue:
                return
            for mode in MODES:
                if not world.queue or _matters(mode, world.queue[0]):
                    self._check_caller(world, mode)
        elif not world.queue:
            for mode in MODES_OF_A_RECORD:
                self._check_record(world, mode)

    def _check_record(self, world: World, mode: str) -> None:
        seconds, _ = self._play(world, mode)
        self.longest_record_seconds = max(self.longest_record_seconds, seconds)
        if seconds > self.record_seconds:
            what = f"the record is not over after {seconds:.0f} s"
            raise _broken(Promise.RINGING, what, mode)

    def _check_caller(self, world: World, mode: str) -> None:
        seconds, alone = self._play(world, mode)
        self.longest_seconds = max(self.longest_seconds, seconds)
        self.longest_alone_seconds = max(self.longest_alone_seconds, alone)
        if seconds > self.bound_seconds:
            most = f"{self.bound_seconds:.0f} s are the most"
            what = f"the caller is with nobody for {seconds:.0f} s, and {most}"
            raise _broken(Promise.REACHED, what, mode)
        if alone > self.alone_seconds:
            most = f"{self.alone_seconds:.0f} s are the most"
            what = f"the caller is alone in a room for {alone:.0f} s, and {most}"
            raise _broken(Promise.NEVER_ALONE, what, mode)

    def _play(self, world: World, mode: str) -> tuple[float, float]:
        """Seconds until the end of the silence, and the longest time alone in a room in it."""
        player = Player(self.carrier, world, mode)
        trail: list[tuple[int | None, float, bool]] = []
        tail = (0.0, 0.0)
        on_trail: set[int] = set()
        while not player.is_over():
            mark = None
            if not trail or not player.world.queue:  # what is under way comes to rest, and soon
                mark = hash((mode, player.key()))
                known = self._known.get(mark)
                if known is not None:
                    tail = known
                    break
                if mark in on_trail:
                    raise _broken(Promise.DEADLINE, "the call goes round without an end", mode)
                on_trail.add(mark)
            is_alone = player.world.is_alone_in_a_room
            try:
                passed = player.step()
            except Violation as violation:
                raise _broken(violation.promise, violation.what, mode) from violation
            self.steps += 1
            trail.append((mark, passed, is_alone))
            if len(trail) > MOST_STEPS:
                raise _broken(Promise.DEADLINE, "the call goes on without an end", mode)
        rest, alone = tail
        run = 0.0
        for mark, passed, is_alone in reversed(trail):
            rest += passed
            run = run + passed if is_alone else 0.0
            alone = max(alone, run)
            if mark is not None:
                self._known[mark] = (rest, alone)
        return rest, alone


def _lets_out(call: Call) -> bool:
    """Whether the next piece of the wait lets the caller out of the queue, or tells them apart."""
    return (
        call.caller.flow == moving.STAR
        or moving.is_closing(call)
        or moving.dials_itself(call)
        or moving.caller_may_enter(call)
    )


def _matters(mode: str, item: Item) -> bool:
    """Whether what is first in line fares otherwise in this mode; else the next state tells."""
    if isinstance(item, Report):
        return mode == CALLBACKS_LOST and item.may_be_lost and not item.is_heard
    return mode in (REFUSED, NO_SWITCHBOARD)


def _broken(promise: Promise, what: str, mode: str) -> Violation:
    violation = Violation(promise, what)
    violation.mode = mode
    return violation


class Player:
    """One call that goes on in silence, in one mode. `now` is real, and `world` goes with it."""

    def __init__(self, carrier: Carrier, world: World, mode: str) -> None:
        self.carrier = carrier
        self.mode = mode
        self.now = NOW
        late = tuple(item for item, _ in world.late)
        self.world = world._replace(queue=(*world.queue, *late), late=())
        self.alarms: dict[str, datetime] = {}
        self._phones: dict[str, Phone] = {}
        self.did: tuple[str, Any] = ("", None)
        self._at_once = 0
        self._note_phones()
        self._drop_idle_ticks()

    def is_over(self) -> bool:
        """Whether the caller is with a person, or has gone and the record is over."""
        if self.world.caller_is_on_the_line:
            return self.world.is_with_a_person and not self.world.queue
        if self.mode not in MODES_OF_A_RECORD:
            return True
        return not any(leg.is_live for leg in self.world.call.legs) and not self.world.queue

    def key(self) -> Hashable:
        """The state with the time left to each of its deadlines."""
        call = self.world.call
        dues: Hashable = ()
        if call.stage is not Stage.SCREENING:  # its own limit is far from a few questions
            dues = tuple((what, self._left(at)) for what, _, at in deadlines_of(call))
        alarms = tuple(
            (self.world.phones[leg_id].where, self._left(at)) for leg_id, at in self.alarms.items()
        )
        tries = tuple(leg.tries for leg in call.legs if leg.is_live)
        oldest = min((offer.offered_at for offer in call.live_offers()), default=self.now)
        return key(self.world), tries, dues, alarms, self._left(oldest)

    def _left(self, at: datetime) -> float:
        return round((at - self.now).total_seconds(), 1)

    def step(self) -> float:
        """Let the next thing happen. Returns the seconds until it did."""
        if self.world.queue:
            self._at_once += 1
            if self._at_once > MOST_AT_ONCE:
                raise Violation(Promise.DEADLINE, "one thing leads to the next without any time")
            item, *rest = self.world.queue
            self.world = self.world._replace(queue=tuple(rest))
            self._arrive(item)
            self._note_phones()
            return 0.0
        at, what, leg_id = min(self._dues(), default=(None, "", ""))
        if at is None:
            raise Violation(Promise.DEADLINE, "nothing is due, and nothing comes back by itself")
        passed = max(0.0, (at - self.now).total_seconds())
        self._at_once = self._at_once + 1 if passed == 0 else 0
        if self._at_once > MOST_AT_ONCE:
            raise Violation(Promise.DEADLINE, "one thing leads to the next without any time")
        self.now = max(self.now, at)
        before = self.world
        self._happen(what, leg_id)
        self._note_phones()
        if what == "tick":
            self._plan_tick(leg_id, before)
        self._drop_idle_ticks()
        return passed

    def _drop_idle_ticks(self) -> None:
        """While the switchboard works, a piece of the wait counts where it lets the caller out."""
        if self.mode in (REFUSED, NO_SWITCHBOARD):
            return
        caller = self.world.call.caller
        if self.world.caller_phone.where != "queue":
            return
        if not _lets_out(self.world.call):
            self.alarms.pop(caller.id, None)
        elif caller.id not in self.alarms:
            self.alarms[caller.id] = self.now + timedelta(seconds=waiting.PIECE_SECONDS)

    def _dues(self) -> Iterator[tuple[datetime, str, str]]:
        for leg_id, at in self.alarms.items():
            where = self.world.phones[leg_id].where
            yield at, "tick" if where == "queue" else where, leg_id
        due_at = self.world.call.due_at
        if due_at is not None and self.mode != NO_SWITCHBOARD:
            yield due_at, "due", ""

    def _happen(self, what: str, leg_id: str) -> None:
        self.did = (what, leg_id)
        world, given = self.world, _SILENT_INPUTS.get(what)
        if what == "due":
            self._let_deadline_pass()
        elif what == "ringing" and self.mode != SILENT:
            self.world = hang_up(world, leg_id, "no-answer")
        elif given is not None:
            phone = world.phones[leg_id]
            if what != "tick":
                world = world.with_phone(leg_id, phone._replace(where="moving"))
            asked = given(leg_id, phone.step)
            self.world = self.carrier.give(world, asked, Choice(), is_heard=True, now=self.now)

    def _let_deadline_pass(self) -> None:
        before = self.world.call.due_at
        self.world = self.carrier.give(self.world, inputs.TimePassed(), Choice(), now=self.now)
        due_at = self.world.call.due_at
        stays = due_at is not None and due_at <= self.now and due_at == before
        if stays and not self.world.queue:
            raise Violation(Promise.DEADLINE, "a deadline passes, and stays due")

    def _arrive(self, item: Item) -> None:
        self.did = ("arrive", item)
        if isinstance(item, Report):
            if self.mode == CALLBACKS_LOST and item.may_be_lost and not item.is_heard:
                return
        elif self.mode == NO_SWITCHBOARD:
            return
        elif self.mode == REFUSED:
            if isinstance(item, outputs.PlaceLeg):
                self.world = refuse(
                    self.carrier, self.world, item, REFUSALS[0], Choice(), now=self.now
                )
            return
        self.world = self.carrier.run(self.world, item, Choice(), self.now)

    def _note_phones(self) -> None:
        """Set the alarm of every phone that has been told something new."""
        for leg_id, phone in self.world.phones.items():
            if self._phones.get(leg_id) is phone:
                continue
            if phone.where in ("over", "room", "moving", *BY_TWIML):
                self.alarms.pop(leg_id, None)
            else:
                old = self._phones.get(leg_id)
                if old is None or (old.where, old.step, old.told) != (
                    phone.where,
                    phone.step,
                    phone.told,
                ):
                    self.alarms[leg_id] = self.now + timedelta(seconds=self._seconds(leg_id, phone))
            self._phones[leg_id] = phone

    def _seconds(self, leg_id: str, phone: Phone) -> float:
        if phone.where == "ringing":
            return 4.0 if self.mode == SILENT else self._ring_seconds(leg_id)
        if phone.where == "queue":
            return float(waiting.PIECE_SECONDS)
        return spoken_seconds(phone.told)

    def _ring_seconds(self, leg_id: str) -> float:
        call = self.world.call
        offer = call.find_offer(leg_id)
        if offer is not None:
            return self.carrier.find_desk(offer.desk).ring_seconds + RING_GRACE_SECONDS
        leg = call.find_leg(leg_id)
        if leg is not None and leg.role is Role.CALLER:
            return self.carrier.program.call_back.ring_seconds + RING_GRACE_SECONDS
        lines = psap_of(call, self.carrier.program).lines
        if leg is not None and leg.role is Role.OUTSIDE:
            outside = self.carrier.program.directory.get(name_of(leg.line_id or ""))
            transfers = self.carrier.program.transfers
            ring_seconds = transfers.ring_seconds if outside is None else outside.ring_seconds
            return ring_seconds + RING_GRACE_SECONDS
        ring = next((one for one in lines if leg is not None and one.id == leg.line_id), lines[-1])
        return ring.ring_seconds + RING_GRACE_SECONDS

    def _plan_tick(self, leg_id: str, before: World) -> None:
        """A piece of the wait that changed nothing is not played again before it could."""
        world = self.world
        if world.phones[leg_id].where != "queue":
            return
        piece = timedelta(seconds=waiting.PIECE_SECONDS)
        same = world.queue == before.queue and key(world) == key(before)
        if not same:
            self.alarms[leg_id] = self.now + piece
            return
        moments = [
            o.offered_at + timedelta(seconds=s)
            for o in world.call.live_offers()
            for s in (waiting.ORDER_SECONDS, waiting.UNTOUCHED_SECONDS)
        ]
        if world.call.due_at is not None:
            moments.append(world.call.due_at + timedelta(seconds=SWEEP_LATE_SECONDS))
        coming = [one for one in moments if one > self.now]
        if coming:
            self.alarms[leg_id] = max(self.now, min(coming)) + piece
        else:
            self.alarms.pop(leg_id, None)


_SILENT_INPUTS: dict[str, Callable[[str, int], inputs.Input]] = {
    "tick": lambda leg_id, _step: inputs.WaitTicked(leg_id, ""),
    "ivr": lambda leg_id, step: inputs.Keyed(leg_id, step, ""),
    "ringing": lambda leg_id, _step: inputs.LegAnswered(leg_id, f"CA{leg_id}"),
}
"""What a phone asks when its time is up and its person says nothing."""
_SPOKEN: dict[object, float] = {}


def spoken_seconds(document: tuple[outputs.Instruction, ...]) -> float:
    """How long a document takes that asks a question nobody answers."""
    seconds = 0.0
    for one in document:
        if isinstance(one, outputs.Say):
            seconds += _say_seconds(one)
        elif isinstance(one, outputs.Ask):
            seconds += sum(_say_seconds(say) for say in one.says) + one.timeout_seconds
    return seconds


def _say_seconds(say: outputs.Say) -> float:
    name = (say.prompt, say.language, *say.parameters.items())
    known = _SPOKEN.get(name)
    if known is None:
        known = _SPOKEN[name] = prompts.seconds(say)
    return known


def bound_seconds(program: Program) -> float:
    """The most that may pass before a caller who says nothing is with a person or rings 911.

    The longest wait that the program allows a desk, then the hosted 911 desk's, then the lines
    outside; screening ends by itself before its own limit.
    """
    waits = [
        program.waiting_seconds,
        *(desk.hold_seconds for desk in program.desks.values() if desk.when_none_free == "hold"),
    ]
    hosted = program.desks[program.psap.desk].hold_seconds if program.psap.desk else 0
    return program.screening_seconds + max(waits) + hosted + program.check_seconds


def alone_seconds(program: Program) -> float:
    """The most that a caller may be alone in a room: until the next check that staff live."""
    return program.check_seconds + moving.JOIN_SECONDS * 3


def record_seconds(program: Program) -> float:
    """The most that the record of a call may stay open after its caller has gone, by itself."""
    return program.screening_seconds + 4 * program.menu_seconds
