"""Incidents that 911 announces before their callers come, with the transfer code of each (IN3)."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "announcements",
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("trunk_hash", sa.LargeBinary(), nullable=True),
        sa.Column("answers", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("announced_by", sa.Text(), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_announcements_incident_id")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name=op.f("fk_announcements_program_id")
        ),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_announcements")),
    )
    op.create_index(
        "uq_announcements_program_id_code",
        "announcements",
        ["program_id", "code"],
        unique=True,
        postgresql_where=sa.text("call_id IS NULL"),
    )
    op.create_index(
        "ix_announcements_live",
        "announcements",
        ["program_id", "expires_at"],
        postgresql_where=sa.text("call_id IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("announcements")
