"""Statements and their commit in one round trip: all of it is written, or nothing (Law 5)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from psycopg import DataError
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from ivr_flows.call import Call, Leg, Place, Role
from ivr_flows.outputs import Event
from router.storage import calls, receipts, tables
from router.storage.database import (
    Deadline,
    DeadlineExceededError,
    is_lost_connection,
    make_sessions,
    within,
)
from router.storage.receipts import ReceiptKey
from router.storage.round_trip import Commit, Prepared, as_instant, as_text, send
from router.storage.steps import Follows, save_step
from tests.storage.conftest import NOON, a_call, write

Open = Callable[[], Session]
KEY = ReceiptKey("aa-1", "keyed", "1")
TOLD = Follows(events=(Event("keyed", "aa-1", {"key": "1"}),), receipt=KEY, answer="<one/>")


@pytest.fixture
def call(open_session: Open) -> Call:
    """A call that is stored, at version 0."""
    with open_session() as session:
        call = write(session, a_call("aa"))
        session.commit()
    return call


BACKEND = text("SELECT pg_backend_pid()")
STILL_SAVING = text(
    "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%put_saved%'"
    " AND datname = current_database() AND pid <> pg_backend_pid()"
)
END_THE_OTHERS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def lock(session: Session) -> Call:
    locked = calls.lock_call(session, "aa")
    assert locked is not None
    return locked.call


def what_is_stored(session: Session) -> tuple[int, str | None, int]:
    """The call's version, the answer of its receipt, and how many lines its timeline has."""
    row = calls.find_call(session, "aa")
    assert row is not None
    lines = session.scalar(select(func.count()).select_from(tables.timeline))
    return row.call.version, receipts.find_answer(session, KEY), lines or 0


def test_law5_a_step_and_its_commit_are_one_round_trip(open_session: Open, call: Call) -> None:
    session = open_session()
    assert lock(session) == call
    assert save_step(session, call, replace(call, version=1), TOLD, NOON, commit=Commit())
    assert not session.in_transaction()
    assert what_is_stored(open_session()) == (1, "<one/>", 1)


def test_law5_a_step_that_fails_midway_leaves_nothing(open_session: Open, call: Call) -> None:
    session = open_session()
    after = replace(lock(session), version=1)
    rung = Leg("aa-2", Role.CLINICIAN, Place.RINGING, sid="CAaa")  # the caller's own sid
    with pytest.raises(IntegrityError):
        save_step(session, call, after.with_leg(rung), TOLD, NOON, commit=Commit())
    session.rollback()
    assert what_is_stored(session) == (0, None, 0)
    session.rollback()
    assert save_step(session, lock(session), after, TOLD, NOON, commit=Commit())
    assert what_is_stored(open_session()) == (1, "<one/>", 1)


def test_law5_a_repeated_request_writes_nothing_more(open_session: Open, call: Call) -> None:
    session = open_session()
    save_step(session, lock(session), replace(call, version=1), TOLD, NOON, commit=Commit())
    again = replace(TOLD, answer="<two/>")
    assert not save_step(
        session, lock(session), replace(call, version=2), again, NOON, commit=Commit()
    )
    session.rollback()
    assert what_is_stored(session) == (1, "<one/>", 1)


def test_law3_what_the_server_comes_to_after_the_deadline_is_not_committed(
    open_session: Open, call: Call
) -> None:
    """Statement and commit lie in the server's buffer, and nobody is there any more."""
    holder, session, watcher = open_session(), open_session(), open_session()
    holder.execute(text("LOCK TABLE receipts IN ACCESS EXCLUSIVE MODE"))
    deadline = Deadline.after(0.2)
    with within(deadline):
        locked = calls.lock_call(session, "aa")
        assert locked is not None
        commit = Commit(deadline.on_clock(locked.database_now))
        with pytest.raises(OperationalError):
            save_step(session, call, replace(call, version=1), TOLD, NOON, commit=commit)
    session.close()
    holder.rollback()
    while watcher.scalar(STILL_SAVING):  # it ends when it has found nobody to tell
        watcher.rollback()
        time.sleep(0.01)
    watcher.rollback()
    assert what_is_stored(watcher) == (0, None, 0)


def test_law3_a_lock_is_given_up_at_the_deadline(open_session: Open, call: Call) -> None:
    one, two = open_session(), open_session()
    assert lock(one) == call
    deadline = Deadline.after(0.1)
    with pytest.raises(DeadlineExceededError), within(deadline):
        lock(two)
    assert deadline.remaining_seconds() > -0.8  # sooner than the lock's own time-out of a second
    two.close()
    one.rollback()
    assert lock(open_session()) == call


def test_a_dead_connection_is_told_and_the_next_one_is_fresh(
    own_engine: Engine, open_session: Open, call: Call
) -> None:
    sessions = make_sessions(own_engine)
    with sessions() as one, sessions() as two:
        assert one.scalar(BACKEND) != two.scalar(BACKEND)
    with own_engine.connect() as killer:
        killer.execute(END_THE_OTHERS)
        with sessions() as session, pytest.raises(OperationalError) as caught:
            lock(session)
        assert is_lost_connection(caught.value)
        with sessions() as session:  # the first to find out has had the pool emptied
            assert lock(session) == call


def test_statements_are_prepared_again_when_the_driver_has_forgotten_all(
    open_session: Open, call: Call
) -> None:
    session = open_session()
    for _ in range(8):  # more often than psycopg waits before it prepares a statement of its own
        assert calls.find_call(session, "aa")
        assert lock(session) == call
        session.rollback()  # after which psycopg deallocates everything


def test_law10_an_error_is_sqlalchemys_and_does_not_hold_the_values(
    session: Session,
) -> None:
    wrong = Prepared("wrong", "SELECT $1::int", ("number",))
    with pytest.raises(DBAPIError) as caught, session.begin_nested():
        send(session, (wrong, {"number": "+15125550101x"}))
    assert not isinstance(caught.value, OperationalError)
    assert caught.value.statement == "SELECT $1::int"
    assert caught.value.params is None


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "text"),
        ("a 'quoted' \\ text, ñ", "text"),
        (True, "boolean"),
        (-7, "integer"),
        (0.25, "float8"),
        (b"\x00\xff", "bytea"),
        (datetime(2026, 11, 24, 15, 0, 0, 120, tzinfo=UTC), "timestamptz"),
        ({"a": ["ñ", 1, None, {"b": True}]}, "jsonb"),
    ],
)
def test_values_reach_postgresql_as_they_are(session: Session, value: object, kind: str) -> None:
    same = Prepared(f"same_{kind}", f"SELECT $1::{kind}", ("value",))
    [[(told,)]] = send(session, (same, {"value": value}))
    if isinstance(value, datetime):
        assert as_instant(told) == value
        return
    back = session.scalar(text(f"SELECT CAST(:told AS {kind})"), {"told": told and told.decode()})
    assert back == value


def test_a_text_with_nul_is_refused_and_not_cut() -> None:
    with pytest.raises(DataError, match="NUL"):
        as_text("1\x002")
