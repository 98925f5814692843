"""Tells calls that a fail-safe has answered their caller, as soon as they can be told (Law 1).

The document itself needs nobody (Law 4). The call goes on without it until it hears: it would ring
clinicians for a caller who talks with 911, and fetch them away.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

from router.errors import NotFoundError
from router.logs import get_logger

log = get_logger(__name__)

AGAIN_SECONDS = 0.25
LONGEST_SECONDS = 60.0
"""Older news may be wrong: the repair has read by then where the caller is, and they move on."""


class FailsafeNews:
    """One thread, started when first needed and in the process that needs it.

    `tell` tells the leg's call; it may raise. A daemon: it keeps no process from ending.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._guard = threading.Lock()
        self._pid = 0
        self._legs: SimpleQueue[tuple[str, float]] = SimpleQueue()

    def add(self, leg_id: str) -> None:
        """Have the leg's call told. Returns at once."""
        with self._guard:
            if self._pid != os.getpid():  # gunicorn forked after this was made
                self._pid, self._legs = os.getpid(), SimpleQueue()
                threading.Thread(
                    target=self._serve, args=(self._legs,), name="failsafe-news", daemon=True
                ).start()
        self._legs.put((leg_id, time.monotonic() + LONGEST_SECONDS))

    def _serve(self, legs: SimpleQueue[tuple[str, float]]) -> None:
        while True:
            leg_id, until = legs.get()
            if time.monotonic() >= until:
                log.warning("failsafe_never_told", leg_id=leg_id)
            elif not self._told(leg_id):
                time.sleep(AGAIN_SECONDS)
                legs.put((leg_id, until))

    def _told(self, leg_id: str) -> bool:
        try:
            self._tell(leg_id)
        except NotFoundError:
            log.error("failsafe_of_no_call", leg_id=leg_id)  # noqa: TRY400 - its name says it all
        except Exception as error:  # noqa: BLE001 - the database may be back in a moment
            log.debug("failsafe_not_told", leg_id=leg_id, error=type(error).__name__)
            return False
        return True
