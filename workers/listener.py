"""Hears the database's notices that there is something to do, and wakes whoever does it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg
from sqlalchemy import Engine

from router.logs import get_logger
from router.storage.outbox import CHANNEL

log = get_logger(__name__)

PATIENCE_SECONDS = 1.0  # then the connection is asked whether it still lives


class Listener:
    """One connection outside the pool, which listens on the outbox's channel."""

    def __init__(self, engine: Engine, wake: Callable[[], None]) -> None:
        self._engine = engine
        self._wake = wake
        self._stopping = threading.Event()
        self._connection: psycopg.Connection[object] | None = None

    def turn(self) -> float:
        """Listen until the connection breaks (by an exception) or `stop` is called."""
        connection = self._connect()
        try:
            self._wake()  # what was noticed while nobody listened
            while not self._stopping.is_set():
                for _ in connection.notifies(timeout=PATIENCE_SECONDS):
                    self._wake()
                connection.execute("SELECT 1")
        finally:
            connection.close()
        return 0.0

    def stop(self) -> None:
        """Make the turn under way end within its patience."""
        self._stopping.set()

    def _connect(self) -> psycopg.Connection[object]:
        pooled = self._engine.connect()
        pooled.detach()  # it stays open for hours and must not be counted or recycled
        connection = pooled.connection.dbapi_connection  # its driver_connection went with the pool
        if not isinstance(connection, psycopg.Connection):
            raise TypeError("the engine's driver is not psycopg")
        connection.rollback()
        connection.autocommit = True
        connection.execute(f"LISTEN {CHANNEL}")
        return connection
