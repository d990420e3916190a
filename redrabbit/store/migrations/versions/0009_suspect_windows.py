"""Suspect windows with their counts: counts as they were told, and how far a case's window reaches."""

from alembic import op

from redrabbit.store.rebuild_mark import records_must_be_rebuilt

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    records_must_be_rebuilt(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
