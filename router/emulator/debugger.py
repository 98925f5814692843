"""The debugger log: warnings and errors with Twilio's numbers."""

from __future__ import annotations

from .clock import Clock
from .feed import Entry, Feed

# Codes Twilio logs as warnings; every other code is an error (from its published list).
# fmt: off
_WARNINGS = frozenset(
    [
        12200, 13000, 13210, 13212, 13213, 13214, 13215, 13216, 13218, 13219, 13221,
        13223, 13224, 13230, 13232, 13233, 13234, 13235, 13237, 13241, 13243, 13310,
        13312, 13313, 13314, 13320, 13326, 13327, 13410, 13430, 13510, 13520, 13610,
        13611, 13612, 13613, 13616, 13710, 13810, 13910, 15003, 21262, 22221,
    ]
)
# fmt: on


class Debugger:
    """Keeps what Twilio's debugger would show."""

    def __init__(self, clock: Clock, events: Feed) -> None:
        self.log = Feed(clock, limit=5_000)
        self._events = events

    def report(self, code: int, message: str, call_sid: str = "", url: str = "") -> Entry:
        level = "warning" if code in _WARNINGS else "error"
        facts = {"code": code, "message": message, "call_sid": call_sid, "url": url}
        self._events.add(level, **facts)
        return self.log.add(level, **facts)
