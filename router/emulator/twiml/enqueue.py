"""<Enqueue>: wait in a queue, hearing its wait document over and over."""

from __future__ import annotations

import asyncio

from ..audio import Hearing
from ..call import HUNG_UP, Source
from ..queue import Claim, Member
from .dial_base import tell_afterwards
from .parse import Element
from .session import QUEUE_WAIT, QUEUE_WHISPER, Ending, Next, Session

Params = dict[str, str]


class Enqueue:
    """One leg's stay in a queue."""

    def __init__(self, session: Session, element: Element) -> None:
        read = session.attributes(element)
        self.session, self.element = session, element
        self.call, self.world = session.call, session.world
        self.method = read.method()
        self.wait_method = read.method("waitUrlMethod")
        self.limit = read.number("maxQueueSize", 0, low=1, high=5_000)
        queues = self.world.queues
        name = element.text or "default"
        self.queue = queues.named(name) or queues.create(name)
        self.member = Member(self.queue, self.call)
        self.claim: Claim | None = None
        self.talking = False
        self._waiting: asyncio.Task[None] | None = None

    async def run(self) -> Next:
        queue = self.queue
        if self.element.get("workflowSid"):  # told of by 13750: there is no TaskRouter here
            return self._next(self._params("system-error"))
        if len(queue.members) >= (self.limit or queue.max_size):
            params = {"QueueResult": "queue-full", "QueueSid": queue.sid, "QueueTime": "0"}
            return self._next(params)
        with self.call.leaving(self._interrupted):
            queue.add(self.member)
            self.call.set_backdrop(Hearing("wait", where=queue.name))
            if self.member in queue.members:
                self._waiting = asyncio.get_running_loop().create_task(self._wait())
                self.world.keep(self._waiting)
            return await self._until_taken()

    async def _until_taken(self) -> Next:
        member = self.member
        what = await member.inbox.get()
        self._stop_waiting()
        member.queue.remove(member)
        self.call.set_backdrop(None)
        if isinstance(what, Source):
            if self.world.switches.enqueue_action_after_redirect:
                self._tell("redirected")
            return what
        if isinstance(what, Claim):
            return await self._serve(what)
        if what == "hangup":
            self._tell("hangup", hung_up=True)
            return Ending.HANGUP
        return self._next(self._params(what))

    async def _serve(self, claim: Claim) -> Next:
        """A <Dial><Queue> took this caller: its whisper first, then the two talk."""
        self.claim = claim
        if claim.whisper_url:
            params = self._about() | {"DequeingCallSid": claim.dialer.sid}
            source = Source(claim.whisper_url, claim.whisper_method, params, kind="whisper")
            ending = await Session(self.call, QUEUE_WHISPER).run(source)
            if ending is not Ending.END:
                claim.inbox.put_nowait("error")
                return self._next(self._params("error"))
        if claim.dialer.over:
            return self._next(self._params("error"))
        self.talking = True
        claim.inbox.put_nowait("ready")
        await self.member.inbox.get()
        self.talking = False
        return self._next(self._params("bridged"))

    # The wait document

    async def _wait(self) -> None:
        """Twilio asks for the wait document again whenever it has run out."""
        if not self.element.get("waitUrl"):
            with self.call.sounding(Hearing("play", "hold music", where="wait")):
                await asyncio.get_running_loop().create_future()
            return
        clock, floor = self.world.clock, self.world.switches.wait_loop_floor_seconds
        while True:
            began = clock.now()
            ending = await self._wait_once()
            if ending is Ending.LEAVE:
                self.member.inbox.put_nowait("leave")
                return
            if ending is Ending.HANGUP:
                self.member.inbox.put_nowait("hangup")
                return
            if ending is Ending.FAILED:
                self.member.inbox.put_nowait("error")
                return
            await clock.sleep(floor - (clock.now() - began))

    async def _wait_once(self) -> Ending:
        params = self._wait_params()
        url = self.element.get("waitUrl")
        source = self.session.source(url, self.wait_method, params, "wait")
        if source is None:
            return Ending.FAILED
        return await Session(self.call, QUEUE_WAIT, "wait").run(source)

    def _wait_params(self) -> Params:
        queue = self.queue
        return self._about() | {
            "QueuePosition": str(self.member.position),
            "AvgQueueTime": str(queue.average_wait),
            "CurrentQueueSize": str(len(queue.members)),
            "MaxQueueSize": str(queue.max_size),
        }

    def _stop_waiting(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.cancel()
        self._waiting = None
        self.call.sounds = [s for s in self.call.sounds if s.where != "wait"]
        self.call.digit_sinks.clear()
        self.call.speech_sinks.clear()

    # Its end

    def _about(self) -> Params:
        return {"QueueSid": self.queue.sid, "QueueTime": str(self.member.waited)}

    def _params(self, result: str) -> Params:
        return self._about() | {"QueueResult": result}

    def _next(self, params: Params) -> Next:
        if not self.element.has("action"):
            return None
        return self.session.source(self.element.get("action"), self.method, params, "action")

    def _tell(self, result: str, *, hung_up: bool = False) -> None:
        """Request the action although the leg is already elsewhere."""
        if self.element.has("action"):
            url, params = self.element.get("action"), self._params(result)
            target = self.session.source(url, self.method, params, "action")
            tell_afterwards(self.session, target, hung_up=hung_up)

    def _interrupted(self, reason: str) -> None:
        """Hung up or moved by REST, while waiting or while talking."""
        self._stop_waiting()
        self.queue.remove(self.member)
        if self.claim is not None:
            self.claim.inbox.put_nowait("gone")
        switches = self.world.switches
        if reason == HUNG_UP:
            if switches.enqueue_action_after_hangup:
                self._tell("bridged" if self.talking else "hangup", hung_up=True)
        elif switches.enqueue_action_after_redirect:
            self._tell("redirected-from-bridged" if self.talking else "redirected")


async def enqueue(session: Session, element: Element) -> Next:
    return await Enqueue(session, element).run()
