"""Checks of the control plan: adopted, retired, never deleted (D14). They stand on their line's stream."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from redrabbit.domain.facts.fact import Changes, Fact, Json, Look, Put, Record, found, made
from redrabbit.domain.facts.words import PlanReference
from redrabbit.domain.ledger import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRecord(Record):
    """One check of a line's control plan as adopted; retired, never deleted (D14)."""

    TABLE: ClassVar = "checks"
    KEY: ClassVar = ("line", "check_id")

    line: str
    check_id: str
    station: str
    device: str
    plan_number: str
    plan_revision: str
    plan_line: str | None
    pfmea: str | None
    schedule: str
    special_characteristic: str | None
    adopted_at: datetime
    scheduled_until: datetime
    """Occurrences have been made for every due time up to here."""
    owed_from: datetime
    """Since when it is owed by this schedule and this calendar (D41)."""
    runs_without_verdict: int
    """Runs in a row, up to the last that was closed, that were given up or inconclusive (D4)."""
    without_verdict_since: datetime | None
    """When the first of them ended; None: there is none."""
    retired_at: datetime | None
    counted_from: Json | None
    """`CountedFrom`: from where the parts are counted that make it due; None: they are not counted yet, or don't."""
    parts_asked: int
    """Up to which number of parts since then it was due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckAdopted(Fact):
    """The plan has the check, in these words."""

    TYPE: ClassVar = "check_adopted"

    check_id: str
    line: str
    station: str
    device: str
    plan: PlanReference
    schedule: str
    """In the words of the plan file (D18)."""
    special_characteristic: str | None
    """CC, SC, …, as the plan marks it."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Adopt it; a new or changed schedule starts from here, an unchanged one goes on.

        Runs without a verdict stay counted: a plan change is no amnesty (D55).
        """
        known = look(CheckRecord, self.line, self.check_id)
        goes_on = known is not None and known.schedule == self.schedule and known.retired_at is None
        counted, asked = None, 0
        if known is not None and goes_on:
            since, until, owed_from = known.adopted_at, known.scheduled_until, known.owed_from
            counted, asked = known.counted_from, known.parts_asked
        else:
            since = until = owed_from = entry.occurred_at
        adopted = made(
            CheckRecord,
            self,
            plan_number=self.plan.number,
            plan_revision=self.plan.revision,
            plan_line=self.plan.line,
            pfmea=self.plan.pfmea,
            adopted_at=since,
            scheduled_until=until,
            owed_from=owed_from,
            runs_without_verdict=known.runs_without_verdict if known is not None else 0,
            without_verdict_since=known.without_verdict_since if known is not None else None,
            retired_at=None,
            counted_from=counted,
            parts_asked=asked,
        )
        return (Put(adopted),)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckDueAnew(Fact):
    """Due times of the check are looked for from here on: its line works by another calendar or in another time zone (D41), or its plan counts from here."""

    TYPE: ClassVar = "check_due_anew"

    check_id: str

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Look for due times from here on: none before is owed by the new calendar, none after it is passed over."""
        check = found(look, CheckRecord, entry.stream, self.check_id)
        at = entry.occurred_at
        return (Put(replace(check, scheduled_until=at, owed_from=at)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckDueAgain(Fact):
    """Due times of the check are looked for again from here on, because the clock was set: what was made stays made."""

    TYPE: ClassVar = "check_due_again"

    check_id: str

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Look again from here on; an adoption that lies in a time still to come counts from here."""
        check, at = found(look, CheckRecord, entry.stream, self.check_id), entry.occurred_at
        again = replace(
            check,
            scheduled_until=at,
            owed_from=min(check.owed_from, at),
            adopted_at=min(check.adopted_at, at),
        )
        return (Put(again),)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRetired(Fact):
    """The line's plan no longer has the check."""

    TYPE: ClassVar = "check_retired"

    check_id: str

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Retire it; nothing is deleted."""
        check = found(look, CheckRecord, entry.stream, self.check_id)
        return (Put(replace(check, retired_at=entry.occurred_at)),)
