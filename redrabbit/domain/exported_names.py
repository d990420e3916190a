"""The names that stand beside exported entries: each is its own, or an entry says that it was erased (D51)."""

from collections.abc import Iterator, Mapping
from contextlib import suppress

from redrabbit.domain.erasable import name_id, stands_for_a_name
from redrabbit.domain.erased_payloads import erasure_in
from redrabbit.domain.findings import Finding, Param
from redrabbit.domain.ledger import Entry, JsonValue
from redrabbit.domain.named_people import names_named


class ExportedNames:
    """Takes in the entries of a file, in any order."""

    def __init__(self) -> None:
        self.given: dict[str, str] = {}
        """By their ids, the names that stand in the file."""
        self._erased: set[str] = set()
        self._nameless: dict[str, tuple[str, int]] = {}
        """Ids without a name, with where the first stands and its entry."""

    def note(self, entry: Entry, beside: Mapping[str, JsonValue], place: str) -> Iterator[Finding]:
        """Note an entry with the names beside it, by their ids; yield where those are not its own.

        ValueError for an entry that should say what was erased and can't be understood.
        """
        for named, name in beside.items():
            if name is None:
                self._nameless.setdefault(named, (place, entry.index))
            elif (its_own := _name_of_id(name, named)) is not None:
                self.given[named] = its_own
            else:
                yield _differs(place, named)
        erasure = erasure_in(entry)
        if erasure is not None:
            self._erased |= set(erasure.names)

    def missing(self) -> Iterator[Finding]:
        """Yield names that stand nowhere in the file though nothing says that they were erased."""
        for named, (place, index) in self._nameless.items():
            if named not in self.given.keys() | self._erased:
                yield Finding(code="name_missing", place=place, params={"index": index})


def names_beside(entry: Entry, fields: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    """Return what stands beside an entry by the ids of the names: in formats 1 and 2 only the actor's did.

    ValueError where the line has other ids than the entry.
    """
    if "names" in fields:
        names = fields["names"]
        if not isinstance(names, dict) or names.keys() != set(names_named(entry)):
            raise ValueError("the names beside the entry are not those that it names")
        return names
    name = fields.get("name")
    is_named = entry.schema > 1 and stands_for_a_name(entry.actor.id)
    return {entry.actor.id: name} if is_named or name is not None else {}


def _differs(place: str, named: str) -> Finding:
    params: dict[str, Param] = {"expected": named}
    return Finding(code="name_differs", place=place, params=params)


def _name_of_id(name: JsonValue, expected: str) -> str | None:
    """Return the name that is told, if this id stands for it."""
    match name:
        case {"name": str(said), "salt": str(salt), **more} if not more:
            with suppress(ValueError):
                return said if name_id(bytes.fromhex(salt), said) == expected else None
    return None
