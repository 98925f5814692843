"""Works out from past waits what going ahead cost the callers who were held (RE2).

Method: the same callers come at the same instants, and a call taker takes a call at the same
instants; only who gets it is decided again, returns waiting in their turn like everybody else.
What the returns then wait longer is what the held callers were made to wait, to the second.

Limits. How long a call lasts stays with the turn in which it was taken, not with its caller: right
on average as long as returned and held calls last alike. Callers who left the line untaken stay as
they were. Who speaks which language, and who was passed over, is left out. Only the line counts,
so a ring that nobody answers counts as waiting.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import heappop, heappush
from typing import TypeVar

from router.policy.queueing import SKIP_PRIORITY

T = TypeVar("T")


def _all(_: Visit) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Visit:
    """One wait in a desk's line; `left_at` is when somebody took the call, if `is_served`."""

    call_id: str
    priority: int
    queued_at: datetime
    left_at: datetime
    is_served: bool = True

    @property
    def is_skip(self) -> bool:
        """Whether it is a return that went ahead of the held calls."""
        return self.priority >= SKIP_PRIORITY

    @property
    def wait_seconds(self) -> float:
        """How long it waited."""
        return (self.left_at - self.queued_at).total_seconds()


@dataclass(frozen=True, slots=True)
class SkipCost:
    """What some time's returns gained and cost. Sums are seconds.

    `overtaken` are held calls that at least one return was taken before though it came later, and
    `overtakes` how often that happened; `left_overtaken` held callers who left the line after it.
    `added_seconds` is what the held calls that were taken waited longer in all.
    """

    returns: int = 0
    held: int = 0
    returns_wait_seconds: float = 0.0
    held_wait_seconds: float = 0.0
    overtaken: int = 0
    overtakes: int = 0
    left_overtaken: int = 0
    added_seconds: float = 0.0

    @property
    def mean_return_seconds(self) -> float:
        """Mean wait of a return, 0 for none."""
        return self.returns_wait_seconds / self.returns if self.returns else 0.0

    @property
    def mean_held_seconds(self) -> float:
        """Mean wait of a held call, 0 for none."""
        return self.held_wait_seconds / self.held if self.held else 0.0

    @property
    def added_per_held_seconds(self) -> float:
        """What a held call waited longer on average, 0 for none."""
        return self.added_seconds / self.held if self.held else 0.0


NO_COST = SkipCost()


def measure(visits: Iterable[Visit], counts: Callable[[Visit], bool] = _all) -> SkipCost:
    """The cost of all returns among the visits of one desk, borne by the calls that `counts` names.

    Replay the whole history and ask for a part of it, a day for instance, by `counts`.
    """
    return measure_by(visits, counts).get(True, NO_COST)


def measure_by(visits: Iterable[Visit], group: Callable[[Visit], T]) -> dict[T, SkipCost]:
    """The same for each group of calls, from one replay of the whole history."""
    known = list(visits)
    elsewise = replay([one for one in known if one.is_served])
    overtakes = count_overtakes(known)
    groups: dict[T, list[Visit]] = {}
    for one in known:
        groups.setdefault(group(one), []).append(one)
    return {name: _sum_up(some, elsewise, overtakes) for name, some in groups.items()}


def _sum_up(
    visits: Sequence[Visit], elsewise: Mapping[Visit, float], overtakes: Mapping[Visit, int]
) -> SkipCost:
    returns = [one for one in visits if one.is_served and one.is_skip]
    held = [one for one in visits if one.is_served and not one.is_skip]
    left = [one for one in visits if not one.is_served and not one.is_skip]
    return SkipCost(
        returns=len(returns),
        held=len(held),
        returns_wait_seconds=sum(one.wait_seconds for one in returns),
        held_wait_seconds=sum(one.wait_seconds for one in held),
        overtaken=sum(overtakes[one] > 0 for one in held),
        overtakes=sum(overtakes[one] for one in held),
        left_overtaken=sum(overtakes[one] > 0 for one in left),
        added_seconds=sum(one.wait_seconds - elsewise[one] for one in held),
    )


def replay(taken: Sequence[Visit]) -> dict[Visit, float]:
    """Seconds that each call would have waited, had nobody gone ahead.

    At each instant a call was taken, the first in line is: held calls by priority, then by arrival,
    with returns among them like a call of no priority.
    """
    coming = deque(sorted(taken, key=lambda one: one.queued_at))
    line: list[tuple[tuple[int, datetime, str], int, Visit]] = []
    waits: dict[Visit, float] = {}
    for number, instant in enumerate(sorted(one.left_at for one in taken)):
        while coming and coming[0].queued_at <= instant:
            one = coming.popleft()
            heappush(line, (_in_turn(one), number, one))
        *_, first = heappop(line)
        waits[first] = (instant - first.queued_at).total_seconds()
    return waits


def _in_turn(one: Visit) -> tuple[int, datetime, str]:
    return (0 if one.is_skip else -one.priority, one.queued_at, one.call_id)


def count_overtakes(visits: Sequence[Visit]) -> dict[Visit, int]:
    """How many returns that came later were taken before each held call was."""
    skips = sorted(
        (one for one in visits if one.is_skip and one.is_served), key=lambda one: one.left_at
    )
    counted = dict.fromkeys(visits, 0)
    recent: deque[Visit] = deque()
    upcoming = deque(skips)
    longest = max((one.left_at - one.queued_at for one in visits), default=None)
    for one in sorted(visits, key=lambda one: one.left_at):
        while upcoming and upcoming[0].left_at <= one.left_at:
            recent.append(upcoming.popleft())
        while recent and longest is not None and recent[0].left_at < one.left_at - longest:
            recent.popleft()
        if not one.is_skip:
            counted[one] = sum(skip.queued_at > one.queued_at for skip in recent)
    return counted
