"""A thread that takes turns: each tells how long the next may wait; none ends the thread."""

from __future__ import annotations

import threading
from collections.abc import Callable

from router.logs import get_logger

log = get_logger(__name__)

AFTER_ERROR_SECONDS = 1.0


class Loop(threading.Thread):
    """Calls `turn` until it is stopped.

    `turn` returns the seconds until the next, which `wake` shortens. An exception is logged and the
    next turn comes in a second: the database may be back by then.
    """

    def __init__(self, name: str, turn: Callable[[], float]) -> None:
        super().__init__(name=name, daemon=True)
        self._turn = turn
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._failing = ""

    def run(self) -> None:
        """Take turns until `stop`."""
        while not self._stopping.is_set():
            # Cleared before the turn: what happens during it is seen by the next one.
            self._woken.clear()
            self._woken.wait(self._take_turn())

    def wake(self) -> None:
        """Let the next turn begin at once."""
        self._woken.set()

    def stop(self) -> None:
        """Ask for the end; the turn under way is finished."""
        self._stopping.set()
        self._woken.set()

    def _take_turn(self) -> float:
        try:
            seconds = self._turn()
        except Exception as error:
            kind = type(error).__name__
            # One line when it begins, not one a second while a server is away.
            if kind != self._failing:
                log.exception("loop_failed", loop=self.name)
            self._failing = kind
            return AFTER_ERROR_SECONDS
        if self._failing:
            log.info("loop_recovered", loop=self.name)
            self._failing = ""
        return seconds
