"""Entries of schema 3: records tell the grade of their evidence, and what later verdicts rest on."""

from alembic import op

from redrabbit.store.rebuild_mark import records_must_be_rebuilt

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    records_must_be_rebuilt(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
