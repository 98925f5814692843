"""An index by which old sessions are found and forgotten."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The table holds a few rows a shift and person: locking it for a moment harms nobody.
    op.create_index("ix_user_sessions_started_at", "user_sessions", ["started_at"])


def downgrade() -> None:
    op.drop_index("ix_user_sessions_started_at", "user_sessions")
