"""In which nest or on which pallet a part really lay, as the world knows it and no record tells it."""

from datetime import datetime

from simulators.line import Fact, What, World

NEST = "nest"


def came_last(world: World, station: str, at: datetime) -> Fact | None:
    """Return the part that had come last by then, with its place."""
    came = [fact for fact in world.facts(station, What.PUT_IN) if fact.at <= at]
    return came[-1] if came else None


def nest_of(world: World, station: str, at: datetime | None) -> str | None:
    """Return the nest of the part that had come last by then; None: its station has no nests.

    A pallet is none: it comes and goes, and the device above it is one.
    """
    if world.model(station).place_told != NEST or at is None:
        return None
    came = came_last(world, station, at)
    return str(came.place) if came is not None else None
