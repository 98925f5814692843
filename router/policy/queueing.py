"""Decides the order of a desk's line, who is offered which call, and the wait callers are told.

Services route live calls with these functions, and the bench measures these very ones against
theory. A caller's place and wait are None where they are unknown (RO5).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# Below this many finished calls a mean says nothing; the lines at 911 then say only the position.
ENOUGH_CALLS = 5
SKIP_PRIORITY = 100
"""From here on a call is a return to 911 that goes ahead of every held call (RE2)."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A call that waits for a desk; higher priority goes first, then the earlier `queued_at`.

    `is_rung` while somebody's phone rings for it, or somebody decides. `passed_over` are people who
    will not be rung for it again.
    """

    call_id: str
    priority: int
    queued_at: datetime
    is_rung: bool = False
    passed_over: frozenset[str] = frozenset()

    @property
    def is_skip(self) -> bool:
        """Whether it goes ahead of the held calls."""
        return self.priority >= SKIP_PRIORITY


@dataclass(frozen=True, slots=True)
class Served:
    """A call that was taken at `served_at`, after `overtaken` returns had been taken before it."""

    priority: int
    queued_at: datetime
    served_at: datetime
    overtaken: int = 0

    @property
    def is_skip(self) -> bool:
        """Whether it went ahead of the held calls."""
        return self.priority >= SKIP_PRIORITY


@dataclass(frozen=True, slots=True)
class Guard:
    """When a held call has given way often enough, by the program's policy (RE2).

    It has waited `wait_seconds` and `overtaken` returns that came after it were taken before it.
    """

    wait_seconds: int
    overtaken: int

    def protects(self, waited: timedelta, overtaken: int) -> bool:
        """Whether a call that has waited so long and been overtaken so often is next."""
        return overtaken >= self.overtaken and waited >= timedelta(seconds=self.wait_seconds)


@dataclass(frozen=True, slots=True)
class Line:
    """The line of one desk, first first; `protected` is the call that the guard put there."""

    calls: tuple[Waiting, ...]
    protected: Waiting | None = None


@dataclass(frozen=True, slots=True)
class DeskFigures:
    """Live figures of a desk: people signed on for it, those free now, and recent handling time.

    `handling_seconds` is the mean from joining a call to the end of wrap-up over `handled` recent
    calls.
    """

    staffed: int
    free: int
    handling_seconds: float = 0.0
    handled: int = 0


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """A call's place: `position` 1 is next; `expected_wait_seconds` is None when unknown."""

    position: int
    calls_ahead: int
    expected_wait_seconds: int | None


def line_up(
    waiting: Iterable[Waiting],
    now: datetime,
    guard: Guard | None = None,
    served: Sequence[Served] = (),
) -> Line:
    """A desk's line: returns in order of arrival, then held calls by priority and arrival.

    One held call at most stands before the returns: the first that the guard protects, and only
    while the return at the front has not given way yet. `served` are the calls taken since the
    first of those that wait came.
    """
    line = sorted(waiting, key=lambda one: (-one.priority, one.queued_at, one.call_id))
    protected = find_protected(line, now, guard, served) if guard is not None else None
    if protected is not None:
        line.remove(protected)
        line.insert(0, protected)
    return Line(tuple(line), protected)


def guarded_before(
    waiting: Iterable[Waiting], now: datetime, guard: Guard | None
) -> datetime | None:
    """Held calls that came before this instant the guard may protect; None when it cannot act.

    Of each priority it can only be the first: whoever came later has been overtaken less.
    """
    if guard is None or not any(one.is_skip for one in waiting):
        return None
    return now - timedelta(seconds=guard.wait_seconds)


def find_protected(
    line: Sequence[Waiting], now: datetime, guard: Guard, served: Sequence[Served]
) -> Waiting | None:
    """The held call that goes before the returns at the head of `line`, or None."""
    if not line or not line[0].is_skip or _has_given_way(line[0], guard, served):
        return None
    return next(
        (
            one
            for one in line
            if not one.is_skip and guard.protects(now - one.queued_at, count_overtakes(one, served))
        ),
        None,
    )


def count_overtakes(one: Waiting, served: Iterable[Served]) -> int:
    """How many returns that came after a held call were taken before it."""
    return sum(other.is_skip and other.queued_at > one.queued_at for other in served)


def _has_given_way(returned: Waiting, guard: Guard, served: Iterable[Served]) -> bool:
    """Whether the guard has put a held call before this return already: once is enough."""
    return any(
        not one.is_skip
        and one.served_at >= returned.queued_at
        and guard.protects(one.served_at - one.queued_at, one.overtaken)
        for one in served
    )


def match(line: Line, free: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Who of the `free` people is rung for which call, by call id; the first in line chooses first.

    A return is offered to all who are free at once (RE2), those included who become free while it
    rings; any other call to one person, and to nobody more while one is rung for it.
    """
    left = list(free)
    matched: dict[str, tuple[str, ...]] = {}
    for one in line.calls:
        if not left:
            break
        if one.is_rung and not one.is_skip:
            continue
        people = tuple(person for person in left if person not in one.passed_over)
        people = people if one.is_skip else people[:1]
        if people:
            matched[one.call_id] = people
            left = [person for person in left if person not in people]
    return matched


def left_to_others(line: Line, call_id: str, free: Sequence[str]) -> frozenset[str]:
    """Those of the `free` whom the calls before `call_id` in line are offered."""
    ahead: list[Waiting] = []
    for one in line.calls:
        if one.call_id == call_id:
            break
        ahead.append(one)
    taken = match(Line(tuple(ahead)), free)
    return frozenset(person for people in taken.values() for person in people)


def place(call_id: str, line: Line, figures: DeskFigures | None = None) -> QueuePlace:
    """The place of `call_id` in a desk's line.

    A call that does not wait (yet) is put behind all the others.
    """
    ahead = next(
        (index for index, one in enumerate(line.calls) if one.call_id == call_id),
        len(line.calls),
    )
    return QueuePlace(ahead + 1, ahead, _expected_wait(ahead, figures))


def _expected_wait(ahead: int, figures: DeskFigures | None) -> int | None:
    """Seconds until somebody is free: that happens once every handling time over staff."""
    if figures is None:
        return None
    missing = ahead + 1 - figures.free
    if missing <= 0:
        return 0
    if figures.staffed <= 0 or figures.handled < ENOUGH_CALLS or figures.handling_seconds <= 0:
        return None
    return round(missing * figures.handling_seconds / figures.staffed)
