"""Up to when each person has seen what happened: where *since I was last here* begins (decision 0071)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql, sqlite

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "last_looks",
        sa.Column(
            "person_id",
            sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "seen_until",
            sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_last_looks")),
        sqlite_strict=True,
    )


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
