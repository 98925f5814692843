"""Text messages, both ways."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .carrier import Number
from .errors import TwilioError
from .formats import is_number
from .webhooks import Webhook

if TYPE_CHECKING:
    from .world import World

MAX_BODY = 1_600  # Twilio: 21617 beyond
SEGMENT = 160
_STOP = frozenset(["stop", "stopall", "unsubscribe", "cancel", "end", "quit"])
_START = frozenset(["start", "yes", "unstop"])


@dataclass
class Message:
    """A text, in or out."""

    sid: str
    to: str
    from_: str
    body: str
    direction: str
    status: str
    created: float
    updated: float
    callback: str = ""
    error_code: int | None = None
    messaging_service_sid: str | None = None

    @property
    def segments(self) -> str:
        return str(max(1, -(-len(self.body) // SEGMENT)))


class Messages:
    """All texts, their way and their refusals."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.by_sid: dict[str, Message] = {}
        self._opted_out: set[tuple[str, str]] = set()

    def _make(self, to: str, from_: str, body: str, direction: str, status: str) -> Message:
        now = self._world.clock.now()
        sid = self._world.sids.new("SM")
        message = Message(sid, to, from_, body, direction, status, now, now)
        self.by_sid[sid] = message
        return message

    def check(self, to: str, from_: str, body: str) -> None:
        if not to:
            raise TwilioError(21604)
        if not is_number(to):
            raise TwilioError(21211, to)
        if not from_:
            raise TwilioError(21603)
        if from_ not in self._world.numbers:
            raise TwilioError(21606, from_)
        if not body:
            raise TwilioError(21602)
        if len(body) > MAX_BODY:
            raise TwilioError(21617)
        if (from_, to) in self._opted_out:
            raise TwilioError(21610)

    def send(self, to: str, from_: str, body: str, callback: str = "") -> Message:
        """Queue a message; sending and delivery follow after the carrier's set-up time."""
        message = self._make(to, from_, body, "outbound-api", "queued")
        message.callback = callback
        self._world.events.add("message", message=message.sid, to=to, text=body, status="queued")
        delay = self._world.switches.dial_setup_seconds
        self._world.clock.call_later(delay, lambda: self._sent(message))
        return message

    def _sent(self, message: Message) -> None:
        self._progress(message, "sent")
        delay = self._world.switches.dial_setup_seconds
        self._world.clock.call_later(delay, lambda: self._arrived(message))

    def _arrived(self, message: Message) -> None:
        party = self._world.parties.get(message.to)
        if party is not None:
            party.receives(message.from_, message.body)
            self._progress(message, "delivered")
            return
        own = self._world.numbers.get(message.to)
        if own is not None:
            self.incoming(message.from_, own, message.body)
            self._progress(message, "delivered")
            return
        self._world.unexpected_rings.add("text", number=message.to, text=message.body)
        message.error_code = 30003  # unreachable destination handset
        self._progress(message, "undelivered")

    def _progress(self, message: Message, status: str) -> None:
        message.status, message.updated = status, self._world.clock.now()
        self._world.events.add("message", message=message.sid, to=message.to, status=status)
        if not message.callback:
            return
        params = {
            "MessageSid": message.sid,
            "SmsSid": message.sid,
            "AccountSid": self._world.account_sid,
            "From": message.from_,
            "To": message.to,
            "MessageStatus": status,
            "SmsStatus": status,
            "ApiVersion": "2010-04-01",
        }
        if message.error_code:
            params["ErrorCode"] = str(message.error_code)
        self._world.webhooks.tell(message.sid, Webhook("message", message.callback, params))

    def incoming(self, from_: str, number: Number, body: str) -> str:
        """A text reaches one of the account's numbers."""
        message = self._make(number.number, from_, body, "inbound", "received")
        word = body.strip().lower()
        if word in _STOP:
            self._opted_out.add((number.number, from_))
        elif word in _START:
            self._opted_out.discard((number.number, from_))
        self._world.events.add("message", message=message.sid, to=number.number, text=body)
        if number.sms_url:
            self._world.spawn(self._ask(message, number))
        return message.sid

    async def _ask(self, message: Message, number: Number) -> None:
        params = {
            "MessageSid": message.sid,
            "SmsSid": message.sid,
            "SmsMessageSid": message.sid,
            "SmsStatus": "received",
            "AccountSid": self._world.account_sid,
            "From": message.from_,
            "To": message.to,
            "Body": message.body,
            "NumMedia": "0",
            "NumSegments": message.segments,
            "ApiVersion": "2010-04-01",
        }
        params.update(self._world.geography(message.from_, ("From",)))
        params.update(self._world.geography(message.to, ("To",)))
        reply = await self._world.webhooks.ask(
            Webhook("sms", number.sms_url, params, number.sms_method)
        )
        if not reply.ok and number.sms_fallback_url:
            code = reply.error or 11200
            params |= {"ErrorCode": str(code), "ErrorUrl": number.sms_url}
            hook = Webhook("sms", number.sms_fallback_url, params, number.sms_fallback_method)
            reply = await self._world.webhooks.ask(hook)
        if not reply.ok:
            self._world.debugger.report(reply.error or 11200, reply.message, url=number.sms_url)
            return
        for text in _replies(reply.body):
            self.send(message.from_, message.to, text)


def _replies(body: str) -> list[str]:
    """The texts of <Message> (or the older <Sms>) in an answer; none if it is not TwiML."""
    try:
        if "<!" in body:
            return []
        root = ET.fromstring(body.strip()) if body.strip() else None  # noqa: S314 - no entities
    except ET.ParseError:
        return []
    if root is None:
        return []
    texts = ["".join(node.itertext()) for node in root if node.tag in ("Message", "Sms")]
    return [" ".join(text.split()) for text in texts]
