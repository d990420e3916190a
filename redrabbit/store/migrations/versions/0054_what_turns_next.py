"""What is open is found by when it turns: indexes over the scheduled checks that nothing has decided."""

from alembic import op

from redrabbit.store.rebuild_mark import records_must_be_rebuilt

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    records_must_be_rebuilt(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
