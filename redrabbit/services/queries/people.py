"""Who did something, as pages and programs name them; whether that was verified is always said.

The ledger knows people by ids (D23). An id of a stated name is shown by the name that is kept for it,
and by words once the name was erased (D51); a registered person by the name that is theirs, or by their number once it
was erased; any other id is shown as it is: under schema 1 it is the name itself. How it is known who it was stands beside each of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import overload

from redrabbit.base.messages import Message
from redrabbit.domain.erasable import StatedName, stands_for_a_name
from redrabbit.domain.identity import How, is_of_the_software
from redrabbit.domain.records import PersonRecord
from redrabbit.services.ports import Reader
from redrabbit.services.queries.wording import message


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who did something."""

    name: str | Message
    """Their name, or words where there is none: the software itself, or an erased name."""
    how: How

    @property
    def is_verified(self) -> bool:
        """False where the name was only said; pages then say so."""
        return self.how.is_verified

    @property
    def in_sentence(self) -> str | Message:
        """Return the name for a sentence, with what is to be said of it."""
        return self.name if self.is_verified else message("person.not_verified", name=self.name)


Names = Mapping[str, StatedName]
"""The names that are kept, by id: what was stated, and what registered people are called now."""


def names_in(reader: Reader) -> Names:
    """Return the names of all whom a record may name.

    A person is named by what they are called now; the name of their time stands in the ledger.
    """
    stated = reader.names()
    people = reader.find(PersonRecord)
    called: dict[str, StatedName] = {
        person.person_id: stated[person.name] for person in people if person.name in stated
    }
    return {**stated, **called}


def name_of(names: Names, actor_id: str) -> str:
    """Return the name that an id stands for; the id itself where none is kept."""
    kept = names.get(actor_id)
    return kept.name if kept is not None else actor_id


@overload
def person(names: Names, actor_id: str, how: How | None) -> Person: ...
@overload
def person(names: Names, actor_id: str | None, how: How | None) -> Person | None: ...
def person(names: Names, actor_id: str | None, how: How | None) -> Person | None:
    """Return who an id stands for; None for none. Where nobody kept how, it was only stated."""
    if actor_id is None:
        return None
    return Person(name=_shown(names, actor_id, how), how=how or How.STATED)


def _shown(names: Names, actor_id: str, how: How | None) -> str | Message:
    if how is How.SYSTEM and is_of_the_software(actor_id):
        return message(f"person.{actor_id}")
    if stands_for_a_name(actor_id) and actor_id not in names:
        return message("person.erased")
    return name_of(names, actor_id)
