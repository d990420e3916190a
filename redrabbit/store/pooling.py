"""Refusing a connection pooler that hands each transaction to another session of PostgreSQL.

The writer's lock belongs to a session (`locking`). A pooler in transaction mode (PgBouncer with `pool_mode =
transaction`, Odyssey, PgCat, Supavisor on its transaction port) gives each transaction whichever of its sessions is free:
two writers would both hold "the" lock, and what this one thinks it holds stays with a session of somebody else. One that
keeps a session for each client (session mode) is fine.

What gives it away is that a session is not ours alone. So a second connection holds a transaction open while the first
makes its next: behind such a pooler either the second gets the session that the first has just had, or the first gets
another one than before. Nothing is asked of the pooler itself, as each kind answers differently, or not at all.
"""

from sqlalchemy import Connection, text

from redrabbit.base.sentence import sentence
from redrabbit.services.errors import PoolerRefused

ROUNDS = 3
"""A pooler may hand out the same session by chance."""


def refuse_pooler(connection: Connection) -> None:
    """Raise PoolerRefused where this connection is not one session of the server; nothing is changed."""
    mine = _session_of(connection)
    with connection.engine.connect() as other:
        other.detach()  # else it would lie in the pool, and be taken for the writer's later
        for _ in range(ROUNDS):
            _refuse_other(connection, mine)  # sessions that are handed out in turn
            with other.begin():
                beside = other.execute(_SESSION).scalar_one()
                if beside == mine:  # and there may be no third: the first would wait for it
                    raise PoolerRefused(_WORDS)
                _refuse_other(connection, mine)


def _refuse_other(connection: Connection, mine: int) -> None:
    if _session_of(connection) != mine:
        raise PoolerRefused(_WORDS)


def _session_of(connection: Connection) -> int:
    """Return which session of the server makes a transaction of this connection."""
    with connection.begin():
        found: int = connection.execute(_SESSION).scalar_one()
    return found


_SESSION = text("SELECT pg_backend_pid()")

_WORDS = sentence(
    "between this program and PostgreSQL is a connection pooler in transaction mode (PgBouncer: pool_mode = "
    "transaction), which gives each transaction another session. The writer's lock belongs to one session, so two "
    "services could write at once. Expected: the address of the server itself, or a pooler in session mode"
)
