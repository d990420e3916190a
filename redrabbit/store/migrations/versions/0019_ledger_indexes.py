"""What an export looks for is found by index: entries of few types, and of a stream and time (D26)."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

FOUND_BY_TYPE = sa.text(
    "type = 'configuration_adopted' OR type = 'in_force_changed'"
    " OR type = 'payloads_erased' OR type = 'stream_heads'"
)


def upgrade() -> None:
    for moment in ("recorded_at", "occurred_at"):
        columns = ["stream", moment, "stream_seq"]
        op.create_index(op.f(f"ix_ledger_stream_{moment}_stream_seq"), "ledger", columns)
    op.create_index(
        "ix_ledger_found_by_type",
        "ledger",
        ["type", "index"],
        sqlite_where=FOUND_BY_TYPE,
        postgresql_where=FOUND_BY_TYPE,
    )


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
