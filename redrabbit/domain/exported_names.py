"""The names that stand beside exported entries: each is its own, or an entry says that it was erased (D51)."""

from collections.abc import Iterator
from contextlib import suppress

from redrabbit.domain.erasable import name_id, stands_for_a_name
from redrabbit.domain.erased_payloads import erasure_in
from redrabbit.domain.findings import Finding, Param
from redrabbit.domain.ledger import Entry, JsonValue


class ExportedNames:
    """Takes in the entries of a file, in any order."""

    def __init__(self) -> None:
        self.given: dict[str, str] = {}
        """By their ids, the names that stand in the file."""
        self._erased: set[str] = set()
        self._nameless: dict[str, tuple[str, int]] = {}
        """Ids without a name, with where the first stands and its entry."""

    def note(self, entry: Entry, name: JsonValue, place: str) -> Iterator[Finding]:
        """Note an entry with the name beside it; yield where that is not its own.

        ValueError for an entry that should say what was erased and can't be understood.
        """
        if name is None:
            if entry.schema > 1 and stands_for_a_name(entry.actor.id):
                self._nameless.setdefault(entry.actor.id, (place, entry.index))
        elif (its_own := _name_of_id(name, entry.actor.id)) is not None:
            self.given[entry.actor.id] = its_own
        else:
            params: dict[str, Param] = {"expected": entry.actor.id}
            yield Finding(code="name_differs", place=place, params=params)
        erasure = erasure_in(entry)
        if erasure is not None:
            self._erased |= set(erasure.names)

    def missing(self) -> Iterator[Finding]:
        """Yield names that stand nowhere in the file though nothing says that they were erased."""
        for actor, (place, index) in self._nameless.items():
            if actor not in self.given.keys() | self._erased:
                yield Finding(code="name_missing", place=place, params={"index": index})


def _name_of_id(name: JsonValue, expected: str) -> str | None:
    """Return the name that is told, if this id stands for it."""
    match name:
        case {"name": str(said), "salt": str(salt), **more} if not more:
            with suppress(ValueError):
                return said if name_id(bytes.fromhex(salt), said) == expected else None
    return None
