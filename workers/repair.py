"""The repairer: every half minute it holds our calls against the carrier's, and looks twice."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from router.services.carry_out import Outgoing
from router.services.dispatch_moves import Paging
from router.services.notify import give_up_on_messages
from router.services.repair_legs import Repair, heal_presence

ROUND_SECONDS = 30.0
LOOK_SECONDS = 2.0
THREADS = 4  # each asks the carrier one thing at a time, 4 s at most


class Repairer:
    """Rounds over all calls, a second reading of suspects, and what else is mended at leisure.

    Of several switchboards one does it; the others take over when it is gone.
    """

    def __init__(self, outgoing: Outgoing, paging: Paging) -> None:
        self._outgoing = outgoing
        self._paging = paging
        self._repair = Repair(outgoing)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="repair")
        self._next_round = 0.0

    def turn(self) -> float:
        """Read the carrier when a round or a second reading is due; seconds until the next turn."""
        if not self._repair.is_ours():
            return LOOK_SECONDS
        is_round = time.monotonic() >= self._next_round
        if is_round:
            self._next_round = time.monotonic() + ROUND_SECONDS
            heal_presence(self._outgoing)
            give_up_on_messages(self._paging)
        if is_round or self._repair.is_second_reading_due():
            self._repair.look(self._pool.map)
        return LOOK_SECONDS

    def close(self) -> None:
        """Wait for what is under way."""
        self._pool.shutdown(wait=True)
