"""Text messages, both ways."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import TwilioError
from .formats import is_number
from .numbers import Number, Wiring
from .rest.representations import represent_message
from .webhooks import Webhook

if TYPE_CHECKING:
    from .world import World

MAX_BODY = 1_600  # Twilio: 21617 beyond
MAX_MEDIA = 10
_STOP = frozenset(["stop", "stopall", "unsubscribe", "cancel", "end", "quit"])
_START = frozenset(["start", "yes", "unstop"])
# The alphabet of a plain text message (3GPP TS 23.038); its second row takes two places each.
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED = frozenset("^{}\\[~]|€")


def count_segments(body: str) -> int:
    """How many texts the body is sent in: 160 plain places or 70 of Unicode, fewer if several."""
    if set(body) <= _GSM | _GSM_EXTENDED:
        places = len(body) + sum(letter in _GSM_EXTENDED for letter in body)
        single, each = 160, 153
    else:
        places, single, each = len(body.encode("utf-16-be")) // 2, 70, 67
    return 1 if places <= single else -(-places // each)


@dataclass(frozen=True)
class Outgoing:
    """A text to be sent; the sender is one of the account's numbers."""

    to: str
    from_: str
    body: str
    callback: str = ""
    service_sid: str | None = None
    media: int = 0
    send_in: float | None = None  # seconds, for a scheduled one
    direction: str = "outbound-api"


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
    error_message: str | None = None
    messaging_service_sid: str | None = None
    media: int = 0
    sent: float | None = None

    @property
    def segments(self) -> str:
        return str(count_segments(self.body))


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

    def _changed(self, message: Message) -> None:
        message.updated = self._world.clock.now()
        self._world.history.keep(message.sid, lambda: represent_message(self._world, message))

    def check(self, outgoing: Outgoing) -> None:
        """Raises: TwilioError for what Twilio would not send."""
        to, from_ = outgoing.to, outgoing.from_
        if not to:
            raise TwilioError(21604)
        if not is_number(to):
            raise TwilioError(21211, to)
        if not from_:
            raise TwilioError(21603)
        if from_ not in self._world.numbers:
            raise TwilioError(21606, from_)
        if to == from_:
            raise TwilioError(21266, to)
        if not outgoing.body and not outgoing.media:
            raise TwilioError(21602)
        if len(outgoing.body) > MAX_BODY:
            raise TwilioError(21617)
        if outgoing.media > MAX_MEDIA:
            raise TwilioError(21623)
        if (from_, to) in self._opted_out:
            raise TwilioError(21610)

    def send(self, to: str, from_: str, body: str, callback: str = "") -> Message:
        """Queue a text without anything special about it, as <Sms> does."""
        return self.queue(Outgoing(to, from_, body, callback, direction="outbound-call"))

    def queue(self, outgoing: Outgoing) -> Message:
        """Queue a message; sending and delivery follow after the carrier's set-up time."""
        later = outgoing.send_in is not None
        status = "scheduled" if later else "queued"
        message = self._make(outgoing.to, outgoing.from_, outgoing.body, outgoing.direction, status)
        message.callback, message.media = outgoing.callback, outgoing.media
        message.messaging_service_sid = outgoing.service_sid
        self._changed(message)
        to, text = message.to, message.body
        self._world.events.add("message", message=message.sid, to=to, text=text, status=status)
        if outgoing.send_in is None:
            self._hand_over(message)
        else:
            self._later(outgoing.send_in, self._fall_due, message)
        return message

    def _later(self, seconds: float, then: Callable[[Message], None], message: Message) -> None:
        """Go on with a message in a while, unless the network has forgotten it by then."""

        def go_on() -> None:
            if self._world.messages is self:
                then(message)

        self._world.clock.call_later(seconds, go_on)

    def _fall_due(self, message: Message) -> None:
        if message.status == "scheduled":
            self._progress(message, "queued")
            self._hand_over(message)

    def _hand_over(self, message: Message) -> None:
        self._later(self._world.switches.dial_setup_seconds, self._sent, message)

    def cancel(self, message: Message) -> None:
        """Only what is scheduled can be called off."""
        if message.status != "scheduled":
            raise TwilioError(20409, f"a message that is {message.status} cannot be canceled")
        self._progress(message, "canceled")

    def redact(self, message: Message) -> None:
        message.body = ""
        self._changed(message)

    def _sent(self, message: Message) -> None:
        message.sent = self._world.clock.now()
        self._progress(message, "sent")
        self._later(self._world.switches.dial_setup_seconds, self._arrived, message)

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
        message.error_code = 30003
        message.error_message = "Unreachable destination handset"
        self._progress(message, "undelivered")

    def _progress(self, message: Message, status: str) -> None:
        message.status = status
        self._changed(message)
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
        if message.messaging_service_sid:
            params["MessagingServiceSid"] = message.messaging_service_sid
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
        message.sent = message.created
        self._changed(message)
        self._world.events.add("message", message=message.sid, to=number.number, text=body)
        # Twilio: an application of the number takes the place of its own addresses.
        wiring: Wiring = self._world.applications.get(number.sms_application_sid, number)
        if wiring.sms_url:
            self._world.spawn(self._ask(message, wiring))
        return message.sid

    async def _ask(self, message: Message, wiring: Wiring) -> None:
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
            Webhook("sms", wiring.sms_url, params, wiring.sms_method)
        )
        if not reply.ok and wiring.sms_fallback_url:
            code = reply.error or 11200
            params |= {"ErrorCode": str(code), "ErrorUrl": wiring.sms_url}
            hook = Webhook("sms", wiring.sms_fallback_url, params, wiring.sms_fallback_method)
            reply = await self._world.webhooks.ask(hook)
        if not reply.ok:
            self._world.debugger.report(reply.error or 11200, reply.message, url=wiring.sms_url)
            return
        for text in _replies(reply.body):
            reply_to = Outgoing(message.from_, message.to, text, direction="outbound-reply")
            self.queue(reply_to)


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
