"""Breaks one system call of a running process, as a failing disk or a power switch does: by strace.

A call fails with an error that the kernel gives (EIO, ENOSPC), or the process is killed as it asks. Which calls there are
is seen first, in a run in which nothing breaks: each is then named by its number among the calls of its thread.
"""

import json
import multiprocessing
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

from redrabbit.base.clock import SteadyClock
from tests.store.acting_process import Moment, act, url_of

CLOCK = SteadyClock()
LIMIT_S = 90.0
LOOK_S = 0.002

STRACE = shutil.which("strace")

WRITES = ("write", "pwrite64", "ftruncate", "fallocate", "link", "rename", "fsync", "fdatasync")
CALLS = (
    "openat",
    *WRITES,
    "read",
    "pread64",
    "unlink",
    "fcntl",
    "flock",
    "close",
    "newfstatat",
    "stat",
    "lstat",
    "fstat",
    "access",
    "faccessat2",
    "chmod",
    "fchmod",
    "readlink",
    "mmap",
)
"""What is asked of files; what this processor does not have is left out by strace's own question mark."""

_LINE = re.compile(r"(?P<thread>\d+) +(?P<call>\w+)\((?P<rest>.*)")


@dataclass(frozen=True, slots=True, order=True)
class Broken:
    """One call that breaks: the n-th of its name in a thread, and how."""

    call: str
    number: int
    how: str
    """EIO, ENOSPC, …; KILL."""
    lasts: bool = False
    """Whether all that come after it break, too."""

    @property
    def spec(self) -> str:
        """Return it as strace wants it."""
        what = "signal=SIGKILL" if self.how == "KILL" else f"error={self.how}"
        return f"inject={self.call}:{what}:when={self.number}{'+' if self.lasts else ''}"

    def __str__(self) -> str:
        """Name it in a few words, for messages."""
        return f"{self.call} {self.number}{'+' if self.lasts else ''} {self.how}"


class Acting:
    """A process that records acts, and what it has said so far."""

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.store.acting_process"])

    def __init__(self, folder: Path, moment: Moment, first: int) -> None:
        self._channel, theirs = socket.socketpair()
        self._channel.settimeout(LIMIT_S)
        self._process = self.context.Process(
            target=act, args=(theirs, url_of(folder), moment, first)
        )
        self._process.start()
        theirs.close()
        self._rest = b""
        self.said: list[dict[str, Any]] = []

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join(LIMIT_S)
        self._channel.close()

    def hears(self) -> Iterator[dict[str, Any]]:
        """Give each thing that it says, until it ends."""
        while True:
            while b"\n" in self._rest:
                line, _, self._rest = self._rest.partition(b"\n")
                self.said.append(json.loads(line))
                yield self.said[-1]
            try:
                piece = self._channel.recv(65_536)
            except ConnectionResetError:
                return
            if not piece:
                return
            self._rest += piece

    def waits(self) -> bool:
        """Return whether it waits to be told to go on, once it does; False if it ended before."""
        return any(each["said"] == "waits" for each in self.hears())

    def until(self, what: str) -> None:
        """Wait until it says this."""
        assert any(each["said"] == what for each in self.hears()), self.said[-3:]

    def go_on(self) -> None:
        self._channel.sendall(b".")

    def ended(self) -> None:
        """Wait until it has ended."""
        for _ in self.hears():
            pass
        self._process.join(LIMIT_S)
        assert self._process.exitcode is not None, self.said[-3:]

    def all(self, what: str) -> list[dict[str, Any]]:
        return [each for each in self.said if each["said"] == what]

    def recorded(self) -> set[int]:
        """Return the numbers that it was told are recorded."""
        return {each["number"] for each in self.all("recorded")}


@contextmanager
def traced(pid: int, log: Path, *how: str) -> Iterator[None]:
    """Watch a process and all its threads with strace, from now on to the end of the block."""
    assert STRACE is not None
    command = [STRACE, "-f", "-y", "-qq", "-o", str(log), "-p", str(pid)]
    for each in how:
        command += ["-e", each]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
        ends_s = CLOCK.steady_s() + LIMIT_S
        while not _is_traced(pid):
            assert strace.poll() is None, strace.stderr and strace.stderr.read()
            assert CLOCK.steady_s() < ends_s
        try:
            yield
        finally:
            strace.kill()  # asked politely, it may wait for ever for threads that it has stopped
            strace.wait(LIMIT_S)


def _is_traced(pid: int) -> bool:
    threads = Path(f"/proc/{pid}/task").glob("*/status")
    return all("TracerPid:\t0\n" not in each.read_text() for each in threads)


def calls_seen(folder: Path, log: Path, moment: Moment, first: int) -> list[tuple[str, int]]:
    """Let nothing break; return each call on files of this folder with its number in its thread."""
    with Acting(folder, moment, first) as acting:
        assert acting.waits()
        names = ",".join(f"?{each}" for each in CALLS)
        with traced(acting.pid, log, f"trace={names}"):
            acting.go_on()
            acting.ended()
    assert acting.said[-1] == {"said": "ends"}, acting.said[-3:]
    assert not acting.all("bug") + acting.all("refused"), acting.said[-3:]
    return list(dict.fromkeys(_on_files_of(folder, log)))


def _on_files_of(folder: Path, log: Path) -> Iterator[tuple[str, int]]:
    numbers: dict[tuple[str, str], int] = {}
    for line in log.read_text("utf-8", "replace").splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        of = found["thread"], found["call"]
        numbers[of] = numbers.get(of, 0) + 1
        if str(folder) in found["rest"]:
            yield found["call"], numbers[of]


def broke(log: Path, folder: Path, broken: Broken) -> bool:
    """Return whether what broke was what was meant: calls on files of this folder, and no others."""
    lines = log.read_text("utf-8", "replace").splitlines()
    if broken.how == "KILL":
        return any(str(folder) in each for each in lines if each.endswith("= ?"))
    injected = [each for each in lines if "(INJECTED)" in each]
    return bool(injected) and all(str(folder) in each for each in injected)


@cache
def may_trace() -> bool:
    """Return whether strace is installed and may watch a process that it has not started."""
    if STRACE is None:
        return False
    sleeper = subprocess.Popen(["/bin/sleep", "60"])
    try:
        with traced(sleeper.pid, Path(os.devnull)):
            return True
    except AssertionError:
        return False
    finally:
        sleeper.kill()
        sleeper.wait(LIMIT_S)
