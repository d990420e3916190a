"""Checks of the control plan: adopted, retired, never deleted (D14)."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from redrabbit.domain.facts.fact import Changes, Fact, Look, Put, Record, found, made
from redrabbit.domain.ledger import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRecord(Record):
    """One check of the control plan as adopted; retired, never deleted (D14)."""

    TABLE: ClassVar = "checks"
    KEY: ClassVar = ("check_id",)

    check_id: str
    line: str
    station: str
    device: str
    plan: str
    plan_line: str
    pfmea: str
    schedule: str
    adopted_at: datetime
    scheduled_until: datetime
    """Occurrences have been made for every due time up to here."""
    retired_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckAdopted(Fact):
    """The plan has the check, in these words."""

    TYPE: ClassVar = "check_adopted"

    check_id: str
    line: str
    station: str
    device: str
    plan: str
    plan_line: str
    pfmea: str
    schedule: str
    """In the words of the plan file (D18)."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Adopt it; a new or changed schedule starts from here, an unchanged one goes on."""
        known = look(CheckRecord, self.check_id)
        goes_on = known is not None and known.schedule == self.schedule and known.retired_at is None
        if known is not None and goes_on:
            since, until = known.adopted_at, known.scheduled_until
        else:
            since = until = entry.occurred_at
        adopted = made(CheckRecord, self, adopted_at=since, scheduled_until=until, retired_at=None)
        return (Put(adopted),)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRetired(Fact):
    """The plan no longer has the check."""

    TYPE: ClassVar = "check_retired"

    check_id: str

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Retire it; nothing is deleted."""
        check = found(look, CheckRecord, self.check_id)
        return (Put(replace(check, retired_at=entry.occurred_at)),)
