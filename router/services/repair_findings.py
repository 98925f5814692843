"""Holds our legs against one reading of the carrier: which of them are not where we think."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ivr_flows.call import Place
from ivr_flows.inputs import Found, Reconciled
from ivr_flows.reconciliation import is_as_we_think
from router.storage.live_legs import LiveLeg
from router.telephony.line_reading import Reading
from router.telephony.webhook import Phase

UNANSWERED = frozenset({Place.PLANNED, Place.RINGING})


@dataclass(frozen=True, slots=True)
class Finding:
    """A leg of ours and where the carrier has it. Found again, it is the same one."""

    leg: LiveLeg
    found: Found
    room: int = 0
    status: str = ""

    def as_input(self) -> Reconciled:
        """What the call is told."""
        leg = self.leg
        return Reconciled(leg.id, self.found, leg.place, leg.step, self.status, self.room)


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where one line is, by a reading; `room` as in Reconciled."""

    found: Found
    room: int = 0


def room_of(name: str) -> tuple[str, int]:
    """The call and the generation of a room's name; ("", 0) for a room that is not a call's."""
    call_id, _, generation = name.rpartition(".")
    return (call_id, int(generation)) if generation.isdecimal() else ("", 0)


def list_findings(legs: Iterable[LiveLeg], reading: Reading) -> list[Finding]:
    """Legs that are elsewhere. Those that the carrier no longer lists are `list_missing`'s."""
    dialling = _children(reading)
    found = (_hold_against(leg, reading, dialling) for leg in legs)
    return [one for one in found if one is not None]


def list_missing(legs: Iterable[LiveLeg], reading: Reading) -> list[LiveLeg]:
    """Legs that we think live and the carrier does not list as such; none if it lists but some."""
    if not reading.is_whole:
        return []
    return [leg for leg in legs if leg.sid not in reading.lines and leg.place != Place.ENDED]


def _children(reading: Reading) -> Mapping[str, Phase]:
    """How far the line is that each line dials by TwiML."""
    phases: dict[str, Phase] = {}
    for line in reading.lines.values():
        if line.parent_sid and phases.get(line.parent_sid) is not Phase.LIVE:
            phases[line.parent_sid] = line.phase
    return phases


def _hold_against(leg: LiveLeg, reading: Reading, dialling: Mapping[str, Phase]) -> Finding | None:
    line = reading.lines.get(leg.sid)
    if line is None:
        return None
    if line.phase is Phase.COMING:
        return Finding(leg, Found.RINGING) if leg.place == Place.PLANNED else None
    where = _find_where(leg, reading, dialling)
    if where is None:
        return None
    known = (leg.place, leg.role, leg.room)
    if is_as_we_think(*known, where.found, where.room, seeks_911=leg.seeks_911):
        return None
    return Finding(leg, where.found, where.room)


def _find_where(
    leg: LiveLeg, reading: Reading, dialling: Mapping[str, Phase]
) -> Whereabouts | None:
    """Where an answered line is; None when this reading cannot tell."""
    if leg.sid in dialling:
        return Whereabouts(Found.TALK if dialling[leg.sid] is Phase.LIVE else Found.DIAL)
    name = reading.find_room(leg.sid)
    if name:
        call_id, generation = room_of(name)
        if call_id != leg.call_id:
            return None
        alone = len(reading.rooms[name]) == 1
        return Whereabouts(Found.ALONE if alone else Found.ROOM, generation)
    if reading.find_queue(leg.sid):
        return Whereabouts(Found.QUEUE)
    if any(room_of(unread)[0] == leg.call_id for unread in reading.unread):
        return None
    return Whereabouts(Found.FLOW)


def as_over(leg: LiveLeg, status: str) -> Finding:
    """That a leg is over, by the carrier's word for it."""
    return Finding(leg, Found.OVER, status=status)


def without_status(finding: Finding) -> Finding:
    """The finding as it is compared with an earlier one."""
    return replace(finding, status="")
