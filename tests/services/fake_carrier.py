"""A carrier that does what a test tells it, and remembers what it was asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import TypeVar

from twilio.rest import Client

from ivr_flows.call import Call
from ivr_flows.outputs import CarrierCommand
from router.telephony.rest import (
    Done,
    Failed,
    PlacedCall,
    Result,
    Unknown,
)
from router.telephony.webhook import Phase

T = TypeVar("T")


@dataclass(frozen=True)
class Sent:
    """One request."""

    name: str
    subject: str  # a leg's id, a page's id, or a sid
    to_e164: str = ""
    from_e164: str = ""


@dataclass
class FakeCarrier:
    """Answers from `results` by the request's name, else `Done`; placed calls are listed."""

    now: Callable[[], datetime]
    sent: list[Sent] = field(default_factory=list)
    results: dict[str, list[Result]] = field(default_factory=lambda: defaultdict(list))
    placed: list[tuple[str, str, PlacedCall]] = field(default_factory=list)
    statuses: dict[str, str] = field(default_factory=dict)
    dialled: dict[str, Phase | Failed | Unknown] = field(default_factory=dict)
    before: Callable[[Sent], None] = lambda _: None
    _sids: count[int] = field(default_factory=lambda: count(1))

    def names(self) -> list[str]:
        """What was asked, in order."""
        return [one.name for one in self.sent]

    def execute(
        self,
        command: CarrierCommand,
        call: Call,
        *,
        to_e164: str = "",
        from_e164: str = "",
        token: str = "",
    ) -> Result:
        name = type(command).__name__
        if name == "CheckLeg":
            leg = call.find_leg(command.leg_id)
            return self.check(leg.sid or "" if leg is not None else "")
        return self._answer(Sent(name, command.leg_id, to_e164, from_e164))

    def place_page(
        self, page_id: str, to_e164: str, from_e164: str, ring_seconds: int, kind: str = "team"
    ) -> Result:
        return self._answer(Sent("PlacePage", page_id, to_e164, from_e164))

    def end_call(self, sid: str, *, is_answered: bool) -> Result:
        return self._answer(Sent("end_call", sid))

    def redirect(self, sid: str, url: str) -> Result:
        return self._answer(Sent("redirect", sid))

    def check(self, sid: str) -> Result:
        return self._answer(Sent("check", sid), Done(sid, self.statuses.get(sid, "in-progress")))

    def find_dialled(self, sid: str) -> Phase | Failed | Unknown:
        self.sent.append(Sent("find_dialled", sid))
        return self.dialled.get(sid, Phase.OVER)

    def ask(self, question: Callable[[Client], T]) -> T | Failed | Unknown:
        """Lists are not kept here: what reads them gets no answer."""
        self.sent.append(Sent("ask", ""))
        return Unknown("not_kept")

    def list_placed(
        self, to_e164: str, from_e164: str, since: datetime, exclude_sids: Collection[str] = ()
    ) -> list[PlacedCall] | Failed | Unknown:
        self.sent.append(Sent("list_placed", "", to_e164, from_e164))
        return [
            call
            for to, sender, call in reversed(self.placed)
            if (to, sender) == (to_e164, from_e164) and call.created_at >= since
        ]

    def ring(self, to_e164: str, from_e164: str) -> str:
        """A call appears at the carrier."""
        sid = f"CAf{next(self._sids):031x}"  # never a caller's
        self.placed.append((to_e164, from_e164, PlacedCall(sid, "ringing", self.now())))
        return sid

    def _answer(self, request: Sent, usual: Result | None = None) -> Result:
        self.before(request)
        self.sent.append(request)
        if self.results[request.name]:
            return self.results[request.name].pop(0)
        if request.name in {"PlaceLeg", "PlacePage"}:
            return Done(self.ring(request.to_e164, request.from_e164), "queued")
        return usual or Done()
