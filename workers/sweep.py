"""What becomes due by itself: deadlines, people for waiting calls, orders for teams, purges."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from ivr_flows.inputs import TimePassed
from router.logs import get_logger
from router.services.apply_input import Exchange, apply_input
from router.services.call_backs import keep_call_backs
from router.services.clock import read_now
from router.services.dispatch_moves import Paging
from router.services.offer_waiting import offer_waiting
from router.services.purge import purge
from router.services.request_dispatch import record_requests
from router.storage.calls import list_due_call_ids

log = get_logger(__name__)

SWEEP_SECONDS = 1.0
LOOK_SECONDS = 0.5  # between looks when nothing is near
NEAR_SECONDS = 1.0
STEP_SECONDS = 0.1  # between looks when a deadline is near
AGAIN_SECONDS = 1.0  # before a call whose deadline could not be dealt with is tried again
THREADS = 4
BATCH = 100
PURGE_SECONDS = 600.0  # between purges that leave nothing over
PURGE_ON_SECONDS = 1.0  # between batches, so that calls always come first


class DueTimes:
    """Tells calls that a deadline of theirs has passed."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="due")
        self._not_before: dict[str, float] = {}

    def turn(self) -> float:
        """Deal with what is due; seconds until the next look."""
        now = time.monotonic()
        self._not_before = {one: at for one, at in self._not_before.items() if at > now}
        due = [one for one in self._list_due(0.0) if one not in self._not_before]
        list(self._pool.map(self._tell, due))
        return STEP_SECONDS if due or self._list_due(NEAR_SECONDS) else LOOK_SECONDS

    def close(self) -> None:
        """Wait for what is under way."""
        self._pool.shutdown(wait=True)

    def _list_due(self, ahead_seconds: float) -> list[str]:
        with self._exchange.sessions() as session:
            now = read_now(session, self._exchange.clock)
            return list_due_call_ids(session, now + timedelta(seconds=ahead_seconds), BATCH)

    def _tell(self, call_id: str) -> None:
        """One call's trouble must not keep the others waiting, nor come back at once."""
        self._not_before[call_id] = time.monotonic() + AGAIN_SECONDS
        try:
            answer = apply_input(self._exchange, call_id, TimePassed())
        except Exception:
            log.exception("deadline_not_met", call_id=call_id)
            return
        if answer.step is not None and not answer.step.ignored:
            self._not_before.pop(call_id, None)


class Sweep:
    """Finds people for waiting calls, makes requests of the calls' orders for teams, and purges."""

    def __init__(self, exchange: Exchange, paging: Paging) -> None:
        self._exchange = exchange
        self._paging = paging

    def offer(self) -> float:
        """Offer free people to calls that wait."""
        offer_waiting(self._exchange)
        return SWEEP_SECONDS

    def request(self) -> float:
        """Make dispatch requests of the calls' orders."""
        record_requests(self._paging)
        return SWEEP_SECONDS

    def call_back(self) -> float:
        """Take what the calls order for callers who are not on the line, and begin what is due."""
        return 0.0 if keep_call_backs(self._paging) else SWEEP_SECONDS

    def purge(self) -> float:
        """Forget some of what has served its time."""
        return PURGE_ON_SECONDS if purge(self._exchange) else PURGE_SECONDS
