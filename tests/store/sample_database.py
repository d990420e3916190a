"""Copies of the sample databases, to be opened by tests."""

import atexit
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from redrabbit import __version__
from redrabbit.domain.facts.catalogue import fold
from redrabbit.store.database import SqlDatabase
from redrabbit.store.opening import open_database
from redrabbit.store.unit_of_work import Recording
from simulators.virtual_clock import VirtualClock
from tests.domain.frozen_schema_1 import FROZEN, told_today
from tests.store.sample_story import BEGIN, Shop, play

SAMPLES = Path(__file__).parent / "samples"
TOLD_TODAY = {table: told_today(table) for table in FROZEN}
"""The records that were frozen, in today's fields."""


@dataclass(frozen=True)
class Sample:
    """A copy of a sample database."""

    url: str
    key: Path
    public_key: Path

    def open(self) -> SqlDatabase:
        """Open it for writing, which brings it up to this version's schema."""
        return open_database(
            self.url,
            plant="Sampleville",
            clock=VirtualClock(BEGIN),
            recording=Recording(fold=fold, software=__version__),
            key_path=self.key,
        )


def played(folder: Path) -> Sample:
    """Return a database of today: the story of the samples, played by today's code.

    It is a copy of one that was played before in this process, its keys and its log's name with it: a test that
    needs another ledger asks `played_anew`.
    """
    kept = _played_before()
    shutil.copytree(kept.key.parent, folder, dirs_exist_ok=True)
    path, key = folder / "plant.db", folder / "plant.db.key"
    return Sample(url=f"sqlite:///{path}", key=key, public_key=path.with_name("plant.db.pub"))


@cache
def _played_before() -> Sample:
    kept = tempfile.TemporaryDirectory(prefix="redrabbit-played-")
    atexit.register(kept.cleanup)
    return played_anew(Path(kept.name))


def brought_up_sample(folder: Path) -> Sample:
    """Return a copy of the SQLite sample that was brought up before in this process by each migration since."""
    shutil.copytree(_brought_up_before().key.parent, folder, dirs_exist_ok=True)
    return moved(_brought_up_before(), folder, f"sqlite:///{folder / 'plant.db'}")


@cache
def _brought_up_before() -> Sample:
    kept = tempfile.TemporaryDirectory(prefix="redrabbit-brought-up-")
    atexit.register(kept.cleanup)
    found = sqlite_sample(Path(kept.name))
    found.open().close()
    return found


def moved(found: Sample, folder: Path, url: str) -> Sample:
    """Return the sample at another address, with its keys in another folder."""
    return Sample(url=url, key=folder / found.key.name, public_key=folder / found.public_key.name)


def played_anew(folder: Path) -> Sample:
    """Play the story of the samples in this folder, and return its database."""
    path = folder / "plant.db"
    key = folder / "plant.db.key"
    play(Shop(f"sqlite:///{path}", key))
    return Sample(url=f"sqlite:///{path}", key=key, public_key=path.with_name("plant.db.pub"))


def copied(folder: Path, name: str, url: str) -> Sample:
    """Return the sample with its keys copied as they lie beside a database."""
    found = Sample(url=url, key=folder / "plant.key", public_key=folder / "plant.pub")
    shutil.copyfile(SAMPLES / f"{name}.test_key", found.key)
    shutil.copyfile(SAMPLES / f"{name}.pub", found.public_key)
    found.key.chmod(0o600)
    return found


def sqlite_sample(folder: Path, name: str = "schema_1") -> Sample:
    """Return a copy of the SQLite sample in this folder."""
    shutil.copyfile(SAMPLES / f"{name}.sqlite3", folder / "plant.db")
    return copied(folder, name, f"sqlite:///{folder / 'plant.db'}")


def postgresql_sample(folder: Path, url: str, name: str = "schema_1") -> Sample:
    """Return the PostgreSQL sample, loaded into this empty database; its keys in the folder."""
    import psycopg

    dump = (SAMPLES / f"{name}.postgresql.sql").read_bytes()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(dump)
    return copied(folder, f"{name}.postgresql", url)


def as_frozen(found: dict[str, list[dict[str, object]]]) -> dict[str, list[dict[str, object]]]:
    """Return records with the tables and fields that were frozen: later versions add some."""
    return {
        table: [{name: row[name] for name in rows[0]} for row in found[table]]
        for table, rows in TOLD_TODAY.items()
    }
