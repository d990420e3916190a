"""A run says that who started it was not qualified for it (R19)."""

from alembic import op

from redrabbit.store.rebuild_mark import records_must_be_rebuilt

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    records_must_be_rebuilt(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
