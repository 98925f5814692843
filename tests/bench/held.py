"""Held 911 calls without phones: rows as the service writes them, and the wait's own webhooks.

Everybody on duty has been rung for them in vain, so that call takers are free for a return while
every one of the held calls is looked at: the most work that the line can be.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import text

from ivr_flows.waiting import PIECE_SECONDS
from router.demo.stack import Stack
from router.services.apply_input import Exchange
from router.services.lines import receive_call
from router.services.sign_on import sign_off, sign_on
from router.telephony.urls import Urls
from router.telephony.webhook import Arrival
from tests.bench.wire import Signer

THREADS = 4
OK = 200
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


@dataclass
class Ticks:
    """What the held callers' wait documents came to."""

    milliseconds: list[float] = field(default_factory=list)
    wrong: int = 0


@contextmanager
def ticking(stack: Stack, ids: Sequence[str]) -> Iterator[Ticks]:
    """Inside the block every held caller's leg asks for its next piece when the last is over."""
    found, is_over = Ticks(), threading.Event()
    signer = Signer(stack.web_url, stack.settings.twilio_auth_token.get_secret_value())
    begun = time.monotonic()

    def ask(mine: Sequence[str], offset: float) -> None:
        line = http.client.HTTPConnection("127.0.0.1", stack.ports["web"], timeout=10)
        due = begun + offset
        while not is_over.is_set():
            for call_id in mine:
                if is_over.wait(max(0.0, due - time.monotonic())):
                    return
                due += PIECE_SECONDS / len(mine)
                path = f"/voice/caller/{call_id}-1/wait"
                body, headers = signer.form(path)
                asked = time.monotonic()
                try:
                    line.request("POST", path, body, headers)
                    answer = line.getresponse()
                    is_right = answer.status == OK and b"<Gather" in answer.read()
                except (OSError, http.client.HTTPException):
                    line.close()
                    is_right = False
                found.milliseconds.append((time.monotonic() - asked) * 1000)
                found.wrong += not is_right

    shares = [ids[n::THREADS] for n in range(THREADS)]
    step = PIECE_SECONDS / max(1, len(ids))
    threads = [
        threading.Thread(target=ask, args=(share, n * step), daemon=True)
        for n, share in enumerate(shares)
        if share
    ]
    for one in threads:
        one.start()
    try:
        yield found
    finally:
        is_over.set()
        for one in threads:
            one.join()
