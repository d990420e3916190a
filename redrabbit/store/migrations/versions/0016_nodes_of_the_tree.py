"""Each entry keeps the roots of the subtrees that it completes, so that a proof needs no other entries (D26)."""

import sqlalchemy as sa
from alembic import op

from redrabbit.domain.merkle import Frontier

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

AT_ONCE = 5_000
LEDGER = sa.table("ledger", sa.column("index"), sa.column("leaf_hash"), sa.column("nodes"))


def upgrade() -> None:
    op.add_column("ledger", sa.Column("nodes", sa.LargeBinary(), nullable=True))
    connection, tree = op.get_bind(), Frontier()
    some = sa.select(LEDGER.c.index, LEDGER.c.leaf_hash).order_by(LEDGER.c.index).limit(AT_ONCE)
    put = sa.update(LEDGER).where(LEDGER.c.index == sa.bindparam("at"))
    while rows := connection.execute(some.where(LEDGER.c.index >= tree.size)).all():
        found = []
        for index, leaf in rows:
            if index != tree.size:
                return  # an entry is gone: opening says so, and takes no node for one
            nodes = tree.completed_by(bytes(leaf))
            tree = tree.joined(bytes(leaf), nodes)
            if nodes:
                found.append({"at": index, "nodes": b"".join(nodes)})
        if found:
            connection.execute(put, found)


def downgrade() -> None:
    raise NotImplementedError("records are never thrown away; restore a backup instead")
