"""Held 911 calls without phones: rows as the service writes them.

Everybody on duty has been rung for them in vain, so that call takers are free for a return while
every one of the held calls is looked at: the most work that the line can be.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from router.demo.stack import Stack
from router.services.apply_input import Exchange
from router.services.lines import receive_call
from router.services.sign_on import sign_off, sign_on
from router.telephony.urls import Urls
from router.telephony.webhook import Arrival

PASS_OVER = """
UPDATE calls SET due_at = NULL, passed_over = :people, state = state || jsonb_build_object(
    'passed_over', CAST(:people AS jsonb), 'next_ring_at', NULL, 'stage_due_at', NULL)
WHERE id = ANY(:ids)
"""
FORGET = """
WITH gone AS (SELECT unnest(CAST(:ids AS text[])) AS id),
     timeline_gone AS (DELETE FROM timeline USING gone WHERE call_id = gone.id),
     offers_gone AS (DELETE FROM offers USING gone WHERE call_id = gone.id),
     legs_gone AS (DELETE FROM legs USING gone WHERE call_id = gone.id)
UPDATE calls SET stage = 'closed', due_at = NULL, state = state || '{"stage": "closed"}'
FROM gone WHERE calls.id = gone.id
"""


@contextmanager
def held_calls(stack: Stack, number: int) -> Iterator[list[str]]:
    """So many calls in the 911 desk's line inside the block; their ids."""
    exchange = Exchange(stack.sessions, Urls(stack.web_url))
    takers = [person.id for person in stack.seeded.call_takers]
    for person in takers:
        sign_off(stack.sessions, person)
    line = stack.seeded.lines["emergency"]
    ids = [
        receive_call(exchange, Arrival(f"CA{n:032x}", line, f"+1512556{n:04}")).call_id
        for n in range(number)
    ]
    people = json.dumps(takers)
    with stack.sessions.begin() as session:
        session.execute(text(PASS_OVER), {"people": people, "ids": ids})
    for person in takers:
        sign_on(stack.sessions, person)
    try:
        yield ids
    finally:
        with stack.sessions.begin() as session:
            session.execute(text(FORGET), {"ids": ids})
