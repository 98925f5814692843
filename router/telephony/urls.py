"""Every address handed to Twilio. The role in an address chooses its fail-safe (Law 4)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ivr_flows.call import Call, Leg, Role

# Connect in 1 s, first byte in 4 s, 8 s in all, one more try whatever went wrong: Twilio's own
# defaults wait 15 s and try again on a refused connection alone (Law 3).
OVERRIDES = "#ct=1000&rt=4000&tt=8000&rc=1&rp=all"


@dataclass(frozen=True, slots=True)
class Urls:
    """Builds addresses under `public_url`, the one by which Twilio knows us.

    `psap` names the 911 centre of the call they are for, for the fail-safe, or is "".
    """

    public_url: str
    psap: str = ""

    def of(self, call: Call) -> Urls:
        """The same for a call: a caller's addresses name its 911 centre, once that is chosen."""
        return replace(self, psap=f"{call.program}.{call.psap}") if call.psap else self

    def at(self, path: str) -> str:
        """The address of one of our paths, with the connection overrides."""
        return f"{self.public_url.rstrip('/')}{path}{OVERRIDES}"

    def _leg(self, leg: Leg, rest: str) -> str:
        query = f"?psap={self.psap}" if self.psap and leg.role is Role.CALLER else ""
        return self.at(f"/voice/{leg.role.value}/{leg.id}/{rest}{query}")

    def answered(self, leg: Leg) -> str:
        """What a placed leg asks when it is picked up."""
        return self._leg(leg, "answered")

    def keyed(self, leg: Leg, step: int) -> str:
        """Where the answer to the question of `step` goes, silence included."""
        return self._leg(leg, f"keyed/{step}")

    def wait(self, leg: Leg) -> str:
        """The wait document of a queued leg."""
        return self._leg(leg, "wait")

    def queue_left(self, leg: Leg, step: int) -> str:
        """What a leg asks when it is out of the queue."""
        return self._leg(leg, f"queue-left/{step}")

    def room_left(self, leg: Leg, step: int, room: int) -> str:
        """What a leg asks when it is out of generation `room` of the room."""
        return self._leg(leg, f"room-left/{step}/{room}")

    def dial_ended(self, leg: Leg, step: int) -> str:
        """What a leg asks when the 911 line it rang by TwiML is over."""
        return self._leg(leg, f"dial-ended/{step}")

    def ask(self, leg: Leg) -> str:
        """Where a leg goes that we moved out of a queue or redirected."""
        return self._leg(leg, "ask")

    def status(self, leg: Leg) -> str:
        """The status callback of a placed leg."""
        return self._leg(leg, "status")

    def fallback(self, leg: Leg) -> str:
        """The static fail-safe of a leg."""
        return self._leg(leg, "fallback")

    def detected(self, leg: Leg) -> str:
        """Where the carrier tells who picked up a placed leg."""
        return self._leg(leg, "detected")

    def hold(self, leg: Leg) -> str:
        """What a leg on hold in its room hears."""
        return self._leg(leg, "hold")

    def whisper(self, leg: Leg, step: int) -> str:
        """What a 911 line rung by TwiML hears before it is bridged to the caller on `leg`."""
        return self._leg(leg, f"whisper/{step}")

    def line_keyed(self, leg: Leg, step: int, tries: int) -> str:
        """Where the answer of a 911 line rung by TwiML goes, silence included."""
        return self._leg(leg, f"line-keyed/{step}/{tries}")

    def room(self, call_id: str, generation: int) -> str:
        """The callback of one generation of a call's room."""
        return self.at(f"/voice/room/{call_id}/{generation}")

    def announce(self, leg_id: str, token: str) -> str:
        """The announcement that the outbox row `token` orders for a leg."""
        return self.at(f"/voice/announce/{leg_id}/{token}")

    def page_answered(self, page_id: str, kind: str = "team") -> str:
        """What a page's leg asks when it is picked up; `kind` is team or welfare."""
        return self.at(f"/voice/{kind}/{page_id}/answered")

    def page_keyed(self, page_id: str, step: int, kind: str = "team") -> str:
        """Where a paged responder's answer goes."""
        return self.at(f"/voice/{kind}/{page_id}/keyed/{step}")

    def page_status(self, page_id: str, kind: str = "team") -> str:
        """The status callback of a page."""
        return self.at(f"/voice/{kind}/{page_id}/status")

    def page_fallback(self, page_id: str, kind: str = "team") -> str:
        """The static fail-safe of a page."""
        return self.at(f"/voice/{kind}/{page_id}/fallback")

    def health(self) -> str:
        """Where the web processes say that they live."""
        return f"{self.public_url.rstrip('/')}/healthz"

    def inbound(self) -> str:
        """The voice address of our numbers."""
        return self.at("/voice/inbound")

    def inbound_fallback(self) -> str:
        """The fallback address of our numbers."""
        return self.at("/voice/inbound/fallback")

    def inbound_status(self) -> str:
        """The status callback of our numbers."""
        return self.at("/voice/inbound/status")

    def message_status(self, message_id: str) -> str:
        """The status callback of a message."""
        return self.at(f"/sms/status/{message_id}")
