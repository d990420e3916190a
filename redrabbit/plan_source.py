"""The plant whose plan a command is about: of a configuration's folder, or as a database has adopted it."""

from pathlib import Path

from redrabbit.adopted_plant import plant_in_force
from redrabbit.configuration_folder import plant_in
from redrabbit.domain.plant import Plant
from redrabbit.store.reading_database import open_for_reading


def plant_of(folder: Path | None, database_url: str | None) -> Plant:
    """Return the plant; exactly one of the two is given.

    Raises ConfigurationProblems, StoreTrouble or OSError where it can't be had.
    """
    if folder is not None:
        return plant_in(folder)
    if database_url is None:
        raise ValueError("neither a configuration nor a database")
    with open_for_reading(database_url) as database:
        return database.read_now(plant_in_force)
