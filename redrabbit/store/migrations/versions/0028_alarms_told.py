"""Who was told of alarms, when the next message is due, and silences; messages are found by their key."""

from alembic import op

from redrabbit.store.rebuild_mark import records_must_be_rebuilt

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_outbox_key"), "outbox", ["key"])
    records_must_be_rebuilt(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
