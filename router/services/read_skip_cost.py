"""What returns that went ahead cost the held callers of a program's own 911 desk, by day (RE2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from router.errors import NotFoundError
from router.policy.skip_cost import SkipCost, measure, measure_by
from router.programs.reading import from_stored
from router.services.clock import DatabaseClock, read_now
from router.storage.database import Sessions
from router.storage.programs import find_active_version
from router.storage.queue_visits import list_visits

BEFORE = timedelta(hours=12)
"""Read ahead of the first day: the line it began with; a line empties within that."""


@dataclass(frozen=True, slots=True)
class SkipReport:
    """The cost by local day of being taken, and over all days."""

    desk: str
    days: tuple[tuple[date, SkipCost], ...]
    overall: SkipCost


def read_skip_cost(sessions: Sessions, program_id: str, since: date) -> SkipReport:
    """The report from the beginning of a local day on.

    Raises NotFoundError for a program without a 911 desk of its own.
    """
    with sessions() as session:
        active = find_active_version(session, program_id)
        if active is None:
            raise NotFoundError(f"There is no program {program_id} in force.")
        document = from_stored(active.document)
        if not document.psap.desk:
            raise NotFoundError(
                f"{program_id} has no 911 desk of its own, so nobody is held in a line here."
            )
        zone = ZoneInfo(document.time_zone)
        begins = datetime.combine(since, time(), zone).astimezone(UTC)
        now = read_now(session, DatabaseClock())
        visits = list_visits(session, program_id, document.psap.desk, begins - BEFORE, now)
    by_day = measure_by(visits, lambda one: one.left_at.astimezone(zone).date())
    return SkipReport(
        desk=document.psap.desk,
        days=tuple(sorted((day, cost) for day, cost in by_day.items() if day >= since)),
        overall=measure(visits, lambda one: one.left_at >= begins),
    )
