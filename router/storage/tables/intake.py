"""What is known of callers before they come."""

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Table, Text, text

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
