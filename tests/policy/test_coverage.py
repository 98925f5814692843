"""EL2: hours by the wall clock of the program's zone, on holidays and across clock changes."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from router.policy.coverage import Coverage, Holiday, Hours

CHICAGO = "America/Chicago"
TWENTY_HOURS = (Hours(time(6), time(2)),)
THANKSGIVING = Holiday("Thanksgiving", 11, weekday=3, nth=4)
MEMORIAL_DAY = Holiday("Memorial Day", 5, weekday=0, nth=-1)
INDEPENDENCE_DAY = Holiday("Independence Day", 7, 4, observed=True)
NEW_YEAR = Holiday("New Year", 1, 1, observed=True)


def daily(hours: tuple[Hours, ...], **changes: object) -> Coverage:
    return Coverage("team", CHICAGO, dict.fromkeys(range(7), hours), **changes)  # type: ignore[arg-type]


def at(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(CHICAGO), fold=fold)


@pytest.mark.parametrize(
    ("when", "is_open"),
    [
        ("2026-06-03T05:59:59", False),
        ("2026-06-03T06:00", True),
        ("2026-06-03T23:59", True),
        ("2026-06-04T01:59:59", True),  # since the day before
        ("2026-06-04T02:00", False),
    ],
)
def test_el2_hours_over_midnight_belong_to_the_day_they_begin_on(when: str, is_open: bool) -> None:
    assert daily(TWENTY_HOURS).is_open(at(when)) is is_open


@pytest.mark.parametrize(
    ("when", "fold", "is_open"),
    [
        # The clocks go from 2:00 to 3:00: hours that end at 2:30 end as the hour is skipped.
        ("2026-03-08T01:59", 0, True),
        ("2026-03-08T03:00", 0, False),
        # The clocks go from 2:00 back to 1:00: both half past ones are open, and so is half past 2.
        ("2026-11-01T01:30", 0, True),
        ("2026-11-01T01:30", 1, True),
        ("2026-11-01T02:29", 0, True),
        ("2026-11-01T02:30", 0, False),
    ],
)
def test_el2_hours_on_the_nights_of_a_clock_change(when: str, fold: int, is_open: bool) -> None:
    night = daily((Hours(time(20), time(2, 30)),))
    assert night.is_open(at(when, fold)) is is_open


def test_el2_a_whole_day_has_no_gap_at_midnight_or_at_a_clock_change() -> None:
    always = daily((Hours(time(0), time(0)),))
    for when in ("2026-03-08T00:00", "2026-03-08T03:00", "2026-11-01T01:30", "2026-06-03T23:59:59"):
        assert always.is_open(at(when))
        assert always.is_open(at(when, fold=1))


def test_el2_weekly_hours_holidays_and_dated_exceptions() -> None:
    office = Coverage(
        "office",
        CHICAGO,
        dict.fromkeys(range(5), (Hours(time(8), time(12)), Hours(time(13), time(17)))),
        on_holidays=(),
        holidays=(THANKSGIVING,),
        exceptions={date(2026, 11, 28): (Hours(time(9), time(10)),), date(2026, 6, 3): ()},
    )
    open_at = ("2026-06-04T08:00", "2026-06-04T13:00", "2026-11-28T09:30")
    closed_at = ("2026-06-04T12:30", "2026-06-06T09:00", "2026-11-26T09:00", "2026-06-03T09:00")
    assert all(office.is_open(at(when)) for when in open_at)
    assert not any(office.is_open(at(when)) for when in closed_at)


def test_el2_a_holiday_without_hours_of_its_own_is_a_day_like_any_other() -> None:
    assert daily(TWENTY_HOURS, holidays=(THANKSGIVING,)).is_open(at("2026-11-26T12:00"))


@pytest.mark.parametrize(
    ("holiday", "day", "falls"),
    [
        (THANKSGIVING, "2026-11-26", True),
        (THANKSGIVING, "2027-11-25", True),
        (THANKSGIVING, "2026-11-19", False),
        (MEMORIAL_DAY, "2026-05-25", True),
        (MEMORIAL_DAY, "2027-05-31", True),
        (INDEPENDENCE_DAY, "2026-07-03", True),  # a Saturday, so the Friday before
        (INDEPENDENCE_DAY, "2026-07-04", False),
        (INDEPENDENCE_DAY, "2027-07-05", True),  # a Sunday, so the Monday after
        (NEW_YEAR, "2027-12-31", True),  # of the year that follows
        (Holiday("leap day", 2, 29), "2028-02-29", True),
        (Holiday("leap day", 2, 29), "2027-03-01", False),
        (Holiday("fifth Monday", 2, weekday=0, nth=5), "2027-03-01", False),
        (NEW_YEAR, "0001-01-01", True),
        (NEW_YEAR, "9999-12-31", False),
    ],
)
def test_el2_holidays_follow_their_rule(holiday: Holiday, day: str, falls: bool) -> None:
    assert holiday.falls_on(date.fromisoformat(day)) is falls


def test_el2_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        daily(TWENTY_HOURS).is_open(datetime(2026, 6, 3, 12))  # noqa: DTZ001 - the point of it
