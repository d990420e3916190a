"""The outside watcher of plant.yaml, `watcher`: who expects a sign of life, and how often (B20)."""

from datetime import timedelta
from typing import Final

from redrabbit.config.file_schema import Block, Key, Section
from redrabbit.config.problem import Problems
from redrabbit.config.spellings import DURATION, SECRET_FILE, VARIABLE, WEB_ADDRESS
from redrabbit.domain.plant import OutsideWatcher
from redrabbit.domain.secret_place import SecretPlace

SHORTEST: Final = timedelta(seconds=5)
EVERY: Final = timedelta(seconds=60)

WATCHER: Final = Section(
    {
        "ping": Key(WEB_ADDRESS, "Where the sign of life is posted.", required=False),
        "ping_file": Key(
            SECRET_FILE, "The file with that address, where it is a secret.", required=False
        ),
        "ping_env": Key(VARIABLE, "The environment variable that holds it.", required=False),
        "every": Key(DURATION, "How often; left out: every 60 s.", required=False, default=EVERY),
    },
    "{ping: URL, every: 60 s}",
)


def read_watcher(block: Block | None, problems: Problems) -> OutsideWatcher | None:
    """Return the watcher, after noting what is wrong with it."""
    if block is None:
        return None
    given = [key for key in ("ping", "ping_file", "ping_env") if key in block]
    if len(given) != 1:
        found = f"a watcher with {len(given)} addresses"
        problems.add(block.place, found, "one of ping, ping_file and ping_env")
        return None
    if not block.complete:
        return None
    if block["every"] < SHORTEST:
        problems.add(block.place_of("every"), "a shorter time", "5 s or more")
        return None
    place = SecretPlace(file=block["ping_file"], env=block["ping_env"])
    return OutsideWatcher(
        url=block["ping"],
        place=place if block["ping"] is None else None,
        every=block["every"],
    )
