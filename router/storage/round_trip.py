"""The hot path's statements in as few round trips as can be: a wait is what a caller hears.

SQLAlchemy writes the SQL once. Each connection prepares it once; after that an execution sends its
parameters, together with what opens or ends the transaction, and none of the work that SQLAlchemy
and the driver do for every execution is done. Values travel as PostgreSQL's text, both ways.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Protocol

import psycopg
from psycopg import DataError, OperationalError, pq
from psycopg.errors import error_from_result
from psycopg.waiting import READY_R, WAIT_R, WAIT_RW
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

Row = tuple[bytes | None, ...]

_DONE = (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK)

_DIALECT = postgresql.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


class Compiles(Protocol):
    """A statement of SQLAlchemy's Core."""

    def compile(self, *, dialect: Dialect) -> Any:  # noqa: ANN401 - SQLAlchemy's own
        """Its SQL and parameters."""


class Prepared:
    """A statement under the name by which connections prepare it, its parameters by name.

    PostgreSQL finds out the parameters' types. `fixed` holds values for those that are not given.
    """

    __slots__ = ("_fixed", "_names", "name", "sql")

    def __init__(
        self,
        name: str,
        sql: str,
        names: Sequence[str] = (),
        fixed: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self.name = name.encode()
        self.sql = sql.encode()
        self._names = tuple(names)
        self._fixed = {name: as_text(value) for name, value in fixed.items()}

    @classmethod
    def of(cls, name: str, statement: Compiles) -> Prepared:
        """A statement of SQLAlchemy's Core."""
        compiled = statement.compile(dialect=_DIALECT)
        fixed = {name: value for name, value in compiled.params.items() if value is not None}
        return cls(name, str(compiled), compiled.positiontup, fixed)

    def texts(self, values: Mapping[str, Any]) -> list[bytes | None]:
        """The parameters in order. Raises KeyError for one that is missing."""
        fixed = self._fixed
        return [as_text(values[name]) if name in values else fixed[name] for name in self._names]


Order = tuple[Prepared, Mapping[str, Any]]
"""A statement to send, and its parameters."""


class Waiting(Protocol):
    """A driver's connection, which waits no longer than the deadline lets it."""

    pgconn: pq.abc.PGconn
    prepared: set[bytes]

    def wait(self, gen: Any, interval: float = ..., timeout: float | None = ...) -> Any:  # noqa: ANN401
        """Wait for the socket as the generator asks."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit in the same round trip, not later than `by` on the database's clock.

    A server that wakes up late finds both in its buffer, the statement and its commit: it must see
    by itself that nobody waits for them any more.
    """

    by: datetime | None = None


def send(session: Session, *orders: Order, commit: Commit | None = None) -> list[list[Row]]:
    """Execute the orders in the session's transaction, and commit it if told, in one round trip.

    Returns the rows of each order. When one fails, those after it are not executed and nothing is
    committed. Errors are SQLAlchemy's, as of any other statement of the session.
    """
    connection = session.connection()
    driver: Any = connection.connection.driver_connection
    try:
        rows = driver.send(orders, commit)
    except psycopg.Error as error:
        # What Connection.execute does: wrap it, and give up connections that are dead.
        connection._handle_dbapi_exception(error, orders[0][0].sql.decode(), None, None, None)  # noqa: SLF001
    if commit is not None:
        session.commit()  # the driver sees that nothing is open; SQLAlchemy notes it
    return rows  # type: ignore[no-any-return]


def exchange(driver: Waiting, orders: Sequence[Order], commit: Commit | None) -> list[list[Row]]:
    """`send` on the driver's connection: opens a transaction where none is. Raises psycopg.Error.

    After an error the connection is in its failed transaction, or closed.
    """
    pgconn = driver.pgconn
    begun = pgconn.transaction_status != pq.TransactionStatus.IDLE
    wanted = _with_ends(orders, commit, begun=begun)
    texts = [order.texts(values) for order, values in wanted]  # may raise: before anything is sent
    sent: list[bytes] = []  # the name that is prepared, or b"" for an execution
    pgconn.enter_pipeline_mode()
    try:
        for (order, _), parameters in zip(wanted, texts, strict=True):
            if order.name not in driver.prepared and order.name not in sent:
                pgconn.send_prepare(order.name, order.sql)
                sent.append(order.name)
            pgconn.send_query_prepared(order.name, parameters)
            sent.append(b"")
        pgconn.pipeline_sync()
        results = driver.wait(_collect(pgconn))
    finally:
        if pgconn.status == pq.ConnStatus.OK:
            pgconn.exit_pipeline_mode()
    good = [result.status in _DONE for result in results]
    answers = list(zip(sent, good, results, strict=True))
    driver.prepared.update(name for name, is_good, _ in answers if name and is_good)
    if not all(good):
        raise error_from_result(results[good.index(False)])
    told = [result for name, _, result in answers if not name]
    return [_rows(result) for result in told[not begun :][: len(orders)]]


def _with_ends(orders: Sequence[Order], commit: Commit | None, *, begun: bool) -> list[Order]:
    """The orders, with what opens the transaction and what ends it."""
    wanted = list(orders)
    if not begun:
        wanted.insert(0, (_BEGIN, {}))
    if commit is not None:
        if commit.by is not None:
            wanted.append((_IN_TIME, {"by": commit.by}))
        wanted.append((_COMMIT, {}))
    return wanted


def _collect(pgconn: pq.abc.PGconn) -> Generator[Any, Any, list[pq.abc.PGresult]]:
    """Send what is left and read every result up to the synchronisation's."""
    while pgconn.flush():  # more than the socket takes at once
        if (yield WAIT_RW) & READY_R:
            pgconn.consume_input()
    results: list[pq.abc.PGresult] = []
    while True:
        while pgconn.is_busy():
            yield WAIT_R
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:  # between the results of two statements, or the end of a connection
            if pgconn.status != pq.ConnStatus.OK:
                raise OperationalError("the connection was lost")
        elif result.status == pq.ExecStatus.PIPELINE_SYNC:
            return results
        else:
            results.append(result)


def _rows(result: pq.abc.PGresult) -> list[Row]:
    columns = range(result.nfields)
    return [
        tuple([result.get_value(row, column) for column in columns])
        for row in range(result.ntuples)
    ]


def as_text(value: Any) -> bytes | None:  # noqa: ANN401 - what columns hold
    """The value as PostgreSQL reads it; a list or a mapping is JSON. Raises DataError for NUL."""
    if value is None:
        return None
    if isinstance(value, str):
        if "\0" in value:  # libpq would cut the text there
            raise DataError("PostgreSQL text cannot contain NUL (0x00) bytes")
        return value.encode()
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, (int, float)):
        return repr(value).encode()
    if isinstance(value, datetime):
        return value.isoformat().encode()
    if isinstance(value, bytes):
        return b"\\x" + value.hex().encode()
    return json.dumps(value).encode()


def as_str(text: bytes | None) -> str:
    """A `text` that is not null."""
    return (text or b"").decode()


def as_instant(text: bytes | None) -> datetime:
    """A `timestamptz` that is not null, as the session's time zone (UTC) writes it."""
    return datetime.fromisoformat(as_str(text))


_BEGIN = Prepared("begin", "BEGIN")
_COMMIT = Prepared("commit", "COMMIT")
_IN_TIME = Prepared("in_time", "SELECT 1 / (clock_timestamp() < $1)::int", ("by",))
"""Fails after that instant, by a division by zero, and so do the statements behind it."""
