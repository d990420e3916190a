"""Who did something, as pages and programs name them; whether that was verified is always said.

The ledger knows people by ids (D23). An id of a stated name is shown by the name that is kept for it,
and by words once the name was erased (D51); a registered person by the name that was theirs at the time of the act
(B35), or by their number once that was erased; any other id is shown as it is: under schema 1 it is the name itself. How it is known who it was stands beside each of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import overload

from redrabbit.base.messages import Message
from redrabbit.domain.erasable import StatedName, stands_for_a_name
from redrabbit.domain.facts.person import EarlierName
from redrabbit.domain.identity import How, is_of_the_software
from redrabbit.domain.record_query import equals
from redrabbit.domain.records import PersonRecord
from redrabbit.domain.text import compared_name
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


When = int | datetime
"""When somebody did something: the entry that says so, or an instant where none is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names that are kept of all whom a record may name."""

    stated: Mapping[str, StatedName] = field(default_factory=dict)
    """By the ids that stand for them, those of registered people with them."""
    people: Mapping[str, PersonRecord] = field(default_factory=dict)

    def now(self, actor_id: str) -> str | None:
        """Return what an id is called today; None where no name is kept for it."""
        known = self.people.get(actor_id)
        return self._text(actor_id if known is None else known.name)

    def then(self, actor_id: str, when: When) -> str | None:
        """Return what an id was called at the time (B35), whatever it is called today."""
        known = self.people.get(actor_id)
        if known is None:
            return self._text(actor_id)
        for earlier in known.had_names:
            if _is_before(when, earlier):
                return self._text(earlier.name)
        return self._text(known.name)

    def _text(self, name: str) -> str | None:
        kept = self.stated.get(name)
        return None if kept is None else kept.name


def _is_before(when: When, earlier: EarlierName) -> bool:
    if isinstance(when, datetime):
        return when < earlier.until_at
    return when < earlier.until_entry


def names_in(reader: Reader) -> Names:
    """Return the names of all whom a record may name."""
    people: dict[str, PersonRecord] = {each.person_id: each for each in reader.find(PersonRecord)}
    return Names(stated=reader.names(), people=people)


def kept_name(stated: Mapping[str, StatedName], name: str) -> str:
    """Return the name that an id stands for; the id itself where none is kept."""
    kept = stated.get(name)
    return kept.name if kept is not None else name


def reads_as(stated: Mapping[str, StatedName], name: str | None, said: str) -> bool:
    """Tell whether what is kept under an id reads as what was said does; what was erased reads as nothing."""
    kept = None if name is None else stated.get(name)
    return kept is not None and compared_name(kept.name) == compared_name(said)


def people_numbered(reader: Reader, employee_number: str) -> list[PersonRecord]:
    """Return who has an employee number, disabled or not, however it is written; one that is kept exactly so goes before."""
    said = reader.id_of_name(employee_number)
    exact = [] if said is None else reader.find(PersonRecord, equals("employee_number", said))
    if exact:
        return exact
    stated = reader.names()
    return [
        each
        for each in reader.find(PersonRecord)
        if reads_as(stated, each.employee_number, employee_number)
    ]


def name_now(names: Names, actor_id: str) -> str:
    """Return what somebody is called today; the id itself where no name is kept."""
    return names.now(actor_id) or actor_id


def name_then(names: Names, actor_id: str, when: When | None) -> str:
    """Return what somebody was called at the time; the id itself where no name is kept.

    `when` is None only where a record does not say it.
    """
    return (names.now(actor_id) if when is None else names.then(actor_id, when)) or actor_id


@overload
def person(names: Names, actor_id: str, how: How | None, when: When | None) -> Person: ...
@overload
def person(
    names: Names, actor_id: str | None, how: How | None, when: When | None
) -> Person | None: ...
def person(names: Names, actor_id: str | None, how: How | None, when: When | None) -> Person | None:
    """Return who an id stands for, by the name of the time; None for none.

    Where nobody kept how it is known, it was only stated.
    """
    if actor_id is None:
        return None
    return Person(name=_shown(names, actor_id, how, when), how=how or How.STATED)


def _shown(names: Names, actor_id: str, how: How | None, when: When | None) -> str | Message:
    if how is How.SYSTEM and is_of_the_software(actor_id):
        return message(f"person.{actor_id}")
    if stands_for_a_name(actor_id) and actor_id not in names.stated:
        return message("person.erased")
    return name_then(names, actor_id, when)
