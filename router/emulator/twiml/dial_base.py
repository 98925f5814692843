"""What every kind of <Dial> has in common."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ..call import HUNG_UP, Callback
from .parse import Element
from .session import Next, Session

if TYPE_CHECKING:
    from ..call import Call

Result = dict[str, str]


class Dial:
    """Twilio's defaults: timeout 30 s, timeLimit 4 h, answerOnBridge and hangupOnStar false."""

    def __init__(self, session: Session, element: Element) -> None:
        read = session.attributes(element)
        self.session, self.element = session, element
        self.call, self.world = session.call, session.world
        self.action = read.text("action")
        self.method = read.method(code=13210)
        # Twilio documents 5..600 s.
        self.timeout = read.number("timeout", 30, 13212, low=1, high=600)
        self.time_limit = read.number("timeLimit", 14_400, 13216, low=1)
        self.hangup_on_star = read.flag("hangupOnStar", default=False, code=13213)
        self.answer_on_bridge = read.flag("answerOnBridge", default=False, code=13219)
        self.sequential = read.flag("sequential", default=False, code=13218)
        self.record = read.text("record", "do-not-record")
        self.caller_id = read.text("callerId") or self.call.from_
        self.inbox: asyncio.Queue[tuple[str, Call | None]] = asyncio.Queue()

    async def connect(self) -> Result:
        """Connect the leg until that is over; the parameters of the action request."""
        raise NotImplementedError

    def release(self, reason: str, /) -> Result:
        """The leg was hung up or moved: let go at once."""
        raise NotImplementedError

    async def run(self) -> Next:
        with self.call.leaving(self._interrupted):
            result = await self.connect()
        if not self.element.has("action"):
            return None
        return self.session.source(self.action, self.method, result, "action")

    def _interrupted(self, reason: str) -> None:
        result = self.release(reason)
        switches = self.world.switches
        hung_up = reason == HUNG_UP
        wanted = (
            switches.dial_action_after_hangup if hung_up else switches.dial_action_after_redirect
        )
        target = self.session.source(self.action, self.method, {}, "action")
        if self.action and wanted and target is not None:
            self.call.tell("action", target.url, target.method, result)

    def on_star(self, digit: str) -> bool:
        if digit != "*":
            return False
        self.inbox.put_nowait(("star", None))
        return True

    async def until_over(self, others: frozenset[str]) -> tuple[str, Call | None]:
        """Wait for one of `others`, the star key or the time limit."""
        timer = self.world.clock.call_later(
            self.time_limit, lambda: self.inbox.put_nowait(("limit", None))
        )
        if self.hangup_on_star:
            self.call.digit_sinks.append(self.on_star)
        try:
            while True:
                what, who = await self.inbox.get()
                if what in others or what in ("star", "limit"):
                    return what, who
        finally:
            timer.cancel()
            if self.on_star in self.call.digit_sinks:
                self.call.digit_sinks.remove(self.on_star)

    def callback(self, noun: Element) -> Callback | None:
        """A noun's statusCallback; Twilio's default event is completed."""
        if not noun.has("statusCallback"):
            return None
        target = self.session.source(noun.get("statusCallback"), "POST", {}, "status")
        if target is None:
            return None
        read = self.session.attributes(noun)
        events = frozenset(read.words("statusCallbackEvent", "completed"))
        # The fragment carries overrides, which resolving keeps.
        return Callback(target.url, read.method("statusCallbackMethod"), events)
