"""Response teams, requests for them, the pages that reach them, and messages."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    false,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from router.storage.crypto import EncryptedDocument, EncryptedText
from router.storage.tables.metadata import created_at, metadata, moment

teams = Table(
    "teams",
    metadata,
    Column("id", Text, primary_key=True),
    Column("program_id", Text, ForeignKey("programs.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),  # what is said to the clinician
    Column("zones", ARRAY(Text), nullable=False, server_default=text("'{}'")),  # none: everywhere
    Column("skills", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column(
        "position", Integer, nullable=False, server_default="0"
    ),  # order of paging, lowest first
    Column("is_active", Boolean, nullable=False, server_default=true()),
    Column("claimed_dispatch_id", Text),  # the dispatch it works on or is paged for
    moment("claimed_at"),
)

team_members = Table(
    "team_members",
    metadata,
    Column("team_id", Text, ForeignKey("teams.id"), primary_key=True),
    Column("person_id", Text, ForeignKey("people.id"), primary_key=True, index=True),
    Column("role", Text, nullable=False, server_default=""),
)

dispatch_requests = Table(
    "dispatch_requests",
    metadata,
    Column("id", Text, primary_key=True),
    Column("program_id", Text, ForeignKey("programs.id"), nullable=False),
    Column("call_id", Text, ForeignKey("calls.id"), index=True),
    Column("status", Text, nullable=False),  # policy.dispatch.Status
    Column("version", Integer, nullable=False, server_default="0"),  # counts changes of status
    Column("details", EncryptedDocument("dispatch_requests.details"), nullable=False),
    Column("location", EncryptedText("dispatch_requests.location")),
    Column("requested_by", Text),
    Column("approval_needed", Boolean, nullable=False, server_default=false()),
    Column("approved_by", Text),
    Column(
        "team_id", Text, ForeignKey("teams.id"), index=True
    ),  # paged at present, or working on it
    # Teams that declined or did not answer.
    Column("passed_over", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("minutes", Integer),  # the team's estimate of its arrival
    moment("requested_at", nullable=False),
    moment("status_at", nullable=False),
    moment("due_at"),  # the present status' deadline; null when it has none
    moment("closed_at"),
    Index("ix_dispatch_requests_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    Index("ix_dispatch_requests_open", "program_id", postgresql_where=text("closed_at IS NULL")),
)

dispatch_pages = Table(
    "dispatch_pages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("dispatch_id", Text, ForeignKey("dispatch_requests.id"), nullable=False, index=True),
    Column("team_id", Text, ForeignKey("teams.id"), nullable=False),
    Column("person_id", Text, ForeignKey("people.id"), nullable=False),
    Column("channel", Text, nullable=False),  # voice or sms
    # ready, attempting, sent, answered, acknowledged, declined, failed, withdrawn
    Column("state", Text, nullable=False),
    Column("sid", Text, unique=True),
    Column("step", Integer, nullable=False, server_default="0"),  # of its keypad dialogue
    created_at(),
    moment("attempted_at"),
    moment("answered_at"),
    moment("acknowledged_at"),
    moment("due_at"),
    Column("error", Text, nullable=False, server_default=""),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("program_id", Text, ForeignKey("programs.id"), index=True),
    Column("call_id", Text, index=True),
    Column("dispatch_id", Text, index=True),
    Column("person_id", Text),
    Column("direction", Text, nullable=False),  # inbound or outbound
    Column("sender", EncryptedText("messages.sender")),
    Column("sender_hash", LargeBinary, index=True),
    Column("recipient", EncryptedText("messages.recipient")),
    Column("recipient_hash", LargeBinary, index=True),
    Column("body", EncryptedText("messages.body"), nullable=False),
    Column("sid", Text, unique=True),
    Column("status", Text, nullable=False),
    Column("error_code", Text, nullable=False, server_default=""),
    created_at(),
    moment("status_at"),
)
