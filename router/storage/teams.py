"""Response teams: who may be asked, who is on one, and the one claim a team can have."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from router.policy.dispatch import Team
from router.policy.shift import is_on_shift
from router.storage.people import shift_of
from router.storage.tables import people, shifts, team_members, teams


@dataclass(frozen=True, slots=True)
class Member:
    """A person on a team who can be reached; `phone_e164` is personal data."""

    person_id: str
    phone_e164: str
    language: str


def list_teams(session: Session, program_id: str, dispatch_id: str, at: datetime) -> list[Team]:
    """The program's teams as policy sees them; a claim by this dispatch does not make one busy."""
    reachable = (
        select(func.count())
        .select_from(team_members.join(people))
        .where(team_members.c.team_id == teams.c.id, people.c.phone.is_not(None))
        .where(people.c.is_active)
        .scalar_subquery()
    )
    rows = session.execute(
        select(teams, reachable.label("members")).where(
            teams.c.program_id == program_id, teams.c.is_active
        )
    ).all()
    on_shift = _list_on_shift(session, program_id, at)
    return [
        Team(
            id=row.id,
            position=row.position,
            on_shift=row.id in on_shift,
            free=row.claimed_dispatch_id in (None, dispatch_id),
            members=row.members,
            skills=frozenset(row.skills),
            zones=frozenset(row.zones),
        )
        for row in rows
    ]


def _list_on_shift(session: Session, program_id: str, at: datetime) -> set[str]:
    rows = session.execute(
        select(shifts).where(shifts.c.program_id == program_id, shifts.c.team_id.is_not(None))
    ).mappings()
    return {row["team_id"] for row in rows if is_on_shift(shift_of(dict(row)), at)}


def find_name(session: Session, team_id: str) -> str | None:
    """What a team is called aloud, or None."""
    return session.scalars(select(teams.c.name).where(teams.c.id == team_id)).one_or_none()


def list_members(session: Session, team_id: str) -> list[Member]:
    """The team's reachable members."""
    rows = session.execute(
        select(people.c.id, people.c.phone, people.c.languages)
        .join(team_members, team_members.c.person_id == people.c.id)
        .where(team_members.c.team_id == team_id, people.c.phone.is_not(None), people.c.is_active)
        .order_by(people.c.id)
    )
    return [Member(row.id, row.phone, row.languages[0] if row.languages else "en") for row in rows]


def claim_team(session: Session, team_id: str, dispatch_id: str, now: datetime) -> bool:
    """Take a team that is free for a dispatch; one statement decides (Law 6)."""
    claimed = session.execute(
        update(teams)
        .where(
            teams.c.id == team_id,
            teams.c.is_active,
            or_(teams.c.claimed_dispatch_id.is_(None), teams.c.claimed_dispatch_id == dispatch_id),
        )
        .values(claimed_dispatch_id=dispatch_id, claimed_at=now)
        .returning(teams.c.id)
    )
    return claimed.first() is not None


def release_team(session: Session, team_id: str, dispatch_id: str) -> bool:
    """Free a team that this dispatch holds. False when it holds it no longer."""
    released = session.execute(
        update(teams)
        .where(teams.c.id == team_id, teams.c.claimed_dispatch_id == dispatch_id)
        .values(claimed_dispatch_id=None, claimed_at=None)
        .returning(teams.c.id)
    )
    return released.first() is not None
