"""How many records there are, in memory: looked at one by one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from redrabbit.domain.record_query import Where
from redrabbit.domain.records import Record
from redrabbit.store.rows import known, meeting


class CountsReader:
    """What a reader in memory knows of how many there are."""

    _records: Mapping[type[Any], Mapping[tuple[Any, ...], Any]]

    def count(self, kind: type[Record], *where: Where) -> int:
        """Return how many records meet every condition."""
        return len(self._met(kind, where))

    def total(self, kind: type[Record], field: str, *where: Where) -> int:
        """Return the sum of a field over the records that meet every condition."""
        known(kind, field)
        return sum(getattr(record, field) for record in self._met(kind, where))

    def tally(
        self, kind: type[Record], by: Sequence[str], *where: Where
    ) -> Mapping[tuple[Any, ...], int]:
        """Return how many records meet every condition, by the values of some fields."""
        for field in by:
            known(kind, field)
        return Counter(
            tuple(getattr(each, field) for field in by) for each in self._met(kind, where)
        )

    def _met(self, kind: type[Record], where: tuple[Where, ...]) -> list[Any]:
        return meeting(kind, where, self._records[kind].values())
