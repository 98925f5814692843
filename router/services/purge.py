"""Forgets what has served its time; how long it is kept stands here and nowhere else (SE5).

Calls, their timelines and the outbox are records and are kept.
"""

from __future__ import annotations

from datetime import timedelta

from router.logs import get_logger
from router.services.apply_input import Exchange
from router.services.clock import read_now
from router.storage import accounts, receipts

log = get_logger(__name__)

RECEIPTS_KEPT = timedelta(days=2)
"""Twilio repeats a request within seconds, and ends a call after 24 hours at the latest."""

SESSIONS_KEPT = timedelta(days=90)
"""Who was signed in when, for as long as a question about it is likely."""

BATCH = 500
"""Rows of a kind that one transaction deletes: a few milliseconds, and no long lock."""


def purge(exchange: Exchange) -> bool:
    """Delete a batch of each kind that is over its time; True when there may be more."""
    with exchange.sessions.begin() as session:
        now = read_now(session, exchange.clock)
        answers = receipts.delete_receipts(session, now - RECEIPTS_KEPT, BATCH)
        sign_ins = accounts.delete_sessions(session, now - SESSIONS_KEPT, BATCH)
    if answers or sign_ins:
        log.info("purged", receipts=answers, sessions=sign_ins)
    return BATCH in (answers, sign_ins)
