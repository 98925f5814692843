"""Those who sign in, where they are signed in, and the tokens of programs that use the API."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, LargeBinary, Table, Text, text, true
from sqlalchemy.dialects.postgresql import ARRAY

from router.storage.tables.metadata import created_at, metadata, moment

users = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True),
    Column("email", Text, nullable=False, unique=True),  # lower case
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),  # clinician, supervisor, call_taker, operator
    Column("person_id", Text, ForeignKey("people.id"), index=True),
    Column("is_active", Boolean, nullable=False, server_default=true()),
    # What a session names its user by: a new value ends every session of the user.
    Column("session_key", Text, nullable=False, unique=True),
    created_at(),
    moment("password_at", nullable=False),
)

user_sessions = Table(
    "user_sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", Text, ForeignKey("users.id"), nullable=False),
    moment("started_at", nullable=False),
    moment("seen_at", nullable=False),
    moment("ended_at"),
    Index("ix_user_sessions_started_at", "started_at"),
    Index("ix_user_sessions_user_id", "user_id", postgresql_where=text("ended_at IS NULL")),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("scopes", ARRAY(Text), nullable=False),  # read_board, calls, roster
    Column("created_by", Text, nullable=False),
    created_at(),
    moment("last_used_at"),
    moment("revoked_at"),
)
