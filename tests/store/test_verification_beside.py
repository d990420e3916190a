"""A whole verification in two processes finds what one finds, and needs no more memory for a larger ledger (D26)."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from redrabbit.base.settings import sqlite_url
from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.facts.fact import Changes, Look
from redrabbit.domain.findings import Finding
from redrabbit.domain.ledger import Entry
from redrabbit.services.errors import StoreTrouble
from redrabbit.store import spill, verification
from redrabbit.store.engine import parsed_url, reader_engine
from redrabbit.store.verification import verify_database
from redrabbit.store.verification_beside import Comparing
from tests.benchmarks.grown_ledger import grow
from tests.store.sample_database import Sample, played, played_anew

REFUSED = 100


def fold_that_refuses(entry: Entry, look: Look) -> Changes:
    if entry.index == REFUSED:
        raise ValueError("it makes no sense")
    return fold(entry, look)


@pytest.fixture
def brought_up(sample: Sample) -> Sample:
    """A database of today in SQLite and in PostgreSQL."""
    sample.open().close()
    return sample


def both_ways(sample: Sample, **how: Any) -> tuple[Finding, ...]:
    """Return what is found, which must be the same in one process and in two."""
    one, two = (
        verify_database(
            sample.url, public_key=sample.public_key, two_processes=two_processes, **how
        )
        for two_processes in (False, True)
    )
    assert two.findings == one.findings
    assert (two.size, two.root, two.erased) == (one.size, one.root, one.erased)
    return two.findings


def changed(sample: Sample, *statements: str) -> None:
    engine = create_engine(sample.url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def test_what_is_sound_is_sound_in_both_ways(brought_up: Sample) -> None:
    assert both_ways(brought_up) == ()


def test_damage_is_told_in_the_same_words_and_order(brought_up: Sample) -> None:
    changed(
        brought_up,
        "UPDATE stations SET reason = 'nobody knows'",
        "DELETE FROM presentations",
    )
    codes = {each.code for each in both_ways(brought_up)}
    assert codes == {"record_differs", "record_missing"}
    changed(brought_up, "UPDATE ledger SET type = 'x' WHERE \"index\" = 50")
    (first, *_) = both_ways(brought_up)
    assert (first.code, first.place) == ("column_differs", "ledger[50]")


def test_a_sound_entry_that_can_not_be_folded_is_named(brought_up: Sample) -> None:
    (finding,) = both_ways(brought_up, fold=fold_that_refuses)
    assert (finding.code, finding.place) == ("entry_does_not_fold", f"ledger[{REFUSED}]")


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return played(tmp_path_factory.mktemp("plant"))


def test_what_was_erased_and_what_stands_beside_the_ledger_is_the_same_too(plant: Sample) -> None:
    assert both_ways(plant) == ()


def test_a_large_ledger_takes_two_processes(plant: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Comparing] = []

    class Counted(Comparing):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            begun.append(self)

    monkeypatch.setattr(verification, "Comparing", Counted)
    assert verify_database(plant.url, public_key=plant.public_key).sound
    assert begun == []
    monkeypatch.setattr(verification, "MANY", 100)
    monkeypatch.setattr(verification, "has_two_cores", lambda: True)
    assert verify_database(plant.url, public_key=plant.public_key).sound
    assert len(begun) == 1
    assert not begun[0]._process.is_alive()


def test_two_that_never_read_the_same_ledger_do_not_go_on(plant: Sample, tmp_path: Path) -> None:
    """A service may write all the time; then one process does it all."""
    other = played_anew(tmp_path)
    engine = reader_engine(parsed_url(plant.url))
    with engine.connect() as connection, Comparing(parsed_url(other.url), fold) as comparing:
        assert not comparing.has_same_snapshot(connection)
    engine.dispose()


def test_trouble_of_the_other_process_is_told(plant: Sample, tmp_path: Path) -> None:
    engine = reader_engine(parsed_url(plant.url))
    with engine.connect() as connection:
        nowhere = parsed_url(f"sqlite:///{tmp_path / 'nowhere.db'}")
        with (
            Comparing(nowhere, fold) as comparing,
            pytest.raises(StoreTrouble, match="there is no such database"),
        ):
            comparing.has_same_snapshot(connection)
        with Comparing(parsed_url(plant.url), fold) as comparing:
            assert comparing.has_same_snapshot(connection)
            comparing._process.kill()
            with pytest.raises(StoreTrouble, match="was ended"):
                comparing.compared()
    engine.dispose()


PEAK = """
import sys
from redrabbit.store import spill, verification
url, entries, spill.IN_MEMORY = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
spill.PAGES_KB = 500  # what is kept of the file is bounded, too, and must be full with the fewer entries
found = verification.verify_database(url, two_processes=False)
assert (found.size, found.findings) == (entries, ()), found
(line,) = (line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(line.split()[1])
"""
ALL = 1_000_000


@pytest.mark.skipif(
    sys.platform != "linux", reason="another system tells no peak that is not its parent's"
)
def test_memory_does_not_grow_with_the_ledger(tmp_path: Path) -> None:
    """Beside what it takes when all records are kept in memory, which shows that this can fail."""
    sizes = (5_000, 20_000)
    urls = {entries: sqlite_url(tmp_path / f"{entries}.db") for entries in sizes}
    for entries, url in urls.items():
        grow(url, entries)

    def grown_by(in_memory: int) -> int:
        few, many = (
            int(
                subprocess.run(
                    [sys.executable, "-c", PEAK, urls[entries], str(entries), str(in_memory)],
                    capture_output=True,
                    check=True,
                    text=True,
                ).stdout
            )
            for entries in sizes
        )
        return many - few

    spilled, kept = grown_by(spill.IN_MEMORY), grown_by(ALL)
    assert spilled < kept / 4, (spilled, kept)
