"""Hands tasks to the broker, and finds again what the broker lost: rows say what is still to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from router.logs import get_logger
from router.services import dispatch_moves as moves
from router.services.apply_input import Exchange
from router.services.clock import read_now
from router.storage import claims, dispatches, messages, outbox
from router.storage.messages import READY

log = get_logger(__name__)

Publish = Callable[[str, str, str, str], None]
"""Gives the broker a task: queue, name, what it is about, task id. Raises when it is not there."""

BATCH = 50
RETRY_SECONDS = 2.0
STALE_SECONDS = 30.0
UNSENT_SECONDS = 10.0
AGAIN_SECONDS = 10.0
"""A row still undone this long after its task was handed over is handed over again."""


@dataclass(slots=True)
class HandOver:
    """The hand-over of one process. `handed` remembers when a lost task was last given again."""

    exchange: Exchange
    publish: Publish
    worker: str
    handed: dict[str, datetime] = field(default_factory=dict)

    def hand_over(self) -> int:
        """Give the broker every task that is due; returns how many it took.

        Stops at the first that it does not take: the rest are tried again in a moment.
        """
        with self.exchange.sessions.begin() as session:
            now = read_now(session, self.exchange.clock)
            stale = now - timedelta(seconds=STALE_SECONDS)
            rows = claims.claim_tasks(session, self.worker, now, stale, BATCH)
        taken = 0
        for position, row in enumerate(rows):
            subject = str(row.payload.get("id", row.id))
            name = _TASKS.get(row.name, row.name)
            try:
                self.publish(row.kind, name, subject, str(row.id))
            except Exception as error:  # whatever the broker's library raises, the rows stay
                log.warning("hand_over_failed", error=type(error).__name__)
                self._give_back([left.id for left in rows[position:]], type(error).__name__)
                raise
            with self.exchange.sessions.begin() as session:
                outbox.mark_done(session, row.id)
            taken += 1
        return taken

    def find_lost(self) -> int:
        """Hand over again what should have been done by now; returns how many."""
        with self.exchange.sessions() as session:
            now = read_now(session, self.exchange.clock)
            unsent = now - timedelta(seconds=UNSENT_SECONDS)
            lost = [
                (outbox.DISPATCH, moves.ADVANCE, one)
                for one in dispatches.list_due_request_ids(session, now, BATCH)
            ] + [
                (outbox.NOTIFY, moves.SEND, one)
                for one in messages.list_ids(session, READY, unsent, BATCH)
            ]
        recent = now - timedelta(seconds=AGAIN_SECONDS)
        self.handed = {one: at for one, at in self.handed.items() if at > recent}
        due = [one for one in lost if one[2] not in self.handed]
        for queue, name, subject in due:
            self.publish(queue, name, subject, subject)
            self.handed[subject] = now
        return len(due)

    def _give_back(self, row_ids: list[int], error: str) -> None:
        with self.exchange.sessions.begin() as session:
            due_at = read_now(session, self.exchange.clock) + timedelta(seconds=RETRY_SECONDS)
            for row_id in row_ids:
                outbox.mark_ready(session, row_id, due_at, error)


_TASKS = {"NotifySupervisor": moves.TELL_SUPERVISORS}
"""Commands of calls that are tasks, by the task's name."""
