"""Threads that do a webhook's work, so that the webhook itself can give up in time (Law 3).

Waits for the database end by themselves at the deadline; looking up the database's name, a full
disk or a lock do not. The one who asked is answered in time whatever the work is stuck in.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextvars import Context, copy_context
from queue import SimpleQueue
from typing import Any, TypeVar

_T = TypeVar("_T")


class TimeUpError(Exception):
    """The work was not done in time; it may yet finish, and is expected to see that it is late."""


class AllBusyError(Exception):
    """Every thread is stuck in earlier work."""


class _Job:
    """One piece of work. `done` is locked until there is a result or an error."""

    __slots__ = ("context", "done", "error", "result", "work")

    def __init__(self, work: Callable[[], Any], context: Context) -> None:
        self.work = work
        self.context = context
        self.done = threading.Lock()
        self.done.acquire()
        self.result: Any = None
        self.error: BaseException | None = None


class Crew:
    """At most `size` threads, started when first needed and in the process that needs them.

    They are daemons: a stuck one does not keep a process from ending.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._guard = threading.Lock()
        self._reset()

    def run(self, work: Callable[[], _T], seconds: float) -> _T:
        """What `work` returns or raises, or TimeUpError after `seconds`.

        Raises AllBusyError at once when no thread is free.
        """
        job = _Job(work, copy_context())
        with self._guard:
            if self._pid != os.getpid():  # gunicorn forked after this was made
                self._reset()
            if self._busy == self._size:
                raise AllBusyError
            self._busy += 1
            if self._busy > self._started:
                threading.Thread(
                    target=self._serve, args=(self._jobs,), name="webhook", daemon=True
                ).start()
                self._started += 1
        self._jobs.put(job)
        if not job.done.acquire(timeout=max(seconds, 0.001)):
            raise TimeUpError
        if job.error is not None:
            raise job.error
        result: _T = job.result
        return result

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._busy = 0
        self._started = 0

    def _serve(self, jobs: SimpleQueue[_Job]) -> None:
        while True:
            job = jobs.get()
            try:
                job.result = job.context.run(job.work)
            except BaseException as error:  # noqa: BLE001 - it belongs to the one who asked
                job.error = error
            with self._guard:
                self._busy -= 1
            job.done.release()
            del job  # a traceback kept here would keep the request's objects too
