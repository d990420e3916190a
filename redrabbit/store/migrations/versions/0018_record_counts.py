"""What pages, lists and the agent ask has an index, and counts are kept: nothing is as slow as history is long (D63, B30)."""

import sqlalchemy as sa
from alembic import op

from redrabbit.store.rebuild_mark import records_must_be_rebuilt

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    records_must_be_rebuilt(op.get_bind())
    where = sa.text("parked_at IS NOT NULL")
    op.create_index(
        "ix_deliveries_parked_at",
        "deliveries",
        ["parked_at", "outbox_id", "target"],
        sqlite_where=where,
        postgresql_where=where,
    )


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
