"""What became of a commit whose answer was lost: looked up before anybody is answered (decision 0029).

A real PostgreSQL behind a proxy that breaks at its COMMIT; and SQLite whose commit takes effect and then fails.
"""

import asyncio
import os
import random
import signal
import sqlite3
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redrabbit.base.clock import SteadyClock
from redrabbit.domain.database_verification import LedgerPass
from redrabbit.domain.ledger import Entry
from redrabbit.services import recording_watch
from redrabbit.services.errors import OutcomeUnknown, StoreTrouble, TroubleWhy
from redrabbit.services.recording_watch import RecordingWatch, keep_beating
from redrabbit.store import background_verification, engine, opening
from redrabbit.store import database as database_module
from redrabbit.store import session as session_module
from redrabbit.store.background_verification import BackgroundVerification
from redrabbit.store.database import SqlDatabase
from redrabbit.store.opening import open_database
from redrabbit.store.verification import verify_database
from tests.store.faulty_proxy import CLOCK, Fault, FaultyProxy, proxied
from tests.stored import RECORDING, any_fold, happened

STATEMENT_S = 0.75
CUT_OFF_AFTER_S = 0.25
"""A statement that is not answered ends after a second here, where a service waits for ten."""
STOPPED_S, BEAT_S = 1.0, 0.2
"""Without a commit for so long nothing is recorded, where a service says so after five seconds; it beats each second."""
LATE_S = 1.5
"""So much later it may be told: a beat, a look, and a machine that is busy."""
ENDS_WITHIN_S = 25.0
"""Of one try. Refused for two seconds, silent for one, several times in a row, and on a machine that is busy."""


@pytest.fixture(autouse=True)
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (engine, opening):
        monkeypatch.setattr(module, "STATEMENT_S", STATEMENT_S)
    monkeypatch.setattr(engine, "CUT_OFF_AFTER_S", CUT_OFF_AFTER_S)
    monkeypatch.setattr(engine, "CONNECT_S", 2)
    monkeypatch.setattr(recording_watch, "STOPPED_AFTER_S", STOPPED_S)
    monkeypatch.setattr(recording_watch, "HEARTBEAT_S", BEAT_S)


@pytest.fixture
def proxy(postgresql_url: str) -> Iterator[FaultyProxy]:
    with proxied(postgresql_url) as found:
        yield found


def opened(url: str, folder: Path) -> SqlDatabase:
    return open_database(
        url,
        plant="Plant 1",
        clock=SteadyClock(),
        recording=RECORDING,
        key_path=folder / "plant.key",
    )


def say(database: SqlDatabase, number: int) -> "Future[Entry]":
    return database._writer.submit(lambda work: work.append(happened("noted", number=number)))


def said(database: SqlDatabase) -> Counter[int]:
    """Return how often each number stands in the ledger."""
    entries = database.read_now(lambda reader: reader.entries())
    return Counter(int(str(e.payload["number"])) for e in entries if e.payload is not None)


@pytest.mark.parametrize("fault", list(Fault), ids=lambda fault: fault.name)
def test_a_lost_answer_is_looked_up_before_anybody_is_told(
    proxy: FaultyProxy, tmp_path: Path, fault: Fault
) -> None:
    """P1: it was told as not done, and done again."""
    with opened(proxy.url, tmp_path) as database:
        say(database, 0).result(ENDS_WITHIN_S)
        proxy.breaks(fault, refuses_s=2.0)
        asked_s = CLOCK.steady_s()
        future = say(database, 1)
        trouble = future.exception(ENDS_WITHIN_S)
        assert CLOCK.steady_s() - asked_s < ENDS_WITHIN_S
        assert not isinstance(trouble, OutcomeUnknown)
        took_effect = fault in {Fault.LOSES_ANSWER, Fault.SILENT_ANSWER}
        assert (trouble is None) is took_effect, trouble
        _say_until_taken(database, 2)
        assert said(database) == {0: 1, 2: 1} | ({1: 1} if took_effect else {})


def _say_until_taken(database: SqlDatabase, number: int) -> None:
    """Do as a station's queue does: again and again, until it is recorded."""
    while True:
        try:
            say(database, number).result(ENDS_WITHIN_S)
        except StoreTrouble:
            continue
        return


class Health:
    """Beats into the database as the service does, and looks whether what it says of recording is so.

    `/ready`, board, metrics and log say what this value says (`redrabbit/services/recording_watch.py`).
    """

    def __init__(self, database: SqlDatabase, taken: list[int]) -> None:
        self._database, self._taken = database, taken
        self._watch = RecordingWatch(CLOCK)
        self.lies: list[str] = []
        self.told = 0
        """How often it said that nothing is recorded."""

    def run(self, over: threading.Event) -> None:
        asyncio.run(self._run(over))

    async def _run(self, over: threading.Event) -> None:
        beats = asyncio.create_task(keep_beating(self._database, self._watch, CLOCK))
        while not over.is_set():
            await self._look_until_something_is_taken(over)
        beats.cancel()

    async def _look_until_something_is_taken(self, over: threading.Event) -> None:
        """Look as long as nothing new is recorded; what counts is that it was said in that time."""
        count, since_s, was_told = len(self._taken), CLOCK.steady_s(), False
        while len(self._taken) == count and not over.is_set():
            stood_s = CLOCK.steady_s() - since_s
            is_told = self._watch.stopped() is not None
            if is_told and not was_told:
                self.told += 1
            was_told = was_told or is_told
            if not was_told and stood_s > STOPPED_S + LATE_S and len(self._taken) == count:
                self.lies.append(f"recording, and nothing was for {stood_s:.2f} s")
                was_told = True
            await CLOCK.sleep(0.01)


RECORDS_AGAIN = 0.8


def faults_at_random(database: SqlDatabase, proxy: FaultyProxy, faults: int, seed: int) -> Health:
    """Let four stations record beside each other while the way to the server breaks so many times."""
    rng = random.Random(seed)
    numbers = iter(range(1_000_000))
    taken: list[int] = []
    health = Health(database, taken)
    over, pause = threading.Event(), threading.Event()

    def until(is_so: Callable[[], bool]) -> None:
        began_s = CLOCK.steady_s()
        while not is_so():
            assert CLOCK.steady_s() - began_s < ENDS_WITHIN_S, f"hangs; seed {seed}"
            pause.wait(0.005)

    def station() -> None:
        while not over.is_set():
            number = next(numbers)
            _say_until_taken(database, number)
            taken.append(number)

    with ThreadPoolExecutor(5) as threads:
        stations = [threads.submit(station) for _ in range(4)]
        looks = threads.submit(health.run, over)
        try:
            for _ in range(faults):
                if rng.random() < RECORDS_AGAIN:  # else it breaks while the connection is made anew
                    before = len(taken)
                    until(lambda before=before: len(taken) > before)  # type: ignore[misc]  # because mypy can't infer a lambda with a default
                pause.wait(rng.uniform(0.0, 0.05))
                proxy.breaks(rng.choice(list(Fault)), refuses_s=rng.choice([0.0, 0.3, 1.5]))
                until(lambda: not proxy.is_broken())
        finally:
            over.set()
        for each in (*stations, looks):
            each.result(ENDS_WITHIN_S)
    assert proxy.faults == faults
    found = said(database)
    assert set(found.values()) <= {1}, f"doubled; seed {seed}"
    assert set(taken) == set(found), f"lost; seed {seed}"
    assert health.lies == [], f"seed {seed}"
    return health


def test_twenty_faults_at_random_lose_and_double_nothing(
    proxy: FaultyProxy, tmp_path: Path, postgresql_url: str
) -> None:
    with opened(proxy.url, tmp_path) as database:
        health = faults_at_random(database, proxy, faults=20, seed=7)
    assert health.told, "nothing ever stood long enough to be told"
    pub = tmp_path / "plant.pub"
    assert verify_database(postgresql_url, public_key=pub, fold=any_fold).sound


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_two_hundred_faults_at_random_lose_and_double_nothing(
    proxy: FaultyProxy, tmp_path: Path
) -> None:
    seed = random.SystemRandom().randrange(10**9)
    with opened(proxy.url, tmp_path) as database:
        health = faults_at_random(database, proxy, faults=200, seed=seed)
    print(f"seed {seed}: told {health.told} times that nothing is recorded")  # noqa: T201  because the figures are kept
    assert health.told


WRITES = (
    "SELECT a.pid FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
    " WHERE l.locktype = 'advisory' AND a.datname = current_database()"
)
READS = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    f" AND pid NOT IN ({WRITES})"
)


@contextmanager
def standing_still(url: str, which: str = WRITES) -> Iterator[None]:
    """Stop processes of the server that work for the database, as a debugger or a hung disk does."""
    with psycopg.connect(url, autocommit=True) as other:
        found = [pid for (pid,) in other.execute(which).fetchall()]
    assert found
    for pid in found:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in found:
            os.kill(pid, signal.SIGCONT)


def test_a_server_that_stands_still_keeps_nobody_waiting_and_nothing_is_done_twice(
    postgresql_url: str, tmp_path: Path
) -> None:
    """P2: each POST hung for as long as the service ran."""
    with opened(postgresql_url, tmp_path) as database:
        say(database, 0).result(ENDS_WITHIN_S)
        with standing_still(postgresql_url):
            asked_s = CLOCK.steady_s()
            with pytest.raises(StoreTrouble) as told:
                say(database, 1).result(ENDS_WITHIN_S)
            assert told.value.why is TroubleWhy.NO_ANSWER
            with pytest.raises(StoreTrouble):  # the lock is still held by the session that stands
                say(database, 2).result(ENDS_WITHIN_S)
            assert CLOCK.steady_s() - asked_s < ENDS_WITHIN_S
            assert said(database) == {0: 1}, "pages are read meanwhile"
        _say_until_taken(database, 3)
        assert said(database) == {0: 1, 3: 1}


def test_a_page_whose_server_stands_still_is_told_so(postgresql_url: str, tmp_path: Path) -> None:
    """The server's own limit can't end it: its process does nothing."""
    with opened(postgresql_url, tmp_path) as database:
        say(database, 0).result(ENDS_WITHIN_S)
        assert said(database) == {0: 1}
        with standing_still(postgresql_url, READS):
            asked_s = CLOCK.steady_s()
            with suppress(StoreTrouble):  # unless another session is made for it
                assert said(database) == {0: 1}
            assert CLOCK.steady_s() - asked_s < ENDS_WITHIN_S
        assert said(database) == {0: 1}


def test_what_was_read_is_given_though_the_connection_is_lost_right_behind_it(
    postgresql_url: str, tmp_path: Path
) -> None:
    """A page was answered 500, as if that were a mistake of the software."""
    with opened(postgresql_url, tmp_path) as database:
        say(database, 0).result(ENDS_WITHIN_S)

        def read_and_lose(reader: Any) -> int:
            size: int = reader.head().size
            with psycopg.connect(postgresql_url, autocommit=True) as other:
                other.execute(f"SELECT pg_terminate_backend(pid, 10000) FROM ({READS}) AS reading")
            return size

        assert database.read_now(read_and_lose) == 1
        assert said(database) == {0: 1}


def test_a_statement_that_takes_too_long_is_ended(proxy: FaultyProxy, tmp_path: Path) -> None:
    with opened(proxy.url, tmp_path) as database:
        asked_s = CLOCK.steady_s()
        with pytest.raises(StoreTrouble, match=r"statement timeout|did not answer"):
            database.read_now(_sleeps)
        assert CLOCK.steady_s() - asked_s < ENDS_WITHIN_S
        assert said(database) == {}


def _sleeps(reader: Any) -> None:
    with engine.translated("reading"):
        reader._connection.exec_driver_sql("SELECT pg_sleep(60)")


def test_what_stays_unknown_is_said_so_and_nothing_runs_before_it_is_known(
    proxy: FaultyProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "OUTCOME_S", 1.0)
    with opened(proxy.url, tmp_path) as database:
        database.write_now(lambda work: work.append(happened("noted", number=0)))
        proxy.breaks(Fault.LOSES_ANSWER, refuses_s=4.0)
        first: list[Future[Entry]] = []
        submit = database._writer.submit

        def remembered(command: Any) -> Any:
            first.append(submit(command))
            return first[-1]

        monkeypatch.setattr(database._writer, "submit", remembered)
        with pytest.raises(OutcomeUnknown):
            database.write_now(lambda work: work.append(happened("noted", number=1)))
        with pytest.raises(StoreTrouble, match=r"nothing of this was begun|did not come to it"):
            database.write_now(lambda work: work.append(happened("noted", number=2)))
        assert first[0].result(ENDS_WITHIN_S).index == 1, "told once it is known"
        assert said(database) == {0: 1, 1: 1}


@pytest.mark.parametrize(
    ("where", "name"),
    [(BackgroundVerification, "_rest"), (LedgerPass, "read"), (LedgerPass, "ended")],
    ids=["before it asks whether a connection lives", "before it gives one back", "later"],
)
def test_a_verification_beside_the_service_ends_with_it_though_the_server_says_nothing(
    proxy: FaultyProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: type, name: str
) -> None:
    """It hung for an hour where it was not within a statement of its own."""
    silent = threading.Event()
    done = getattr(where, name)

    def done_and_silent(*args: Any, **kwargs: Any) -> Any:
        result = done(*args, **kwargs)
        if not silent.is_set():
            proxy.goes_silent()
            silent.set()
        return result

    monkeypatch.setattr(background_verification, "BEGINS_AFTER_S", 0.0)
    with opened(proxy.url, tmp_path) as database:
        say(database, 0).result(ENDS_WITHIN_S)
        monkeypatch.setattr(where, name, done_and_silent)
        database.verification.start()
        assert silent.wait(ENDS_WITHIN_S)
        stopped = threading.Thread(target=database.verification.stop, daemon=True)
        stopped.start()
        stopped.join(ENDS_WITHIN_S)
        is_stopped = not stopped.is_alive()
        if not is_stopped:
            proxy.close()  # else the test would hang, too
        assert is_stopped


def test_what_ends_right_when_its_wait_does_is_told_as_it_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class EndsAtTheLimit(Future[int]):
        def result(self, timeout: float | None = None) -> int:
            if timeout is None:
                return super().result()
            self.set_result(7)
            raise TimeoutError

    with opened(f"sqlite:///{tmp_path}/plant.db", tmp_path) as database:
        monkeypatch.setattr(database._writer, "submit", lambda _: EndsAtTheLimit())
        assert database.write_now(lambda _: 7) == 7


def test_a_service_that_ends_before_it_is_known_waits_for_nobody(
    proxy: FaultyProxy, tmp_path: Path
) -> None:
    database = opened(proxy.url, tmp_path)
    proxy.breaks(Fault.LOSES_ANSWER, refuses_s=60.0)
    future = say(database, 1)
    while proxy.faults == 0:
        threading.Event().wait(0.01)
    asked_s = CLOCK.steady_s()
    database.close()
    assert CLOCK.steady_s() - asked_s < ENDS_WITHIN_S
    assert isinstance(future.exception(0), OutcomeUnknown)


LAWS = st.lists(st.sampled_from(["kept", "lost_before", "lost_after", "away"]), max_size=12)


@settings(max_examples=25)
@given(faults=LAWS)
def test_a_commit_of_sqlite_that_fails_counts_as_what_became_of_it(faults: list[str]) -> None:
    """The same law without a network: an error of COMMIT says nothing of whether it took effect."""
    with tempfile.TemporaryDirectory() as folder:
        database = opened(f"sqlite:///{folder}/plant.db", Path(folder))
        with closing(database):
            told = _with_faults(database, faults)
            assert said(database) == Counter(n for n, trouble in enumerate(told) if not trouble)
            expected = [fault == "lost_before" for fault in faults]
            assert [trouble is not None for trouble in told] == expected
        verified = verify_database(
            f"sqlite:///{folder}/plant.db", public_key=Path(folder) / "plant.pub", fold=any_fold
        )
        assert verified.sound


def _with_faults(database: SqlDatabase, faults: list[str]) -> list[BaseException | None]:
    """Say a number under each fault; return what was told of each."""
    session: Any = database._writer._session
    dialect, connection = session._engine.dialect, session.connection
    commit, coming = dialect.do_commit, [*faults]
    away = [0]

    def do_commit(raw: Any) -> None:
        fault = coming.pop(0) if coming and _writes(database) else "kept"
        if fault == "lost_before":
            raise sqlite3.OperationalError("disk I/O error")
        commit(raw)
        if fault in {"lost_after", "away"}:
            away[0] = 2 if fault == "away" else 0
            raise sqlite3.OperationalError("disk I/O error")

    def not_at_once() -> Any:
        if away[0]:
            away[0] -= 1
            raise StoreTrouble("unable to open database file")
        return connection()

    dialect.do_commit, session.connection = do_commit, not_at_once
    try:
        return [say(database, n).exception(ENDS_WITHIN_S) for n in range(len(faults))]
    finally:
        dialect.do_commit, session.connection = commit, connection


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[SqlDatabase]:
    with opened(f"sqlite:///{tmp_path}/plant.db", tmp_path) as database:
        say(database, 0).result(ENDS_WITHIN_S)
        yield database


def _loses_next_answer(
    database: SqlDatabase, after: int = 0, then: Callable[[], None] = lambda: None
) -> None:
    """Let the next commit of a group take effect in SQLite's log and fail, as a sync that fails does."""
    session: Any = database._writer._session
    dialect = session._engine.dialect
    commit = dialect.do_commit
    kept = [None] * after

    def do_commit(raw: Any) -> None:
        commit(raw)
        if _writes(database) and kept:
            kept.pop()
        elif _writes(database):
            dialect.do_commit = commit
            then()
            raise sqlite3.OperationalError("disk I/O error")

    dialect.do_commit = do_commit


def test_what_took_effect_counts_only_when_the_disk_has_it(
    plant: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each sync failed, and everything was acknowledged: SQLite reads from its log what no disk has kept."""
    asked: list[bool] = []
    checkpoint = engine.checkpoint

    def fails_twice(connection: Any, *, whole: bool = False) -> None:
        asked.append(whole)
        if len(asked) <= 2:
            assert not future.done()
            raise StoreTrouble("disk I/O error", TroubleWhy.DISK_FAILS)
        checkpoint(connection, whole=whole)

    monkeypatch.setattr(session_module, "checkpoint", fails_twice)
    _loses_next_answer(plant)
    future = say(plant, 1)
    future.result(ENDS_WITHIN_S)
    assert asked == [True] * 3
    assert said(plant) == {0: 1, 1: 1}


def test_the_log_is_not_taken_for_written_while_a_reader_needs_it(
    plant: SqlDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_S", 0.1)
    with closing(sqlite3.connect(tmp_path / "plant.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM ledger").fetchall()
        _loses_next_answer(plant)
        future = say(plant, 1)
        with pytest.raises(TimeoutError):
            future.result(1.0)
        reader.execute("ROLLBACK")
    future.result(ENDS_WITHIN_S)
    assert said(plant) == {0: 1, 1: 1}


def test_what_appended_nothing_is_told_at_once_why_its_commit_failed(
    plant: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A heartbeat waited with the others, so that "the database does not answer" was told for a disk that fails."""
    goes_on = threading.Event()
    away = threading.Event()
    session: Any = plant._writer._session
    connection = session.connection

    def not_yet() -> Any:
        if away.is_set():
            raise StoreTrouble("unable to open database file")
        return connection()

    first = plant._writer.submit(lambda _: goes_on.wait(ENDS_WITHIN_S))
    while not first.running():
        threading.Event().wait(0.01)
    _loses_next_answer(plant, after=1, then=away.set)
    appends, beats = say(plant, 1), plant._writer.submit(lambda work: work.head())
    monkeypatch.setattr(session, "connection", not_yet)
    goes_on.set()
    with pytest.raises(StoreTrouble, match="disk I/O error"):
        beats.result(ENDS_WITHIN_S)
    assert not appends.done()
    away.clear()
    appends.result(ENDS_WITHIN_S)
    assert said(plant) == {0: 1, 1: 1}


def _writes(database: SqlDatabase) -> bool:
    """Tell whether the writer's thread commits a group, and no look at what became of one."""
    return threading.current_thread() is database._writer._thread and (
        database._writer._unknown is None and database._writer._log_is_known
    )
