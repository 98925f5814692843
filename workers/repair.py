"""The repairer: every half minute it asks the carrier about legs, and twice about a dead one."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from router.logs import get_logger
from router.services.carry_out import Outgoing
from router.services.dispatch_moves import Paging
from router.services.notify import give_up_on_messages
from router.services.repair_legs import Repair, heal_presence
from router.storage.live_legs import LiveLeg

log = get_logger(__name__)

ROUND_SECONDS = 30.0
LOOK_SECONDS = 2.0
THREADS = 4  # each asks about one leg at a time, 4 s at most


class Repairer:
    """Rounds over all legs, looks at suspects in between, and what else is mended at leisure."""

    def __init__(self, outgoing: Outgoing, paging: Paging) -> None:
        self._outgoing = outgoing
        self._paging = paging
        self._repair = Repair(outgoing)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="repair")
        self._next_round = 0.0

    def turn(self) -> float:
        """Look at every leg when a round is due, else at those under suspicion."""
        is_round = time.monotonic() >= self._next_round
        if is_round:
            self._next_round = time.monotonic() + ROUND_SECONDS
        list(self._pool.map(self._look_at, self._repair.list_legs(all_legs=is_round)))
        if is_round:
            heal_presence(self._outgoing)
            give_up_on_messages(self._paging)
        return LOOK_SECONDS

    def close(self) -> None:
        """Wait for what is under way."""
        self._pool.shutdown(wait=True)

    def _look_at(self, leg: LiveLeg) -> None:
        try:
            self._repair.look_at(leg)
        except Exception:
            log.exception("leg_not_looked_at", leg_id=leg.id)
