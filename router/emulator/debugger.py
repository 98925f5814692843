"""The debugger log: warnings and errors with Twilio's numbers."""

from __future__ import annotations

from .clock import Clock
from .feed import Entry, Feed

# Codes Twilio logs as warnings; every other code is an error (from its published list).
# fmt: off
WARNINGS = frozenset(
    [
        12200, 13000, 13112, 13210, 13211, 13212, 13213, 13214, 13215, 13216, 13217, 13218,
        13219, 13220, 13221, 13222, 13223, 13224, 13225, 13226, 13227, 13230, 13232, 13233,
        13234, 13235, 13236, 13237, 13241, 13242, 13243, 13244, 13245, 13246, 13248, 13249,
        13250, 13251, 13252, 13253, 13254, 13255, 13256, 13310, 13311, 13312, 13313, 13314,
        13320, 13321, 13322, 13326, 13327, 13328, 13329, 13330, 13331, 13332, 13333, 13334,
        13335, 13410, 13430, 13510, 13511, 13512, 13513, 13520, 13521, 13610, 13611, 13612,
        13613, 13614, 13615, 13616, 13617, 13618, 13619, 13620, 13699, 13710, 13805, 13810,
        13910, 15003, 16101, 16102, 20001, 21262, 21263, 22221,
    ]
)
# fmt: on


class Debugger:
    """Keeps what Twilio's debugger would show."""

    def __init__(self, clock: Clock, events: Feed) -> None:
        self.log = Feed(clock, limit=5_000)
        self._events = events

    def report(self, code: int, message: str, call_sid: str = "", url: str = "") -> Entry:
        level = "warning" if code in WARNINGS else "error"
        facts = {"code": code, "message": message, "call_sid": call_sid, "url": url}
        self._events.add(level, **facts)
        return self.log.add(level, **facts)
