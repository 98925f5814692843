"""Who may sign in, and which programs may use the API."""

from __future__ import annotations

import json
import secrets
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select
from sqlalchemy.orm import Session

from router.errors import ConflictError, InvalidInputError, NotFoundError
from router.storage import accounts as stored
from router.storage.accounts import SessionLimits, TokenRow, UserRow
from router.storage.crypto import search_hash
from router.storage.database import Sessions
from router.storage.tables import people
from router.storage.tables.accounts import users

PASSWORD_CHARACTERS = 12
PASSWORD_CHARACTERS_MOST = 256
TOUCH_EVERY = timedelta(
    seconds=60
)  # a session in use is written down once a minute, not once a request

# RFC 9106, second recommended option; verified and renewed at sign-in by the web application.
ARGON2_ROUNDS, ARGON2_MEMORY_KIB, ARGON2_LANES = 3, 65536, 4
_hasher = PasswordHasher(
    time_cost=ARGON2_ROUNDS, memory_cost=ARGON2_MEMORY_KIB, parallelism=ARGON2_LANES
)


class Role(StrEnum):
    """What a user may do; a user has one or more."""

    CLINICIAN = "clinician"
    SUPERVISOR = "supervisor"
    CALL_TAKER = "call_taker"
    OPERATOR = "operator"


class Scope(StrEnum):
    """What a token may do."""

    READ_BOARD = "read_board"
    CALLS = "calls"
    ROSTER = "roster"
    INCIDENTS = "incidents"


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made; `token` is shown once and not kept."""

    id: str
    token: str


def add_user(
    sessions: Sessions,
    *,
    email: str,
    name: str,
    password: str,
    roles: Iterable[str],
    person_id: str | None = None,
) -> str:
    """A user who may sign in; returns their id.

    Raises InvalidInputError naming the field, or ConflictError when the address is taken.
    """
    with sessions.begin() as session:
        return _add_user(session, email, name, password, list(roles), person_id)


def change_password(sessions: Sessions, email: str, password: str) -> None:
    """A new password; every session of the user ends. Raises NotFoundError or InvalidInputError."""
    now = datetime.now(UTC)
    with sessions.begin() as session:
        user = _get_user(session, email)
        stored.set_password(
            session, user.id, hash_password(password), session_key=_new_key(), now=now
        )
        stored.end_sessions_of(session, user.id, now)


def renew_password_hash(sessions: Sessions, user_id: str, *, old: str, new: str) -> None:
    """Keep the same password under newer parameters of its hash."""
    with sessions.begin() as session:
        stored.set_password_hash(session, user_id, old=old, new=new)


def disable_user(sessions: Sessions, email: str) -> None:
    """The user may no longer sign in, and is signed out everywhere. Raises NotFoundError."""
    _set_active(sessions, email, is_active=False)


def enable_user(sessions: Sessions, email: str) -> None:
    """The user may sign in again. Raises NotFoundError."""
    _set_active(sessions, email, is_active=True)


def list_users(sessions: Sessions) -> list[UserRow]:
    """Everyone who has an account, by address."""
    with sessions() as session:
        return stored.list_users(session)


def find_user_by_email(sessions: Sessions, email: str) -> UserRow | None:
    """The user of that address, active or not."""
    with sessions() as session:
        return stored.find_user_by_email(session, email)


def sign_in(sessions: Sessions, user_id: str) -> str:
    """Begin a session of the user; returns its id."""
    session_id = secrets.token_urlsafe(24)
    with sessions.begin() as session:
        stored.start_session(session, session_id, user_id, datetime.now(UTC))
    return session_id


def sign_out(sessions: Sessions, session_id: str) -> None:
    """End a session: a copy of its cookie opens nothing any more."""
    with sessions.begin() as session:
        stored.end_session(session, session_id, datetime.now(UTC))


def sign_out_everywhere(sessions: Sessions, email: str) -> int:
    """End every session of a user; returns how many there were. Raises NotFoundError."""
    with sessions.begin() as session:
        return stored.end_sessions_of(session, _get_user(session, email).id, datetime.now(UTC))


def resume_session(
    sessions: Sessions,
    session_id: str,
    session_key: str,
    limits: SessionLimits,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> UserRow | None:
    """The user of a live session, which counts as used; None when it has ended or run out."""
    at = now()
    with sessions.begin() as session:
        found = stored.find_session_user(session, session_id, session_key, limits, at)
        if found is None:
            return None
        user, seen_at = found
        if at - seen_at > TOUCH_EVERY:
            stored.touch_sessions(session, [session_id], limits, at)
        return user


def keep_sessions(
    sessions: Sessions, session_ids: Iterable[str], limits: SessionLimits
) -> set[str]:
    """Count sessions as used; returns those that still live."""
    wanted = list(session_ids)
    if not wanted:
        return set()
    with sessions.begin() as session:
        return stored.touch_sessions(session, wanted, limits, datetime.now(UTC))


def list_signed_in(sessions: Sessions, limits: SessionLimits) -> dict[str, int]:
    """How many live sessions each user has, by user id."""
    with sessions() as session:
        return stored.count_sessions(session, limits, datetime.now(UTC))


def add_token(sessions: Sessions, *, name: str, scopes: Iterable[str], created_by: str) -> NewToken:
    """A token of those scopes. It is returned here and never again. Raises InvalidInputError."""
    wanted = frozenset(scopes)
    if not name.strip():
        raise InvalidInputError("name", "say what the token is for")
    if not wanted or not wanted <= {scope.value for scope in Scope}:
        raise InvalidInputError("scopes", "one or more of " + ", ".join(Scope))
    token_id = secrets.token_hex(4)
    token = f"sb_{token_id}_{secrets.token_urlsafe(32)}"
    row = TokenRow(
        id=token_id,
        name=name.strip(),
        scopes=wanted,
        created_by=created_by,
        created_at=datetime.now(UTC),
        last_used_at=None,
        revoked_at=None,
    )
    with sessions.begin() as session:
        stored.insert_token(session, row, _token_hash(session, token))
    return NewToken(token_id, token)


def use_token(sessions: Sessions, token: str) -> TokenRow | None:
    """The token's row, with its use noted; None when it is unknown or revoked."""
    now = datetime.now(UTC)
    with sessions.begin() as session:
        row = stored.find_token(session, _token_hash(session, token))
        if row is not None:
            stored.mark_token_used(session, row.id, now, older_than=now - TOUCH_EVERY)
        return row


def list_tokens(sessions: Sessions) -> list[TokenRow]:
    """Every token, without its secret; newest first."""
    with sessions() as session:
        return stored.list_tokens(session)


def revoke_token(sessions: Sessions, token_id: str) -> None:
    """The token opens nothing from now on. Raises NotFoundError."""
    with sessions.begin() as session:
        if not stored.revoke_token(session, token_id, datetime.now(UTC)):
            raise NotFoundError(f"there is no token {token_id} in force")


@dataclass(frozen=True, slots=True)
class DemoUser:
    """One user of the demo, with the password to print."""

    role: str
    name: str
    email: str
    password: str


DEMO_PEOPLE = {
    Role.CLINICIAN: "Carla Clinician",
    Role.SUPERVISOR: "Sam Supervisor",
    Role.CALL_TAKER: "Tess Calltaker",
    Role.OPERATOR: "Otto Operator",
}


def demo_users(session: Session, folder: Path) -> list[DemoUser]:
    """One user a role, for development only; their passwords are kept in `folder` between runs.

    Does not commit. A user of a role is linked to the first person who has it and no user yet.
    """
    kept_at = folder / "demo-users.json"
    kept: dict[str, str] = {}
    if kept_at.exists():
        kept = json.loads(kept_at.read_text(encoding="utf-8"))
    made = []
    for role, name in DEMO_PEOPLE.items():
        email = f"{role.value.replace('_', '')}@switchback.example"
        password = kept.setdefault(email, _readable_password())
        _keep_demo_user(session, DemoUser(role.value, name, email, password))
        user = stored.find_user_by_email(session, email)
        made.append(DemoUser(role.value, user.name if user else name, email, password))
    folder.mkdir(parents=True, exist_ok=True)
    kept_at.touch(mode=0o600)
    kept_at.write_text(json.dumps(kept, indent=2), encoding="utf-8")
    return made


def hash_password(password: str) -> str:
    """The argon2id hash of a password. Raises InvalidInputError for too short or too long."""
    if not PASSWORD_CHARACTERS <= len(password) <= PASSWORD_CHARACTERS_MOST:
        raise InvalidInputError(
            "password", f"use {PASSWORD_CHARACTERS} to {PASSWORD_CHARACTERS_MOST} characters"
        )
    return _hasher.hash(unicodedata.normalize("NFKD", password))  # as sign-in compares it


def _add_user(
    session: Session,
    email: str,
    name: str,
    password: str,
    roles: list[str],
    person_id: str | None,
) -> str:
    if not roles or not set(roles) <= {role.value for role in Role}:
        raise InvalidInputError("roles", "one or more of " + ", ".join(Role))
    if not name.strip():
        raise InvalidInputError("name", "say who it is")
    if person_id is not None and not _is_person(session, person_id):
        raise InvalidInputError("person", "there is no such person on the roster")
    user = UserRow(
        id=secrets.token_hex(6),
        email=_address(email),
        name=name.strip(),
        password_hash=hash_password(password),
        roles=tuple(sorted(set(roles))),
        person_id=person_id,
        is_active=True,
        session_key=_new_key(),
    )
    if not stored.insert_user(session, user, datetime.now(UTC)):
        raise ConflictError("that address has an account already")
    return user.id


def _set_active(sessions: Sessions, email: str, *, is_active: bool) -> None:
    with sessions.begin() as session:
        user = _get_user(session, email)
        stored.set_active(session, user.id, is_active=is_active, session_key=_new_key())
        stored.end_sessions_of(session, user.id, datetime.now(UTC))


def _get_user(session: Session, email: str) -> UserRow:
    user = stored.find_user_by_email(session, email.strip())
    if user is None:
        raise NotFoundError("nobody has an account of that address")
    return user


def _address(email: str) -> str:
    try:
        return validate_email(email.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise InvalidInputError("email", "that is not an e-mail address") from None


def _new_key() -> str:
    return secrets.token_hex(16)


def _token_hash(session: Session, token: str) -> bytes:
    # Prefixed, so that no telephone number's hash can ever equal a token's.
    return search_hash(session, f"api-token:{token}")


def _is_person(session: Session, person_id: str) -> bool:
    return session.execute(select(people.c.id).where(people.c.id == person_id)).first() is not None


def _readable_password() -> str:
    """Four groups of five letters and digits: 99 bits, easy to copy from a screen."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


def _keep_demo_user(session: Session, demo: DemoUser) -> None:
    user = stored.find_user_by_email(session, demo.email)
    if user is None:
        person = _find_free_person(session, demo.role)
        name = person[1] if person else demo.name
        _add_user(
            session, demo.email, name, demo.password, [demo.role], person[0] if person else None
        )
        return
    try:
        _hasher.verify(user.password_hash, demo.password)
    except VerificationError:
        stored.set_password(
            session,
            user.id,
            hash_password(demo.password),
            session_key=_new_key(),
            now=datetime.now(UTC),
        )


def _find_free_person(session: Session, role: str) -> tuple[str, str] | None:
    row = session.execute(
        select(people.c.id, people.c.name)
        .where(
            people.c.roles.contains([role]),
            people.c.id.not_in(select(users.c.person_id).where(users.c.person_id.is_not(None))),
        )
        .order_by(people.c.id)
        .limit(1)
    ).first()
    return None if row is None else (row.id, row.name)
