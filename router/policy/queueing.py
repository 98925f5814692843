"""Decides a waiting call's place and the wait it may be told, None when unknown (RO5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

# Below this many finished calls a mean says nothing; the lines at 911 then say only the position.
ENOUGH_CALLS = 5


@dataclass(frozen=True, slots=True)
class Waiting:
    """A call that waits for a desk; higher priority goes first, then the earlier `queued_at`."""

    call_id: str
    priority: int
    queued_at: datetime


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


def place(
    call_id: str, waiting: Iterable[Waiting], figures: DeskFigures | None = None
) -> QueuePlace:
    """The place of `call_id` among `waiting`.

    A call that does not wait (yet) is put behind all the others.
    """
    line = sorted(waiting, key=lambda one: (-one.priority, one.queued_at, one.call_id))
    ahead = next(
        (index for index, one in enumerate(line) if one.call_id == call_id),
        len(line),
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
