"""A heartbeat stands for every other commit; so it proves that the ledger takes one (decision 0029)."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from redrabbit.services.errors import NotRecordable, StoreTrouble
from redrabbit.services.recording_watch import STOPPED_AFTER_S, RecordingWatch
from redrabbit.store.database import SqlDatabase
from redrabbit.store.opening import open_database
from redrabbit.store.unit_of_work import PROVED_FOR
from tests.stored import RECORDING, SteppingClock, happened

TRIGGERS = {
    "sqlite": (
        "CREATE TRIGGER zz BEFORE {} BEGIN SELECT raise(abort, 'no'); END",
        "DROP TRIGGER zz",
    ),
    "postgresql": (
        """CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS
        $$BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '23514'; END$$;
        CREATE TRIGGER zz BEFORE {} FOR EACH ROW EXECUTE FUNCTION no()""",
        "DROP FUNCTION no CASCADE",
    ),
}
REFUSED = ["INSERT ON ledger", "UPDATE ON ledger_head"]


class Bench:
    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.clock = SteppingClock()
        self.database: SqlDatabase = open_database(
            url,
            plant="Plant 1",
            clock=self.clock,
            recording=RECORDING,
            key_path=folder / "plant.key",
        )

    def meddle(self, sql: str) -> None:
        if self.url.startswith("sqlite"):
            with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"))) as other, other:
                other.execute(sql)
            return
        import psycopg

        with psycopg.connect(self.url.replace("+psycopg", "")) as other_server:
            other_server.execute(sql.encode())

    def beat(self) -> None:
        asyncio.run(self.database.heartbeat("agent", self.clock.now()))

    def act(self) -> None:
        self.database.write_now(lambda work: work.append(happened("noted")))

    @property
    def size(self) -> int:
        return self.database.read_now(lambda reader: reader.head()).size


@pytest.fixture(params=["sqlite", "postgresql"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    url = f"sqlite:///{tmp_path / 'plant.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    bench = Bench(url, tmp_path)
    with bench.database:
        yield bench


def triggers(bench: Bench, what: str) -> tuple[str, str]:
    refuse, allow = TRIGGERS["sqlite" if bench.url.startswith("sqlite") else "postgresql"]
    return refuse.format(what), allow


@pytest.mark.parametrize("what", REFUSED)
def test_a_ledger_that_refuses_every_act_is_not_recording(bench: Bench, what: str) -> None:
    """The heart beat on into its own table, and `/ready` said 200 while every act was refused."""
    watch = RecordingWatch(bench.clock)
    refuse, allow = triggers(bench, what)
    bench.act()
    bench.beat()
    watch.recorded()
    bench.meddle(refuse)
    for _ in range(2):
        with pytest.raises(StoreTrouble):
            bench.act()
        with pytest.raises(StoreTrouble) as told:
            bench.beat()
        watch.failed(told.value)
    bench.clock.read += timedelta(seconds=STOPPED_AFTER_S)
    stopped = watch.stopped()
    assert stopped is not None
    assert stopped.why is told.value.why
    bench.meddle(allow)
    bench.beat()
    bench.act()
    assert bench.size == 2, "what was proved is not kept"


@pytest.mark.parametrize("what", REFUSED)
def test_a_ledger_that_nobody_asks_is_proved_once_in_a_while(bench: Bench, what: str) -> None:
    bench.act()
    bench.meddle(triggers(bench, what)[0])
    bench.clock.read += PROVED_FOR
    with pytest.raises(StoreTrouble):
        bench.beat()


def test_one_command_of_a_value_that_is_never_taken_stops_nothing(bench: Bench) -> None:
    def never(_: Any) -> None:
        raise NotRecordable("its own bad value")

    with pytest.raises(NotRecordable):
        bench.database.write_now(never)
    bench.beat()
    assert bench.size == 0
