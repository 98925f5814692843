"""Programs and what they own: published versions, our numbers, 911 centres, their lines, desks."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from router.storage.crypto import EncryptedText
from router.storage.tables.metadata import created_at, metadata, moment

programs = Table(
    "programs",
    metadata,
    Column("id", Text, primary_key=True),  # the slug: austin
    Column("title", Text, nullable=False),
    Column("active_version", Integer),  # the version new calls begin with
    created_at(),
)

# Immutable: a call keeps the version it began with.
program_versions = Table(
    "program_versions",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("program_id", Text, ForeignKey("programs.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("document", JSONB, nullable=False),  # the checked settings; no telephone numbers
    Column("published_by", Text, nullable=False),
    moment("effective_at", nullable=False),
    created_at(),
    UniqueConstraint("program_id", "version"),
)

lines = Table(
    "lines",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("program_id", Text, ForeignKey("programs.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),  # direct, transfer, psap
    Column("number", EncryptedText("lines.number"), nullable=False),
    Column("number_hash", LargeBinary, nullable=False, unique=True),
    Column("is_active", Boolean, nullable=False, server_default=true()),
    UniqueConstraint("program_id", "name"),
)

psaps = Table(
    "psaps",
    metadata,
    Column("program_id", Text, ForeignKey("programs.id"), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("desk", Text, nullable=False, server_default=""),  # its hosted desk, or ""
)

return_lines = Table(
    "return_lines",
    metadata,
    Column("program_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),  # what Leg.line_id names
    Column("psap_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("position", Integer, nullable=False),  # lines are tried in this order (RE3)
    Column("number", EncryptedText("return_lines.number"), nullable=False),
    Column("ring_seconds", Integer, nullable=False),
    ForeignKeyConstraint(["program_id", "psap_id"], ["psaps.program_id", "psaps.id"]),
    UniqueConstraint("program_id", "psap_id", "position"),
)

desks = Table(
    "desks",
    metadata,
    Column("program_id", Text, ForeignKey("programs.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("role", Text, nullable=False),  # clinician or call_taker
    Column("required_credentials", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("wrap_up_seconds", Integer, nullable=False),
)
