"""What every kind of <Dial> has in common."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from ..call import HUNG_UP, Callback, Source
from ..recordings import Recording
from .parse import Element
from .recording import TRIMS, read_terms
from .session import AFTERWARDS, Ending, Next, Session

if TYPE_CHECKING:
    from ..call import Call

Result = dict[str, str]

PROGRESS = ("initiated", "ringing", "answered", "completed")
CONFERENCE_EVENTS = (
    *("start", "end", "join", "leave", "mute", "hold", "modify"),
    *("speaker", "announcement"),
)
RECORD = (
    "do-not-record",
    "record-from-answer",
    "record-from-ringing",
    "record-from-answer-dual",
    "record-from-ringing-dual",
    "true",
    "false",
)
_RING_TONE = re.compile(r"^([a-z]{2}|us-old)$")


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
        self.record = read.choice("record", RECORD, "do-not-record", 13217)
        self.track = read.choice("recordingTrack", ("both", "inbound", "outbound"), "both")
        read.choice("trim", TRIMS, "", 13699)
        read.check("ringTone", fine=bool(_RING_TONE.match(read.text("ringTone"))), code=13220)
        self.recording: Recording | None = None
        self.goes_to: Source | None = None  # where a REFER sends the leg, instead of its action
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
        if self.goes_to is not None:
            return self.goes_to
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
        if self.action and wanted:
            target = self.session.source(self.action, self.method, result, "action")
            tell_afterwards(self.session, target, hung_up=hung_up)

    # Recording

    def start_recording(self, moment: str) -> None:
        """`moment` is answer or ringing: whether the recording begins then."""
        record = "record-from-answer" if self.record == "true" else self.record
        if self.recording is not None or not record.startswith(f"record-from-{moment}"):
            return
        channels = 2 if record.endswith("-dual") else 1
        terms = read_terms(self.session, self.element, channels=channels, track=self.track)
        self.recording = self.world.recordings.start(self.call, "DialVerb", terms)

    def stop_recording(self) -> Result:
        if self.recording is None:
            return {}
        self.world.recordings.stop(self.recording)
        return {"RecordingUrl": self.recording.media_url(self.world)}

    # While it lasts

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
        events = frozenset(read.words("statusCallbackEvent", PROGRESS, "completed"))
        # The fragment carries overrides, which resolving keeps.
        return Callback(target.url, read.method("statusCallbackMethod"), events)


def tell_afterwards(session: Session, target: Source | None, *, hung_up: bool) -> None:
    """Request an action although the leg is gone from there.

    What it answers is ignored, unless the leg was hung up and the switch `action_after_hangup`
    says that verbs which need no caller are run.
    """
    call = session.call
    if target is None:
        return
    if hung_up and session.world.switches.action_after_hangup == "run":
        afterwards = Session(call, AFTERWARDS)
        session.world.spawn(_run_afterwards(afterwards, target))
    else:
        call.tell("action", target.url, target.method, target.params)


async def _run_afterwards(session: Session, source: Source) -> Ending:
    return await session.run(source)
