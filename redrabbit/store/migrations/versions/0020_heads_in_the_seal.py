"""The seal over the records also says where the streams stand; checkpoints no longer do (D25)."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()  # the next opening folds the ledger, and seals anew
    connection.execute(sa.text("UPDATE ledger_head SET records = NULL"))
    connection.execute(sa.text("DELETE FROM record_digests"))


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
