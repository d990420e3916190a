"""What happens in production has records of its own."""

from alembic import op

from redrabbit.store.rebuild_mark import records_must_be_rebuilt

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    records_must_be_rebuilt(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
