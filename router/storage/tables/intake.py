"""What is known of callers before they come."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Table,
    Text,
    text,
)

from router.storage.crypto import EncryptedDocument, EncryptedText
from router.storage.tables.metadata import metadata, moment

# Incidents that 911 has told us of (IN3). A code works once: `call_id` is who used it.
announcements = Table(
    "announcements",
    metadata,
    Column("incident_id", Text, ForeignKey("incidents.id"), primary_key=True),
    Column("program_id", Text, ForeignKey("programs.id"), nullable=False),
    Column("code", Text),
    Column("trunk_hash", LargeBinary),  # of the number that the transfer will come from
    Column("answers", EncryptedDocument("announcements.answers"), nullable=False),
    Column("note", EncryptedText("announcements.note")),
    Column("announced_by", Text, nullable=False),
    moment("announced_at", nullable=False),
    moment("expires_at", nullable=False),
    Column("call_id", Text),
    moment("used_at"),
    Index(
        "uq_announcements_program_id_code",
        "program_id",
        "code",
        unique=True,
        postgresql_where=text("call_id IS NULL"),
    ),
    Index(
        "ix_announcements_live",
        "program_id",
        "expires_at",
        postgresql_where=text("call_id IS NULL"),
    ),
)

# Numbers whose calls are slowed, never refused (IN8). A block that was lifted stays on record.
blocked_numbers = Table(
    "blocked_numbers",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("program_id", Text, ForeignKey("programs.id"), nullable=False),
    Column("number", EncryptedText("blocked_numbers.number"), nullable=False),
    Column("number_hash", LargeBinary, nullable=False),
    Column("reason", EncryptedText("blocked_numbers.reason"), nullable=False),
    Column("blocked_by", Text, nullable=False),
    moment("blocked_at", nullable=False),
    moment("expires_at", nullable=False),
    Column("lifted_by", Text),
    moment("lifted_at"),
    Index(
        "uq_blocked_numbers_program_id_number_hash",
        "program_id",
        "number_hash",
        unique=True,
        postgresql_where=text("lifted_at IS NULL"),
    ),
)
