"""Checks keep from where their parts are counted: fields of checks more."""

from alembic import op

from redrabbit.store.rebuild_mark import records_must_be_rebuilt

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    records_must_be_rebuilt(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
