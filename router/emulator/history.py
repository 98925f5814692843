"""Former states of resources, so that a read can be stale as on the real network."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .world import World

_VERSIONS = 12


class History:
    """Keeps versions only while stale reads are switched on: they cost time and memory."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._versions: dict[str, deque[tuple[float, dict[str, Any]]]] = {}

    def keep(self, sid: str, describe: Callable[[], dict[str, Any]]) -> None:
        if self._world.faults.stale_seconds <= 0:
            return
        versions = self._versions.setdefault(sid, deque(maxlen=_VERSIONS))
        versions.append((self._world.clock.now(), describe()))

    def shows(self, created: float) -> bool:
        """Whether a list shows what was created then: a stale one does not have it yet."""
        stale = self._world.faults.stale_seconds
        return stale <= 0 or created <= self._world.clock.now() - stale

    def read(self, sid: str, describe: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The resource as it was `stale_seconds` ago, else as it is."""
        stale = self._world.faults.stale_seconds
        versions = self._versions.get(sid)
        if stale <= 0 or not versions:
            return describe()
        horizon = self._world.clock.now() - stale
        old = [version for moment, version in versions if moment <= horizon]
        return old[-1] if old else versions[0][1]
