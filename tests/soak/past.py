"""Millions of calls that are over, in the tables: nothing that a caller waits for may notice (RE2).

The rows are as slim as the tables allow; what matters is how many there are. The plans of what the
routing of a call asks are looked at too: none may read a table that grows with closed calls.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from sqlalchemy import Engine, event, text

from ivr_flows.inputs import LegStatusChanged, WaitTicked
from router.demo.stack import Stack
from router.services.apply_input import Exchange, apply_input
from router.services.clock import DatabaseClock, SettableClock, read_now
from router.services.offer_waiting import offer_waiting
from router.services.read_board import read_board
from router.storage.calls import list_due_call_ids
from router.storage.claims import Limits, claim_commands
from router.storage.database import DeadlineConnection
from router.storage.queue import talk_seconds
from router.storage.queue_visits import list_served
from router.storage.round_trip import Commit, Order
from router.telephony.urls import Urls
from tests.services.conftest import Line

CHUNK = 50_000
HELD_FOR = timedelta(minutes=20)
EXPLAINED = frozenset({"SELECT", "WITH", "UPDATE", "INSERT", "DELETE"})
GROWING = frozenset({"calls", "legs", "offers", "timeline", "outbox", "queue_visits", "incidents"})
PAST = """
WITH past AS (
    SELECT i, now() - interval '2 days' - i * interval '30 s' AS at
    FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS i
)
"""
PARTS = (
    """
    INSERT INTO calls (id, program_id, program_version, line, caller_sid, caller_number_hash,
        version, stage, desk, outcome, opened_at, stage_at, queued_at, closed_at, state)
    SELECT 'past' || i, :program, 1, 'emergency', 'CAp' || i, decode(md5(CAST(i AS text)), 'hex'),
        9, 'closed', '911', 'returned_to_911', at, at, at, at + interval '5 min', '{}' FROM past
    """,
    """
    INSERT INTO legs (id, call_id, role, place, sid, room, is_present, created_at, ended_at)
    SELECT 'past' || i || '-' || leg, 'past' || i, 'caller', 'ended', 'CAp' || i || '-' || leg, 1,
        false, at, at + interval '5 min' FROM past, generate_series(1, 2) AS leg
    """,
    """
    INSERT INTO offers (leg_id, call_id, person_id, desk, state, offered_at, decided_at)
    SELECT 'past' || i || '-2', 'past' || i, 'tess', '911', 'accepted', at, at + interval '9 s'
    FROM past
    """,
    """
    INSERT INTO queue_visits (call_id, desk, queued_at, program_id, priority, left_at, is_served,
        overtaken)
    SELECT 'past' || i, '911', at, :program, CASE WHEN i % 50 = 0 THEN 100 ELSE 0 END,
        at + interval '9 s', true, 0 FROM past
    """,
    """
    INSERT INTO timeline (call_id, at, kind, details)
    SELECT 'past' || i, at, 'call_arrived', '{}' FROM past, generate_series(1, 2)
    """,
    """
    INSERT INTO outbox (kind, name, payload, call_id, urgency, state, due_at)
    SELECT 'call', 'PlaceLeg', '{}', 'past' || i, 1, 'done', at FROM past
    """,
)


def make_past(stack: Stack, number: int, within_seconds: float) -> tuple[int, float, float]:
    """Write so many closed calls, or as many as the time allows: how many, seconds, gigabytes.

    Foreign keys are not checked one by one: the rows are right by construction.
    """
    began, made = time.monotonic(), 0
    while made < number and time.monotonic() - began < within_seconds:
        last = min(made + CHUNK, number)
        values = {"first": made + 1, "last": last, "program": stack.seeded.program}
        with stack.sessions.begin() as session:
            session.execute(text("SET LOCAL session_replication_role = replica"))
            session.execute(text("SET LOCAL statement_timeout = 0"))
            session.execute(text("SET LOCAL synchronous_commit = off"))
            for part in PARTS:
                session.execute(text(PAST + part), values)
        made = last
    with stack.sessions.begin() as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        session.execute(text("ANALYZE"))
        size = session.scalar(text("SELECT pg_database_size(current_database())")) or 0
    return made, time.monotonic() - began, size / 1e9


@dataclass
class Asked:
    """What was sent to the database: statements with their parameters, None for prepared ones."""

    statements: dict[str, Any] = field(default_factory=dict)


@contextmanager
def asking(engine: Engine) -> Iterator[Asked]:
    """Notes every statement sent inside the block."""
    asked, send = Asked(), DeadlineConnection.send

    def note(_connection: object, _cursor: object, sql: str, values: Any, *_: object) -> None:  # noqa: ANN401
        asked.statements.setdefault(sql, values)

    def noted(driver: DeadlineConnection, orders: Sequence[Order], commit: Commit | None) -> Any:  # noqa: ANN401
        for order, _ in orders:
            asked.statements.setdefault(order.sql.decode(), None)
        return send(driver, orders, commit)

    event.listen(engine, "before_cursor_execute", note)
    try:
        with patch.object(DeadlineConnection, "send", noted):
            yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


def list_slow_plans(stack: Stack) -> tuple[int, list[str]]:
    """How many statements the routing of calls asks, and those that read a whole growing table."""
    engine: Engine = stack.sessions.kw["bind"]
    with stack.sessions() as session:
        clock = SettableClock(read_now(session, DatabaseClock()))
    exchange = Exchange(stack.sessions, Urls(stack.web_url), clock=clock)
    with asking(engine) as asked:
        _route(stack, Line(exchange, clock))
    wrong = []
    with engine.connect() as connection:
        for sql, values in asked.statements.items():
            if (
                not sql.lstrip()
                .upper()
                .startswith(("SELECT", "WITH", "UPDATE", "INSERT", "DELETE"))
            ):
                continue
            how = (
                "EXPLAIN (GENERIC_PLAN, FORMAT JSON) "
                if values is None
                else "EXPLAIN (FORMAT JSON) "
            )
            [(plan,)] = connection.exec_driver_sql(how + sql, values or None).all()
            plan = json.loads(plan) if isinstance(plan, str) else plan
            whole = {one["Relation Name"] for one in _nodes(plan[0]["Plan"]) if _reads_all(one)}
            wrong += [f"{name} is read whole by: {' '.join(sql.split())[:300]}" for name in whole]
            connection.rollback()
    return len(asked.statements), wrong


def _route(stack: Stack, line: Line) -> None:
    """One caller who is held, one who goes back, and all that is asked each second meanwhile."""
    exchange, numbers = line.exchange, stack.seeded.lines
    held = line.ring(numbers["emergency"]).call_id
    back = line.ring(numbers["direct"]).call_id
    line.press(f"{back}-1", "9")
    apply_input(exchange, held, WaitTicked(f"{held}-1"))
    offer_waiting(exchange)
    with stack.sessions() as session:
        now = read_now(session, exchange.clock)
        list_due_call_ids(session, now)
        talk_seconds(session, stack.seeded.program, "911", now)
        list_served(session, stack.seeded.program, "911", now - HELD_FOR)
        claim_commands(session, "plans", now, Limits(0, 0, "plans", 1.0))
        session.rollback()
    read_board(stack.sessions)
    for call_id in (held, back):
        for leg in line.call(call_id).legs:
            apply_input(exchange, leg.id, LegStatusChanged(leg.id, "completed"))


def _nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _nodes(inner)


def _reads_all(node: Mapping[str, Any]) -> bool:
    return node["Node Type"].endswith("Seq Scan") and node["Relation Name"] in GROWING
