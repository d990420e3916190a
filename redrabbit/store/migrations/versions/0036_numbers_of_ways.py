"""The number of a person's last way stands with the person: a field of people more."""

from alembic import op

from redrabbit.store.rebuild_mark import records_must_be_rebuilt

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    records_must_be_rebuilt(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
