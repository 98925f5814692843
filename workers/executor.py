"""Performs the calls' commands: claims them most urgent first, each attempt on a thread of its own.

911's commands have threads that nothing else may use, so that slow requests of others never hold
one up. Redis has no part in any of this.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from ivr_flows.outputs import Urgency
from router.logs import bound, get_logger
from router.services import carry_out, page_calls, settle_unknown, welfare
from router.services import dispatch_moves as moves
from router.services.carry_out import Outgoing
from router.services.page_calls import PageCarrier
from router.storage.outbox import OutboxRow

log = get_logger(__name__)

SWEEP_SECONDS = 1.0
"""The sweep is authoritative; the database's notice only makes it faster (ARCHITECTURE.md)."""

SETTLE_SECONDS = 2.0  # a look-up asks the carrier, each time
URGENT_THREADS = 8
THREADS = 8


class Lane:
    """Some threads, and how many of them are free."""

    def __init__(self, name: str, size: int) -> None:
        self._pool = ThreadPoolExecutor(size, thread_name_prefix=name)
        self._free = size
        self._guard = threading.Lock()

    @property
    def free(self) -> int:
        """Threads that have nothing to do."""
        with self._guard:
            return self._free

    def submit(self, work: Callable[[], None], done: Callable[[], None]) -> None:
        """Run `work` on a free thread, then `done`."""
        with self._guard:
            self._free -= 1

        def run() -> None:
            try:
                work()
            finally:
                with self._guard:
                    self._free += 1
                done()

        self._pool.submit(run)

    def close(self) -> None:
        """Wait for the work under way."""
        self._pool.shutdown(wait=True)


class Executor:
    """Claims and performs; `wake` is called when a thread has become free."""

    def __init__(self, outgoing: Outgoing, pages: PageCarrier, wake: Callable[[], None]) -> None:
        self._outgoing = outgoing
        self._pages = pages
        self._wake = wake
        self._urgent = Lane("urgent", URGENT_THREADS)
        self._others = Lane("command", THREADS)
        self._guard = threading.Lock()
        self._at_work: set[int] = set()

    def claim(self) -> float:
        """Take what is due and there are threads for; seconds until there may be more."""
        urgent, others = self._urgent.free, self._others.free
        claimed = carry_out.claim_commands(self._outgoing, urgent, others)
        for row in claimed.urgent:
            self._start(self._urgent, row, self._perform)
        for row in claimed.others:
            self._start(self._others, row, self._perform)
        if claimed.urgent or claimed.others:
            return 0.0
        seconds = claimed.wait_seconds
        return SWEEP_SECONDS if seconds is None else min(seconds, SWEEP_SECONDS)

    def settle(self) -> float:
        """Look up attempts whose result was never recorded."""
        for row in settle_unknown.list_stale(self._outgoing):
            lane = self._urgent if row.urgency == Urgency.RETURN_TO_911 else self._others
            # One this very process still works on is slow, not unknown.
            if row.id not in self._at_work and lane.free > 0:
                self._start(lane, row, self._settle)
        return SETTLE_SECONDS

    def close(self) -> None:
        """Finish the attempts under way; what is not claimed is another process's."""
        self._urgent.close()
        self._others.close()

    def _start(self, lane: Lane, row: OutboxRow, work: Callable[[OutboxRow], None]) -> None:
        with self._guard:
            self._at_work.add(row.id)

        def run() -> None:
            try:
                with bound(call_id=row.call_id, outbox_id=row.id):
                    work(row)
            except Exception:
                # The row stays as attempted: it is looked up like one whose process died.
                log.exception("command_broke", command=row.name)
            finally:
                with self._guard:
                    self._at_work.discard(row.id)

        lane.submit(run, self._wake)

    def _perform(self, row: OutboxRow) -> None:
        if row.name == moves.PLACE_PAGE:
            page_calls.place_page(self._outgoing, self._pages, row)
        elif row.name == moves.END_PAGE:
            page_calls.end_page(self._outgoing, self._pages, row)
        elif row.name == welfare.PLACE_PAGE:
            page_calls.place_page(self._outgoing, self._pages, row, welfare.WELFARE_PAGES)
        elif row.name == welfare.END_PAGE:
            page_calls.end_page(self._outgoing, self._pages, row, welfare.WELFARE_PAGES)
        elif row.name == moves.TELL_CALL:
            page_calls.tell_news(self._outgoing, row)
        else:
            carry_out.carry_out(self._outgoing, row)

    def _settle(self, row: OutboxRow) -> None:
        if row.name == moves.PLACE_PAGE:
            page_calls.settle_page(self._outgoing, self._pages, row)
        elif row.name == welfare.PLACE_PAGE:
            page_calls.settle_page(self._outgoing, self._pages, row, welfare.WELFARE_PAGES)
        elif row.name in (moves.END_PAGE, welfare.END_PAGE, moves.TELL_CALL):
            self._perform(row)
        else:
            settle_unknown.settle(self._outgoing, row)
