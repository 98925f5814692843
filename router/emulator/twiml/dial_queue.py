"""<Dial><Queue>: take the caller at the front of a queue."""

from __future__ import annotations

import asyncio

from ..audio import Hearing
from ..queue import Bridge, Claim, Member
from .dial_base import Dial, Result
from .parse import Element
from .session import Session


class DialQueue(Dial):
    """Bridges the leg with the front of a queue."""

    def __init__(self, session: Session, element: Element, noun: Element) -> None:
        super().__init__(session, element)
        self.noun = noun
        self.member: Member | None = None
        self.bridge: Bridge | None = None
        self.waited = 0

    async def connect(self) -> Result:
        queue = self.world.queues.named(self.noun.text)
        if queue is None:
            # Twilio documents an error status for the action, and no code of its own.
            message = f"Dial: Invalid nested element: there is no queue '{self.noun.text}'"
            self.session.warn(13215, message)
            return {"DialCallStatus": "failed"}
        self.call.answer()
        self.member = await self._front(queue.next_member())
        if self.member is None:
            return {"DialCallStatus": "no-answer", "QueueSid": queue.sid}
        self.waited = self.member.waited
        inbox: asyncio.Queue[str] = asyncio.Queue()
        self.member.inbox.put_nowait(self._claim(inbox))
        self.call.set_backdrop(Hearing("ringback"))
        answer = await inbox.get()
        self.call.set_backdrop(None)
        if answer != "ready":
            return {"DialCallStatus": "failed"} | self._about()
        self.bridge = Bridge(self.call, self.member.call)
        self.start_recording("answer")
        listening = asyncio.ensure_future(self._listen(inbox))
        began = self.world.clock.now()
        try:
            await self.until_over(frozenset(["gone"]))
        finally:
            listening.cancel()
        self._part()
        seconds = round(self.world.clock.now() - began)
        bridged = {"DialBridged": "true", "DialCallDuration": str(seconds)}
        recorded = self.stop_recording()
        return {"DialCallStatus": "completed"} | bridged | self._about() | recorded

    async def _listen(self, inbox: asyncio.Queue[str]) -> None:
        self.inbox.put_nowait((await inbox.get(), None))

    async def _front(self, coming: asyncio.Future[Member]) -> Member | None:
        """The next caller, waited for as long as the Dial's timeout; hold music meanwhile."""
        gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def open_gate(_: object) -> None:
            if not gate.done():
                gate.set_result(None)

        coming.add_done_callback(open_gate)
        try:
            with self.call.sounding(Hearing("play", "hold music", where=self.noun.text)):
                await self.world.clock.wait(gate, self.timeout)
        except asyncio.CancelledError:
            if coming.done() and not coming.cancelled():
                coming.result().inbox.put_nowait("error")
            raise
        finally:
            if not coming.done():
                coming.cancel()
        return coming.result() if coming.done() and not coming.cancelled() else None

    def _claim(self, inbox: asyncio.Queue[str]) -> Claim:
        read = self.session.attributes(self.noun)
        url = ""
        if self.noun.has("url"):
            source = self.session.source(self.noun.get("url"), "POST", {}, "whisper")
            url = source.url if source is not None else ""
        return Claim(self.call, url, read.method(), inbox)

    def _about(self) -> Result:
        if self.member is None:
            return {}
        return {
            "QueueSid": self.member.queue.sid,
            "QueueTime": str(self.waited),
            "DialCallSid": self.member.call.sid,
        }

    def _part(self) -> None:
        if self.bridge is not None:
            self.bridge.end()
            self.bridge = None
        if self.member is not None:
            self.member.inbox.put_nowait("unbridged")

    def release(self, _reason: str) -> Result:
        connected = self.bridge is not None
        self._part()
        status = "completed" if connected else "canceled"
        return {"DialCallStatus": status} | self._about() | self.stop_recording()
