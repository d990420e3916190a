"""How people are reached, beside the ledger; who could not be told of an alarm, with its steps."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql, sqlite

from redrabbit.store.rebuild_mark import records_must_be_rebuilt

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
WORDS = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    words = ("way_id", "person_id", "kind", "address")
    op.create_table(
        "ways_to_people",
        *(sa.Column(name, WORDS, nullable=False) for name in words),
        sa.Column("set_at", WHOLE, nullable=False),
        sa.Column("set_by", WORDS, nullable=False),
        sa.Column("set_how", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("way_id", name=op.f("pk_ways_to_people")),
        sqlite_strict=True,
    )
    op.create_index("ix_ways_to_people_person_id_way_id", "ways_to_people", ["person_id", "way_id"])
    records_must_be_rebuilt(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
