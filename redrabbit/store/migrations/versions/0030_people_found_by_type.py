"""Who people are is found by index, for exported files (B35), as all that is looked for by its type (D26)."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

FOUND_BY_TYPE = sa.text(
    "type = 'configuration_adopted' OR type = 'history_lost' OR type = 'in_force_changed'"
    " OR type = 'key_changed' OR type = 'payloads_erased' OR type = 'person_changed'"
    " OR type = 'person_disabled' OR type = 'person_enabled' OR type = 'person_registered'"
    " OR type = 'role_granted' OR type = 'role_revoked' OR type = 'stream_heads'"
)


def upgrade() -> None:
    op.drop_index("ix_ledger_found_by_type", "ledger")
    op.create_index(
        "ix_ledger_found_by_type",
        "ledger",
        ["type", "index"],
        sqlite_where=FOUND_BY_TYPE,
        postgresql_where=FOUND_BY_TYPE,
    )


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
