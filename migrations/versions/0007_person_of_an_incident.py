"""Incidents about one person are found by a hash of the 911 centre's own name for them (IN7)."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("incidents", sa.Column("person_hash", sa.LargeBinary(), nullable=True))
    # Empty when it is made, so that no writer waits for more than one read through the table.
    op.create_index(
        "ix_incidents_person_hash",
        "incidents",
        ["person_hash"],
        postgresql_where=sa.text("person_hash IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_incidents_person_hash", "incidents")
    op.drop_column("incidents", "person_hash")
