"""The call and what follows from it.

`calls.state` is the call, as `ivr_flows.call.to_document` writes it. The columns beside it, `legs`
and `offers` are projections for look-up, lists and reports: nothing is decided by them.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from router.storage.crypto import EncryptedText
from router.storage.tables.metadata import created_at, metadata, moment

incidents = Table(
    "incidents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("program_id", Text, ForeignKey("programs.id"), nullable=False),
    Column("number", Text, nullable=False, server_default=""),  # the 911 centre's incident number
    Column("call_type", Text, nullable=False, server_default=""),
    Column("caller_party", Text, nullable=False, server_default=""),
    Column("callback_number", EncryptedText("incidents.callback_number")),
    Column("callback_number_hash", LargeBinary, index=True),
    Column("location", EncryptedText("incidents.location")),
    Column("person_hash", LargeBinary),  # of the 911 centre's own name for who it is about
    created_at(),
    Index(
        "ix_incidents_person_hash",
        "person_hash",
        postgresql_where=text("person_hash IS NOT NULL"),
    ),
    Index("ix_incidents_program_id_number", "program_id", "number"),
)

calls = Table(
    "calls",
    metadata,
    Column("id", Text, primary_key=True),
    Column("program_id", Text, ForeignKey("programs.id"), nullable=False),
    Column("program_version", Integer, nullable=False),
    Column("line", Text, nullable=False),
    Column(
        "caller_sid", Text, nullable=False, unique=True
    ),  # the twin of a first webhook meets here
    Column("caller_number", EncryptedText("calls.caller_number")),
    Column("caller_number_hash", LargeBinary, index=True),
    Column("incident_id", Text, ForeignKey("incidents.id"), index=True),
    Column("version", Integer, nullable=False),
    Column("stage", Text, nullable=False),
    Column("desk", Text, nullable=False, server_default=""),
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("language", Text, nullable=False, server_default="en"),
    Column("decision", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Column("outcome", Text, nullable=False, server_default=""),
    Column("disposition", Text, nullable=False, server_default=""),
    moment("opened_at", nullable=False),
    moment("stage_at", nullable=False),
    moment("queued_at"),
    Column("passed_over", JSONB, nullable=False, server_default="[]"),  # people, of the queue's
    moment("due_at"),  # the next deadline of the call, a leg or an offer; null when nothing is open
    moment("closed_at"),
    Column("state", JSONB, nullable=False),
    # The sweep's question, each second.
    Index("ix_calls_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    # The calls that are offered to a desk's people, first in line first.
    Index(
        "ix_calls_waiting",
        "program_id",
        "desk",
        text("priority DESC"),
        "queued_at",
        postgresql_where=text("desk <> '' AND stage IN ('waiting', 'consulting', 'returning')"),
    ),
    Index("ix_calls_live", "program_id", postgresql_where=text("stage <> 'closed'")),
    Index("ix_calls_program_id_opened_at", "program_id", "opened_at"),
    postgresql_with={"fillfactor": "70"},  # a row is rewritten a dozen times while the call lives
)

legs = Table(
    "legs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("call_id", Text, ForeignKey("calls.id"), nullable=False, index=True),
    Column("role", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("sid", Text, unique=True),
    Column("person_id", Text, index=True),
    Column("line_id", Text),
    Column("room", Integer, nullable=False),
    Column("is_present", Boolean, nullable=False),
    created_at(),
    moment("answered_at"),
    moment("ended_at"),
)

offers = Table(
    "offers",
    metadata,
    Column("leg_id", Text, primary_key=True),
    Column("call_id", Text, ForeignKey("calls.id"), nullable=False, index=True),
    Column("person_id", Text, nullable=False),
    Column("desk", Text, nullable=False),
    Column("state", Text, nullable=False),
    moment("offered_at", nullable=False),
    moment("due_at"),
    moment("decided_at"),
    Index("ix_offers_person_id_offered_at", "person_id", "offered_at"),
    # How long a desk's people spend on a call (RO5).
    Index(
        "ix_offers_accepted",
        "desk",
        "decided_at",
        postgresql_where=text("state = 'accepted'"),
    ),
)

# Numbers of parties outside that were given for one call; its legs name them by the row.
outside_numbers = Table(
    "outside_numbers",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("call_id", Text, ForeignKey("calls.id"), nullable=False, index=True),
    Column("number", EncryptedText("outside_numbers.number"), nullable=False),
    Column("given_by", Text, nullable=False),
    created_at(),
)

# A call's wait in a desk's line, written when it leaves the line: taken by a person, or not.
queue_visits = Table(
    "queue_visits",
    metadata,
    Column("call_id", Text, ForeignKey("calls.id"), primary_key=True),
    Column("desk", Text, primary_key=True),
    moment("queued_at", primary_key=True),
    Column("program_id", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    moment("left_at", nullable=False),
    Column("is_served", Boolean, nullable=False),
    Column("overtaken", Integer, nullable=False),  # returns that came later and were taken before
    Index("ix_queue_visits_program_id_desk_left_at", "program_id", "desk", "left_at"),
    # Returns alone, asked whenever a call is taken: one in fifty.
    Index(
        "ix_queue_visits_skips",
        "program_id",
        "desk",
        "left_at",
        postgresql_where=text("priority >= 100 AND is_served"),
    ),
)

# What a request was answered, so that its repetition gets the same (Law 5).
receipts = Table(
    "receipts",
    metadata,
    Column("leg_id", Text, primary_key=True),
    Column("action", Text, primary_key=True),  # answered, keyed, queue-left, ...
    Column(
        "token", Text, primary_key=True
    ),  # the step, or what else tells one request from another
    Column("answer", Text, nullable=False),
    created_at(),
    Index("ix_receipts_created_at", "created_at"),
)

timeline = Table(
    "timeline",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("call_id", Text, ForeignKey("calls.id"), nullable=False),
    Column("leg_id", Text, nullable=False, server_default=""),
    moment("at", nullable=False),
    Column("kind", Text, nullable=False),
    Column("details", JSONB, nullable=False),
    Index("ix_timeline_call_id_id", "call_id", "id"),
    Index("ix_timeline_at", "at"),
)

# Effects that follow the commit (Law 7).
outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("kind", Text, nullable=False),  # call (the switchboard's), dispatch, notify, cad
    Column("name", Text, nullable=False),  # the command's class, or the task's name
    Column("payload", JSONB, nullable=False),  # ids and settings, no personal data
    Column("call_id", Text),
    Column("leg_id", Text, nullable=False, server_default=""),
    Column("urgency", SmallInteger, nullable=False),
    Column("stage", Text, nullable=False, server_default=""),  # of the call, when it was ordered
    Column("version", Integer, nullable=False, server_default="0"),
    Column("state", Text, nullable=False, server_default="ready"),
    moment("due_at", nullable=False),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    moment("attempted_at"),
    Column("worker", Text, nullable=False, server_default=""),
    moment("finished_at"),
    Column("error", Text, nullable=False, server_default=""),
    created_at(),
    CheckConstraint("state IN ('ready', 'attempting', 'done', 'failed', 'void')", name="state"),
    Index(
        "ix_outbox_ready",
        "kind",
        "urgency",
        "due_at",
        "id",
        postgresql_where=text("state = 'ready'"),
    ),
    Index("ix_outbox_attempting", "attempted_at", postgresql_where=text("state = 'attempting'")),
    Index("ix_outbox_call_id", "call_id"),
)

# The next free instant for placing a leg, one row an account (Law 8).
rate_limits = Table(
    "rate_limits",
    metadata,
    Column("account", Text, primary_key=True),
    moment("next_at", nullable=False),
)

repair_claims = Table(  # which switchboard repairs an account's calls
    "repair_claims",
    metadata,
    Column("account", Text, primary_key=True),
    Column("worker", Text, nullable=False),
    moment("held_until", nullable=False),
)

dispositions = Table(
    "dispositions",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("call_id", Text, ForeignKey("calls.id"), nullable=False, index=True),
    Column("code", Text, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("note", EncryptedText("dispositions.note")),
    created_at(),
)
