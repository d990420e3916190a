"""Messages that a receiver never takes are parked, and what waits is found without its history."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql, sqlite

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INSTANT = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
WORDS = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("parked_at", INSTANT, nullable=True))
    op.add_column("deliveries", sa.Column("parked_reason", WORDS, nullable=True))
    op.drop_index(op.f("ix_deliveries_next_try_at"), "deliveries")
    _create_partial_index("ix_deliveries_waiting", "next_try_at IS NOT NULL")
    _create_partial_index("ix_deliveries_parked", "parked_at IS NOT NULL")


def _create_partial_index(name: str, condition: str) -> None:
    op.create_index(
        op.f(name),
        "deliveries",
        ["target", "outbox_id"],
        sqlite_where=sa.text(condition),
        postgresql_where=sa.text(condition),
    )


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
