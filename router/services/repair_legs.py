"""Finds legs that ended without our being told, and lets their calls go on. It never ends one.

Twilio's state is seconds behind, so a leg counts as over when two readings ten seconds apart say so
(Law 1).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ivr_flows.inputs import LegStatusChanged
from ivr_flows.outputs import Event
from router.logs import get_logger
from router.services.carry_out import SECOND_READING_SECONDS, Outgoing, tell
from router.services.clock import read_now
from router.storage import presence, timeline
from router.storage.live_legs import LiveLeg, list_live_legs
from router.telephony.rest import Done, Failed
from router.telephony.webhook import CALL_STATUSES, Phase

log = get_logger(__name__)

HEAL_AFTER = timedelta(seconds=30)


@dataclass(slots=True)
class Repair:
    """The repairs of one process. `suspects` are legs said to be over, and since when."""

    outgoing: Outgoing
    suspects: dict[str, datetime] = field(default_factory=dict)

    def list_legs(self, *, all_legs: bool) -> list[LiveLeg]:
        """Legs to ask about: every one we think lives, or those under suspicion."""
        with self.outgoing.exchange.sessions() as session:
            live = list_live_legs(session)
        known = {leg.id for leg in live}
        self.suspects = {leg: at for leg, at in self.suspects.items() if leg in known}
        return [leg for leg in live if all_legs or leg.id in self.suspects]

    def look_at(self, leg: LiveLeg) -> bool:
        """Read a leg's status; True when its call was told that it is over."""
        status = self._read_end(leg)
        if status is None:
            return False
        with self.outgoing.exchange.sessions() as session:
            now = read_now(session, self.outgoing.exchange.clock)
        if not status:
            self.suspects.pop(leg.id, None)
            return False
        first = self.suspects.setdefault(leg.id, now)
        if now - first < timedelta(seconds=SECOND_READING_SECONDS):
            return False
        del self.suspects[leg.id]
        self._note(leg, status, now)
        tell(self.outgoing.exchange, leg.call_id, LegStatusChanged(leg.id, status, leg.sid))
        return True

    def _read_end(self, leg: LiveLeg) -> str | None:
        """The status of a leg that is over, "" for one that lives, None when nobody knows."""
        result = self.outgoing.carrier.check(leg.sid)
        if isinstance(result, Done):
            return result.status if CALL_STATUSES.get(result.status) is Phase.OVER else ""
        is_gone = isinstance(result, Failed) and result.code == "20404"
        return "completed" if is_gone else None

    def _note(self, leg: LiveLeg, status: str, now: datetime) -> None:
        log.warning("leg_repaired", leg_id=leg.id, status=status)
        event = Event("repaired", leg.id, {"status": status, "was": leg.place})
        with self.outgoing.exchange.sessions.begin() as session:
            timeline.append_events(session, leg.call_id, now, [event])


def heal_presence(outgoing: Outgoing) -> list[str]:
    """Free people whose claim no call accounts for (RO7); returns their ids."""
    with outgoing.exchange.sessions.begin() as session:
        now = read_now(session, outgoing.exchange.clock)
        freed = presence.heal(session, now - HEAL_AFTER)
    for person_id in freed:
        log.warning("person_freed", person_id=person_id)
    return freed
