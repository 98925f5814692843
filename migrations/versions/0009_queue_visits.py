"""The line of a desk: every wait in it for the record, and who was passed over beside the call."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INDEX = "ix_queue_visits_program_id_desk_left_at"


def upgrade() -> None:
    op.add_column(
        "calls",
        sa.Column("passed_over", postgresql.JSONB(), server_default="[]", nullable=False),
    )
    op.create_table(
        "queue_visits",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("desk", sa.Text(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_served", sa.Boolean(), nullable=False),
        sa.Column("overtaken", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_queue_visits_call_id")),
        sa.PrimaryKeyConstraint("call_id", "desk", "queued_at", name=op.f("pk_queue_visits")),
    )
    op.create_index(INDEX, "queue_visits", ["program_id", "desk", "left_at"])
    op.create_index(
        "ix_queue_visits_skips",
        "queue_visits",
        ["program_id", "desk", "left_at"],
        postgresql_where=sa.text("priority >= 100 AND is_served"),
    )


def downgrade() -> None:
    op.drop_table("queue_visits")
    op.drop_column("calls", "passed_over")
