"""Messages that were delivered long ago are forgotten, found by their age."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_outbox_created_at"), "outbox", ["created_at"])


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
