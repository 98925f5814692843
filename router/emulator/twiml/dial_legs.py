"""<Dial> to phones: rung at once or one after another; the first to accept is bridged."""

from __future__ import annotations

from ..audio import Hearing
from ..call import Call, Source
from ..formats import boolean, is_address, is_number, normalise
from ..queue import Bridge
from .dial_base import Dial, Result
from .parse import Element
from .session import WHISPER, Ending, Session
from .speech import send_tones

MAX_LEGS = 10  # Twilio: up to ten nouns


class DialLegs(Dial):
    """Rings phones, and bridges the leg with the one that accepts."""

    def __init__(self, session: Session, element: Element, nouns: list[Element]) -> None:
        super().__init__(session, element)
        if not nouns and element.text:
            nouns = [Element("Number", {}, element.text)]
        self.nouns = nouns[:MAX_LEGS]
        self.ringing: dict[Call, Element] = {}
        self.partner: Call | None = None
        self.bridge: Bridge | None = None
        self.last: Call | None = None

    async def connect(self) -> Result:
        groups = [[noun] for noun in self.nouns] if self.sequential else [self.nouns]
        for group in groups:
            winner = await self._ring(group)
            if winner is not None:
                return await self._talk(winner)
        self.call.set_backdrop(None)
        return self._result()

    async def _ring(self, nouns: list[Element]) -> Call | None:
        """Ring all of `nouns`; the leg that accepted first, or None when all are over."""
        for noun in nouns:
            leg = self._leg(noun)
            if leg is not None:
                self.ringing[leg] = noun
        if self.ringing:
            self.call.set_backdrop(Hearing("ringback"))
        for leg in list(self.ringing):
            leg.watch(self._heard)
            self.world.carrier.place(leg)
        while self.ringing:
            what, who = await self.inbox.get()
            if who is None or who not in self.ringing:
                continue
            if what == "answered" and self.ringing[who].has("url"):
                who.run(self._whisper(who, self.ringing[who]))
            elif what in ("answered", "accepted"):
                self._stop_ringing(but=who)
                return who
            elif what in ("ended", "left"):
                del self.ringing[who]
                self.last = who
        return None

    def _heard(self, leg: Call, what: str) -> None:
        self.inbox.put_nowait((what, leg))

    def _leg(self, noun: Element) -> Call | None:
        to = _address(noun)
        if not is_address(to):
            self.session.warn(13223, f"Dial: Invalid phone number format '{to}'")
            return None
        if not is_address(self.caller_id) and is_number(to):
            self.session.warn(13214, f"Dial: Invalid callerId value '{self.caller_id}'")
        leg = Call(self.world, self.caller_id, to, "outbound-dial", self.call)
        leg.ring_timeout = float(self.timeout)
        leg.time_limit = self.time_limit
        leg.callback = self.callback(noun)
        leg.client_parameters = _parameters(noun)
        return leg

    async def _whisper(self, leg: Call, noun: Element) -> None:
        """The callee alone hears the noun's document; at its end the two are bridged."""
        session = Session(leg, WHISPER)
        session.url = self.session.url
        read = self.session.attributes(noun)
        source = self.session.source(noun.get("url"), read.method(code=13221), {}, "whisper")
        ending = await session.run(source or Source())
        if ending is Ending.END:
            self.inbox.put_nowait(("accepted", leg))
        else:
            leg.finish("completed")

    def _stop_ringing(self, but: Call | None = None) -> None:
        for leg in list(self.ringing):
            if leg is not but:
                leg.unwatch(self._heard)
                leg.finish("completed" if leg.live else "canceled", "487")
        self.ringing.clear()

    async def _talk(self, leg: Call) -> Result:
        self.partner = self.last = leg
        self.call.set_backdrop(None)
        self.call.answer()
        self.bridge = Bridge(self.call, leg)
        noun = next((n for n in self.nouns if _address(n) == leg.to), None)
        if noun is not None and noun.get("sendDigits"):
            await send_tones(Session(leg, WHISPER), noun.get("sendDigits"))
        with leg.leaving(lambda _: self._part()):
            what, _ = await self.until_over(frozenset(["ended", "left"]))
        self._part()
        if what != "left":
            leg.unwatch(self._heard)
            leg.finish("completed")
        return self._result(moved=what == "left")

    def _part(self) -> None:
        if self.bridge is not None:
            self.bridge.end()
            self.bridge = None

    def release(self, _reason: str) -> Result:
        self._stop_ringing()
        self._part()
        if self.partner is not None:
            self.partner.unwatch(self._heard)
            self.partner.finish("completed")
        return self._result(given_up=self.partner is None)

    def _result(self, *, moved: bool = False, given_up: bool = False) -> Result:
        if self.last is None:
            return {"DialCallStatus": "canceled" if given_up else "failed"}
        status = self.last.status
        if self.partner is not None:
            status = "completed"
        elif given_up:
            status = "canceled"
        elif status in ("completed", "canceled"):
            # The callee answered but refused in the whisper, or was hung up while ringing.
            status = "no-answer"
        result = {
            "DialCallStatus": status,
            "DialCallSid": self.last.sid,
            "DialBridged": boolean(self.partner is not None),
        }
        if self.partner is not None and not moved:
            result["DialCallDuration"] = str(self.partner.duration)
        if self.record not in ("do-not-record", "false") and self.partner is not None:
            recording = self.world.recordings.add(self.call, self.partner.duration, "DialVerb")
            result["RecordingUrl"] = recording.media_url(self.world)
            self._tell_of(recording.sid)
        return result

    def _tell_of(self, sid: str) -> None:
        if self.element.has("recordingStatusCallback"):
            callback = self.element.get("recordingStatusCallback")
            target = self.session.source(callback, "POST", {}, "recording")
            if target is not None:
                recording = self.world.recordings.by_sid[sid]
                self.world.recordings.tell(recording, self.call, target.url)


def _parameters(noun: Element) -> dict[str, str]:
    """The <Parameter>s of a <Client>, which its page gets with the call."""
    given = [child for child in noun.children if child.tag == "Parameter"]
    return {child.get("name"): child.get("value") for child in given if child.get("name")}


def _address(noun: Element) -> str:
    if noun.tag == "Client":
        identity = next((c.text.strip() for c in noun.children if c.tag == "Identity"), noun.text)
        return identity if identity.startswith("client:") else f"client:{identity}"
    if noun.tag == "Sip":
        uri = next((c.text.strip() for c in noun.children if c.tag == "Uri"), noun.text)
        return normalise(uri)
    return normalise(noun.text)
