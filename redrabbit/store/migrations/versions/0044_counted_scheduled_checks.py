"""Scheduled checks are counted by their end, and found by their device; reasons for lapses are kept."""

from alembic import op

from redrabbit.store.rebuild_mark import records_must_be_rebuilt

revision = "0044"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    records_must_be_rebuilt(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
