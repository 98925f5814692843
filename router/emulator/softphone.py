"""One page's softphone: what it may ask, and how it outlives a broken connection."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from .access_token import EXPIRED, INVALID, REFUSED, TokenError, VoiceGrant
from .call import Call
from .clock import Timer
from .party import PartyError

if TYPE_CHECKING:
    from .softphones import Softphones

Frame = dict[str, Any]

# Codes of the Voice SDK's errors.
UNKNOWN, NO_APPLICATION, DECLINED = 31000, 31001, 31002
BAD_REQUEST, NOT_FOUND = 31400, 31404
# Which of a request's own parameters a page cannot set; To it can.
_RESERVED = frozenset(
    ["CallSid", "AccountSid", "From", "Caller", "Called", "CallStatus", "ApiVersion", "Direction"]
)
_MAX_WAITING = 1_000
_KEYS = frozenset("0123456789*#w")


class FrameError(Exception):
    """A frame that cannot be done; `code` is the SDK's."""

    def __init__(self, code: int, message: str, call: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.call = code, message, call


class Line(Protocol):
    """A page's connection."""

    def abort(self) -> None:
        """Break it without a word, as a lost network does."""


class Device:
    """One page's phone, for as long as its socket lives or may come back."""

    def __init__(self, softphones: Softphones, grant: VoiceGrant) -> None:
        self.softphones, self.world = softphones, softphones.world
        self.grant = grant
        self.session = secrets.token_urlsafe(24)
        self.registered = False
        self.references: dict[str, str] = {}  # the page's own names of calls it has dialled
        self.outbox: asyncio.Queue[Frame] = asyncio.Queue(_MAX_WAITING)
        self.line: Line | None = None
        self._grace: Timer | None = None
        self._expiry: asyncio.TimerHandle | None = None

    @property
    def is_connected(self) -> bool:
        return self.line is not None

    @property
    def ttl(self) -> float:
        return max(0.0, self.grant.expires_at - time.time())

    def send(self, kind: str, **data: object) -> None:
        """To the page, in order; what it missed while it was away comes when it is back."""
        if self.outbox.full():
            self.outbox.get_nowait()
        self.outbox.put_nowait({"type": kind, **data})

    # Its socket

    def connected(self, grant: VoiceGrant, line: Line) -> None:
        came_back = self._grace is not None
        self.abort()
        self.line = line
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None
        self._take(grant)
        for call in self.calls() if came_back else []:
            self.softphones.party(grant.identity).record("signal_back", call)

    def lost(self) -> None:
        """The socket broke: the calls are kept for a while in case it comes back."""
        self.line = None
        party = self.softphones.party(self.grant.identity)
        for call in self.calls():
            party.record("signal_lost", call)
        wait = self.world.switches.softphone_reconnect_seconds
        self._grace = self.world.clock.call_later(wait, lambda: self.softphones.forget(self))

    def abort(self) -> None:
        if self.line is not None:
            self.line.abort()

    def close(self) -> None:
        for timer in (self._grace, self._expiry):
            if timer is not None:
                timer.cancel()

    def calls(self) -> list[Call]:
        owners = self.softphones.owners
        return [self.world.calls[sid] for sid, owner in owners.items() if owner is self]

    def describe(self) -> dict[str, Any]:
        return {
            "identity": self.grant.identity,
            "connected": self.is_connected,
            "registered": self.registered,
            "calls": [call.sid for call in self.calls()],
        }

    def _take(self, grant: VoiceGrant) -> None:
        self.grant = grant
        if self._expiry is not None:
            self._expiry.cancel()
        loop = asyncio.get_running_loop()
        self._expiry = loop.call_later(self.ttl, self._expire)

    def _expire(self) -> None:
        """Twilio: an expired token ends the registration; calls go on."""
        self.send("error", code=EXPIRED, message="the token has expired")
        self._unregister()

    # What the page asks

    def perform(self, frame: Frame) -> None:
        """Do what a frame of the page says; FrameError or TokenError when that cannot be."""
        deed = _DEEDS.get(str(frame.get("type")))
        if deed is None:
            known = ", ".join(sorted(_DEEDS))
            raise FrameError(BAD_REQUEST, f"type must be one of {known}")
        try:
            deed(self, frame)
        except PartyError as error:
            raise FrameError(DECLINED, error.message, str(frame.get("call", ""))) from None

    def _valid(self) -> None:
        if self.ttl <= 0:
            raise TokenError(EXPIRED, "the token has expired")

    def on_register(self, _frame: Frame) -> None:
        self._valid()
        # UNVERIFIED: which error Twilio gives to a token that grants no incoming calls.
        if not self.grant.incoming:
            raise TokenError(REFUSED, "the token grants no incoming calls (incoming_allow)")
        self.registered = True
        self.softphones.registration_changed(self.grant.identity)
        self.send("registered")
        self.softphones.offer_ringing(self)

    def on_unregister(self, _frame: Frame) -> None:
        self._unregister()

    def _unregister(self) -> None:
        self.registered = False
        self.softphones.registration_changed(self.grant.identity)
        self.send("unregistered")

    def on_token(self, frame: Frame) -> None:
        grant = self.softphones.grant(_text(frame, "token"))
        if grant.identity != self.grant.identity:
            raise TokenError(INVALID, "the new token is for another identity")
        self._take(grant)
        self.send("token", ttl=self.ttl)

    def on_connect(self, frame: Frame) -> None:
        reference = _text(frame, "id")
        given = frame.get("params", {})
        if not isinstance(given, dict) or not all(isinstance(v, str) for v in given.values()):
            raise FrameError(BAD_REQUEST, "params must be an object of texts", reference)
        if self.ttl <= 0:
            raise FrameError(EXPIRED, "the token has expired", reference)
        if not self.grant.application_sid:
            raise FrameError(DECLINED, "the token grants no outgoing calls", reference)
        if self.grant.application_sid not in self.world.applications:
            message = f"there is no TwiML application {self.grant.application_sid}"
            raise FrameError(NO_APPLICATION, message, reference)
        params = {k: v for k, v in (given | self.grant.params).items() if k not in _RESERVED}
        to = params.pop("To", "")
        params["ApplicationSid"] = self.grant.application_sid
        try:
            self.softphones.dial(self, reference, to, params)
        except PartyError as error:
            raise FrameError(DECLINED, error.message, reference) from None

    def on_accept(self, frame: Frame) -> None:
        sid = _text(frame, "call")
        if self not in self.softphones.offered.get(sid, ()):
            self.send("cancel", call=sid)
            return
        self.softphones.owners[sid] = self
        self.softphones.party(self.grant.identity).answer(sid)

    def on_reject(self, frame: Frame) -> None:
        """Twilio: whoever rejects rejects for every Device of the identity."""
        sid = _text(frame, "call")
        devices = self.softphones.offered.get(sid)
        if devices and self in devices:
            devices.discard(self)
            self.softphones.party(self.grant.identity).decline(sid)

    def on_ignore(self, frame: Frame) -> None:
        self.softphones.offered.get(_text(frame, "call"), set()).discard(self)

    def on_hang_up(self, frame: Frame) -> None:
        self._own(frame).hang_up()

    def on_press(self, frame: Frame) -> None:
        call, digits = self._own(frame), _text(frame, "digits")
        if not set(digits) <= _KEYS:
            raise FrameError(BAD_REQUEST, "digits must be of 0-9 * # w", call.sid)
        self.softphones.party(self.grant.identity).press(digits.replace("w", ""), call.sid)

    def on_mute(self, frame: Frame) -> None:
        call = self._own(frame)
        self.softphones.party(self.grant.identity).mute(frame.get("muted") is True, call.sid)

    def on_say(self, frame: Frame) -> None:
        call = self._own(frame)
        party = self.softphones.party(self.grant.identity)
        party.speak(_text(frame, "text"), sid=call.sid)

    def _own(self, frame: Frame) -> Call:
        name = _text(frame, "call")
        sid = self.references.get(name, name)
        if self.softphones.owners.get(sid) is not self:
            raise FrameError(NOT_FOUND, f"this Device has no call {name}", name)
        return self.world.calls[sid]


def _text(frame: Frame, name: str) -> str:
    value = frame.get(name)
    if not isinstance(value, str) or not value:
        raise FrameError(BAD_REQUEST, f"{name} must be a text")
    return value


_DEEDS: dict[str, Callable[[Device, Frame], None]] = {
    "register": Device.on_register,
    "unregister": Device.on_unregister,
    "token": Device.on_token,
    "connect": Device.on_connect,
    "accept": Device.on_accept,
    "reject": Device.on_reject,
    "ignore": Device.on_ignore,
    "hang_up": Device.on_hang_up,
    "press": Device.on_press,
    "mute": Device.on_mute,
    "say": Device.on_say,
}
