"""What an operator tells of a part, and who told what of it (D33)."""

from alembic import op

from redrabbit.store.rebuild_mark import records_must_be_rebuilt

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    records_must_be_rebuilt(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
