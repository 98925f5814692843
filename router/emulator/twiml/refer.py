"""<Refer>: asks a SIP phone to call somebody else itself, and waits for what it reports."""

from __future__ import annotations

from ..call import HUNG_UP
from .parse import Element
from .session import Next, Session

# What the last NOTIFY says of the new call; other codes mean failed.
_STATUSES = {
    "200": "in-progress",
    "486": "busy",
    "600": "busy",
    "408": "no-answer",
    "480": "no-answer",
    "487": "no-answer",
}
ACCEPTED = "202"


class Refer:
    """Twilio's parameters: https://www.twilio.com/docs/voice/twiml/refer (its four scenarios).

    The phone's facts say how it reacts: `ReferSipResponseCode` to the REFER (202 when not given),
    `NotifySipResponseCode` of the new call (200; empty when it sends no NOTIFY).
    """

    def __init__(self, session: Session, element: Element) -> None:
        self.session, self.element = session, element
        self.call, self.world = session.call, session.world
        self.method = session.attributes(element).method()
        facts = self.call.endpoint.facts() if self.call.endpoint is not None else {}
        self.answer = facts.get("ReferSipResponseCode", ACCEPTED)
        self.notice = facts.get("NotifySipResponseCode", "200")

    async def run(self) -> Next:
        noun = self.element.child("Sip")
        target = noun.text if noun is not None else ""
        self.world.events.add("refer", call=self.call.sid, to=target)
        if self.answer == ACCEPTED:
            with self.call.leaving(self._interrupted):
                await self.world.clock.sleep(self.world.switches.refer_seconds)
        if not self.element.has("action"):
            return None
        return self.session.source(
            self.element.get("action"), self.method, self._result(), "action"
        )

    def _result(self) -> dict[str, str]:
        if self.answer != ACCEPTED:
            return {"ReferCallStatus": "failed", "ReferSipResponseCode": self.answer}
        result = {"ReferSipResponseCode": self.answer}
        if self.notice:
            result["ReferCallStatus"] = _STATUSES.get(self.notice, "failed")
            result["NotifySipResponseCode"] = self.notice
        return result

    def _interrupted(self, reason: str) -> None:
        """Hung up while the new call rings."""
        target = self.session.source(self.element.get("action"), self.method, {}, "action")
        if reason == HUNG_UP and self.element.has("action") and target is not None:
            result = {
                "ReferCallStatus": "canceled",
                "ReferSipResponseCode": ACCEPTED,
                "NotifySipResponseCode": "180",
            }
            self.call.tell("action", target.url, self.method, result)


async def refer(session: Session, element: Element) -> Next:
    call = session.call
    far_end = call.from_ if call.direction == "inbound" else call.to
    if not far_end.startswith(("sip:", "sips:")):
        session.warn(13801, "Refer not allowed on non-SIP call legs")
        return None
    return await Refer(session, element).run()
