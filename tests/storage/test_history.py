"""IN6 to IN8: what a caller's earlier calls cost to find, however many others there were."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, text

from router.storage import history

CALLS = """
INSERT INTO calls (id, program_id, program_version, line, caller_sid, caller_number_hash,
    version, stage, desk, outcome, opened_at, stage_at, state)
SELECT 'c' || i, 'austin', 1, 'direct', 'CA' || i, decode(md5(CAST(i % 1000 AS text)), 'hex'),
    1, 'closed', '', 'resolved', now() - i * interval '1 min', now(), '{}'
FROM generate_series(1, 3000) AS i
"""


def test_in8_a_callers_calls_are_found_without_reading_those_of_others(own_engine: Engine) -> None:
    with own_engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(CALLS))
        values = {
            "program_id": "austin",
            "call_id": "c7",
            "number": "",
            "is_transfer": False,
            "since": datetime.now(UTC) - timedelta(days=7),
            "now": datetime.now(UTC),
            "most": history.MOST_CALLS,
        }
        explain = text(f"EXPLAIN (ANALYZE, FORMAT JSON) {history.EARLIER.text}")
        (plan,) = connection.execute(explain, values).scalar_one()
    assert _most_rows(plan["Plan"]) < 100
    assert plan["Plan"]["Actual Rows"] == 2


def _most_rows(node: dict[str, object]) -> float:
    """The most rows that one step of the plan gives the next."""
    rows = node["Actual Rows"]
    assert isinstance(rows, (int, float))
    below = node.get("Plans", [])
    assert isinstance(below, list)
    return max(rows, *map(_most_rows, below), 0)
