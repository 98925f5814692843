"""Visits every state that can be reached, fewest faults and shortest stories first."""

from __future__ import annotations

import gc
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ivr_flows.call import Call, Stage, Transfer
from ivr_flows.program import Program
from ivr_flows.safety import calling_back, promises
from ivr_flows.safety.acts import Act, begin, is_in_side_dialogue, keys_at, list_acts, perform
from ivr_flows.safety.carrier import Carrier
from ivr_flows.safety.continuation import MOST_AT_ONCE, Silence
from ivr_flows.safety.violation import Promise, Violation
from ivr_flows.safety.world import World, key

Story = tuple[Act, ...]
Reached = tuple[int, Story, World]  # from which state, by which acts, and what it is


@dataclass(frozen=True, slots=True)
class Limits:
    """How far an exploration goes.

    `parties` caps the people of a desk and the lines of a 911 centre; `targets` are those to whom
    callers are transferred, as `ivr_flows.targets` reads them, and `lines` the kinds of line that
    calls come in on, () being all. Without `dialogues` nobody chooses anything in the wait, or goes
    beyond the first question of the star menu, but for a transfer. `faults` is the most that go
    wrong in one story; with `failsafe` that is nothing but the fail-safe answering the caller.
    `acts` bounds how much is done in a story before that, and `after` how much is done after the
    last fault, None being all: silence follows in any case. `minutes` and `states` end it early.
    """

    parties: int = 2
    faults: int = 1
    after: int | None = 1
    dialogues: bool = True
    targets: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    acts: int | None = None
    call_backs: bool = False
    entry: bool = False
    failsafe: bool = False
    minutes: float = 2.0
    states: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A promise that does not hold, and the shortest story that leads there.

    `after` is how the story goes on in silence, `mode` what of the carrier works meanwhile.
    """

    promise: Promise
    what: str
    line: str
    story: Story
    mode: str = ""
    told: tuple[str, ...] = ()  # the story in words


@dataclass(slots=True)
class Findings:
    """What an exploration came to; `layers` counts states by the faults of their stories."""

    program: str
    limits: Limits
    lines: tuple[str, ...]
    states: int = 0
    transitions: int = 0
    depth: int = 0
    seconds: float = 0.0
    layers: list[int] = field(default_factory=list)
    unfinished: bool = False
    bound_seconds: float = 0.0  # the policy's
    longest_seconds: float = 0.0  # the longest way to a person or 911 that was seen
    longest_alone_seconds: float = 0.0
    longest_record_seconds: float = 0.0
    found: Found | None = None


class Explorer:
    """Explores the flows of one program."""

    def __init__(
        self, program: Program, limits: Limits, progress: Callable[[Findings], None] | None = None
    ) -> None:
        self.carrier = carrier_for(program, limits)
        self.limits = limits
        self.silence = Silence(self.carrier)
        self.findings = Findings(program.name, limits, tuple(program.lines))
        self.findings.bound_seconds = self.silence.bound_seconds
        self._progress = progress
        self._seen: dict[int, int] = {}  # hash of a state to its number
        self.whence: list[tuple[int, Story, int]] = []  # parent, acts since, length of the story
        self._newest: int | None = None  # the state found last, if it was new
        self._keys: dict[object, tuple[str, ...]] = {}

    def run(self) -> Findings:
        """Explore until all is seen, a promise is broken, or the limits are reached."""
        began = time.monotonic()
        collects = gc.isenabled()
        gc.disable()  # snapshots hold no cycles, and millions of them are looked through in vain
        try:
            self._explore(began + 60 * self.limits.minutes)
        finally:
            if collects:
                gc.enable()
            self.findings.seconds = time.monotonic() - began
            self.findings.states = len(self.whence)
            silence = self.silence
            self.findings.longest_seconds = silence.longest_seconds
            self.findings.longest_alone_seconds = silence.longest_alone_seconds
            self.findings.longest_record_seconds = silence.longest_record_seconds
        return self.findings

    def _explore(self, end: float) -> None:
        kinds = self.limits.lines
        lines = [
            name
            for name, line in self.carrier.program.lines.items()
            if not kinds or line.kind in kinds
        ]
        begins = list(calling_back.WAYS) if self.limits.call_backs else lines
        layer: list[Reached] = [
            (-1, (Act("begin", detail=one),), begin_any(self.carrier, one)) for one in begins
        ]
        for faults in range(self.limits.faults + 1):
            before = len(self.whence)
            layer = self._explore_layer(layer, faults, end)
            self.findings.layers.append(len(self.whence) - before)
            if self.findings.unfinished or self.findings.found is not None:
                return

    def _explore_layer(self, layer: list[Reached], faults: int, end: float) -> list[Reached]:
        """Visit all that is reached with so many faults; returns what one more leads to."""
        may_fail = faults < self.limits.faults
        after = self.limits.after if faults and not may_fail else self.limits.acts
        frontier: deque[tuple[int, World, int | None]] = deque()
        for number, acts, world in layer:
            if self._is_late(end) or self._breaks_settled(
                number, acts, world, frontier, after, at_once=may_fail
            ):
                return []
        following: list[Reached] = []
        while frontier:
            number, world, left = frontier.popleft()
            if self._is_late(end):
                break
            for acts, then in self._successors(number, world, with_faults=may_fail):
                if then is None:
                    return []
                if acts[0].is_fault:
                    if hash(key(then)) not in self._seen:
                        following.append((number, acts, then))
                elif self._breaks(number, acts, then):
                    return []
                else:
                    is_act = left is not None and acts[0].kind != "run"
                    self._go_on(frontier, then, left - 1 if left is not None and is_act else left)
        return following

    def _breaks_settled(
        self,
        number: int,
        acts: Story,
        world: World,
        frontier: deque[tuple[int, World, int | None]],
        after: int | None,
        *,
        at_once: bool,
    ) -> bool:
        """Begin a layer with one of its states, `at_once` or when nothing is under way any more."""
        try:
            for done, settled in [(acts, world)] if at_once else self._settled(acts, world):
                if self._breaks(number, done, settled):
                    return True
                self._go_on(frontier, settled, after)
        except _BrokenError as broken:
            self._found(broken.violation, number, broken.acts)
            return True
        return False

    def _go_on(
        self, frontier: deque[tuple[int, World, int | None]], world: World, left: int | None
    ) -> None:
        """Put a state that has just been found new on the frontier, unless it lies too far."""
        if self.limits.entry and world.call.stage is not Stage.SCREENING:
            return
        if self._newest is not None and (left is None or left > 0 or world.late):
            frontier.append((self._newest, world, left))

    def _is_late(self, end: float) -> bool:
        limits = self.limits
        full = limits.states is not None and len(self.whence) >= limits.states
        if full or time.monotonic() > end:
            self.findings.unfinished = True
        return self.findings.unfinished

    def _successors(
        self, number: int, world: World, *, with_faults: bool
    ) -> Iterator[tuple[Story, World | None]]:
        """Acts and what they lead to; None after one that breaks a promise by itself."""
        try:
            acts = list_acts(
                world,
                with_faults=with_faults and not self.limits.failsafe,
                with_failsafe=with_faults and self.limits.failsafe,
                targets=self.carrier.targets,
                with_choices=self.limits.dialogues,
            )
            for act in acts:
                ways = self._keyed(world, act) if act.kind == "keys" else self._ways(world, act)
                for done, after in ways:
                    if with_faults:
                        yield (done,), after
                    else:
                        yield from self._settled((done,), after)
        except _BrokenError as broken:
            self._found(broken.violation, number, broken.acts)
            yield broken.acts, None

    def _settled(self, acts: Story, world: World) -> Iterator[tuple[Story, World]]:
        """Where the story stands once all that is under way has arrived, nothing going wrong."""
        waiting = [(acts, world)]
        while waiting:
            acts, world = waiting.pop()
            if not world.queue:
                yield acts, world
                continue
            if len(acts) > MOST_AT_ONCE:
                what = "one thing leads to the next without any time"
                raise _BrokenError(Violation(Promise.DEADLINE, what), acts)
            try:
                promises.check(world)
                waiting += [((*acts, one), after) for one, after in self._ways(world, Act("run"))]
            except Violation as violation:
                raise _BrokenError(violation, acts) from violation
            except _BrokenError as broken:
                raise _BrokenError(broken.violation, (*acts, *broken.acts)) from broken

    def _ways(self, world: World, act: Act) -> Iterator[tuple[Act, World]]:
        """The act with every choice that the world outside can make about it."""
        noticed = self.carrier.noticed
        noticed.clear()
        after = self._perform(world, act)
        others = self.carrier.other_choices(act.choice) if noticed else ()
        yield act, after
        for choice in others:
            other = act._replace(choice=choice)
            yield other, self._perform(world, other)

    def _perform(self, world: World, act: Act) -> World:
        self.findings.transitions += 1
        try:
            return perform(self.carrier, world, act)
        except Violation as violation:
            raise _BrokenError(violation, (act,)) from violation

    def _keyed(self, world: World, act: Act) -> Iterator[tuple[Act, World]]:
        """One key of each class that the question treats alike, found by trying all."""
        like = _question(world, act.leg_id)
        known = self._keys.get(like)
        if known is not None:
            for digits in known:
                yield from self._ways(world, act._replace(kind="key", detail=digits))
            return
        classes: dict[object, str] = {}
        for digits in keys_at(world, act.leg_id):
            ways = list(self._ways(world, act._replace(kind="key", detail=digits)))
            result = tuple(hash(key(after)) for _, after in ways)
            if result not in classes:
                classes[result] = digits
                yield from ways
        self._keys[like] = tuple(classes.values())

    def _breaks(self, parent: int, acts: Story, world: World) -> bool:
        """Note a state that is new as the newest. Returns whether it breaks a promise."""
        self._newest = None
        mark = hash(key(world))
        if mark in self._seen:
            return False
        if not self.limits.dialogues and is_in_side_dialogue(world):
            return False
        number = len(self.whence)
        self._seen[mark] = number
        length = self.whence[parent][2] + len(acts) if parent >= 0 else 0
        self.whence.append((parent, acts, length))
        self.findings.depth = max(self.findings.depth, length)
        if self._progress is not None and not number % 5000:
            self.findings.states = number
            self._progress(self.findings)
        try:
            self._check(world)
        except Violation as violation:
            self._found(violation, number, ())
            return True
        self._newest = number
        return False

    def _check(self, world: World) -> None:
        """Raises Violation when a promise is broken in this state, or in the silence after it."""
        promises.check(world)
        self.silence.check(world)

    def _found(self, violation: Violation, number: int, last: Story) -> None:
        story = last
        while number >= 0:
            number, acts, _ = self.whence[number]
            story = (*acts, *story)
        self.findings.found = Found(
            violation.promise, violation.what, story[0].detail, story[1:], violation.mode
        )


def carrier_for(program: Program, limits: Limits) -> Carrier:
    """The carrier in which such an exploration takes place."""
    return Carrier(program, parties=limits.parties, targets=limits.targets, asks=limits.entry)


def begin_any(carrier: Carrier, how: str) -> World:
    """The call that begins so: on a line of the program, or as one that we make."""
    if how in calling_back.WAYS:
        return calling_back.begin(carrier, how)
    return begin(carrier, how)


class _BrokenError(Exception):
    def __init__(self, violation: Violation, acts: Story) -> None:
        super().__init__(str(violation))
        self.violation = violation
        self.acts = acts


def _question(world: World, leg_id: str) -> object:
    """What decides which keys a question treats alike."""
    call = world.call
    leg = call.find_leg(leg_id)
    if leg is None:
        return None
    others = tuple(
        sorted((other.role, other.place) for other in call.staff() if other.id != leg_id)
    )
    returning = call.returning
    return (
        leg.flow,
        leg.node,
        leg.role,
        leg.shared,
        leg.tries,
        call.stage,
        call.line,
        call.caller.place,
        others,
        call.returned_from,
        call.outcome,
        bool(call.disposition),
        call.is_blocked,
        len(leg.trail),
        call.call_back,
        None if call.protocol is None else call.protocol.at,
        None if call.announced is None else (call.announced.how, call.announced.is_taken),
        leg.step == world.phones[leg_id].step,
        tuple(one.status for one in call.dispatches[-1:]),
        call.hold_until_at is not None,
        tuple(sorted((one.role, one.is_silenced) for one in call.staff())),
        None if call.transfer is None else _transfer(call.transfer, leg_id, call),
        None if returning is None else (returning.taken, returning.by_twiml, bool(call.desk)),
    )


def _transfer(transfer: Transfer, leg_id: str, call: Call) -> object:
    receiver = call.find_leg(transfer.receiver)
    return (
        transfer.state,
        transfer.giver == leg_id,
        transfer.receiver == leg_id,
        transfer.private,
        None if receiver is None else (receiver.role, receiver.place),
    )
