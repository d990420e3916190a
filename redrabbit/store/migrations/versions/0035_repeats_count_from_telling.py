"""Repeats of an alarm count from what was told, not from what was put off: a field of alarms more, and another fold."""

from alembic import op

from redrabbit.store.rebuild_mark import records_must_be_rebuilt

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    records_must_be_rebuilt(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
