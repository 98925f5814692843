"""The shape of a program's hours: weekly by wall clock, holidays, and dates of their own."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, time
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from router.policy.coverage import Coverage, Holiday, Hours
from router.programs.shape import Fault, Shape, Words

HOURS = r"^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FRIDAY = 4
LEAP_YEAR = 2024

DayHours = tuple[Annotated[str, Field(pattern=HOURS)], ...]


def _know_date(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError("is no date of the calendar, such as 2026-12-24") from None
    return text


class HolidayShape(Shape):
    """A holiday: month and day, or the nth weekday of a month, -1 being the last."""

    name: Words
    month: int = Field(ge=1, le=12)
    day: int | None = Field(default=None, ge=1, le=31)
    weekday: (
        Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] | None
    ) = None
    nth: int | None = Field(default=None, ge=-5, le=5)
    observed: bool = False


class CoverageShape(Shape):
    """Opening hours such as "06:00-02:00"; a list that is empty means closed.

    A day of its own beats weekdays and weekends, and these beat every_day. `holidays` holds on the
    program's holidays; without it they are days like any other. `exceptions` are dates.
    """

    every_day: DayHours = ()
    weekdays: DayHours | None = None
    weekends: DayHours | None = None
    monday: DayHours | None = None
    tuesday: DayHours | None = None
    wednesday: DayHours | None = None
    thursday: DayHours | None = None
    friday: DayHours | None = None
    saturday: DayHours | None = None
    sunday: DayHours | None = None
    holidays: DayHours | None = None
    exceptions: dict[Annotated[str, AfterValidator(_know_date)], DayHours] = Field(
        default_factory=dict
    )


def to_coverage(
    name: str, zone: str, shape: CoverageShape, holidays: Iterable[HolidayShape]
) -> Coverage:
    """The hours in the form that decisions are made by."""
    return Coverage(
        name=name,
        zone=zone,
        weekly=MappingProxyType({day: _hours(_of_day(shape, day)) for day in range(7)}),
        on_holidays=None if shape.holidays is None else _hours(shape.holidays),
        holidays=tuple(_to_holiday(one) for one in holidays),
        exceptions=MappingProxyType(
            {date.fromisoformat(day): _hours(hours) for day, hours in shape.exceptions.items()}
        ),
    )


def find_coverage_faults(
    coverage: Mapping[str, CoverageShape], holidays: Iterable[HolidayShape]
) -> Iterator[Fault]:
    """Hours that are never open, dates that are none, holidays that say too much or too little."""
    for name, shape in coverage.items():
        path = ("coverage", name)
        if not any(_of_day(shape, day) for day in range(7)) and not shape.exceptions:
            yield path, "is never open; give every_day, weekdays, weekends or a day its hours"
    for index, holiday in enumerate(holidays):
        if (holiday.day is None) == (holiday.weekday is None):
            yield ("holidays", index), "needs either a day, or a weekday and which one (nth)"
        elif (holiday.weekday is None) != (not holiday.nth):
            yield ("holidays", index), "needs weekday and nth together, nth from 1, or -1 for last"
        elif holiday.day is not None and holiday.day > monthrange(LEAP_YEAR, holiday.month)[1]:
            yield ("holidays", index), f"falls on day {holiday.day}, which its month does not have"


def _of_day(shape: CoverageShape, day: int) -> DayHours:
    own: DayHours | None = getattr(shape, WEEKDAYS[day])
    if own is not None:
        return own
    group = shape.weekdays if day <= FRIDAY else shape.weekends
    return shape.every_day if group is None else group


def _hours(given: DayHours) -> tuple[Hours, ...]:
    return tuple(
        Hours(time.fromisoformat(start), time.fromisoformat(end.replace("24:00", "00:00")))
        for start, _, end in (one.partition("-") for one in given)
    )


def _to_holiday(shape: HolidayShape) -> Holiday:
    weekday = WEEKDAYS.index(shape.weekday) if shape.weekday else 0
    return Holiday(shape.name, shape.month, shape.day or 0, weekday, shape.nth or 0, shape.observed)
