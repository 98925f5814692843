"""The clock port: the database's clock, which all processes share, or one moved by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session


class Clock(Protocol):
    """What time it is, given what the database says."""

    def now(self, database_now: datetime) -> datetime:
        """The present instant, aware."""


class DatabaseClock:
    """The database's own clock (Law 9)."""

    def now(self, database_now: datetime) -> datetime:
        """What the database said."""
        return database_now


class SettableClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self, database_now: datetime) -> datetime:  # noqa: ARG002 - the port's shape
        """Where the clock was put."""
        return self.at

    def move(self, seconds: float) -> datetime:
        """Put the clock forward, and return where it stands."""
        self.at += timedelta(seconds=seconds)
        return self.at


def read_now(session: Session, clock: Clock) -> datetime:
    """The present instant, asked of the database where nothing else was."""
    return clock.now(session.execute(select(func.clock_timestamp())).scalar_one())
