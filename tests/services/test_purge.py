"""SE5, Law 5: what has served its time is forgotten, a batch at a time, and nothing younger."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

import psycopg
import pytest
from sqlalchemy import Connection, Engine, event, func, select

from router.services import purge as purging
from router.services.purge import RECEIPTS_KEPT, SESSIONS_KEPT, purge
from router.storage import accounts, tables
from router.storage.accounts import UserRow
from tests.services.conftest import NOON, Line

A_MOMENT = timedelta(seconds=1)


def add_receipts(line: Line, number: int, at: datetime) -> None:
    rows = [
        {"leg_id": f"{at:%H%M%S}-1", "action": "keyed", "token": str(one), "answer": "<Response/>"}
        for one in range(number)
    ]
    with line.exchange.sessions.begin() as session:
        session.execute(tables.receipts.insert().values(created_at=at), rows)


def add_session(line: Line, name: str, started_at: datetime, seen_at: datetime) -> None:
    with line.exchange.sessions.begin() as session:
        user = UserRow("u1", "ada@psap.test", "Ada", "x", ("operator",), None, True, "k1")
        if not accounts.list_users(session):
            accounts.insert_user(session, user, NOON)
        accounts.start_session(session, name, "u1", started_at)
        moved = tables.user_sessions.update().where(tables.user_sessions.c.id == name)
        session.execute(moved.values(seen_at=seen_at))


def count_receipts(line: Line) -> int:
    with line.exchange.sessions() as session:
        return session.scalar(select(func.count()).select_from(tables.receipts)) or 0


def test_law5_answers_are_kept_as_long_as_they_may_be_asked_for_again(line: Line) -> None:
    add_receipts(line, 3, NOON - RECEIPTS_KEPT - A_MOMENT)
    add_receipts(line, 2, NOON - RECEIPTS_KEPT + A_MOMENT)
    assert purge(line.exchange) is False
    assert count_receipts(line) == 2


def test_se5_a_session_that_is_in_use_or_young_is_kept(line: Line) -> None:
    old = NOON - SESSIONS_KEPT - A_MOMENT
    add_session(line, "over", old, old)
    add_session(line, "used", old, NOON - A_MOMENT)
    add_session(line, "young", NOON - A_MOMENT, NOON - A_MOMENT)
    assert purge(line.exchange) is False
    with line.exchange.sessions() as session:
        assert set(session.scalars(select(tables.user_sessions.c.id))) == {"used", "young"}


def test_se5_a_purge_is_bounded_and_says_when_more_is_left(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "BATCH", 4)
    add_receipts(line, 6, NOON - RECEIPTS_KEPT - A_MOMENT)
    assert purge(line.exchange) is True
    assert count_receipts(line) == 2
    assert purge(line.exchange) is False
    assert count_receipts(line) == 0


def test_se5_a_row_that_another_transaction_holds_is_not_waited_for(line: Line) -> None:
    add_receipts(line, 2, NOON - RECEIPTS_KEPT - A_MOMENT)
    with line.exchange.sessions.begin() as other:
        other.execute(select(tables.receipts).limit(1).with_for_update())
        purge(line.exchange)
        assert count_receipts(line) == 1
    purge(line.exchange)
    assert count_receipts(line) == 0


def test_se5_the_oldest_are_found_by_an_index(line: Line, own_engine: Engine) -> None:
    plans: list[str] = []

    def explain(
        connection: Connection, _cursor: object, statement: str, values: object, *_: object
    ) -> None:
        if statement.startswith("DELETE"):
            cursor = cast("psycopg.Connection", connection.connection.dbapi_connection).cursor()
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {statement}", values)  # type: ignore[call-overload]
            plans.append("\n".join(row[0] for row in cursor.fetchall()))

    event.listen(own_engine, "before_cursor_execute", explain)
    purge(line.exchange)
    event.remove(own_engine, "before_cursor_execute", explain)
    answers, sessions = plans
    assert "ix_receipts_created_at" in answers
    assert "ix_user_sessions_started_at" in sessions
