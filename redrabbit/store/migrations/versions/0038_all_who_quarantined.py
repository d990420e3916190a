"""A part keeps everybody who quarantined it since its last release, so that nobody of them counts as another person."""

from alembic import op

from redrabbit.store.rebuild_mark import records_must_be_rebuilt

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    records_must_be_rebuilt(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
