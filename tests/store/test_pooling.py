"""A pooler that gives each transaction another session is refused by name: it makes the lock nobody's."""

from pathlib import Path

import psycopg
import pytest

from redrabbit.services.errors import PoolerRefused, StoreTrouble
from redrabbit.store.opening import open_database
from redrabbit.store.session import pooler_named
from tests.store.faulty_proxy import proxied
from tests.store.pooling_proxy import pooled
from tests.stored import RECORDING, SteppingClock


def open_and_close(url: str, folder: Path) -> None:
    open_database(
        url,
        plant="Plant 1",
        clock=SteppingClock(),
        recording=RECORDING,
        key_path=folder / "plant.key",
    ).close()


@pytest.mark.parametrize("takes_turns", [False, True], ids=["last free", "in turn"])
@pytest.mark.parametrize("sessions", [1, 2, 3, 5])
def test_a_pooler_in_transaction_mode_is_refused_and_nothing_is_made(
    postgresql_url: str, tmp_path: Path, sessions: int, *, takes_turns: bool
) -> None:
    with (
        pooled(postgresql_url, sessions, takes_turns=takes_turns) as url,
        pytest.raises(PoolerRefused, match=r"transaction mode \(PgBouncer"),
    ):
        open_and_close(url, tmp_path)
    with psycopg.connect(postgresql_url) as connection:
        tables = connection.execute(
            "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
        ).fetchone()
        locks = connection.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        ).fetchone()
    assert (tables, locks) == ((0,), (0,)), "and no lock stays with a session of the pooler"


def test_the_proxy_is_such_a_pooler(postgresql_url: str) -> None:
    """Two of them hold "the" lock: what the refusal is for."""
    with pooled(postgresql_url, 2, takes_turns=True) as url:
        for _ in range(2):
            with psycopg.connect(url, autocommit=True) as one, psycopg.connect(url) as other:
                pids = [c.execute("SELECT pg_backend_pid()").fetchone() for c in (one, one, other)]
                other.rollback()
                assert len(set(pids)) > 1


def test_a_connection_that_is_only_passed_on_is_a_session(
    postgresql_url: str, tmp_path: Path
) -> None:
    with proxied(postgresql_url) as proxy:
        for _ in range(2):
            open_and_close(proxy.url, tmp_path)
        assert proxy.faults == 0


def test_a_pooler_that_refuses_our_limits_is_named() -> None:
    """PgBouncer takes no `options` unless it is told to ignore them, and then no limit holds."""
    said = StoreTrouble("connecting: FATAL: unsupported startup parameter in options: lock_timeout")
    named = pooler_named(said)
    assert isinstance(named, PoolerRefused)
    assert "PgBouncer" in str(named)
    assert pooler_named(StoreTrouble("connecting: no route to host")) is None
