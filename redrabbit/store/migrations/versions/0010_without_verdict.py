"""Checks count their runs without a verdict; alarms tell how many, and what a miss was known by."""

from alembic import op

from redrabbit.store.rebuild_mark import records_must_be_rebuilt

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    records_must_be_rebuilt(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
