"""What somebody asks about how a person is reached, and about links: done once like all acts, but by no role of their own (decision 45).

An address comes as a keyed digest: acts are kept, and an address must be erasable (D51).
"""

from dataclasses import dataclass
from typing import ClassVar

from redrabbit.domain.acts import Act
from redrabbit.domain.identity import PersonId
from redrabbit.domain.records import AlarmRecord, PersonRecord
from redrabbit.domain.way import WayKind


@dataclass(frozen=True, slots=True, kw_only=True)
class SetWay(Act[PersonRecord]):
    """Reach a person at an address, too."""

    KIND: ClassVar = "set_way"

    person_id: PersonId
    kind: WayKind
    address: str
    """A keyed digest of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveWay(Act[PersonRecord]):
    """Reach a person in one way no more."""

    KIND: ClassVar = "remove_way"

    person_id: PersonId
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TryWay(Act[AlarmRecord]):
    """Send a person a test in one way."""

    KIND: ClassVar = "test_way"

    person_id: PersonId
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveLink(Act[PersonRecord]):
    """Take a person's password and PIN away, and give a link to set a password, once."""

    KIND: ClassVar = "give_link"

    person_id: PersonId
