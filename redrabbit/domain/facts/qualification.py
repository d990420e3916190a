"""Qualifications: for which station, device or check somebody was trained, and until when (R19)."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from redrabbit.domain.facts.fact import (
    Changes,
    Fact,
    Look,
    Put,
    Record,
    did,
    did_not,
    found,
    made,
)
from redrabbit.domain.facts.person import PersonRecord
from redrabbit.domain.identity import How, PersonId, PlantLetter, QualificationId, number_in_plant
from redrabbit.domain.ledger import Entry


class QualificationGap(StrEnum):
    """Why somebody is not qualified for a check now."""

    MISSING = "missing"
    """Nobody ever recorded one."""
    ENDED = "ended"
    """The last one has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualificationRecord(Record):
    """What one person was found able to do."""

    TABLE: ClassVar = "qualifications"
    KEY: ClassVar = ("qualification_id",)
    LETTER: ClassVar = PlantLetter.QUALIFICATION
    STREAM: ClassVar = "stream"

    qualification_id: QualificationId
    stream: str
    number: int
    person_id: PersonId
    station: str | None
    device: str | None
    check_id: str | None
    valid_until: datetime | None
    """Up to, not including; None: no end."""
    recorded_at: datetime
    recorded_by: str
    recorded_how: How
    recorded_entry: int
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdrawn_how: How | None
    withdrawn_entry: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QualificationRecorded(Fact):
    """A person is qualified for one of: a station, a device, a check."""

    TYPE: ClassVar = "qualification_recorded"

    qualification_id: QualificationId
    person_id: PersonId
    station: str | None
    device: str | None
    check_id: str | None
    valid_until: datetime | None
    """Up to, not including; None: no end."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Keep the qualification."""
        found(look, PersonRecord, self.person_id)
        qualification = made(
            QualificationRecord,
            self,
            stream=entry.stream,
            number=number_in_plant(self.qualification_id),
            **did("recorded", entry),
            **did_not("withdrawn"),
        )
        return (Put(qualification),)


@dataclass(frozen=True, slots=True, kw_only=True)
class QualificationWithdrawn(Fact):
    """A qualification counts no longer."""

    TYPE: ClassVar = "qualification_withdrawn"

    qualification_id: QualificationId

    def fold(self, entry: Entry, look: Look) -> Changes:
        """End the qualification."""
        withdrawn = replace(
            found(look, QualificationRecord, self.qualification_id),
            **did("withdrawn", entry),
        )
        return (Put(withdrawn),)
