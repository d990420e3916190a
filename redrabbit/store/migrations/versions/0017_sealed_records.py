"""Digests of the record tables, signed with the head, so that opening folds no history (D26)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WORDS = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("ledger_head", sa.Column("records", WORDS, nullable=True))
    op.create_table(
        "record_digests",
        sa.Column("table", WORDS, nullable=False),
        sa.Column("block", WHOLE, autoincrement=False, nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("table", "block", name=op.f("pk_record_digests")),
        sqlite_strict=True,
    )


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
