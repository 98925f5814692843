"""Users, their sessions, and API tokens. Passwords and tokens are seen here as hashes only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from router.storage.tables.accounts import api_tokens, user_sessions, users


@dataclass(frozen=True, slots=True)
class UserRow:
    """One user; `session_key` is what their sessions name them by."""

    id: str
    email: str
    name: str
    password_hash: str
    roles: tuple[str, ...]
    person_id: str | None
    is_active: bool
    session_key: str


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How long a session lasts: in all, and without being used."""

    absolute_seconds: int
    idle_seconds: int


@dataclass(frozen=True, slots=True)
class TokenRow:
    """One API token, without the token."""

    id: str
    name: str
    scopes: frozenset[str]
    created_by: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


_USER = (
    users.c.id,
    users.c.email,
    users.c.name,
    users.c.password_hash,
    users.c.roles,
    users.c.person_id,
    users.c.is_active,
    users.c.session_key,
)
_TOKEN = (
    api_tokens.c.id,
    api_tokens.c.name,
    api_tokens.c.scopes,
    api_tokens.c.created_by,
    api_tokens.c.created_at,
    api_tokens.c.last_used_at,
    api_tokens.c.revoked_at,
)


def insert_user(session: Session, user: UserRow, now: datetime) -> bool:
    """Write a new user; False when the e-mail address is taken."""
    taken = session.execute(select(users.c.id).where(users.c.email == user.email)).first()
    if taken is not None:
        return False
    session.execute(
        insert(users).values(
            id=user.id,
            email=user.email,
            name=user.name,
            password_hash=user.password_hash,
            roles=list(user.roles),
            person_id=user.person_id,
            is_active=user.is_active,
            session_key=user.session_key,
            password_at=now,
        )
    )
    return True


def find_user_by_email(session: Session, email: str) -> UserRow | None:
    """The user of that address, active or not."""
    return _user(session.execute(select(*_USER).where(users.c.email == email.lower())).first())


def find_user(session: Session, user_id: str) -> UserRow | None:
    """The user of that id, active or not."""
    return _user(session.execute(select(*_USER).where(users.c.id == user_id)).first())


def list_users(session: Session) -> list[UserRow]:
    """Everyone, by address."""
    rows = session.execute(select(*_USER).order_by(users.c.email))
    return [user for row in rows if (user := _user(row)) is not None]


def set_password(
    session: Session, user_id: str, password_hash: str, *, session_key: str, now: datetime
) -> None:
    """Give the user a new password hash; the new key ends their sessions."""
    session.execute(
        update(users)
        .where(users.c.id == user_id)
        .values(password_hash=password_hash, session_key=session_key, password_at=now)
    )


def set_password_hash(session: Session, user_id: str, *, old: str, new: str) -> None:
    """Put the same password under a newer hash, unless it has changed in the meantime."""
    session.execute(
        update(users)
        .where(users.c.id == user_id, users.c.password_hash == old)
        .values(password_hash=new)
    )


def set_active(session: Session, user_id: str, *, is_active: bool, session_key: str) -> None:
    """Let the user sign in, or not; the new key ends their sessions."""
    session.execute(
        update(users)
        .where(users.c.id == user_id)
        .values(is_active=is_active, session_key=session_key)
    )


def start_session(session: Session, session_id: str, user_id: str, now: datetime) -> None:
    """Write a session that begins now."""
    session.execute(
        insert(user_sessions).values(id=session_id, user_id=user_id, started_at=now, seen_at=now)
    )


def find_session_user(
    session: Session, session_id: str, session_key: str, limits: SessionLimits, now: datetime
) -> tuple[UserRow, datetime] | None:
    """The active user of a live session and when it was last used; None when it is over."""
    row = session.execute(
        select(*_USER, user_sessions.c.seen_at)
        .join(user_sessions, user_sessions.c.user_id == users.c.id)
        .where(
            user_sessions.c.id == session_id,
            users.c.session_key == session_key,
            users.c.is_active,
            _is_live(limits, now),
        )
    ).first()
    user = _user(row)
    return None if row is None or user is None else (user, row.seen_at)


def touch_sessions(
    session: Session, session_ids: Sequence[str], limits: SessionLimits, now: datetime
) -> set[str]:
    """Note that sessions are in use; returns those that live, the others have ended or run out."""
    rows = session.execute(
        update(user_sessions)
        .where(
            user_sessions.c.id.in_(session_ids),
            users.c.id == user_sessions.c.user_id,
            users.c.is_active,
            _is_live(limits, now),
        )
        .values(seen_at=func.greatest(user_sessions.c.seen_at, now))
        .returning(user_sessions.c.id)
    )
    return {row.id for row in rows}


def end_session(session: Session, session_id: str, now: datetime) -> None:
    """End one session."""
    session.execute(
        update(user_sessions)
        .where(user_sessions.c.id == session_id, user_sessions.c.ended_at.is_(None))
        .values(ended_at=now)
    )


def end_sessions_of(session: Session, user_id: str, now: datetime) -> int:
    """End every session of a user; returns how many."""
    ended = session.execute(
        update(user_sessions)
        .where(user_sessions.c.user_id == user_id, user_sessions.c.ended_at.is_(None))
        .values(ended_at=now)
        .returning(user_sessions.c.id)
    )
    return len(ended.all())


def delete_sessions(session: Session, before: datetime, limit: int) -> int:
    """Forget up to `limit` sessions not used since `before`, the oldest first; returns how many."""
    oldest = (
        select(user_sessions.c.id)
        .where(user_sessions.c.started_at < before, user_sessions.c.seen_at < before)
        .order_by(user_sessions.c.started_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    done = session.connection().execute(delete(user_sessions).where(user_sessions.c.id.in_(oldest)))
    return done.rowcount


def count_sessions(session: Session, limits: SessionLimits, now: datetime) -> dict[str, int]:
    """Live sessions by user id."""
    rows = session.execute(
        select(user_sessions.c.user_id, func.count())
        .where(_is_live(limits, now))
        .group_by(user_sessions.c.user_id)
    )
    return {row[0]: row[1] for row in rows}


def insert_token(session: Session, token: TokenRow, token_hash: bytes) -> None:
    """Write a new token by its hash."""
    session.execute(
        insert(api_tokens).values(
            id=token.id,
            name=token.name,
            token_hash=token_hash,
            scopes=sorted(token.scopes),
            created_by=token.created_by,
            created_at=token.created_at,
        )
    )


def find_token(session: Session, token_hash: bytes) -> TokenRow | None:
    """The token of that hash, unless revoked."""
    row = session.execute(
        select(*_TOKEN).where(
            api_tokens.c.token_hash == token_hash, api_tokens.c.revoked_at.is_(None)
        )
    ).first()
    return None if row is None else _token(row)


def list_tokens(session: Session) -> list[TokenRow]:
    """Every token, revoked ones too, newest first."""
    rows = session.execute(select(*_TOKEN).order_by(api_tokens.c.created_at.desc()))
    return [_token(row) for row in rows]


def mark_token_used(
    session: Session, token_id: str, now: datetime, *, older_than: datetime
) -> None:
    """Note when a token was last used; nothing is written if that was noted after `older_than`."""
    session.execute(
        update(api_tokens)
        .where(
            api_tokens.c.id == token_id,
            or_(api_tokens.c.last_used_at.is_(None), api_tokens.c.last_used_at < older_than),
        )
        .values(last_used_at=now)
    )


def revoke_token(session: Session, token_id: str, now: datetime) -> bool:
    """Revoke a token; False when there is none, or it was revoked before."""
    revoked = session.execute(
        update(api_tokens)
        .where(api_tokens.c.id == token_id, api_tokens.c.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(api_tokens.c.id)
    )
    return revoked.first() is not None


def _is_live(limits: SessionLimits, now: datetime) -> ColumnElement[bool]:
    return and_(
        user_sessions.c.ended_at.is_(None),
        user_sessions.c.started_at > now - timedelta(seconds=limits.absolute_seconds),
        user_sessions.c.seen_at > now - timedelta(seconds=limits.idle_seconds),
    )


def _user(row: Row[*tuple[Any, ...]] | None) -> UserRow | None:
    if row is None:
        return None
    return UserRow(
        id=row.id,
        email=row.email,
        name=row.name,
        password_hash=row.password_hash,
        roles=tuple(row.roles),
        person_id=row.person_id,
        is_active=row.is_active,
        session_key=row.session_key,
    )


def _token(row: Row[*tuple[Any, ...]]) -> TokenRow:
    return TokenRow(
        id=row.id,
        name=row.name,
        scopes=frozenset(row.scopes),
        created_by=row.created_by,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
