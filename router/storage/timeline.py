"""The call's timeline: one line for everything that happened to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from ivr_flows.outputs import Event
from router.storage.recordset import plain, rows_of
from router.storage.tables import timeline


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One line; `id` orders lines and marks how far a reader has come."""

    id: int
    call_id: str
    leg_id: str
    at: datetime
    kind: str
    details: Mapping[str, str]


_NAMES = ("call_id", "leg_id", "at", "kind", "details")
INSERT_EVENTS = insert(timeline).from_select(
    _NAMES, select(rows_of(timeline, _NAMES, "new_events"))
)


def event_rows(call_id: str, at: datetime, events: Sequence[Event]) -> list[dict[str, Any]]:
    """Rows for INSERT_EVENTS."""
    return [
        plain(
            {
                "call_id": call_id,
                "leg_id": event.leg_id,
                "at": at,
                "kind": event.kind,
                "details": dict(event.details),
            }
        )
        for event in events
    ]


def append_events(session: Session, call_id: str, at: datetime, events: Sequence[Event]) -> None:
    """Add the events in one statement; nothing for none."""
    if events:
        rows = event_rows(call_id, at, events)
        session.connection().execute(INSERT_EVENTS, {"new_events": rows})


def list_timeline(session: Session, call_id: str, *, after_id: int = 0) -> list[TimelineRow]:
    """The call's lines in order, those after `after_id`."""
    rows = session.execute(
        select(timeline)
        .where(timeline.c.call_id == call_id, timeline.c.id > after_id)
        .order_by(timeline.c.id)
    )
    return [TimelineRow(*row) for row in rows]
