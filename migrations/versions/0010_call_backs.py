"""Callers whose line dropped are called back; 911 is told of those not reached (IN6, RO5)."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "call_backs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("moment", sa.Text(), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=True),
        sa.Column("number_hash", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("is_risky", sa.Boolean(), nullable=False),
        sa.Column("by_choice", sa.Boolean(), nullable=False),
        sa.Column("to_911", sa.Boolean(), nullable=False),
        sa.Column("tries", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("ringing_call_id", sa.Text(), nullable=True),
        sa.Column("requested_by", sa.Text(), server_default="", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        _created_at(),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('planned', 'calling', 'welfare', 'closed')",
            name=op.f("ck_call_backs_state"),
        ),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_call_backs_call_id")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name=op.f("fk_call_backs_program_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_backs")),
    )
    open_ones = sa.text("closed_at IS NULL")
    op.create_index("ix_call_backs_call_id", "call_backs", ["call_id"])
    op.create_index(
        "ix_call_backs_due_at",
        "call_backs",
        ["due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("ix_call_backs_open", "call_backs", ["program_id"], postgresql_where=open_ones)
    op.create_index(
        "ix_call_backs_number_hash", "call_backs", ["number_hash"], postgresql_where=open_ones
    )
    op.create_index(
        "uq_call_backs_call_id_open",
        "call_backs",
        ["call_id"],
        unique=True,
        postgresql_where=open_ones,
    )
    op.create_table(
        "call_back_tries",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("call_back_id", sa.Text(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("called_by", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), server_default="", nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_call_back_tries_call_id")),
        sa.ForeignKeyConstraint(
            ["call_back_id"], ["call_backs.id"], name=op.f("fk_call_back_tries_call_back_id")
        ),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_call_back_tries")),
    )
    op.create_index("ix_call_back_tries_call_back_id", "call_back_tries", ["call_back_id"])
    op.create_table(
        "welfare_pages",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("call_back_id", sa.Text(), nullable=False),
        sa.Column("line_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sid", sa.Text(), nullable=True),
        sa.Column("step", sa.Integer(), server_default="0", nullable=False),
        _created_at(),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["call_back_id"], ["call_backs.id"], name=op.f("fk_welfare_pages_call_back_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_welfare_pages")),
        sa.UniqueConstraint("sid", name=op.f("uq_welfare_pages_sid")),
    )
    op.create_index("ix_welfare_pages_call_back_id", "welfare_pages", ["call_back_id"])


def downgrade() -> None:
    op.drop_table("welfare_pages")
    op.drop_table("call_back_tries")
    op.drop_table("call_backs")


def _created_at() -> sa.Column[object]:
    return sa.Column(
        "created_at",
        sa.DateTime(timezone=True),
        server_default=sa.text("clock_timestamp()"),
        nullable=False,
    )
