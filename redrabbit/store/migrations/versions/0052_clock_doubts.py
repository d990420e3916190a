"""A clock in doubt has records of its own; checks know since when they are owed, and configurations which was adopted last."""

from alembic import op

from redrabbit.store.rebuild_mark import records_must_be_rebuilt

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    records_must_be_rebuilt(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
