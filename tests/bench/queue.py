"""The line of a 911 desk beside theory: calls come and end by a clock that is moved by hand.

The order of the line and who is offered which call are decided by `router.policy.queueing`, by the
very functions that services route live calls with, the guard of held calls included. A call taker
who is offered a call takes it at once, as theory has it. Theory is the M/M/c queue with two
classes, the first ahead of the second, and nobody interrupted (Cobham 1954).
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from heapq import heappop, heappush

from ivr_flows.program import Returns
from router.policy.queueing import (
    SKIP_PRIORITY,
    Guard,
    Served,
    Waiting,
    count_overtakes,
    guarded_before,
    line_up,
    match,
)
from router.policy.skip_cost import SkipCost, Visit, measure

CALL_TAKERS, SERVICE_SECONDS, RETURNS = 6, 307.0, 0.02
REPLICATIONS = 20
T_19 = 2.093  # of Student's t with 19 degrees of freedom, for a 95 % interval
ZERO = datetime(2026, 1, 1, tzinfo=UTC)
GUARD = Guard(Returns().guard_wait_seconds, Returns().guard_overtaken)


@dataclass(frozen=True, slots=True)
class Theory:
    """Mean waits in seconds, of returned and of held calls, and what the latter lose."""

    returned: float
    held: float
    added: float


@dataclass(frozen=True, slots=True)
class Desk:
    """What is simulated: `load` is the share of their time that call takers talk."""

    load: float
    takers: int = CALL_TAKERS
    service_seconds: float = SERVICE_SECONDS
    returns: float = RETURNS

    @property
    def arrivals_per_second(self) -> float:
        """Calls of both kinds."""
        return self.load * self.takers / self.service_seconds

    def theory(self) -> Theory:
        """W0 = C(c, a) T / c; W1 = W0 / (1 - s1); W2 = W0 / ((1 - s1)(1 - s))."""
        first = self.load * self.returns
        zero = erlang_c(self.takers, self.load * self.takers) * self.service_seconds / self.takers
        held = zero / ((1 - first) * (1 - self.load))
        return Theory(zero / (1 - first), held, held - zero / (1 - self.load))


def erlang_c(takers: int, erlangs: float) -> float:
    """The chance that a call finds everybody busy."""
    terms = [erlangs**n / math.factorial(n) for n in range(takers)]
    busy = erlangs**takers / math.factorial(takers) * takers / (takers - erlangs)
    return busy / (sum(terms) + busy)


@dataclass
class Found:
    """What came of one run: every wait after the first calls, and how often the guard acted."""

    visits: list[Visit] = field(default_factory=list)
    guarded: int = 0
    waiting_seconds: float = 0.0  # of all calls together, for Little's law
    seconds: float = 0.0


class Simulation:
    """One run. Everything but chance and the clock is decided by `router.policy.queueing`."""

    def __init__(self, desk: Desk, seed: int, guard: Guard | None = GUARD) -> None:
        self._desk = desk
        self._chance = random.Random(seed)
        self._guard = guard
        self._free = [f"taker-{number}" for number in range(desk.takers)]
        self._ends: list[tuple[float, str]] = []
        self._waiting: dict[str, Waiting] = {}
        self._served: list[Served] = []
        self.found = Found()

    def run(self, calls: int, warm_up: int = 0) -> Found:
        """So many calls, of which the first are left out of what is found."""
        now = 0.0
        for number in range(calls):
            comes = now + self._chance.expovariate(self._desk.arrivals_per_second)
            while self._ends and self._ends[0][0] <= comes:
                now = self._pass_to(now, self._ends[0][0])
                self._free.append(heappop(self._ends)[1])
                self._offer(now)
            now = self._pass_to(now, comes)
            is_return = self._chance.random() < self._desk.returns
            priority = SKIP_PRIORITY if is_return else 0
            call_id = str(number)
            self._waiting[call_id] = Waiting(call_id, priority, _at(now))
            self._offer(now)
        del self.found.visits[: max(0, warm_up)]
        return self.found

    def _pass_to(self, now: float, then: float) -> float:
        self.found.waiting_seconds += len(self._waiting) * (then - now)
        self.found.seconds = then
        return then

    def _offer(self, now: float) -> None:
        """Offer whom the policy says until nobody is free or nobody waits."""
        while self._free and self._waiting:
            waiting, at = list(self._waiting.values()), _at(now)
            before = guarded_before(waiting, at, self._guard)
            served = [] if before is None else self._served
            line = line_up(waiting, at, self._guard, served)
            call_id, people = next(iter(match(line, self._free).items()))
            self.found.guarded += line.protected is not None
            self._take(self._waiting.pop(call_id), people[0], now)

    def _take(self, one: Waiting, person: str, now: float) -> None:
        self._free.remove(person)
        length = self._chance.expovariate(1 / self._desk.service_seconds)
        heappush(self._ends, (now + length, person))
        at = _at(now)
        self.found.visits.append(Visit(one.call_id, one.priority, one.queued_at, at))
        if not self._waiting:
            self._served.clear()
        else:
            overtaken = 0 if one.is_skip else count_overtakes(one, self._served)
            self._served.append(Served(one.priority, one.queued_at, at, overtaken))


def _at(seconds: float) -> datetime:
    return ZERO + timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Measured:
    """A mean over replications, and half the width of its 95 % interval."""

    mean: float
    half_width: float

    @classmethod
    def of(cls, means: Sequence[float]) -> Measured:
        """From the means of REPLICATIONS independent runs."""
        half = T_19 * statistics.stdev(means) / math.sqrt(len(means))
        return cls(statistics.fmean(means), half)

    def has(self, value: float) -> bool:
        """Whether the interval holds it."""
        return abs(value - self.mean) <= self.half_width


@dataclass(frozen=True, slots=True)
class Outcome:
    """A desk, what theory says of it, and what was measured."""

    desk: Desk
    theory: Theory
    returned: Measured
    held: Measured
    added: Measured
    calls: int
    guarded: int

    def off(self, which: str) -> float:
        """By what share a measured mean differs from theory."""
        expected: float = getattr(self.theory, which)
        measured: Measured = getattr(self, which)
        return measured.mean / expected - 1


def measure_queue(load: float, calls: int, warm_up: int) -> Outcome:
    """Replications of so many calls each, after those that warm up."""
    desk = Desk(load)
    run = partial(_replicate, desk, calls + warm_up, warm_up)
    with ProcessPoolExecutor() as pool:
        runs = list(pool.map(run, range(1, REPLICATIONS + 1)))
    costs = [cost for cost, _ in runs]

    def over(value: Callable[[SkipCost], float]) -> Measured:
        return Measured.of([value(cost) for cost in costs])

    return Outcome(
        desk,
        desk.theory(),
        over(lambda cost: cost.mean_return_seconds),
        over(lambda cost: cost.mean_held_seconds),
        over(lambda cost: cost.added_per_held_seconds),
        sum(cost.returns + cost.held for cost in costs),
        sum(guarded for _, guarded in runs),
    )


def _replicate(desk: Desk, calls: int, warm_up: int, seed: int) -> tuple[SkipCost, int]:
    found = Simulation(desk, seed).run(calls, warm_up)
    return measure(found.visits), found.guarded


def run_queue(calls: int) -> Iterator[Outcome]:
    """The loads that the aims name."""
    yield measure_queue(0.85, calls, warm_up=2_000)
    yield measure_queue(0.94, calls, warm_up=10_000)
