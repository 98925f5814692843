"""The switchboard: carries out the calls' commands, tells calls the time, mends what was lost.

Several may run: rows are claimed, and one rate of placing calls holds for all. Only the hand-over
of tasks knows Redis, on a thread that nothing waits for.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Sequence
from types import FrameType

from router.config import Settings, load_settings_or_exit
from router.logs import configure_logging, get_logger
from router.services.hand_over import HandOver
from workers.celery_app import CeleryPublisher, Publisher, make_app
from workers.executor import THREADS, URGENT_THREADS, Executor
from workers.listener import Listener
from workers.loop import Loop
from workers.repair import THREADS as REPAIR_THREADS
from workers.repair import Repairer
from workers.sweep import THREADS as DUE_THREADS
from workers.sweep import DueTimes, Sweep
from workers.wiring import Tools, make_tools

log = get_logger(__name__)

SWEEP_SECONDS = 1.0
OWN_ADDRESS_SECONDS = 5.0
STOP_SECONDS = 10.0
LOOPS = 11
NESTED = 4  # news of a dispatch holds its request's row while its call is told
CONNECTIONS = URGENT_THREADS + THREADS + DUE_THREADS + REPAIR_THREADS + LOOPS + NESTED


class Switchboard:
    """All threads of the process; `start`, then `stop`."""

    def __init__(self, tools: Tools, publisher: Publisher) -> None:
        self._executor = Executor(tools.outgoing, tools.carrier, self.wake)
        self._due = DueTimes(tools.exchange)
        self._repairer = Repairer(tools.outgoing, tools.paging)
        self._listener = Listener(tools.engine, self.wake)
        self._address_is_dead = tools.outgoing.address_is_dead
        self._handing = HandOver(tools.exchange, publisher.publish, tools.outgoing.worker)
        sweep = Sweep(tools.exchange, tools.paging)
        self._woken = (
            Loop("commands", self._executor.claim),
            Loop("offers", sweep.offer),
            Loop("requests", sweep.request),
            Loop("call-backs", sweep.call_back),
            Loop("hand-over", self._hand_over),
        )
        self._others = (
            Loop("due", self._due.turn),
            Loop("unknown", self._executor.settle),
            Loop("repair", self._repairer.turn),
            Loop("listen", self._listener.turn),
            Loop("purge", sweep.purge),
            Loop("address", self._ask_own_address),
        )

    def start(self) -> None:
        """Start every thread."""
        for loop in (*self._woken, *self._others):
            loop.start()

    def wake(self) -> None:
        """There may be something to do."""
        for loop in self._woken:
            loop.wake()

    def stop(self) -> None:
        """Finish the attempts under way and end; what is left is on record for others."""
        loops: Sequence[Loop] = (*self._woken, *self._others)
        self._listener.stop()
        for loop in loops:
            loop.stop()
        give_up_at = time.monotonic() + STOP_SECONDS
        for loop in loops:
            loop.join(max(0.0, give_up_at - time.monotonic()))
        self._executor.close()
        self._due.close()
        self._repairer.close()

    def _ask_own_address(self) -> float:
        if self._address_is_dead():
            log.error("own_address_dead")
        return OWN_ADDRESS_SECONDS

    def _hand_over(self) -> float:
        taken = self._handing.hand_over()
        self._handing.find_lost()
        return 0.0 if taken else SWEEP_SECONDS


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    settings = load_settings_or_exit()
    configure_logging(settings.log_level, settings.log_format)
    run(settings)


def run(settings: Settings) -> None:
    """Run a switchboard in this thread's process until a signal ends it."""
    ended = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    tools = make_tools(settings, "switchboard", threads=CONNECTIONS)
    switchboard = Switchboard(tools, CeleryPublisher(make_app(settings)))
    switchboard.start()
    log.info("switchboard_started")
    ended.wait()
    switchboard.stop()
    tools.engine.dispose()
    log.info("switchboard_stopped")


if __name__ == "__main__":
    main()
