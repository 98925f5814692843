"""Triage protocols and the texts that were answered to them."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from router.storage.crypto import EncryptedText
from router.storage.tables.metadata import created_at, metadata, moment

# A version's document is never changed; a draft is reviewed by somebody other than its author.
protocol_versions = Table(
    "protocol_versions",
    metadata,
    Column("program_id", Text, ForeignKey("programs.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("document", JSONB, nullable=False),
    Column("status", Text, nullable=False),
    Column("author", Text, nullable=False),
    moment("submitted_at", nullable=False),
    Column("reviewed_by", Text),
    moment("reviewed_at"),
    Column("published_by", Text),
    moment("published_at"),
    CheckConstraint("status IN ('draft', 'reviewed', 'published')", name="status"),
    CheckConstraint("reviewed_by <> author", name="two_people"),
    CheckConstraint("status = 'draft' OR reviewed_by IS NOT NULL", name="reviewed"),
)

# A call's snapshot holds choices only; what was written in words is kept here.
protocol_texts = Table(
    "protocol_texts",
    metadata,
    Column("call_id", Text, ForeignKey("calls.id"), primary_key=True),
    Column("protocol", Text, primary_key=True),
    Column("question", Text, primary_key=True),
    Column("text", EncryptedText("protocol_texts.text"), nullable=False),
    Column("written_by", Text, nullable=False),
    created_at(),
)
