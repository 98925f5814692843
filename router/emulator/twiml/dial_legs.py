"""<Dial> to phones: rung at once or one after another; the first to accept is bridged."""

from __future__ import annotations

from ..audio import Hearing
from ..call import Call, Source
from ..detection import MODES, THRESHOLDS, Detection
from ..formats import boolean, is_address, is_number
from ..queue import Bridge
from .dial_base import Dial, Result
from .nouns import METHOD_CODES, Callee, find_callee
from .parse import Element
from .session import WHISPER, WHISPER_STRICT, Ending, Session
from .speech import send_tones

MAX_LEGS = 10  # Twilio: up to ten nouns


class DialLegs(Dial):
    """Rings phones, and bridges the leg with the one that accepts."""

    def __init__(self, session: Session, element: Element, nouns: list[Element]) -> None:
        super().__init__(session, element)
        if not nouns and element.text:
            nouns = [Element("Number", {}, element.text)]
        if len(nouns) > MAX_LEGS:
            session.warn(13215, f"Dial: Invalid nested element: more than {MAX_LEGS}")
        self.nouns = nouns[:MAX_LEGS]
        self.ringing: dict[Call, Element] = {}
        self.partner: Call | None = None
        self.bridge: Bridge | None = None
        self.last: Call | None = None

    async def connect(self) -> Result:
        groups = [[noun] for noun in self.nouns] if self.sequential else [self.nouns]
        for group in groups:
            winner, noun = await self._ring(group)
            if winner is not None:
                return await self._talk(winner, noun)
        self.call.set_backdrop(None)
        return self._result()

    async def _ring(self, nouns: list[Element]) -> tuple[Call | None, Element | None]:
        """Ring all of `nouns`; the leg that accepted first and its noun, if any did."""
        self._place(nouns)
        while self.ringing:
            what, who = await self.inbox.get()
            if who is None or who not in self.ringing:
                continue
            noun = self.ringing[who]
            if what == "answered":
                self._detect(who, noun)
            if what == "answered" and noun.has("url"):
                who.run(self._whisper(who, noun))
            elif what in ("answered", "accepted"):
                self._stop_ringing(but=who)
                return who, noun
            elif what in ("ended", "left"):
                del self.ringing[who]
                self.last = who
        return None, None

    def _place(self, nouns: list[Element]) -> None:
        for noun in nouns:
            leg = self._leg(noun)
            if leg is not None:
                self.ringing[leg] = noun
        if self.ringing:
            self.call.set_backdrop(Hearing("ringback"))
            self.start_recording("ringing")
        for leg in list(self.ringing):
            leg.watch(self._heard)
            self.world.carrier.place(leg)

    def _heard(self, leg: Call, what: str) -> None:
        self.inbox.put_nowait((what, leg))

    def _leg(self, noun: Element) -> Call | None:
        callee = find_callee(self.session, noun)
        caller_id = self._caller_id(callee)
        if callee is None or caller_id is None:
            return None
        to, application = callee.address, self.world.applications.get(callee.application)
        if application is not None:
            copies = self.session.attributes(noun).flag("copyParentTo", default=False)
            to = self.call.to if copies else to
        leg = Call(self.world, caller_id, to, "outbound-dial", self.call)
        leg.ring_timeout = float(self.timeout)
        leg.time_limit = self.time_limit
        leg.callback = self.callback(noun)
        leg.sip_headers = callee.headers
        leg.client_parameters = callee.parameters
        leg.application = application
        return leg

    def _caller_id(self, callee: Callee | None) -> str | None:
        """What the callee is shown, or None where Twilio would not ring.

        It wants a number of the account's, a verified one, or one of the two of the call itself; a
        client must name one to ring a number.
        """
        given = self.element.get("callerId")
        own = (self.call.from_, self.call.to)
        if callee is None or not is_number(callee.address):
            return self.caller_id
        if given and not is_address(given) and given not in own:
            self.session.warn(13214, f"Dial: Invalid callerId value '{given}'")
            return self.call.from_
        if self.caller_id.startswith("client:"):
            self.session.warn(13214, f"Dial: Invalid callerId value '{self.caller_id}'")
            return None
        known = given in own or given in self.world.numbers or given in self.world.caller_ids
        if given and is_number(given) and not known:
            self.session.warn(13247, f"Dial: Invalid From number (caller ID) '{given}'")
            return None
        return self.caller_id

    def _detect(self, leg: Call, noun: Element) -> None:
        """MachineDetection of a noun: beside the call, its result told to amdStatusCallback."""
        read = self.session.attributes(noun)
        if not noun.has("machineDetection"):
            return
        mode = read.choice("machineDetection", MODES, "", 21263)
        seconds = {
            name: read.number(f"machineDetection{name}", default, 21263, low, high) / 1000
            for name, (default, low, high) in THRESHOLDS.items()
        }
        timeout = float(read.number("machineDetectionTimeout", 30, 21263, low=3, high=59))
        url = read.text("amdStatusCallback")
        target = self.session.source(url, "POST", {}, "amd") if url else None
        detection = Detection(
            mode == "DetectMessageEnd",
            timeout,
            speech=seconds["SpeechThreshold"],
            speech_end=seconds["SpeechEndThreshold"],
            silence=seconds["SilenceTimeout"],
            url=target.url if target is not None else "",
            method=read.method("amdStatusCallbackMethod"),
        )
        if mode:
            self.world.spawn(detection.run_beside(leg))

    async def _whisper(self, leg: Call, noun: Element) -> None:
        """The callee alone hears the noun's document; at its end the two are bridged."""
        lenient = self.world.switches.whisper_pauses
        session = Session(leg, WHISPER if lenient else WHISPER_STRICT)
        session.url = self.session.url
        method = self.session.attributes(noun).method(code=METHOD_CODES.get(noun.tag, 12200))
        source = self.session.source(noun.get("url"), method, {}, "whisper")
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

    async def _talk(self, leg: Call, noun: Element | None) -> Result:
        self.partner = self.last = leg
        self.call.set_backdrop(None)
        self.call.answer()
        self.bridge = Bridge(self.call, leg)
        self.start_recording("answer")
        if noun is not None and noun.get("sendDigits"):
            await send_tones(Session(leg, WHISPER), noun.get("sendDigits"))
        leg.on_refer = self._on_refer
        with leg.leaving(lambda _: self._part()):
            what, _ = await self.until_over(frozenset(["ended", "left", "referred"]))
        self._part()
        if what != "left":
            leg.unwatch(self._heard)
            leg.finish("completed")
        return self._result(moved=what == "left")

    def _on_refer(self, target: str) -> bool:
        """The SIP callee asks to be replaced: what becomes of the caller, referUrl says."""
        if not self.element.has("referUrl"):
            self.session.warn(13802, "Dial: No referUrl attribute specified")
            return False
        method = self.session.attributes(self.element).method("referMethod")
        params = {"ReferTransferTarget": target}
        url = self.element.get("referUrl")
        self.goes_to = self.session.source(url, method, params, "refer")
        self.inbox.put_nowait(("referred", None))
        return True

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
        return result | self._about_sip(self.last) | self.stop_recording()

    def _about_sip(self, leg: Call) -> Result:
        """What the SIP phone answered: its code, and the X- headers its facts name."""
        if not leg.to.startswith(("sip:", "sips:")):
            return {}
        facts = leg.endpoint.facts() if leg.endpoint is not None else {}
        headers = {k: v for k, v in facts.items() if k.startswith("DialSipHeader_")}
        code = "200" if leg.started is not None else leg.sip_code
        return {"DialSipCallId": leg.sip_call_id, "DialSipResponseCode": code} | headers
