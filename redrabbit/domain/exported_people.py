"""The registered people whom an exported file names, and what they were called when (B35, D23).

A file names people by their numbers. With each of them it brings the entries that registered them and changed what is told of
them, so that nobody needs the server to know who somebody was. That none of the changes before the period was left out is not
proved: whoever has the ledger's key could leave one out, as all entries that stand in a file for others.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from redrabbit.domain.facts.catalogue import fact_of
from redrabbit.domain.facts.person import PersonChanged, PersonRegistered
from redrabbit.domain.findings import Finding, Param
from redrabbit.domain.ledger import Entry
from redrabbit.domain.named_people import NAMING, persons_named


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedPerson:
    """A person whom a file names."""

    person_id: str
    names: tuple[tuple[int, str | None], ...]
    """From which entry on they had which name, the first one first; None: the name was erased."""


class ExportedPeople:
    """Takes in the entries of a file, in any order."""

    def __init__(self) -> None:
        self._named: dict[str, tuple[str, int]] = {}
        """Each person's number, with where and in which entry it was first named."""
        self._called: dict[str, dict[int, str]] = {}
        """By the number, the ids of their names by the entry that told it."""
        self._registered: set[str] = set()
        self._is_erased = False

    def note(self, entry: Entry, place: str) -> None:
        """Note an entry; ValueError if it should say who somebody is and can't be understood."""
        for person_id in persons_named(entry):
            self._named.setdefault(person_id, (place, entry.index))
        if entry.type not in NAMING:
            return
        fact = fact_of(entry)
        if isinstance(fact, PersonRegistered | PersonChanged):
            self._called.setdefault(fact.person_id, {})[entry.index] = fact.name
            if isinstance(fact, PersonRegistered):
                self._registered.add(fact.person_id)
        else:
            self._is_erased = True  # nobody can tell any more of whom it spoke (D51)

    def missing(self) -> Iterator[Finding]:
        """Yield the people who are named, and of whom the file does not say who they are."""
        if self._is_erased:
            return
        for person_id, (place, index) in self._named.items():
            if person_id not in self._registered:
                params: dict[str, Param] = {"person": person_id, "index": index}
                yield Finding(code="person_missing", place=place, params=params)

    def people(self, names: Mapping[str, str]) -> tuple[ExportedPerson, ...]:
        """Return the people of whom the file says who they are, by their numbers; `names` by their ids."""
        return tuple(
            ExportedPerson(person_id=person_id, names=_since(self._called[person_id], names))
            for person_id in sorted(self._called)
        )


def _since(
    called: Mapping[int, str], names: Mapping[str, str]
) -> tuple[tuple[int, str | None], ...]:
    """Return from which entry on which name was theirs; an entry that told the same one again changes nothing."""
    found: list[tuple[int, str]] = []
    for index, name in sorted(called.items()):
        if not found or found[-1][1] != name:
            found.append((index, name))
    return tuple((index, names.get(name)) for index, name in found)
