"""Decides whether a service is open: weekly hours by wall clock, holidays, dated exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from router.policy.shift import ONE_DAY, window_on

SATURDAY, SUNDAY = 5, 6
WEEK = 7


@dataclass(frozen=True, slots=True)
class Hours:
    """A stretch of one day by the wall clock.

    An end at or before the start is on the next day; equal start and end are a whole day.
    """

    starts: time
    ends: time


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day of every year: `month` and `day`, or the `nth` `weekday` (0 is Monday) of `month`.

    A negative `nth` counts from the month's end. `observed` moves one that falls on a Saturday to
    the Friday before and from a Sunday to the Monday after (5 U.S.C. 6103(b)).
    """

    name: str
    month: int
    day: int = 0
    weekday: int = 0
    nth: int = 0
    observed: bool = False

    def falls_on(self, day: date) -> bool:
        """Whether `day` is it, in any year."""
        return any(self._date_in(year) == day for year in (day.year - 1, day.year, day.year + 1))

    def _date_in(self, year: int) -> date | None:
        if self.nth:
            return _nth_weekday(year, self.month, self.weekday, self.nth)
        try:
            found = date(year, self.month, self.day)
        except ValueError:  # 29 February, or a year that no calendar has
            return None
        if self.observed and found.weekday() == SATURDAY:
            return found - ONE_DAY
        return found + ONE_DAY if self.observed and found.weekday() == SUNDAY else found


@dataclass(frozen=True, slots=True)
class Coverage:
    """When a service is open, by the wall clock of `zone`.

    `weekly` gives each weekday's hours (0 is Monday). On a holiday `on_holidays` holds instead,
    where it is not None, and on a date of `exceptions` what stands there; nothing means closed.
    """

    name: str
    zone: str
    weekly: Mapping[int, tuple[Hours, ...]]
    on_holidays: tuple[Hours, ...] | None = None
    holidays: tuple[Holiday, ...] = ()
    exceptions: Mapping[date, tuple[Hours, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )

    def is_open(self, at: datetime) -> bool:
        """Whether the service is open at an aware instant; its start is in, its end is out.

        Raises ValueError for a naive `at`.
        """
        if at.tzinfo is None:
            raise ValueError("coverage is compared with an aware instant")
        zone = ZoneInfo(self.zone)
        today = at.astimezone(zone).date()
        days = (today - ONE_DAY, today) if today > date.min else (today,)
        return any(
            window_on(day, hours.starts, hours.ends, zone).covers(at)
            for day in days  # hours over midnight began the day before
            for hours in self.hours_on(day)
        )

    def hours_on(self, day: date) -> tuple[Hours, ...]:
        """The hours that start on a local date."""
        if day in self.exceptions:
            return self.exceptions[day]
        if self.on_holidays is not None and any(one.falls_on(day) for one in self.holidays):
            return self.on_holidays
        return self.weekly.get(day.weekday(), ())


def _nth_weekday(year: int, month: int, weekday: int, nth: int) -> date | None:
    try:
        first = date(year, month, 1)
        following = date(year + month // 12, month % 12 + 1, 1)
    except ValueError:
        return None
    if nth > 0:
        found = first + timedelta(days=(weekday - first.weekday()) % WEEK + WEEK * (nth - 1))
    else:
        last = following - ONE_DAY
        found = last - timedelta(days=(last.weekday() - weekday) % WEEK + WEEK * (-nth - 1))
    return found if found.month == month else None
