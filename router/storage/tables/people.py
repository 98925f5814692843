"""People, the desks they serve, their shifts, and their presence."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Time,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from router.storage.crypto import EncryptedText
from router.storage.tables.metadata import created_at, metadata, moment

people = Table(
    "people",
    metadata,
    Column("id", Text, primary_key=True),  # a slug
    Column("program_id", Text, ForeignKey("programs.id"), nullable=False),
    Column("name", Text, nullable=False),  # what may be said aloud to colleagues
    Column("phone", EncryptedText("people.phone")),
    Column("phone_hash", LargeBinary, index=True),
    Column("roles", ARRAY(Text), nullable=False),  # clinician, supervisor, call_taker, responder
    Column("languages", ARRAY(Text), nullable=False, server_default=text("'{en}'")),
    Column("credentials", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("is_active", Boolean, nullable=False, server_default=true()),
    created_at(),
)

desk_members = Table(
    "desk_members",
    metadata,
    Column("program_id", Text, primary_key=True),
    Column("desk", Text, primary_key=True),
    Column("person_id", Text, ForeignKey("people.id"), primary_key=True, index=True),
    ForeignKeyConstraint(["program_id", "desk"], ["desks.program_id", "desks.name"]),
)

# Recurring hours by wall clock, as policy.shift reads them: of a person at a desk, or of a team.
shifts = Table(
    "shifts",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("program_id", Text, ForeignKey("programs.id"), nullable=False),
    Column("desk", Text),
    Column("person_id", Text, ForeignKey("people.id"), index=True),
    Column("team_id", Text, ForeignKey("teams.id"), index=True),
    Column("zone", Text, nullable=False),  # an IANA name: America/Chicago
    Column("weekdays", ARRAY(SmallInteger), nullable=False),  # days it starts on, 0 is Monday
    Column("starts", Time, nullable=False),
    Column("ends", Time, nullable=False),
    Column("first_on", Date),
    Column("last_on", Date),
    created_at(),
    ForeignKeyConstraint(["program_id", "desk"], ["desks.program_id", "desks.name"]),
    CheckConstraint(
        "(desk IS NULL) = (person_id IS NULL) AND (person_id IS NULL) <> (team_id IS NULL)",
        name="person_or_team",
    ),
)

# One row a person, made with the person, so that a claim is always an UPDATE.
presence = Table(
    "presence",
    metadata,
    Column("person_id", Text, ForeignKey("people.id"), primary_key=True),
    moment("signed_on_at"),  # null: signed off
    moment("paused_at"),
    Column("pause_reason", Text, nullable=False, server_default=""),
    Column("claimed_call_id", Text),  # no foreign key: heal() frees a stray claim
    moment("claimed_at"),
    moment("wrap_up_until"),
    moment("idle_since"),
    Column("missed_offers", Integer, nullable=False, server_default="0"),  # in a row (RO3)
    Index(
        "ix_presence_claimed_call_id",
        "claimed_call_id",
        postgresql_where=text("claimed_call_id IS NOT NULL"),
    ),
)
