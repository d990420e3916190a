"""The next number of what counts through the whole plant: people, and what belongs to them (D50)."""

from redrabbit.domain.facts.fact import Record
from redrabbit.domain.identity import PlantLetter, numbered_in_plant
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.services.ports import UnitOfWork


def next_in_plant(uow: UnitOfWork, kind: type[Record]) -> str:
    """Return the id of the next one of a kind, for example `p-0042`."""
    assert isinstance(kind.LETTER, PlantLetter), kind  # noqa: S101  only these count through the plant
    return numbered_in_plant(kind.LETTER, uow.next_number(kind, PLANT_STREAM))
