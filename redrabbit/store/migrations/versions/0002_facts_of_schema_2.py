"""Entries of schema 2: payload and salt beside the leaf, names and blobs beside the ledger, acts.

Records get other fields and other keys, so they are made again from the ledger, which stays as it is.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql, sqlite

from redrabbit.store.rebuild_mark import records_must_be_rebuilt

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
WORDS = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
RAW = sa.LargeBinary()


def upgrade() -> None:
    op.add_column("ledger", sa.Column("salt", RAW, nullable=True))
    op.add_column("ledger", sa.Column("payload", RAW, nullable=True))
    op.create_table(
        "stated_names",
        sa.Column("id", WORDS, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("salt", RAW, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stated_names")),
        sa.UniqueConstraint("name", name=op.f("uq_stated_names_name")),
        sqlite_strict=True,
    )
    op.create_table(
        "blobs",
        sa.Column("digest", WORDS, nullable=False),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("content", RAW, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_blobs")),
        sqlite_strict=True,
    )
    op.create_table(
        "acts",
        sa.Column("key", WORDS, nullable=False),
        sa.Column("stream", WORDS, nullable=False),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("payload", WORDS, nullable=False),
        sa.Column("actor", WORDS, nullable=False),
        sa.Column("done_at", INSTANT, nullable=False),
        sa.Column("answer", WORDS, nullable=False),
        sa.Column("seal", RAW, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_acts")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_acts_done_at"), "acts", ["done_at"])
    records_must_be_rebuilt(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
