"""Callers who are to be called back, each try of it, and the words to 911 after the last."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    text,
)

from router.storage.crypto import EncryptedText
from router.storage.tables.metadata import created_at, metadata, moment

call_backs = Table(
    "call_backs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("program_id", Text, ForeignKey("programs.id"), nullable=False),
    Column("call_id", Text, ForeignKey("calls.id"), nullable=False),  # the call that was lost
    # One of callback.MOMENTS, or kept_place, or requested by a person.
    Column("moment", Text, nullable=False),
    Column("number", EncryptedText("call_backs.number")),  # null: nobody can be rung
    Column("number_hash", LargeBinary),
    Column("state", Text, nullable=False),
    Column("outcome", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),  # why it was cancelled
    Column("is_risky", Boolean, nullable=False),  # unreached, 911 is asked for a welfare check
    Column("by_choice", Boolean, nullable=False),  # only if the clinician chooses it
    Column("to_911", Boolean, nullable=False),
    Column("tries", SmallInteger, nullable=False, server_default="0"),
    Column("ringing_call_id", Text),  # the call that is being made for it
    Column("requested_by", Text, nullable=False, server_default=""),  # a person's or a token's id
    moment("due_at"),  # the next try, or the next line of 911; null while one is under way
    created_at(),
    moment("closed_at"),
    CheckConstraint("state IN ('planned', 'calling', 'welfare', 'closed')", name="state"),
    Index("ix_call_backs_call_id", "call_id"),
    Index("ix_call_backs_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    Index("ix_call_backs_open", "program_id", postgresql_where=text("closed_at IS NULL")),
    Index("ix_call_backs_number_hash", "number_hash", postgresql_where=text("closed_at IS NULL")),
    Index(
        "uq_call_backs_call_id_open",
        "call_id",
        unique=True,
        postgresql_where=text("closed_at IS NULL"),
    ),
)

call_back_tries = Table(
    "call_back_tries",
    metadata,
    Column("call_id", Text, ForeignKey("calls.id"), primary_key=True),  # the call made for it
    Column("call_back_id", Text, ForeignKey("call_backs.id"), nullable=False, index=True),
    Column("number", SmallInteger, nullable=False),  # 1 is the first
    Column("called_by", Text, nullable=False),  # same_clinician, clinician or system: who is first
    Column("outcome", Text, nullable=False, server_default=""),
    moment("begun_at", nullable=False),
    moment("ended_at"),
)

# A spoken request to one line of the 911 centre: states as those of a team's page.
welfare_pages = Table(
    "welfare_pages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("call_back_id", Text, ForeignKey("call_backs.id"), nullable=False, index=True),
    Column("line_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("sid", Text, unique=True),
    Column("step", Integer, nullable=False, server_default="0"),
    created_at(),
    moment("attempted_at"),
    moment("answered_at"),
    moment("acknowledged_at"),
    Column("error", Text, nullable=False, server_default=""),
)
