"""Makes a ledger of any size with the product's own append, fold and store, for what must not grow with it (D26).

Run: `python -m tests.benchmarks.grown_ledger ENTRIES FOLDER [URL]`; the plant is the demo's. What it tells is that parts
were counted, again and again: each entry has its row in a table of records, as most have.
"""

import sys
from datetime import timedelta
from pathlib import Path

from redrabbit import __version__
from redrabbit.base.clock import SteadyClock
from redrabbit.base.settings import sqlite_url
from redrabbit.config.plant import read_configuration
from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.facts.part_count import CountedWhy
from redrabbit.domain.part_count import first_count
from redrabbit.domain.plant import Plant
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.telling_counts import tell
from redrabbit.store.opening import open_database
from redrabbit.store.unit_of_work import Recording

CONFIGURATION = Path(__file__).parents[2] / "station_configs"
AT_ONCE = 500
"""Entries in one commit."""


def grow(url: str, entries: int, key: Path | None = None) -> None:
    """Append to a database until its ledger has so many entries."""
    plant, _ = read_configuration(CONFIGURATION)
    recording = Recording(fold=fold, software=f"redrabbit {__version__}")
    with open_database(
        url, plant=plant.name, clock=SteadyClock(), recording=recording, key_path=key
    ) as database:
        size = database.read_now(lambda reader: reader.head().size)
        while size < entries:
            begin, more = size, min(AT_ONCE, entries - size)

            def some(uow: UnitOfWork, begin: int = begin, more: int = more) -> None:
                for number in range(begin, begin + more):
                    _count(uow, plant, number)

            database.write_now(some)
            size += more


def _count(uow: UnitOfWork, plant: Plant, number: int) -> None:
    station = plant.stations[number % len(plant.stations)]
    at = uow.now - timedelta(seconds=number % 3600)
    tell(uow, station.line, station.id, first_count(number), CountedWhy.VERDICT, at=at)


if __name__ == "__main__":
    folder = Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    where = sys.argv[3] if len(sys.argv) > 3 else sqlite_url(folder / "plant.sqlite3")
    grow(where, int(sys.argv[1]), folder / "plant.key" if len(sys.argv) > 3 else None)
