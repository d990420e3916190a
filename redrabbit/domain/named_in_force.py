"""What was in force for exported entries, and whether the file brings it: by which rule was judged (D52).

Each entry names what was in force by a digest. In schema 1 that is the configuration's own; later that of a list,
said by `in_force_changed`, which follows the configuration that it is of in the plant's stream.
"""

from collections.abc import Iterator
from typing import Final

from redrabbit.domain.facts.catalogue import fact_of
from redrabbit.domain.facts.plant import ConfigurationAdopted, InForceChanged, in_force_digest
from redrabbit.domain.findings import Finding, Param
from redrabbit.domain.ledger import Entry

PLANT_FILE: Final = "plant.yaml"


class NamedInForce:
    """Takes in the entries of a file, in any order."""

    def __init__(self) -> None:
        self._named: dict[str, tuple[str, int]] = {}
        """Each digest, with where and in which entry it was first named."""
        self._given: set[str] = set()
        self._configurations: set[str] = set()
        """Leaf hashes, hex, of those that are in the file."""
        self._lists: list[tuple[str, int, str]] = []
        """Where each list stands, its entry, and the leaf hash of the entry before it."""
        self._is_erased = False
        self.plant_file: str | None = None
        """The text of the plant's file as the last configuration has it; None: none is there."""

    def name(self, entry: Entry, place: str) -> None:
        """Note what an entry of a record names."""
        if entry.in_force:
            self._named.setdefault(entry.in_force, (place, entry.index))

    def give(self, entry: Entry, leaf: bytes, place: str) -> None:
        """Note an entry that may say what was in force; ValueError if it should and can't be understood."""
        if entry.type not in {ConfigurationAdopted.TYPE, InForceChanged.TYPE}:
            return
        if entry.type == ConfigurationAdopted.TYPE:
            self._configurations.add(leaf.hex())
        else:
            self._lists.append((place, entry.index, entry.previous))
        fact = fact_of(entry)
        if isinstance(fact, ConfigurationAdopted):
            self._given.add(fact.digest)
            text = fact.files.get(PLANT_FILE)
            self.plant_file = text if isinstance(text, str) else self.plant_file
        elif isinstance(fact, InForceChanged):
            self._given.add(in_force_digest(fact.items))
        else:
            self._is_erased = True  # nobody can tell any more which digest it had (D51)

    def missing(self) -> Iterator[Finding]:
        """Yield what was in force and is not in the file."""
        if not self._is_erased:
            for digest, (place, index) in self._named.items():
                if digest not in self._given:
                    params: dict[str, Param] = {"digest": digest, "index": index}
                    yield Finding(code="in_force_missing", place=place, params=params)
        for place, index, previous in self._lists:
            if previous not in self._configurations:
                yield Finding(code="configuration_missing", place=place, params={"index": index})
