"""When our record of where callers are may be behind: a fail-safe may have rung 911 for them (RE5).

While the database is gone, or all of us are, callers are answered by documents that need neither.
No record is made of that. The repair reads it from the carrier in its rounds; until one has passed,
nobody moves a caller without asking whom they talk to.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import Engine, ExceptionContext, event

DOUBTFUL_SECONDS = 60.0
"""The repair comes around every 30 s, with a second reading 10 s later; each takes its time."""


class Outages:
    """One process's view of them. Its own start is the end of one, for all that it knows.

    `now` gives seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._noticed_at = now()

    def watch(self, engine: Engine) -> None:
        """Notice each connection that is lost, or cannot be made."""
        event.listen(engine, "handle_error", self._notice)

    def are_recent(self) -> bool:
        """Whether callers may be where our record does not have them."""
        return self._now() - self._noticed_at < DOUBTFUL_SECONDS

    def _notice(self, context: ExceptionContext) -> None:
        if context.is_disconnect or context.connection is None:
            self._noticed_at = self._now()
