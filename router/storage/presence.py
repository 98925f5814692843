"""Who is signed on, paused, claimed by a call, or finishing one. One row a person."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Column,
    DateTime,
    Integer,
    MetaData,
    Table,
    Text,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from router.storage.recordset import plain, rows_of
from router.storage.tables import legs, offers, presence

MISSED_OFFERS = "missed_offers"  # the pause_reason of a person who did not answer (RO3)


@dataclass(frozen=True, slots=True)
class PresenceRow:
    """One person's presence."""

    person_id: str
    signed_on_at: datetime | None
    paused_at: datetime | None
    pause_reason: str
    claimed_call_id: str | None
    claimed_at: datetime | None
    wrap_up_until: datetime | None
    idle_since: datetime | None
    missed_offers: int


@dataclass(frozen=True, slots=True)
class Release:
    """How a call lets go of a person.

    `wrap_up_until` is None for one who never talked. `missed` adds to the offers missed in a row;
    `answered` starts that count again. At `pause_after` missed ones the person is paused.
    """

    person_id: str
    wrap_up_until: datetime | None = None
    missed: bool = False
    answered: bool = False
    pause_after: int = 3


def find_presence(session: Session, person_id: str) -> PresenceRow | None:
    """The person's presence, or None for a person we do not know."""
    row = session.execute(select(presence).where(presence.c.person_id == person_id)).first()
    return None if row is None else PresenceRow(*row)


def sign_on(session: Session, person_id: str, now: datetime) -> bool:
    """Make the person present and unpaused; False for a person we do not know.

    Signing on again keeps the first instant, and a claim in force.
    """
    return _set(
        session,
        person_id,
        signed_on_at=func.coalesce(presence.c.signed_on_at, now),
        idle_since=func.coalesce(presence.c.idle_since, now),
        paused_at=None,
        pause_reason="",
        missed_offers=0,
    )


def sign_off(session: Session, person_id: str) -> bool:
    """Take the person off the roster; a call they are on keeps them to its end."""
    return _set(
        session, person_id, signed_on_at=None, idle_since=None, paused_at=None, pause_reason=""
    )


def pause(session: Session, person_id: str, reason: str, now: datetime) -> bool:
    """Offer the person nothing until `resume`; the reason is shown to supervisors."""
    return _set(session, person_id, paused_at=now, pause_reason=reason)


def resume(session: Session, person_id: str) -> bool:
    """End a pause and forget missed offers."""
    return _set(session, person_id, paused_at=None, pause_reason="", missed_offers=0)


def end_wrap_up(session: Session, person_id: str) -> bool:
    """Let the person be offered calls before their wrap-up time is over."""
    return _set(session, person_id, wrap_up_until=None)


def _set(session: Session, person_id: str, **values: object) -> bool:
    done = session.execute(
        update(presence)
        .where(presence.c.person_id == person_id)
        .values(**values)
        .returning(presence.c.person_id)
    )
    return done.first() is not None


def claim_people(
    session: Session,
    person_ids: Collection[str],
    call_id: str,
    now: datetime,
    *,
    skip_locked: bool = False,
) -> frozenset[str]:
    """Claim people for a call, and return those it got: one statement, one winner (Law 6).

    Rows are locked in order of id, so two calls that want the same people cannot block each other.
    A transaction that holds a claim already passes `skip_locked`, for the same reason.
    """
    wanted = (
        select(presence.c.person_id)
        .where(
            presence.c.person_id.in_(sorted(person_ids)),
            or_(presence.c.claimed_call_id.is_(None), presence.c.claimed_call_id == call_id),
            presence.c.signed_on_at.is_not(None),
            presence.c.paused_at.is_(None),
        )
        .order_by(presence.c.person_id)
        .with_for_update(skip_locked=skip_locked)
        .cte("wanted")
    )
    taken = session.scalars(
        update(presence)
        .where(presence.c.person_id == wanted.c.person_id)
        .values(claimed_call_id=call_id, claimed_at=func.coalesce(presence.c.claimed_at, now))
        .returning(presence.c.person_id)
    )
    return frozenset(taken)


def claim_person(session: Session, person_id: str, call_id: str, now: datetime) -> bool:
    """Claim one person; False when another call has them, or they are not there to be had."""
    return bool(claim_people(session, [person_id], call_id, now))


_shape = Table(  # not a table of the database: the shape of the rows that release_people passes
    "releases",
    MetaData(),
    Column("person_id", Text),
    Column("wrap_up_until", DateTime(timezone=True)),
    Column("missed", Integer),
    Column("answered", Integer),
    Column("pause_after", Integer),
)
_given = rows_of(_shape, tuple(_shape.c.keys()), "releases")
_missed = case((_given.c.answered > 0, 0), else_=presence.c.missed_offers) + _given.c.missed
_pauses = and_(_given.c.missed > 0, _missed >= _given.c.pause_after)
_RELEASE = (
    update(presence)
    .where(
        presence.c.person_id == _given.c.person_id,
        presence.c.claimed_call_id == bindparam("call_id"),
    )
    .values(
        claimed_call_id=None,
        claimed_at=None,
        wrap_up_until=func.coalesce(_given.c.wrap_up_until, presence.c.wrap_up_until),
        # Whoever talked begins to be idle when their wrap-up ends; a ring alone changes nothing.
        idle_since=func.coalesce(_given.c.wrap_up_until, presence.c.idle_since),
        missed_offers=_missed,
        paused_at=case(
            (_pauses, func.coalesce(presence.c.paused_at, bindparam("now"))),
            else_=presence.c.paused_at,
        ),
        pause_reason=case((_pauses, MISSED_OFFERS), else_=presence.c.pause_reason),
    )
    .returning(presence.c.person_id, presence.c.pause_reason == MISSED_OFFERS)
)


def release_people(
    session: Session, call_id: str, releases: Sequence[Release], now: datetime
) -> frozenset[str]:
    """Let people go whom this call has claimed, and return those whom missed offers paused.

    A person whom another call has claimed since is left alone.
    """
    rows = [
        plain(
            {
                "person_id": one.person_id,
                "wrap_up_until": one.wrap_up_until,
                "missed": int(one.missed),
                "answered": int(one.answered),
                "pause_after": one.pause_after,
            }
        )
        for one in releases
    ]
    done = session.connection().execute(
        _RELEASE, {"call_id": call_id, "releases": rows, "now": now}
    )
    return frozenset(person_id for person_id, paused in done if paused)


def release_person(session: Session, person_id: str, call_id: str, now: datetime) -> None:
    """Let one person go without wrap-up."""
    release_people(session, call_id, [Release(person_id)], now)


def heal(session: Session, older_than: datetime) -> list[str]:
    """Free people whose claim no call accounts for, and return their ids.

    A claim is accounted for by a live offer or a live leg of the call that holds it. Claims made
    after `older_than` are left alone: theirs may not be committed in full view yet.
    """
    offered = (
        select(offers.c.leg_id)
        .where(
            offers.c.call_id == presence.c.claimed_call_id,
            offers.c.person_id == presence.c.person_id,
            offers.c.state.in_(("ringing", "answered")),
        )
        .exists()
    )
    on_leg = (
        select(legs.c.id)
        .where(
            legs.c.call_id == presence.c.claimed_call_id,
            legs.c.person_id == presence.c.person_id,
            legs.c.place != "ended",
        )
        .exists()
    )
    freed = session.scalars(
        update(presence)
        .where(
            presence.c.claimed_call_id.is_not(None),
            presence.c.claimed_at < older_than,
            ~offered,
            ~on_leg,
        )
        .values(claimed_call_id=None, claimed_at=None)
        .returning(presence.c.person_id)
    )
    return list(freed)
