"""Decides which team is asked next and how a dispatch request may move on.

Never asks a clock or a database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType


class Status(StrEnum):
    """Where a dispatch request stands (DI4). `unanswered`: no team took it, so it is 911's."""

    REQUESTED = "requested"
    APPROVED = "approved"
    ASSIGNED = "assigned"
    ACKNOWLEDGED = "acknowledged"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    CLEARED = "cleared"
    CANCELLED = "cancelled"
    UNANSWERED = "unanswered"


ALLOWED: Mapping[Status, frozenset[Status]] = MappingProxyType(
    {
        Status.REQUESTED: frozenset({Status.APPROVED, Status.CANCELLED, Status.UNANSWERED}),
        Status.APPROVED: frozenset({Status.ASSIGNED, Status.CANCELLED, Status.UNANSWERED}),
        # A team that declines or stays silent gives the request back, for the next team.
        Status.ASSIGNED: frozenset(
            {Status.APPROVED, Status.ACKNOWLEDGED, Status.CANCELLED, Status.UNANSWERED}
        ),
        # A step may be skipped: a crew at the door forgets to say that it set out.
        Status.ACKNOWLEDGED: frozenset(
            {Status.EN_ROUTE, Status.ON_SCENE, Status.CLEARED, Status.CANCELLED}
        ),
        Status.EN_ROUTE: frozenset({Status.ON_SCENE, Status.CLEARED, Status.CANCELLED}),
        Status.ON_SCENE: frozenset({Status.CLEARED, Status.CANCELLED}),
        Status.CLEARED: frozenset(),
        Status.CANCELLED: frozenset(),
        Status.UNANSWERED: frozenset(),
    }
)
"""Every move a request may make; what is not here is refused."""

OPEN = frozenset(status for status, onward in ALLOWED.items() if onward)
"""A request in one of these still has a team, or is looking for one."""

SEEKING = frozenset({Status.REQUESTED, Status.APPROVED, Status.ASSIGNED})
"""Nobody has taken the request yet: each of these has a deadline."""

TAKEN = frozenset({Status.ACKNOWLEDGED, Status.EN_ROUTE, Status.ON_SCENE})
"""A team is on its way or there."""


def may_become(old: str, new: str) -> bool:
    """Whether a request may go from status `old` to `new`."""
    return Status(new) in ALLOWED[Status(old)]


def sources_of(new: str) -> frozenset[str]:
    """The statuses from which a request may become `new`: the guard of a conditional UPDATE."""
    wanted = Status(new)
    return frozenset(old.value for old, onward in ALLOWED.items() if wanted in onward)


class LeftOut(StrEnum):
    """Why a team is not asked, in the order in which the reasons are looked for."""

    ASKED = "already_asked"
    NO_MEMBERS = "no_members"
    OFF_SHIFT = "off_shift"
    BUSY = "busy"
    SKILL = "lacks_skill"
    ZONE = "outside_zone"


@dataclass(frozen=True, slots=True)
class Team:
    """A team as it stands now.

    No `zones` means everywhere; `position` is its place in the program's order.
    """

    id: str
    position: int
    on_shift: bool
    free: bool
    members: int
    skills: frozenset[str] = frozenset()
    zones: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request needs; `asked` are the teams that were paged for it before."""

    skills: frozenset[str] = frozenset()
    zone: str = ""
    asked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Choice:
    """Teams that may be asked, best first, and for each other team why it was left out (DI3)."""

    team_ids: tuple[str, ...]
    left_out: Mapping[str, LeftOut]


def choose(teams: Iterable[Team], wanted: Wanted) -> Choice:
    """The teams to ask, in the program's order."""
    fit: list[Team] = []
    left_out: dict[str, LeftOut] = {}
    for team in sorted(teams, key=lambda team: (team.position, team.id)):
        reason = _find_reason_against(team, wanted)
        if reason is None:
            fit.append(team)
        else:
            left_out[team.id] = reason
    return Choice(tuple(team.id for team in fit), MappingProxyType(left_out))


def _find_reason_against(team: Team, wanted: Wanted) -> LeftOut | None:
    against = {
        LeftOut.ASKED: team.id in wanted.asked,
        LeftOut.NO_MEMBERS: team.members == 0,
        LeftOut.OFF_SHIFT: not team.on_shift,
        LeftOut.BUSY: not team.free,
        LeftOut.SKILL: not wanted.skills <= team.skills,
        LeftOut.ZONE: bool(wanted.zone and team.zones and wanted.zone not in team.zones),
    }
    return next((reason for reason, holds in against.items() if holds), None)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long each wait of a request may last, in seconds.

    `acknowledge_seconds` covers a ring of 25 s and two hearings of the page; `supervisor_seconds`
    is what a supervisor has to find a team by hand before the clinician is told to return to 911.
    """

    approve_seconds: int = 120
    choose_seconds: int = 15
    acknowledge_seconds: int = 90
    supervisor_seconds: int = 60


def due_after(status: Status, now: datetime, deadlines: Deadlines) -> datetime | None:
    """When a request that became `status` at `now` must have moved on.

    None once a team has it or it is over.
    """
    waits = {
        Status.REQUESTED: deadlines.approve_seconds,
        Status.APPROVED: deadlines.choose_seconds,
        Status.ASSIGNED: deadlines.acknowledge_seconds,
    }
    seconds = waits.get(status)
    return None if seconds is None else now + timedelta(seconds=seconds)
