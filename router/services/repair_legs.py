"""Compares our live legs with the carrier's and lets calls go on that lost touch. It ends nobody.

Twilio's lists are seconds behind, so a call is told only what two readings ten seconds apart agree
on, while our own record of the leg has not moved in between (Law 1). What follows is the flows' to
decide; without an answer from the carrier nothing does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from ivr_flows.inputs import Found
from ivr_flows.outputs import NotifySupervisor
from router.errors import NotFoundError
from router.logs import get_logger
from router.services.carry_out import SECOND_READING_SECONDS, Outgoing, tell
from router.services.clock import read_now
from router.services.repair_findings import (
    Finding,
    as_over,
    list_findings,
    list_missing,
    room_of,
    without_status,
)
from router.storage import live_legs, outbox, presence
from router.storage.claims import list_known_sids
from router.storage.live_legs import LiveLeg
from router.storage.programs import list_line_numbers, list_programs
from router.storage.repair_claim import claim_repair
from router.telephony.line_reading import Each, Reading, read_lines
from router.telephony.rest import Done, Failed, Unknown
from router.telephony.twiml import queue_of
from router.telephony.webhook import CALL_STATUSES, Phase

log = get_logger(__name__)

HEAL_AFTER = timedelta(seconds=30)
SECOND_READING = timedelta(seconds=SECOND_READING_SECONDS)
FORGOTTEN_AFTER = timedelta(seconds=90)  # a suspicion that no reading has met again since
LEASE = timedelta(seconds=45)  # a reading whose every request takes 4 s is over by then
MOST_CHECKED = 50  # legs of one reading that are asked about each by itself

Suspicion = Finding | str
"""What a reading says: of a leg of ours, or the sid of a line that we do not know."""


@dataclass(slots=True)
class Repair:
    """The repairs of one process. `suspects` are what a reading says, and since when it has.

    `strangers` are lines already reported; `looked_into` the rooms, and when each was last read.
    """

    outgoing: Outgoing
    read: Callable[..., Reading | Failed | Unknown] = read_lines
    suspects: dict[Suspicion, datetime] = field(default_factory=dict)
    strangers: set[str] = field(default_factory=set)
    looked_into: dict[str, datetime] = field(default_factory=dict)

    def is_ours(self) -> bool:
        """Whether this process is the one that repairs the account's calls now."""
        outgoing = self.outgoing
        with outgoing.exchange.sessions.begin() as session:
            now = read_now(session, outgoing.exchange.clock)
            return claim_repair(session, outgoing.account, outgoing.worker, now, LEASE)

    def is_second_reading_due(self) -> bool:
        """Whether something was read ten seconds ago and waits to be read again."""
        if not self.suspects:
            return False
        return min(self.suspects.values()) + SECOND_READING <= self._now()

    def look(self, each: Each = map) -> list[Finding]:
        """Read the carrier once; what calls were told, because an earlier reading said so too."""
        with self.outgoing.exchange.sessions() as session:
            now = read_now(session, self.outgoing.exchange.clock)
            legs = live_legs.list_live_legs(session, now)
            never_rung = live_legs.list_never_rung(session, now)
            programs = list_programs(session)
        reading = self._read(legs, programs, now, each)
        if reading is None:
            self._forget(now)
            return []
        with self.outgoing.exchange.sessions() as session:
            ended = live_legs.list_ended_callers(session, reading.lines)
            strangers = _list_strangers(session, reading)
        findings = [
            *self._find_over(list_missing(legs, reading), each),
            *(as_over(leg, "failed") for leg in never_rung),
            *list_findings((*ended, *legs), reading),
        ]
        confirmed = self._suspect((*findings, *strangers), now)
        self._report({sid: at for sid, at in strangers.items() if sid in confirmed}, now)
        agreed = [one for one in findings if without_status(one) in confirmed]
        # Who is over first: what the others need depends on it.
        agreed.sort(key=lambda one: one.found is not Found.OVER)
        return [one for one in agreed if self._tell(one)]

    def _now(self) -> datetime:
        with self.outgoing.exchange.sessions() as session:
            return read_now(session, self.outgoing.exchange.clock)

    def _read(
        self, legs: Iterable[LiveLeg], programs: Iterable[str], now: datetime, each: Each
    ) -> Reading | None:
        """One reading, or None when the carrier leaves a question open."""
        calls = {leg.call_id for leg in legs}
        suspected = {one.leg.call_id for one in self.suspects if isinstance(one, Finding)}

        def choose_rooms(names: Collection[str]) -> list[str]:
            """Rooms of our calls: those under suspicion, then those not looked into for longest."""
            ours = [name for name in names if room_of(name)[0] in calls]
            self.looked_into = {name: self.looked_into.get(name, _NEVER) for name in ours}
            return sorted(
                ours,
                key=lambda name: (room_of(name)[0] not in suspected, self.looked_into[name]),
            )

        queues = {queue_of(program) for program in programs}
        reading = self.read(self.outgoing.carrier, choose_rooms, queues, each)
        if not isinstance(reading, Reading):
            log.warning("carrier_not_read", result=str(reading))
            return None
        self.looked_into |= dict.fromkeys(reading.rooms, now)
        return reading

    def _find_over(self, missing: list[LiveLeg], each: Each) -> list[Finding]:
        """Those of the legs not listed that the carrier says are over."""
        # A leg under suspicion is asked about again before others are for the first time.
        suspected = {one.leg.id for one in self.suspects if isinstance(one, Finding)}
        chosen = sorted(missing, key=lambda leg: leg.id not in suspected)[:MOST_CHECKED]
        found = zip(chosen, each(self._read_end, chosen), strict=True)
        return [as_over(leg, status) for leg, status in found if status]

    def _read_end(self, leg: LiveLeg) -> str:
        """The status of a leg that is over, "" for one that lives or of which nobody knows."""
        result = self.outgoing.carrier.check(leg.sid)
        if isinstance(result, Done):
            return result.status if CALL_STATUSES.get(result.status) is Phase.OVER else ""
        is_gone = isinstance(result, Failed) and result.code == "20404"
        return "completed" if is_gone else ""

    def _suspect(self, read: Iterable[Finding | str], now: datetime) -> set[Suspicion]:
        """What a reading ten seconds ago or more said as well; the rest waits for the next one."""
        keys = {without_status(one) if isinstance(one, Finding) else one for one in read}
        first = {one: self.suspects.get(one, now) for one in keys}
        confirmed = {one for one, at in first.items() if now - at >= SECOND_READING}
        self.suspects = {one: at for one, at in first.items() if one not in confirmed}
        return confirmed

    def _forget(self, now: datetime) -> None:
        self.suspects = {one: at for one, at in self.suspects.items() if now - at < FORGOTTEN_AFTER}

    def _report(self, strangers: Mapping[str, str], now: datetime) -> None:
        """Tell a program's supervisors of lines that no call of ours has, each once; they go on."""
        fresh = {sid: at for sid, at in strangers.items() if sid not in self.strangers}
        for sid, program_id in fresh.items():
            log.error("unknown_leg", sid=sid, program=program_id)
        with self.outgoing.exchange.sessions.begin() as session:
            for program_id in sorted(set(fresh.values())):
                payload = {"subject": "unknown_leg", "program_id": program_id}
                name = NotifySupervisor.__name__
                outbox.add_task(session, outbox.NOTIFY, name, payload, due_at=now)
        self.strangers |= set(fresh)

    def _tell(self, finding: Finding) -> bool:
        """Tell the leg's call where it is; whether anything follows."""
        leg = finding.leg
        try:
            answer = tell(self.outgoing.exchange, leg.call_id, finding.as_input())
        except NotFoundError:
            return False
        except Exception:
            # One call's trouble must not keep the others waiting; it is found again.
            log.exception("leg_not_repaired", call_id=leg.call_id, leg_id=leg.id)
            return False
        if answer.step is None or answer.step.ignored:
            return False
        log.warning(
            "leg_repaired", call_id=leg.call_id, leg_id=leg.id, kind=finding.found, was=leg.place
        )
        return True


_NEVER = datetime.min.replace(tzinfo=UTC)


def _list_strangers(session: Session, reading: Reading) -> dict[str, str]:
    """Answered lines to or from our numbers that no call of ours has, nor dialled; by program."""
    programs = {
        number: program_id
        for program_id in list_programs(session)
        for number in list_line_numbers(session, program_id).values()
    }
    found = {
        line.sid: programs.get(line.to_e164) or programs.get(line.from_e164) or ""
        for line in reading.lines.values()
        if line.phase is Phase.LIVE and not line.parent_sid
    }
    candidates = {sid: program_id for sid, program_id in found.items() if program_id}
    known = list_known_sids(session, candidates)
    return {sid: program_id for sid, program_id in candidates.items() if sid not in known}


def heal_presence(outgoing: Outgoing) -> list[str]:
    """Free people whose claim no call accounts for (RO7); returns their ids."""
    with outgoing.exchange.sessions.begin() as session:
        now = read_now(session, outgoing.exchange.clock)
        freed = presence.heal(session, now - HEAL_AFTER)
    for person_id in freed:
        log.warning("person_freed", person_id=person_id)
    return freed
