"""Shifts by local wall time: overnight, edges to the second, nights on which clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.policy.shift import EVERY_DAY, Shift, Window, find_window, is_on_shift

CHICAGO = "America/Chicago"
MONDAY, SATURDAY = 0, 5
INSTANTS = st.integers(0, 3 * 365 * 24 * 60).map(
    lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def shift(starts: str, ends: str, days: frozenset[int] = EVERY_DAY, zone: str = CHICAGO) -> Shift:
    return Shift(zone, days, time.fromisoformat(starts), time.fromisoformat(ends))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "expected"),
    [  # a Monday in June: Chicago is five hours behind UTC
        ("2026-06-01T12:59:59", False),
        ("2026-06-01T13:00:00", True),
        ("2026-06-01T20:59:59", True),
        ("2026-06-01T21:00:00", False),
        ("2026-06-02T13:00:00", False),
    ],
)
def test_sh1_a_day_shift_holds_its_start_and_not_its_end(at: str, expected: bool) -> None:
    assert is_on_shift(shift("08:00", "16:00", frozenset({MONDAY})), utc(at)) is expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [  # Saturday evening to Sunday morning
        ("2026-06-07T02:59:59", False),
        ("2026-06-07T03:00:00", True),
        ("2026-06-07T10:59:59", True),
        ("2026-06-07T11:00:00", False),
        ("2026-06-06T05:00:00", False),
    ],
)
def test_sh1_an_overnight_shift_belongs_to_the_day_it_starts_on(at: str, expected: bool) -> None:
    assert is_on_shift(shift("22:00", "06:00", frozenset({SATURDAY})), utc(at)) is expected


@given(INSTANTS)
def test_sh1_round_the_clock_has_no_gap(at: datetime) -> None:
    for zone in (CHICAGO, "America/Phoenix", "Australia/Lord_Howe", "America/Havana"):
        assert is_on_shift(shift("07:00", "07:00", zone=zone), at)
        assert is_on_shift(shift("00:00", "00:00", zone=zone), at)


@given(INSTANTS)
def test_sh1_two_shifts_that_meet_leave_no_gap_on_any_night(at: datetime) -> None:
    for meeting in ("01:30", "02:00", "02:30", "03:00", "14:00"):
        parts = (shift("06:00", meeting), shift(meeting, "06:00"))
        assert any(is_on_shift(part, at) for part in parts)


@pytest.mark.parametrize(
    ("night", "start", "end", "hours"),
    [
        ("2026-03-08T08:00:00", "2026-03-08T04:00:00", "2026-03-08T11:00:00", 7),
        ("2026-11-01T08:00:00", "2026-11-01T03:00:00", "2026-11-01T12:00:00", 9),
        ("2026-06-01T08:00:00", "2026-06-01T03:00:00", "2026-06-01T11:00:00", 8),
    ],
)
def test_sh1_a_night_across_a_clock_change_has_its_real_length(
    night: str, start: str, end: str, hours: int
) -> None:
    window = find_window(shift("22:00", "06:00"), utc(night))
    assert window == Window(utc(start), utc(end))
    assert window.ends_at - window.starts_at == timedelta(hours=hours)


def test_sh1_a_start_that_the_clocks_skip_is_the_first_instant_after() -> None:
    window = find_window(shift("02:30", "10:00"), utc("2026-03-08T08:00:00"))
    assert window == Window(utc("2026-03-08T08:00:00"), utc("2026-03-08T15:00:00"))
    assert not is_on_shift(shift("02:30", "10:00"), utc("2026-03-08T07:59:59"))


def test_sh1_an_end_that_the_clocks_skip_is_the_first_instant_after() -> None:
    window = find_window(shift("22:00", "02:30"), utc("2026-03-08T07:00:00"))
    assert window == Window(utc("2026-03-08T04:00:00"), utc("2026-03-08T08:00:00"))


def test_sh1_in_the_repeated_hour_a_start_is_early_and_an_end_is_late() -> None:
    begins = find_window(shift("01:30", "09:00"), utc("2026-11-01T06:30:00"))
    assert begins is not None
    assert begins.starts_at == utc("2026-11-01T06:30:00")
    ends = find_window(shift("20:00", "01:30"), utc("2026-11-01T07:29:59"))
    assert ends is not None
    assert ends.ends_at == utc("2026-11-01T07:30:00")


def test_sh1_dates_bound_a_shift_on_both_sides() -> None:
    bounded = Shift(CHICAGO, EVERY_DAY, time(22), time(6), date(2026, 6, 2), date(2026, 6, 3))
    assert not is_on_shift(bounded, utc("2026-06-02T04:00:00"))
    assert is_on_shift(bounded, utc("2026-06-03T04:00:00"))
    assert is_on_shift(bounded, utc("2026-06-04T10:59:00"))
    assert not is_on_shift(bounded, utc("2026-06-05T04:00:00"))


def test_sh1_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        is_on_shift(shift("08:00", "16:00"), utc("2026-06-01T09:00:00").replace(tzinfo=None))
