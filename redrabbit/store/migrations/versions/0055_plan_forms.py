"""What was answered about the forms of plans: a table of records more."""

from alembic import op

from redrabbit.store.rebuild_mark import records_must_be_rebuilt

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    records_must_be_rebuilt(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
