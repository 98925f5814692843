"""Runs documents on a leg: fetches them, falls back when they cannot be had, performs the verbs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from ..audio import Hearing
from ..call import Call, Source
from ..urls import is_absolute, resolve
from ..webhooks import Reply, Webhook
from .attributes import Attributes
from .grammar import LOGGED, REFUSED, REFUSED_ATTRIBUTES
from .parse import Document, Element, ParseError, parse

if TYPE_CHECKING:
    from ..world import World

# A circle of documents that takes no time is slowed down to one a second after this many.
MAX_DOCUMENTS_AT_ONCE = 50
_XML = ("text/xml", "application/xml", "text/html")


class Ending(Enum):
    """Why a session stopped."""

    END = "end of the document"
    HANGUP = "hangup"
    LEAVE = "leave"
    FAILED = "no document"
    BUSY = "rejected as busy"
    REJECTED = "rejected"

    @property
    def status(self) -> str:
        """The status of a call that ends this way."""
        return {"BUSY": "busy", "REJECTED": "no-answer"}.get(self.name, "completed")


@dataclass(frozen=True)
class Context:
    """Where a document runs: which verbs it may hold, and which error tells of the others."""

    name: str
    verbs: frozenset[str]
    refusal: int = 12200
    fatal: bool = False


def _verbs(text: str) -> frozenset[str]:
    return frozenset(text.split())


MAIN = Context(
    "main",
    _verbs(
        "Say Play Pause Gather Redirect Reject Hangup Dial Enqueue Leave Record Sms Echo Refer "
        "Connect Start Stop Pay Prompt"
    ),
)
QUEUE_WAIT = Context("wait", _verbs("Play Say Pause Hangup Redirect Leave Gather"))
CONFERENCE_WAIT = Context("wait", _verbs("Play Say Pause Redirect"), 13238, fatal=True)
HOLD = Context("hold", _verbs("Play Say Pause Redirect"), 13238, fatal=True)
ANNOUNCE = Context("announce", _verbs("Play Say Pause Redirect"), 13238, fatal=True)
WHISPER = Context("whisper", _verbs("Play Say Gather Hangup Pause Redirect"), 13201, fatal=True)
# Whether a whisper may pause and redirect is not confirmed: the switch `whisper_pauses`.
WHISPER_STRICT = Context("whisper", _verbs("Play Say Gather Hangup"), 13201, fatal=True)
QUEUE_WHISPER = Context("whisper", _verbs("Play Say Pause Redirect"), 13201, fatal=True)
# The answer to an action requested after the caller is gone: nothing that needs a caller.
AFTERWARDS = Context("afterwards", _verbs("Redirect Sms"))

Next = Source | Ending | None
Verb = Callable[["Session", Element], Awaitable[Next]]
# Filled by verbs.install(): the verbs need the session, which therefore cannot import them.
VERBS: dict[str, Verb] = {}


class Session:
    """One run of documents on one leg, in one context."""

    def __init__(self, call: Call, context: Context = MAIN, where: str = "") -> None:
        self.call = call
        self.world: World = call.world
        self.context = context
        self.where = where
        self.url = ""
        self.failed_code = 0
        self._moment = 0.0
        self._documents = 0

    def warn(self, code: int, message: str) -> None:
        self.world.debugger.report(code, message, self.call.sid, self.url)

    def attributes(self, element: Element) -> Attributes:
        return Attributes(element, self.warn)

    def source(self, url: str, method: str, params: dict[str, str], kind: str) -> Source | None:
        """An address in this document, made absolute; None (with an error) where it cannot be."""
        target = resolve(self.url, url)
        if not is_absolute(target):
            self.warn(15004, f"Action URL must be absolute in inline TwiML: '{url}'")
            return None
        return Source(target, method, params, kind=kind)

    async def run(self, source: Source) -> Ending:
        """Run `source` and every document it leads to."""
        while True:
            await self._slow_down()
            document = await self._load(source)
            if document is None:
                return Ending.FAILED
            outcome = await self._perform(document)
            if isinstance(outcome, Ending):
                return outcome
            if outcome is None:
                return Ending.END
            source = outcome

    async def _slow_down(self) -> None:
        now = self.world.clock.now()
        if now - self._moment >= 1.0:
            self._moment, self._documents = now, 0
        self._documents += 1
        if self._documents > MAX_DOCUMENTS_AT_ONCE:
            await self.world.clock.sleep(1.0)

    # Fetching

    async def fetch(self, kind: str, url: str) -> Reply:
        """Something that is no document: a sound."""
        hook = Webhook(kind, url, {}, "GET", self.call.sid, self.call.cookies)
        return await self.world.webhooks.ask(hook)

    async def _load(self, source: Source) -> Document | None:
        """The document, or the fallback's, or None after the caller was told of the error."""
        document, code, message = await self._fetch(source)
        if document is not None:
            return document
        self.warn(code, message)
        self.failed_code = code
        fallback = self.call.fallback
        if self.context is MAIN and fallback is not None and fallback.url:
            params = source.params | {"ErrorCode": str(code), "ErrorUrl": source.url}
            second = Source(fallback.url, fallback.method, params, kind="fallback")
            document, code, message = await self._fetch(second)
            if document is not None:
                return document
            self.warn(code, message)
        if self.context is MAIN:
            await self.say(self.world.switches.application_error_text)
        return None

    async def _fetch(self, source: Source) -> tuple[Document | None, int, str]:
        if source.twiml:
            self.url = source.url
            return self._read(source.twiml)
        if not is_absolute(source.url):
            return None, 11100, f"Invalid URL format: '{source.url}'"
        hook = Webhook(
            source.kind,
            source.url,
            self.call.params() | source.params,
            source.method,
            self.call.sid,
            self.call.cookies,
        )
        reply = await self.world.webhooks.ask(hook)
        self.url = reply.url
        if not reply.ok:
            return None, reply.error or 11200, reply.message or "HTTP retrieval failure"
        return self._understand(reply)

    def _understand(self, reply: Reply) -> tuple[Document | None, int, str]:
        kind = reply.content_type
        if reply.is_empty_chunked:
            return None, 11770, "Empty response body"
        if kind.startswith("audio/"):
            return Document([Element("Play", {}, reply.url, at_hand=True)], []), 0, ""
        if kind == "text/plain":
            document, _, _ = self._read(reply.body)
            if document is None:
                document = Document([Element("Say", {}, reply.body.strip())], [])
            return document, 0, ""
        if kind not in _XML:
            return None, 12300, f"Invalid Content-Type: '{kind}'"
        return self._read(reply.body)

    def _read(self, text: str) -> tuple[Document | None, int, str]:
        try:
            document = parse(text)
        except ParseError as error:
            return None, error.code, error.message
        for code, message in document.warnings:
            self.warn(code, message)
        return document, 0, ""

    # Performing

    async def _perform(self, document: Document) -> Next:
        for element in document.verbs:
            if not element.valid:
                if self.world.switches.unknown_verb == "stop":
                    return Ending.END
                continue
            if element.tag not in self.context.verbs:
                self.warn(
                    self.context.refusal, f"<{element.tag}> is not allowed in {self.context.name}"
                )
                if self.context.fatal:
                    self.failed_code = self.context.refusal
                    return Ending.FAILED
                continue
            self._note(element)
            self._answer_for(element)
            outcome = await VERBS[element.tag](self, element)
            if self.call.over and self.context is not AFTERWARDS:
                return Ending.HANGUP
            if outcome is not None:
                return outcome
        return None

    def _note(self, element: Element) -> None:
        """Write down what is accepted without effect, and refuse what is not for this network."""
        for part in element.walk():
            if not part.attributes and part.tag not in REFUSED:
                continue
            idle = {k: v for k, v in part.attributes.items() if k in LOGGED.get(part.tag, ())}
            if idle:
                self.world.events.add(
                    "accepted", call=self.call.sid, element=part.tag, attributes=idle
                )
            given = REFUSED_ATTRIBUTES.get(part.tag, frozenset()) & part.attributes.keys()
            if part.tag in REFUSED:
                self.warn(13750, f"<{part.tag}> is not supported by this network")
            elif given:
                names = ", ".join(sorted(given))
                self.warn(13750, f"{names} of <{part.tag}> is not supported by this network")

    def _answer_for(self, element: Element) -> None:
        """Twilio answers an inbound call at its first verb, unless that is <Reject>."""
        if self.call.live or self.call.over or element.tag == "Reject":
            return
        if element.tag == "Pause" and not self.world.switches.pause_answers:
            return
        if element.tag == "Dial" and element.get("answerOnBridge").lower() == "true":
            return
        self.call.set_backdrop(None)
        self.call.answer()

    async def say(self, text: str) -> None:
        """The carrier's own announcement."""
        if not self.call.live:
            self.call.set_backdrop(None)
            self.call.answer()
        seconds = self.world.switches.application_error_seconds or self.speech_seconds(text)
        await self.sound(Hearing("say", text), seconds)

    def speech_seconds(self, text: str) -> float:
        rate = self.world.switches.speech_rate
        return len(text.split()) / rate if rate > 0 else 0.0

    async def sound(self, hearing: Hearing, seconds: float, loop: int = 1) -> None:
        with self.call.sounding(replace(hearing, where=self.where, loop=loop)):
            await self.world.clock.sleep(seconds)
