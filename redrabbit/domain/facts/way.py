"""Ways to reach a person: that one was set or removed, and by whom; the address stands beside the ledger (D23, D51)."""

from dataclasses import dataclass, replace
from typing import ClassVar

from redrabbit.domain.facts.fact import Changes, Fact, Look, Put, found
from redrabbit.domain.facts.person import PersonRecord
from redrabbit.domain.identity import PersonId
from redrabbit.domain.ledger import Entry
from redrabbit.domain.way import WayKind


@dataclass(frozen=True, slots=True, kw_only=True)
class WaySet(Fact):
    """A person is to be reached in this way, from now on."""

    TYPE: ClassVar = "way_set"

    person_id: PersonId
    number: int
    """Which of the person's ways, from 1; never given again: messages of a removed one still name it."""
    kind: WayKind

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Note that the number is given."""
        del entry
        person = found(look, PersonRecord, self.person_id)
        return (Put(replace(person, last_way=max(person.last_way, self.number))),)


@dataclass(frozen=True, slots=True, kw_only=True)
class WayRemoved(Fact):
    """A person is not reached in this way any more, and its address is erased; it stands in the ledger only."""

    TYPE: ClassVar = "way_removed"

    person_id: PersonId
    number: int
