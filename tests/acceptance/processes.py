"""The product's own processes, started, watched and ended by a test; all on loopback.

Every wait has a deadline. Output goes to files, so that no full pipe ever stops a process and a
failing test can show what was said.
"""

import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import httpx2

from redrabbit.base.clock import SteadyClock
from redrabbit.base.settings import sqlite_url

ROOT = Path(__file__).parents[2]
LIMIT_S = 60.0
"""For anything that takes a second or two on a machine that does nothing else."""
LOOK_S = 0.02
CLOCK = SteadyClock()


def environment() -> Mapping[str, str]:
    """Return what a child process lives in: this checkout, whatever its working folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COV_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONFAULTHANDLER": "1"}


@dataclass(frozen=True, slots=True)
class Told:
    """What a command that has ended said."""

    returncode: int
    stdout: str
    stderr: str


def redrabbit(*arguments: object, timeout_s: float = LIMIT_S) -> Told:
    """Run one command line to its end, in a process that need not read all modules first."""
    with tempfile.TemporaryDirectory(prefix="redrabbit-") as folder:
        out_path, log_path = Path(folder) / "out", Path(folder) / "log"
        forked = Forked(arguments, out_path, log_path)
        try:
            forked.wait(timeout_s)
        finally:
            forked.kill()
        code = forked.poll()
        assert code is not None
        return Told(code, out_path.read_text("utf-8"), log_path.read_text("utf-8"))


def command(*arguments: object, timeout_s: float = LIMIT_S) -> Told:
    """Run one command line to its end, exactly as a person would."""
    ended = subprocess.run(
        [sys.executable, "-m", "redrabbit", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout_s,
        env=environment(),
        check=False,
    )
    return Told(ended.returncode, ended.stdout, ended.stderr)


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Running(Protocol):
    """A child process, as far as tests need it."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def kill(self) -> None: ...
    def wait(self, timeout: float) -> object: ...
    def send_signal(self, number: int) -> None: ...


class Forked:
    """A command in a process forked from one that has read all modules already.

    It saves the seconds of importing where a test starts a hundred services; everything from the
    command line on is as in any other process.
    """

    if sys.platform == "win32":
        context = multiprocessing.get_context("spawn")
    else:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(
            ["redrabbit.cli", "redrabbit.serve_command", "redrabbit.verify_command"]
        )

    def __init__(self, arguments: Sequence[object], out_path: Path, log_path: Path) -> None:
        self._process = self.context.Process(
            target=_run, args=(tuple(map(str, arguments)), str(out_path), str(log_path))
        )
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def kill(self) -> None:
        self._process.kill()

    def wait(self, timeout: float) -> None:
        self._process.join(timeout)
        assert self._process.exitcode is not None, f"not dead after {timeout:g} s"

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)


def _run(arguments: tuple[str, ...], out_path: str, log_path: str) -> None:
    for path, stream in ((out_path, 1), (log_path, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), stream)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w", buffering=1)
    from redrabbit.cli import main

    try:
        code = main(arguments)
    except SystemExit as ending:  # argparse ends so
        code = int(ending.code or 0)
    except BaseException:  # noqa: BLE001  because the test reads what went wrong
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


@dataclass(slots=True)
class Process:
    """A command of the product that runs; killed when its block is left."""

    popen: Running
    out_path: Path
    log_path: Path

    @classmethod
    def start(cls, folder: Path, name: str, *arguments: object) -> Self:
        """Start `redrabbit ARGUMENTS`, its output in `folder`."""
        out_path, log_path = folder / f"{name}.out", folder / f"{name}.log"
        with out_path.open("wb") as out, log_path.open("wb") as log:
            popen = subprocess.Popen(
                [sys.executable, "-m", "redrabbit", *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=log,
                env=environment(),
            )
        return cls(popen, out_path, log_path)

    @classmethod
    def fork(cls, folder: Path, name: str, *arguments: object) -> Self:
        """Do the same without the seconds that reading all modules takes."""
        out_path, log_path = folder / f"{name}.out", folder / f"{name}.log"
        for path in (out_path, log_path):
            path.touch()
        return cls(Forked(arguments, out_path, log_path), out_path, log_path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    @property
    def out(self) -> str:
        """What it has printed so far."""
        return self.out_path.read_text(encoding="utf-8")

    @property
    def log(self) -> str:
        """What it has logged or complained so far."""
        return self.log_path.read_text(encoding="utf-8")

    @property
    def has_ended(self) -> bool:
        return self.popen.poll() is not None

    def kill(self) -> None:
        """End it as a power loss of the process would: no last word."""
        if not self.has_ended:
            self.popen.kill()
        self.popen.wait(LIMIT_S)

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal, unless it has ended already."""
        if not self.has_ended:
            self.popen.send_signal(number)

    async def ended(self, *, within_s: float = LIMIT_S) -> int:
        """Wait until it has ended by itself; return its exit code."""
        ends_at = CLOCK.now() + timedelta(seconds=within_s)
        while not self.has_ended:
            assert CLOCK.now() < ends_at, f"still running after {within_s:g} s:\n{self.log}"
            await CLOCK.sleep(LOOK_S)
        code = self.popen.poll()
        assert code is not None
        return code

    async def stopped(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end and return its exit code."""
        self.tell(number)
        return await self.ended()


class Service(Process):
    """`redrabbit serve`, on a free port."""

    @classmethod
    def serve(cls, folder: Path, config_dir: Path, database: Path, *more: object) -> Self:
        """Start serving; the service is not ready yet."""
        return cls.start(folder, _next_name(folder), *_serving(config_dir, database), *more)

    @classmethod
    def forked(cls, folder: Path, config_dir: Path, database: Path) -> Self:
        """Do the same without the seconds that reading all modules takes."""
        return cls.fork(folder, _next_name(folder), *_serving(config_dir, database))

    def lines(self) -> list[dict[str, Any]]:
        """Return its log so far; each finished line must be one JSON object."""
        return [json.loads(line) for line in self.log.splitlines(keepends=True) if line[-1] == "\n"]

    async def ready(self, *, within_s: float = LIMIT_S) -> str:
        """Wait until the service watches; return where it is reached."""
        ends_at = CLOCK.now() + timedelta(seconds=within_s)
        while True:
            for line in self.lines():
                if line["message"] == "watching":
                    url = str(line["url"])
                    async with httpx2.AsyncClient(base_url=url, timeout=LIMIT_S) as client:
                        answer = await client.get("/ready")
                    assert answer.status_code == 200, answer.text
                    return url
            assert not self.has_ended, f"ended with {self.popen.poll()}:\n{self.log}"
            assert CLOCK.now() < ends_at, f"not ready after {within_s:g} s:\n{self.log}"
            await CLOCK.sleep(LOOK_S)

    async def caught_up(self, url: str, *, within_s: float = LIMIT_S) -> None:
        """Wait until what came due before the service started is on record (decision 0035)."""
        ends_at = CLOCK.now() + timedelta(seconds=within_s)
        async with httpx2.AsyncClient(base_url=url, timeout=LIMIT_S) as client:
            while (await client.get("/ready")).json()["catching_up"] is not None:
                assert not self.has_ended, f"ended with {self.popen.poll()}:\n{self.log}"
                assert CLOCK.now() < ends_at, f"not caught up after {within_s:g} s:\n{self.log}"
                await CLOCK.sleep(LOOK_S)


def _serving(config_dir: Path, database: Path) -> tuple[object, ...]:
    return "serve", "--config", config_dir, "--database", sqlite_url(database), "--port", 0


def _next_name(folder: Path) -> str:
    return f"serve-{len(list(folder.glob('serve-*.log')))}"


def instant(text: str) -> datetime:
    """Return an instant of an answer."""
    found = datetime.fromisoformat(text)
    assert found.tzinfo is not None
    return found.astimezone(UTC)


def says_no_traceback(texts: Sequence[str]) -> bool:
    """Return whether nobody is shown the product's inside."""
    return not any("Traceback" in text for text in texts)
