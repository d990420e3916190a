"""People: registered, changed, disabled and enabled again (R19, D23, D51).

A person is known by a number, `p-0042`. Name and employee number stand in the ledger only as the ids of
stated names; the texts are kept beside it and can be erased. Nobody is ever taken out: who left is
disabled, because records of years ago name them. Who marries and changes the name is named in each record by the
name of then (B35), so a person's names are all kept.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from redrabbit.domain.facts.codec import decode
from redrabbit.domain.facts.fact import (
    Changes,
    Fact,
    Json,
    Look,
    Put,
    Record,
    did,
    did_not,
    found,
    json_of,
    made,
)
from redrabbit.domain.identity import How, PersonId, PlantLetter, number_in_plant
from redrabbit.domain.ledger import Entry


class PersonKind(StrEnum):
    """What stands behind a person's number."""

    PERSON = "person"
    SERVICE = "service"
    """A program that has tokens of its own and no person as their owner."""


class PersonLanguage(StrEnum):
    """The language in which somebody is told of things."""

    EN = "en"
    ZH = "zh"


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierName:
    """A name that a person had, up to the entry that told another."""

    name: str
    """The id of the stated name."""
    until_entry: int
    """That entry is the first under the next name."""
    until_at: datetime
    """When that was recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRecord(Record):
    """One person as last told, and whether they may still act."""

    TABLE: ClassVar = "people"
    KEY: ClassVar = ("person_id",)
    LETTER: ClassVar = PlantLetter.PERSON
    STREAM: ClassVar = "stream"

    person_id: PersonId
    stream: str
    number: int
    name: str
    """The id of the stated name that is theirs."""
    earlier_names: Json | None
    """A list of `EarlierName`, the first one first; None: they never had another."""
    language: PersonLanguage | None
    employee_number: str | None
    """The id that stands for it, as a name's does."""
    kind: PersonKind
    expires_at: datetime | None
    """From then on they have no rights; None: no end. An auditor always has one."""
    last_way: int
    """The number of the way to reach them that was set last, removed or not; 0: none ever was."""
    registered_at: datetime
    registered_by: str
    registered_how: How
    registered_entry: int
    disabled_at: datetime | None
    """None: not disabled now."""
    disabled_by: str | None
    disabled_how: How | None
    disabled_entry: int | None

    @property
    def had_names(self) -> tuple[EarlierName, ...]:
        """The names that were theirs before, the first one first."""
        if self.earlier_names is None:
            return ()
        return tuple(decode(EarlierName, each) for each in json.loads(self.earlier_names))


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRegistered(Fact):
    """Somebody was made known to the plant."""

    TYPE: ClassVar = "person_registered"

    person_id: PersonId
    name: str
    """The id of a stated name."""
    language: PersonLanguage | None
    employee_number: str | None
    """The id of a stated name, too."""
    kind: PersonKind
    expires_at: datetime | None

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Let the person be known; no rights come with it."""
        del look
        person = made(
            PersonRecord,
            self,
            stream=entry.stream,
            number=number_in_plant(self.person_id),
            earlier_names=None,
            last_way=0,
            **did("registered", entry),
            **did_not("disabled"),
        )
        return (Put(person),)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChanged(Fact):
    """What is told of a person, as a whole, in place of what was told before."""

    TYPE: ClassVar = "person_changed"

    person_id: PersonId
    name: str
    language: PersonLanguage | None
    employee_number: str | None
    kind: PersonKind
    expires_at: datetime | None

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Keep what is told now, and the name of before for what was recorded before."""
        person = found(look, PersonRecord, self.person_id)
        until = EarlierName(name=person.name, until_entry=entry.index, until_at=entry.recorded_at)
        is_renamed = self.name != person.name
        changed = replace(
            person,
            name=self.name,
            earlier_names=json_of((*person.had_names, until))
            if is_renamed
            else person.earlier_names,
            language=self.language,
            employee_number=self.employee_number,
            kind=self.kind,
            expires_at=self.expires_at,
        )
        return (Put(changed),)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDisabled(Fact):
    """From now on this person has no rights."""

    TYPE: ClassVar = "person_disabled"

    person_id: PersonId

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Take all rights away; the grants stay as they are for when the person is enabled again."""
        disabled = replace(
            found(look, PersonRecord, self.person_id),
            **did("disabled", entry),
        )
        return (Put(disabled),)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonEnabled(Fact):
    """A person who was disabled has the rights of their grants again."""

    TYPE: ClassVar = "person_enabled"

    person_id: PersonId

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Give the rights back that grants give."""
        del entry
        enabled = replace(
            found(look, PersonRecord, self.person_id),
            **did_not("disabled"),
        )
        return (Put(enabled),)
