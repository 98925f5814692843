"""Databases that a test has to itself, emptied for the next: that costs a tenth of making one.

A database is some five hundred files: making and dropping one keeps a processor busy for 0.1 s and
more. What a test commits is a few hundred rows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import psycopg

from router.demo.servers import libpq_url
from router.storage.tables import metadata

LEAVE_SECONDS = 2.0
"""How long the server may take to notice that a connection was closed."""

_FORGET = ";".join(str(table.delete()) for table in reversed(metadata.sorted_tables))
_COUNT_FROM_ONE = """
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
FROM pg_sequences WHERE last_value IS NOT NULL
"""
_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


class SpareDatabases:
    """The databases of one process's tests. Each is an address, and the end that drops it."""

    def __init__(self, make: Callable[[], AbstractContextManager[str]]) -> None:
        """Take what makes a migrated database, and drops it on exit."""
        self._make = make
        self._spare: list[tuple[str, ExitStack]] = []

    @contextmanager
    def borrowed(self) -> Iterator[str]:
        """A migrated database without a row, for one test alone.

        Afterwards it is kept for the next, unless somebody is still connected: a thread that
        outlives its test must not write into the database of another.
        """
        url, end = self._spare.pop() if self._spare else self._new()
        kept = False
        try:
            yield url
            kept = _empty(url)
        finally:
            if kept:
                self._spare.append((url, end))
            else:
                end.close()

    def close(self) -> None:
        """Drop them all."""
        while self._spare:
            self._spare.pop()[1].close()

    def _new(self) -> tuple[str, ExitStack]:
        end = ExitStack()
        return end.enter_context(self._make()), end


def _empty(url: str) -> bool:
    """Make a database as it was when it was new; False, and nothing done, when it is in use."""
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        give_up_at = time.monotonic() + LEAVE_SECONDS
        while _value(connection, _OTHERS):
            if time.monotonic() > give_up_at:
                return False
            time.sleep(0.01)
        connection.execute(_FORGET.encode())
        connection.execute(_COUNT_FROM_ONE)
    return True


def _value(connection: psycopg.Connection, question: str) -> Any:  # noqa: ANN401 - as asked
    row = connection.execute(question.encode()).fetchone()
    return row[0] if row else None
