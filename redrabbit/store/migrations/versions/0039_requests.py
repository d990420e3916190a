"""Acts that wait as requests until another person approves them: fields of approvals more, and the last entry of a scheduled check."""

from alembic import op

from redrabbit.store.rebuild_mark import records_must_be_rebuilt

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    records_must_be_rebuilt(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
