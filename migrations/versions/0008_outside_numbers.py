"""Numbers of parties outside that are given for one call: encrypted, named by their row (TR4)."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outside_numbers",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_outside_numbers_call_id_calls")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_numbers")),
    )
    op.create_index(op.f("ix_outside_numbers_call_id"), "outside_numbers", ["call_id"])


def downgrade() -> None:
    op.drop_table("outside_numbers")
