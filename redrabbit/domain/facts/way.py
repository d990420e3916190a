"""Ways to reach a person: that one was set or removed, and by whom; the address stands beside the ledger (D23, D51)."""

from dataclasses import dataclass
from typing import ClassVar

from redrabbit.domain.facts.fact import Fact
from redrabbit.domain.identity import PersonId
from redrabbit.domain.way import WayKind


@dataclass(frozen=True, slots=True, kw_only=True)
class WaySet(Fact):
    """A person is to be reached in this way, from now on; it stands in the ledger only."""

    TYPE: ClassVar = "way_set"

    person_id: PersonId
    number: int
    """Which of the person's ways, from 1."""
    kind: WayKind


@dataclass(frozen=True, slots=True, kw_only=True)
class WayRemoved(Fact):
    """A person is not reached in this way any more, and its address is erased."""

    TYPE: ClassVar = "way_removed"

    person_id: PersonId
    number: int
