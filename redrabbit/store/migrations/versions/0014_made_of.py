"""Counts know of which variant and nest they are, and suspect windows count by them (D34)."""

from alembic import op

from redrabbit.store.rebuild_mark import records_must_be_rebuilt

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    records_must_be_rebuilt(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
