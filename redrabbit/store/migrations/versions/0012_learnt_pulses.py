"""How long answers last: learnt, proposed, confirmed; what they are learnt from stands beside the ledger."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from redrabbit.store.rebuild_mark import records_must_be_rebuilt

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

WORDS = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "pulse_cycles",
        sa.Column("line", WORDS, nullable=False),
        sa.Column("station", WORDS, nullable=False),
        sa.Column("signal", WORDS, nullable=False),
        sa.Column("learnt_of", WORDS, nullable=False),
        sa.Column("cycles", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("line", "station", "signal", name=op.f("pk_pulse_cycles")),
        sqlite_strict=True,
    )
    records_must_be_rebuilt(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
