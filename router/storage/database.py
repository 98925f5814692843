"""Connections to PostgreSQL that keep a webhook's deadline, connecting included (Law 3)."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import psycopg
from psycopg import errors
from sqlalchemy import Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session, sessionmaker

from router.config import Settings
from router.storage.crypto import Keyring, use_keyring
from router.storage.round_trip import Commit, Order, Row, exchange

Sessions = sessionmaker[Session]
_T = TypeVar("_T")

LOCK_TIMEOUT_MILLISECONDS = 1000  # inside the webhook's 1.5 s
STATEMENT_TIMEOUT_MILLISECONDS = 5000  # no statement of ours is slow; one that is, is stuck
IDLE_IN_TRANSACTION_MILLISECONDS = 10_000  # a frozen process must not keep a call's row locked
POOL_TIMEOUT_SECONDS = 1.0
CONNECT_TIMEOUT_SECONDS = 2  # psycopg takes no less; a deadline cuts it shorter


class DeadlineExceededError(Exception):
    """The time for an answer ran out; nothing was committed, or its commit is unknown."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """An instant of the monotonic clock by which an answer is due."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """The deadline `seconds` from now."""
        return cls(time.monotonic() + seconds)

    def remaining_seconds(self) -> float:
        """Seconds left; zero or less when it has passed."""
        return self.at - time.monotonic()

    def on_clock(self, now: datetime) -> datetime:
        """The deadline on a clock that shows `now` at this moment."""
        return now + timedelta(seconds=self.remaining_seconds())

    def check(self) -> None:
        """Raises DeadlineExceededError once it has passed."""
        if self.remaining_seconds() <= 0:
            raise DeadlineExceededError


_deadline: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


@contextmanager
def within(deadline: Deadline | None) -> Iterator[None]:
    """Let every wait for the database inside the block end by `deadline`, by DeadlineExceededError.

    A pooled connection that is cut off this way is closed, not given back.
    """
    token = _deadline.set(deadline)
    try:
        yield
    except (DBAPIError, PoolTimeoutError) as error:
        if deadline is not None and deadline.remaining_seconds() <= 0:
            raise DeadlineExceededError from error
        raise
    finally:
        _deadline.reset(token)


class DeadlineCutError(psycopg.OperationalError):
    """A wait was cut off at the deadline; of the driver's kind, for SQLAlchemy to wrap."""


class DeadlineConnection(psycopg.Connection[Any]):
    """A connection whose waits end at the deadline of the block that uses it.

    A server-side timeout does not help when the server is frozen or the network is gone.
    """

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - psycopg's own
        super().__init__(*args, **options)
        self.prepared: set[bytes] = set()  # names of what `send` has prepared here

    def send(self, orders: Sequence[Order], commit: Commit | None) -> list[list[Row]]:
        """Execute prepared statements in one round trip; see `router.storage.round_trip`.

        Raises DeadlineExceededError, and commits nothing, when the deadline has passed.
        """
        deadline = _deadline.get()
        if deadline is not None:
            deadline.check()
        return exchange(self, orders, commit)

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:  # noqa: ANN401
        """Wait as psycopg does, but not past the deadline; then the connection is closed."""
        deadline = _deadline.get()
        if deadline is None:
            return super().wait(gen, interval, timeout)
        left = max(0.0, deadline.remaining_seconds())
        try:
            return super().wait(gen, interval, left if timeout is None else min(left, timeout))
        except errors._WaitTimeout:  # noqa: SLF001 - raised by the public `wait`
            self.pgconn.finish()  # its state is unknown
            raise DeadlineCutError("the deadline passed in a database wait") from None

    def _deallocate(self, name: bytes | None) -> Generator[Any, Any, None]:
        if name is None:  # everything: psycopg starts afresh after a rollback
            self.prepared.clear()
        yield from super()._deallocate(name)

    @classmethod
    def _connect_gen(cls, *args: Any, **options: Any) -> Generator[Any, Any, Any]:  # noqa: ANN401
        return _bounded(super()._connect_gen(*args, **options))


def _bounded(steps: Generator[Any, Any, _T]) -> Generator[Any, Any, _T]:
    """`steps`, given up at the deadline; psycopg resumes it at least every 100 ms."""
    deadline = _deadline.get()
    try:
        wanted = next(steps)
        while True:
            ready = yield wanted
            if deadline is not None and deadline.remaining_seconds() <= 0:
                steps.close()
                raise DeadlineCutError("the deadline passed while connecting")
            wanted = steps.send(ready)
    except StopIteration as end:
        result: _T = end.value
        return result


def _connect(_dialect: Dialect, _record: Any, args: Any, options: Any) -> DeadlineConnection:  # noqa: ANN401
    return DeadlineConnection.connect(*args, **options)


def _keep_pool_at_deadline(context: ExceptionContext) -> None:
    """One request out of time says nothing about the other connections."""
    if isinstance(context.original_exception, DeadlineCutError):
        context.invalidate_pool_on_disconnect = False


def make_engine(
    settings: Settings,
    *,
    application_name: str,
) -> Engine:
    """An engine for one process; `application_name` shows in pg_stat_activity.

    No connection is made yet. The pool waits POOL_TIMEOUT_SECONDS at most.
    """
    engine = create_engine(
        make_url(settings.database_url.get_secret_value()).set(drivername="postgresql+psycopg"),
        pool_size=settings.db_pool_size,
        max_overflow=2,  # the sweep's own connections beside one for each thread
        pool_timeout=POOL_TIMEOUT_SECONDS,
        pool_use_lifo=True,  # idle connections of a quiet hour age out instead of going stale
        pool_recycle=1800,
        hide_parameters=True,  # a parameter may be personal; an exception must not carry it
        connect_args={
            "application_name": application_name,
            "connect_timeout": CONNECT_TIMEOUT_SECONDS,
            "options": (
                f"-c lock_timeout={LOCK_TIMEOUT_MILLISECONDS}"
                f" -c statement_timeout={STATEMENT_TIMEOUT_MILLISECONDS}"
                f" -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_MILLISECONDS}"
                " -c timezone=UTC -c datestyle=ISO"
            ),
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 2,
            "tcp_user_timeout": 10_000,
        },
    )
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "handle_error", _keep_pool_at_deadline)
    use_keyring(engine.dialect, make_keyring(settings))
    return engine


def make_keyring(settings: Settings) -> Keyring:
    """The keyring of the settings' `field_keys` and `search_key`. Raises ValueError."""
    return Keyring.parse(
        settings.field_keys.get_secret_value(), settings.search_key.get_secret_value()
    )


def make_sessions(engine: Engine) -> Sessions:
    """Sessions that open a transaction at the first statement and keep rows readable after it."""
    return sessionmaker(engine, expire_on_commit=False, autoflush=False)


def is_lost_connection(error: BaseException) -> bool:
    """Whether `error` says that the connection broke, so that a fresh one may do better."""
    return isinstance(error, OperationalError) and error.connection_invalidated
