"""Each system call of the record path fails once, or the process is killed as it asks (L8, issue 7).

A real process makes a database, opens it after a kill, records acts, lets the write-ahead log be written into the file,
and closes; strace breaks one call of it. Whatever breaks: what was told as recorded stands in the ledger, once; nothing
stands there twice; the ledger and its records are whole; a process that lives has recorded everything in the end, or
refused to open in words; one that records nothing says so; and the next start goes on.

REDRABBIT_CALLS says how many of each call and moment are broken by the slow sweep; all of them unless it is set.
"""

import os
import random
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from redrabbit.services.errors import StoreTrouble
from redrabbit.store.opening import open_database
from redrabbit.store.verification import verify_database
from tests.store.acting_process import ACTS, CLOCK, Moment, numbers, url_of
from tests.store.broken_calls import (
    WRITES,
    Acting,
    Broken,
    broke,
    calls_seen,
    may_trace,
    traced,
)
from tests.stored import RECORDING, any_fold, pause, put

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(not may_trace(), reason="strace is not installed, or may not trace here"),
]

MOST = int(os.environ.get("REDRABBIT_CALLS", "1000000"))
ERRORS = ("EIO", "ENOSPC")
ENOUGH_HIT = 0.8
"""Of the tries. Threads take turns as they like, so the n-th call of a name is another one now and then."""
FIRST = "first"
AGAIN = "again"
STARTS = (
    (FIRST, Moment.BEFORE_OPENING),
    (AGAIN, Moment.BEFORE_OPENING),
    (AGAIN, Moment.BEFORE_RECORDING),
)
"""With which database the process begins, and from when on its calls are counted."""


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what a process left that was killed when it had recorded."""
    folder = tmp_path_factory.mktemp("killed")
    with Acting(folder, Moment.BEFORE_RECORDING, 0) as acting:
        assert acting.waits()
        acting.go_on()
        assert any(each["said"] == "recorded all" for each in acting.hears())
    assert (folder / "plant.db-wal").stat().st_size
    return folder


class Tries:
    """Breaks calls, one try after the other, and keeps what was wrong."""

    def __init__(self, folder: Path, killed: Path, start: str, moment: Moment) -> None:
        self._folder, self._moment = folder, moment
        self._left = killed if start == AGAIN else None
        self._first = ACTS if start == AGAIN else 0
        self._count = 0
        self.hit = 0
        self.endings: Counter[str] = Counter()
        self.wrong: list[str] = []

    def new_folder(self) -> Path:
        self._count += 1
        folder = self._folder / str(self._count)
        if self._left is None:
            folder.mkdir()
        else:
            shutil.copytree(self._left, folder)
        return folder

    def calls(self) -> list[tuple[str, int]]:
        return calls_seen(self.new_folder(), self._folder / "seen.log", self._moment, self._first)

    def break_all(self, chosen: Sequence[Broken]) -> None:
        for broken in chosen:
            folder = self.new_folder()
            try:
                self.break_one(folder, broken)
            except (AssertionError, StoreTrouble) as error:
                self.wrong.append(f"{broken}: {error}")
            shutil.rmtree(folder)

    def break_one(self, folder: Path, broken: Broken) -> Acting:
        log = self._folder / "broken.log"
        with Acting(folder, self._moment, self._first) as acting:
            assert acting.waits(), acting.said
            with traced(acting.pid, log, f"trace={broken.call}", broken.spec):
                acting.go_on()
                if broken.lasts:
                    acting.until("not recording")
                else:
                    acting.ended()
            acting.ended()
        is_hit = broke(log, folder, broken)
        self.hit += is_hit
        self.endings[last_said(acting)] += 1
        if is_hit:
            self._check_said(folder, acting)
        self._check_recorded(folder, acting.recorded())
        return acting

    @staticmethod
    def _check_said(folder: Path, acting: Acting) -> None:
        assert not acting.all("bug") + acting.all("lie"), acting.said[-4:]
        for refused in acting.all("refused"):
            assert not acting.all("opened"), acting.said[-4:]
            assert str(folder) in refused["words"], refused
            assert "\n" not in refused["words"], refused
        if acting.all("ends") and not acting.all("refused"):
            assert len(acting.recorded()) == ACTS, acting.said[-4:]

    def _check_recorded(self, folder: Path, recorded: set[int]) -> None:
        """Start again, and look."""
        clock_url = url_of(folder)
        with open_database(clock_url, plant="Plant 1", clock=CLOCK, recording=RECORDING) as found:
            found.write_now(lambda work: work.append(put(pause(9_999))))
            told = Counter(numbers(found))
        assert set(told.values()) <= {1}, f"doubled: {told.most_common(3)}"
        expected = recorded | set(range(self._first)) | {9_999}
        assert expected <= set(told), f"lost: {sorted(expected - set(told))}"
        verified = verify_database(clock_url, public_key=folder / "plant.db.pub", fold=any_fold)
        assert verified.sound, verified.findings


def last_said(acting: Acting) -> str:
    """Return how far the process came."""
    said = [each["said"] for each in acting.said if each["said"] not in {"ends", "waits"}]
    return str(said[-1]) if said else "nothing"


def all_of(calls: Sequence[tuple[str, int]], most: int, rng: random.Random) -> Iterator[Broken]:
    """Give each call with each way in which it may break; of each name and way so many at most."""
    by_way: dict[tuple[str, str], list[Broken]] = {}
    for call, number in calls:
        for how in ("KILL", *ERRORS):
            if how != "ENOSPC" or call in (*WRITES, "openat"):
                by_way.setdefault((call, how), []).append(Broken(call, number, how))
    for found in by_way.values():
        yield from sorted(rng.sample(found, min(most, len(found))))


def sweep(tries: Tries, most: int, seed: int) -> None:
    chosen = list(all_of(tries.calls(), most, random.Random(seed)))
    began_s = CLOCK.steady_s()
    tries.break_all(chosen)
    took_s = CLOCK.steady_s() - began_s
    print(f"{len(chosen)} broken, {tries.hit} hit, {dict(tries.endings)}, {took_s:.0f} s")  # noqa: T201  because the full sweep's figures are kept
    assert not tries.wrong, "\n".join(tries.wrong)
    assert tries.hit >= ENOUGH_HIT * len(chosen)


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize(
    ("start", "moment"), STARTS, ids=lambda value: getattr(value, "value", value)
)
def test_each_call_that_breaks_loses_and_doubles_nothing(
    tmp_path: Path, killed: Path, start: str, moment: Moment
) -> None:
    sweep(Tries(tmp_path, killed, start, moment), MOST, seed=7)


SAMPLE = 24
"""Of some two thousand: enough to see that all of this works."""


@pytest.mark.parametrize(
    ("start", "moment"), STARTS, ids=lambda value: getattr(value, "value", value)
)
def test_some_calls_that_break_lose_and_double_nothing(
    tmp_path: Path, killed: Path, start: str, moment: Moment
) -> None:
    tries = Tries(tmp_path, killed, start, moment)
    rng = random.Random(f"{start} {moment.value}")
    tries.break_all(rng.sample(list(all_of(tries.calls(), 1, rng)), SAMPLE // len(STARTS)))
    assert not tries.wrong, "\n".join(tries.wrong)
    assert tries.hit


FULL, FAILS = {"disk_full", "disk_fails"}, {"disk_fails"}
"""What may be told as the reason. For SQLite a disk is full only when the write-ahead log can't grow; a shared memory
that can't is a disk that fails, and so is a sync, whatever it says."""
LASTING = {
    Broken("pwrite64", 1, "ENOSPC", lasts=True): FULL,
    Broken("pwrite64", 1, "EIO", lasts=True): FAILS,
    Broken("fdatasync", 1, "EIO", lasts=True): FAILS,
    Broken("newfstatat", 1, "EIO", lasts=True): FAILS,
    Broken("pwrite64", 40, "ENOSPC", lasts=True): FULL,
    Broken("fdatasync", 4, "ENOSPC", lasts=True): FAILS,
}


@pytest.mark.slow
@pytest.mark.parametrize("broken", LASTING, ids=str)
def test_what_goes_on_breaking_is_told_and_over_without_a_restart(
    tmp_path: Path, killed: Path, broken: Broken
) -> None:
    """F3: it said that it watched, and recorded nothing."""
    tries = Tries(tmp_path, killed, AGAIN, Moment.BEFORE_RECORDING)
    acting = tries.break_one(tries.new_folder(), broken)
    assert tries.hit == 1
    assert {each["why"] for each in acting.all("not recording")} <= LASTING[broken]
    assert acting.all("recorded all")
