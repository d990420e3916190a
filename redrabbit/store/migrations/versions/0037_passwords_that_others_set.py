"""Nobody sets a password or PIN for somebody else (decision 0038), so nothing says that it must be changed."""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("credentials", "must_change")


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
