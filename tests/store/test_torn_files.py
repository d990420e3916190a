"""A database file that was cut off or torn at random is refused in words, or opens whole.

Whole means: what it holds is the beginning of what was written, every record is what the ledger
says, and the ledger can be continued.
"""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from redrabbit.domain.ledger import Entry, Event
from redrabbit.services.errors import StoreTrouble
from redrabbit.services.ports import OutgoingMessage, UnitOfWork
from redrabbit.store.database import SqlDatabase
from redrabbit.store.opening import open_database
from redrabbit.store.verification import verify_database
from tests.stored import RECORDING, SteppingClock, any_fold, happened, pause, put

ENTRIES = 80
SEEDS = 8
"""Damages of each kind."""

Content = dict[str, bytes]
"""The files of a database by their ending."""


def content_of(path: Path) -> Content:
    endings = ("", "-wal", ".key", ".pub")
    return {e: path.with_name(path.name + e).read_bytes() for e in endings}


def lay_down(content: Content, folder: Path) -> Path:
    path = folder / "plant.db"
    folder.mkdir(exist_ok=True)
    for file in folder.iterdir():
        file.unlink()
    for ending, raw in content.items():
        file = path.with_name(path.name + ending)
        file.write_bytes(raw)
        file.chmod(0o600)
    return path


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Content, list[Entry]]:
    """The files of a running service, and the entries that it has acknowledged."""
    path = tmp_path_factory.mktemp("written") / "plant.db"
    with _opened(path) as database:  # closing merges the write-ahead log into the file
        _write(database, range(1, ENTRIES // 2))
    with _opened(path) as database:
        _write(database, range(ENTRIES // 2, ENTRIES + 1))
        entries = list(database.read_now(lambda reader: reader.entries()))
        content = content_of(path)
    assert min(len(content[""]), len(content["-wal"])) > 100_000
    return content, entries


def _opened(path: Path) -> SqlDatabase:
    return open_database(f"sqlite:///{path}", plant="P", clock=SteppingClock(), recording=RECORDING)


def _write(database: SqlDatabase, numbers: Iterable[int]) -> None:
    def tells(work: Any) -> None:
        work.send(OutgoingMessage(event="missed", key="k", payload={"text": "x" * 300}))

    for number in numbers:
        event = put(pause(number % 20 + 1, reason_text=f"{number} " * 60))
        database.write_now(partial(_append, event))
        database.write_now(tells)


def _append(event: Event, work: UnitOfWork) -> None:
    work.append(event)


def cut_off(raw: bytes, rng: Random) -> bytes:
    return raw[: rng.randrange(len(raw))]


def cut_off_at_a_page(raw: bytes, rng: Random) -> bytes:
    return raw[: rng.randrange(len(raw) // 4096) * 4096]


def flip_a_bit(raw: bytes, rng: Random) -> bytes:
    place = rng.randrange(len(raw))
    return raw[:place] + bytes([raw[place] ^ (1 << rng.randrange(8))]) + raw[place + 1 :]


def flip_a_bit_of_the_header(raw: bytes, rng: Random) -> bytes:
    return flip_a_bit(raw[:100], rng) + raw[100:]


def overwrite_some(raw: bytes, rng: Random) -> bytes:
    place = rng.randrange(len(raw))
    length = min(rng.choice([1, 16, 512, 4096, 20_000]), len(raw) - place)
    return raw[:place] + rng.randbytes(length) + raw[place + length :]


def zero_a_sector(raw: bytes, rng: Random) -> bytes:
    place = rng.randrange(len(raw) // 512) * 512
    return raw[:place] + bytes(512) + raw[place + 512 :]


def swap_two_pages(raw: bytes, rng: Random) -> bytes:
    pages = [raw[place : place + 4096] for place in range(0, len(raw), 4096)]
    one, other = rng.sample(range(len(pages)), 2)
    pages[one], pages[other] = pages[other], pages[one]
    return b"".join(pages)


def add_something(raw: bytes, rng: Random) -> bytes:
    return raw + rng.randbytes(rng.choice([1, 4096, 10_000]))


DAMAGES: list[Callable[[bytes, Random], bytes]] = [
    cut_off,
    cut_off_at_a_page,
    flip_a_bit,
    flip_a_bit_of_the_header,
    overwrite_some,
    zero_a_sector,
    swap_two_pages,
    add_something,
]


@pytest.mark.parametrize("ending", ["", "-wal"], ids=["file", "wal"])
@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_torn_file_is_refused_in_words_or_opens_whole(
    written: tuple[Content, list[Entry]],
    tmp_path: Path,
    damage: Callable[[bytes, Random], bytes],
    ending: str,
) -> None:
    content, entries = written
    for seed in range(SEEDS):
        rng = Random(f"{damage.__name__} {ending} {seed}")
        torn = {**content, ending: damage(content[ending], rng)}
        if ending == "" and rng.random() < 0.5:
            del torn["-wal"]
        path = lay_down(torn, tmp_path / "torn")
        assert_refused_or_whole(path, entries, f"seed {seed}")


@pytest.mark.parametrize("ending", ["-wal", ".pub"])
def test_a_file_without_what_lay_beside_it_opens_whole(
    written: tuple[Content, list[Entry]], tmp_path: Path, ending: str
) -> None:
    content, entries = written
    path = lay_down({**content, ending: b""}, tmp_path / "torn")
    path.with_name(path.name + ending).unlink()
    assert assert_refused_or_whole(path, entries, f"without {ending}") >= ENTRIES // 2 - 1


def test_an_untouched_copy_of_a_running_database_opens_with_everything(
    written: tuple[Content, list[Entry]], tmp_path: Path
) -> None:
    content, entries = written
    path = lay_down(content, tmp_path / "copy")
    assert assert_refused_or_whole(path, entries, "untouched") == len(entries)


def assert_refused_or_whole(path: Path, entries: list[Entry], which: str) -> int:
    """Open it; return how many entries it has, or -1 if it was refused."""
    refused = None
    try:
        database = _opened(path)
    except StoreTrouble as trouble:
        refused = str(trouble)
    if refused is not None:
        assert str(path) in refused, which
        assert "\n" not in refused, which
        assert verify_says_so(path), which
        return -1
    with database:
        found = list(database.read_now(lambda reader: reader.entries()))
        assert found == entries[: len(found)], which
        database.write_now(lambda work: work.append(happened("noted")))
    audited = verify_database(f"sqlite:///{path}", fold=any_fold)
    assert (audited.findings, audited.size) == ((), len(found) + 1), which
    return len(found)


def verify_says_so(path: Path) -> bool:
    """Tell whether verification finds something too, or refuses; it must never break down."""
    try:
        return not verify_database(f"sqlite:///{path}", fold=any_fold).sound
    except StoreTrouble:
        return True
