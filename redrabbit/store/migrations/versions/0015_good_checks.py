"""The last good check of a device is found in the ledger's order (D5, D61)."""

from alembic import op

from redrabbit.store.rebuild_mark import records_must_be_rebuilt

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    records_must_be_rebuilt(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
