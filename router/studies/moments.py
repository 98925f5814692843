"""Reads the times of past calls as dispatch systems write them."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

EARLIEST, LATEST = 1950, 2200  # years outside are slips of the pen, or a system's "never"
FORMS = (
    "%m/%d/%Y %H:%M:%S",  # month first, as in the United States
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M %p",
    "%m/%d/%y %H:%M:%S",
    "%m/%d/%y %H:%M",
    "%m/%d/%y %I:%M %p",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d-%b-%Y %H:%M:%S",
    "%d-%b-%y %H:%M",
    "%b %d %Y %I:%M%p",
    "%b %d, %Y %I:%M:%S %p",
    "%Y%m%d%H%M%S",
    "%Y%m%d %H%M",
)
LONGEST_DATE = len("2026-01-31")
SECONDS_DIGITS, MILLISECONDS_DIGITS = 10, 13  # of a Unix time since 2001


class Moments:
    """Reads times of one file; remembers the form that fitted last. `zone` is for those without."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._forms = list(FORMS)

    def read(self, text: str) -> datetime | None:
        """The instant (aware), or None for what is no time or cannot have been."""
        text = text.strip()
        if not text:
            return None
        found = self._find(text)
        if found is None or not EARLIEST <= found.year <= LATEST:
            return None
        if found.tzinfo is None:
            return found.replace(tzinfo=self._zone)
        return found.astimezone(self._zone)

    def _find(self, text: str) -> datetime | None:
        if text.isdecimal() and len(text) in (SECONDS_DIGITS, MILLISECONDS_DIGITS):
            seconds = int(text) / (1 if len(text) == SECONDS_DIGITS else 1000)
            return datetime.fromtimestamp(seconds, UTC)
        if len(text) <= LONGEST_DATE:
            return None  # a day without an hour says nothing about hours of coverage
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
        for index, form in enumerate(self._forms):
            try:
                found = datetime.strptime(text, form)  # noqa: DTZ007 - `read` gives it its zone
            except ValueError:
                continue
            if index:
                self._forms.insert(0, self._forms.pop(index))
            return found
        return None
