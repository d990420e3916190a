"""Which receiver has which checkpoint of the ledger."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql, sqlite

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
WORDS = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "checkpoints_sent",
        sa.Column("receiver", WORDS, nullable=False),
        sa.Column("since", WHOLE, nullable=False),
        sa.Column("moment", WHOLE, nullable=True),
        sa.Column("size", WHOLE, nullable=True),
        sa.Column("delivered_at", WHOLE, nullable=True),
        sa.Column("said", WORDS, nullable=True),
        sa.PrimaryKeyConstraint("receiver", name=op.f("pk_checkpoints_sent")),
        sqlite_strict=True,
    )


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
