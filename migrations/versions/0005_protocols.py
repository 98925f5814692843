"""Triage protocols: versions that one person writes and another reviews; texts answered (EL4)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "protocol_versions",
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reviewed_by", sa.Text(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.Text(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('draft', 'reviewed', 'published')",
            name=op.f("ck_protocol_versions_status"),
        ),
        sa.CheckConstraint("reviewed_by <> author", name=op.f("ck_protocol_versions_two_people")),
        sa.CheckConstraint(
            "status = 'draft' OR reviewed_by IS NOT NULL",
            name=op.f("ck_protocol_versions_reviewed"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name=op.f("fk_protocol_versions_program_id")
        ),
        sa.PrimaryKeyConstraint("program_id", "name", "version", name=op.f("pk_protocol_versions")),
    )
    op.create_table(
        "protocol_texts",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("protocol", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.func.clock_timestamp(),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_protocol_texts_call_id")),
        sa.PrimaryKeyConstraint("call_id", "protocol", "question", name=op.f("pk_protocol_texts")),
    )


def downgrade() -> None:
    op.drop_table("protocol_texts")
    op.drop_table("protocol_versions")
