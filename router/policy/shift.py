"""Decides when a recurring shift is on: by wall clock, overnight and across clock changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EVERY_DAY = frozenset(range(7))
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """One stretch of duty in UTC: from `starts_at` up to, and not at, `ends_at`."""

    starts_at: datetime
    ends_at: datetime

    def covers(self, at: datetime) -> bool:
        """Whether `at` lies in it."""
        return self.starts_at <= at < self.ends_at


@dataclass(frozen=True, slots=True)
class Shift:
    """Recurring hours by the wall clock of `zone`, on the weekdays it starts on (0 is Monday).

    An end at or before the start is on the next day; equal start and end are a whole day.
    `first_on` and `last_on` bound the dates on which it starts, both included.
    """

    zone: str
    weekdays: frozenset[int]
    starts: time
    ends: time
    first_on: date | None = None
    last_on: date | None = None


def is_on_shift(shift: Shift, at: datetime) -> bool:
    """Whether `at` (aware) lies in the shift; its start is in, its end is out."""
    return find_window(shift, at) is not None


def find_window(shift: Shift, at: datetime) -> Window | None:
    """The occurrence that covers `at`, or None.

    Raises ValueError for a naive `at`.
    """
    if at.tzinfo is None:
        raise ValueError("a shift is compared with an aware instant")
    return next((window for window in _windows_near(shift, at) if window.covers(at)), None)


def _windows_near(shift: Shift, at: datetime) -> Iterator[Window]:
    zone = ZoneInfo(shift.zone)
    today = at.astimezone(zone).date()
    for day in (today - ONE_DAY, today):  # an overnight shift began the day before
        if _starts_on(shift, day):
            yield window_on(day, shift.starts, shift.ends, zone)


def window_on(day: date, starts: time, ends: time, zone: ZoneInfo) -> Window:
    """The hours that start on `day` by the wall clock of `zone`; see Shift for an early end.

    A start takes the first reading of a repeated hour and an end the second, so that a clock change
    makes two windows overlap and never leaves a gap between them.
    """
    end_day = day + ONE_DAY if ends <= starts else day
    return Window(_instant(day, starts, zone, 0), _instant(end_day, ends, zone, 1))


def _starts_on(shift: Shift, day: date) -> bool:
    if day.weekday() not in shift.weekdays:
        return False
    if shift.first_on is not None and day < shift.first_on:
        return False
    return shift.last_on is None or day <= shift.last_on


def _instant(day: date, clock: time, zone: ZoneInfo, fold: int) -> datetime:
    """The UTC instant of a wall-clock reading; a skipped one means the first after it."""
    wall = datetime.combine(day, clock)
    instant = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    # The clocks jump over this reading: with fold 1 it falls before the jump, with fold 0 after it.
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after
