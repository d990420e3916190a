"""What a try-out of a control plan goes by: what is declared, what the records tell, and what nobody knows (never guessed)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from statistics import median
from typing import Final

from redrabbit.base.sentence import Sentence
from redrabbit.domain.challenge_part import PartState
from redrabbit.domain.control_plan import Check
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import CheckId, LineId, PartId, StationId
from redrabbit.domain.parts_made import (
    Counted,
    PartsMade,
    parts_at_rate,
    parts_counted,
    worked_hours,
)
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import (
    ChallengePartRecord,
    CheckRecord,
    PartCountRecord,
    PlantEventRecord,
    RunRecord,
)
from redrabbit.domain.run_words import Outcome
from redrabbit.domain.schedule import schedule_text
from redrabbit.domain.shift_calendar import day_begins, plant_date
from redrabbit.domain.station import Station
from redrabbit.domain.tried_plan import TriedPlan, tried_plan
from redrabbit.domain.try_out import Basis, Happens
from redrabbit.services.ports import Reader, Where, equals
from redrabbit.services.telling_counts import told_by, told_since

LOOKED_BACK: Final = timedelta(days=28)
"""From so long a rate is taken of what counters told."""
FEWEST_HOURS: Final = 8
"""Of working time: a rate of less says little."""
MOST_RUNS: Final = 30
"""Of the last runs of a check it is looked how long they took."""
MOST_COUNTS: Final = 20_000
"""Of one station in one month; more are refused, as those that were left out would be said to be exact."""
MOST_EVENTS: Final = 20_000
"""In one month; more are refused, as none may be left out unsaid."""


class From(StrEnum):
    """Where a figure is from."""

    DECLARED = "declared"
    RATE = "rate"
    """Of what the counter told in the weeks before."""
    COUNTER = "counter"
    """What the counter told of that time itself."""
    RUNS = "runs"
    """How long the last good runs took."""
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What somebody says for a try-out; it counts before what records tell, but for what was really made."""

    per_hour: Fraction | None = None
    """Parts that each station makes in an hour of working time."""
    per_hour_of: Mapping[LineId, Fraction] = field(default_factory=dict)
    minutes: float | None = None
    """That one run of any check takes."""
    minutes_of: Mapping[CheckId, float] = field(default_factory=dict)
    to_shipping: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RateTaken:
    """How many parts a station is taken to make."""

    line: LineId
    station: StationId
    source: From
    per_hour: float | None
    """In an hour of working time."""
    since: datetime | None
    """From when to when counts were taken."""
    until: datetime | None
    is_exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MinutesTaken:
    """How long one run of a check is taken to last."""

    check: CheckId
    source: From
    minutes: float | None
    runs: int
    """Of how many runs it is the median."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """All that a try-out takes for granted."""

    rates: tuple[RateTaken, ...]
    minutes: tuple[MinutesTaken, ...]
    is_past: bool
    """The time is over, and its records were looked at."""
    events: int | None
    """Events that were told in it; None: not known which come."""
    uses_known: bool
    to_shipping: timedelta | None
    open_questions: tuple[Sentence, ...] = ()
    """Of a plan that is brought and was never stored: it is read as they propose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TryOut:
    """One plan that was tried out, and what it went by."""

    tried: TriedPlan
    taken: Taken
    basis: Basis


def month_span(plant: Plant, month: date) -> tuple[datetime, datetime]:
    """Return when a month of the plant begins and ends; only year and month count."""
    following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return day_begins(plant.zone, month.replace(day=1)), day_begins(plant.zone, following)


def coming_month(plant: Plant, now: datetime) -> date:
    """Return the month that comes next at the plant."""
    today = plant_date(plant.zone, now)
    return date(today.year + today.month // 12, today.month % 12 + 1, 1)


def try_out(
    reader: Reader | None,
    plant: Plant,
    span: tuple[datetime, datetime],
    declared: Declared,
    now: datetime,
) -> TryOut:
    """Try a plan out over a time; no reader: there are no records. Refusal where far too much would be due."""
    basis, taken = basis_of(reader, plant, span, declared, now)
    return TryOut(tried=tried_plan(plant, basis), taken=taken, basis=basis)


def basis_of(
    reader: Reader | None,
    plant: Plant,
    span: tuple[datetime, datetime],
    declared: Declared,
    now: datetime,
) -> tuple[Basis, Taken]:
    """Return what a try-out goes by, and from where each figure is."""
    since, until = span
    look = _Look(reader=reader, plant=plant, declared=declared, span=span, now=now)
    is_past = reader is not None and until <= now
    asked = {check.station for check in plant.plan.checks}
    made = {each.id: look.made(each) for each in plant.stations if each.id in asked}
    minutes = [look.minutes(check) for check in plant.plan.checks]
    events = look.events() if is_past else None
    basis = Basis(
        since=since,
        until=until,
        adopted_at=look.adopted_at(),
        made={station: parts for station, (parts, _) in made.items() if parts is not None},
        events=events,
        minutes={each.check: each.minutes for each in minutes if each.minutes is not None},
        to_shipping=declared.to_shipping,
    )
    uses_known = reader is not None and not is_past
    if reader is not None and uses_known:
        basis = _with_pieces(reader, basis)
    taken = Taken(
        rates=tuple(rate for _, rate in made.values()),
        minutes=tuple(minutes),
        is_past=is_past,
        events=None if events is None else len(events),
        uses_known=uses_known,
        to_shipping=declared.to_shipping,
    )
    return basis, taken


def _with_pieces(reader: Reader, basis: Basis) -> Basis:
    """Return it with what is known today of the pieces; of a time that is over nobody knows it so."""
    pieces = reader.find(ChallengePartRecord)
    states: dict[PartId, PartState] = {PartId(each.part_id): each.state for each in pieces}
    uses = {PartId(each.part_id): each.uses for each in pieces}
    return replace(basis, uses=uses, states=states)


class _Look:
    """Looks for figures: declared first, then in the records."""

    def __init__(
        self,
        *,
        reader: Reader | None,
        plant: Plant,
        declared: Declared,
        span: tuple[datetime, datetime],
        now: datetime,
    ) -> None:
        self._reader, self._plant, self._declared = reader, plant, declared
        self._since, self._until = span
        self._now = now
        self._at_rates: dict[tuple[LineId, Fraction], PartsMade] = {}

    def adopted_at(self) -> dict[CheckId, datetime]:
        """Return from when intervals count, of the checks whose schedule stays as it is."""
        if self._reader is None:
            return {}
        schedules = {
            (check.line, check.id): schedule_text(check.schedule)
            for check in self._plant.plan.checks
        }
        return {
            CheckId(each.check_id): each.adopted_at
            for each in self._reader.find(CheckRecord, equals("retired_at", None))
            if schedules.get((LineId(each.line), CheckId(each.check_id))) == each.schedule
        }

    def made(self, station: Station) -> tuple[PartsMade | None, RateTaken]:
        """Return what a station makes: as it was counted, as somebody says, or at the rate of the weeks before."""
        bare = RateTaken(
            line=station.line,
            station=station.id,
            source=From.NOT_KNOWN,
            per_hour=None,
            since=None,
            until=None,
            is_exact=True,
        )
        counted = self._counted(station) if self._until <= self._now else ()
        if len(counted) > 1:
            calendar = self._plant.calendars[station.line]
            parts = parts_counted(calendar, counted, self._since, self._until)
            taken = replace(
                bare,
                source=From.COUNTER,
                since=max(counted[0].at, self._since),
                until=min(counted[-1].at, self._until),
                is_exact=parts.is_exact,
            )
            return parts, taken
        said = self._declared.per_hour_of.get(station.line, self._declared.per_hour)
        if said is not None:
            taken = replace(bare, source=From.DECLARED, per_hour=float(said))
            return self._at_rate(station.line, said), taken
        return self._at_counted_rate(station, bare)

    def _at_counted_rate(
        self, station: Station, bare: RateTaken
    ) -> tuple[PartsMade | None, RateTaken]:
        """Return what it makes at the rate of the last weeks; nothing, where they tell too little."""
        if self._reader is None:
            return None, bare
        place = (self._reader, station.line, station.id)
        first = told_since(*place, self._now - LOOKED_BACK)
        last = told_by(*place, self._now)
        if first is None or last is None or first.counted_at >= last.counted_at:
            return None, bare
        calendar = self._plant.calendars[station.line]
        hours = worked_hours(calendar, first.counted_at, last.counted_at)
        if hours < FEWEST_HOURS or last.made <= first.made:
            return None, bare
        rate = Fraction(last.made - first.made) / hours
        taken = replace(
            bare,
            source=From.RATE,
            per_hour=float(rate),
            since=first.counted_at,
            until=last.counted_at,
            is_exact=first.epoch == last.epoch,
        )
        return self._at_rate(station.line, rate), taken

    def _at_rate(self, line: LineId, rate: Fraction) -> PartsMade:
        """Return what is made at a rate; the stations of a line that make the same share it."""
        key = (line, rate)
        if key not in self._at_rates:
            calendar = self._plant.calendars[line]
            self._at_rates[key] = parts_at_rate(calendar, rate, self._since, self._until)
        return self._at_rates[key]

    def _counted(self, station: Station) -> Sequence[Counted]:
        """Return what its counter told from the last count before the time to the first one after it."""
        if self._reader is None:
            return ()
        place = (equals("line", station.line), equals("station", station.id))
        begin = told_by(self._reader, station.line, station.id, self._since)
        end = told_since(self._reader, station.line, station.id, self._until)
        within = self._reader.find(
            PartCountRecord,
            *place,
            Where("counted_at", ">", self._since),
            Where("counted_at", "<", self._until),
            order_by="counted_at",
            limit=MOST_COUNTS + 1,
        )
        if len(within) > MOST_COUNTS:
            raise Refusal("try_out_many_counts", most=MOST_COUNTS, station=station.id)
        told = [each for each in (begin, *within, end) if each is not None]
        return [Counted(at=each.counted_at, made=each.made, epoch=each.epoch) for each in told]

    def minutes(self, check: Check) -> MinutesTaken:
        """Return how long one run of a check takes: as somebody says, or the median of its last good runs."""
        said = self._declared.minutes_of.get(check.id, self._declared.minutes)
        if said is not None:
            return MinutesTaken(check=check.id, source=From.DECLARED, minutes=said, runs=0)
        runs = (
            []
            if self._reader is None
            else self._reader.find(
                RunRecord,
                equals("check_id", check.id),
                equals("outcome", Outcome.PASSED),
                order_by="started_at",
                descending=True,
                limit=MOST_RUNS,
            )
        )
        took = [
            (each.ended_at - each.started_at).total_seconds() / 60
            for each in runs
            if each.ended_at is not None and each.line == check.line
        ]
        if not took:
            return MinutesTaken(check=check.id, source=From.NOT_KNOWN, minutes=None, runs=0)
        return MinutesTaken(check=check.id, source=From.RUNS, minutes=median(took), runs=len(took))

    def events(self) -> Sequence[Happens]:
        """Return the events that were told in the time, each once."""
        if self._reader is None:
            return ()
        reader = self._reader
        told = [
            each
            for line in self._plant.lines
            for each in reader.find(
                PlantEventRecord,
                equals("line", line.id),
                Where("happened_at", ">=", self._since),
                Where("happened_at", "<", self._until),
                order_by="happened_at",
                limit=MOST_EVENTS + 1,
            )
        ]
        if len(told) > MOST_EVENTS:
            raise Refusal("try_out_many_events", most=MOST_EVENTS)
        return [
            Happens(
                at=each.happened_at,
                line=LineId(each.line),
                station=None if each.station is None else StationId(each.station),
                event=each.event,
                seen_late=each.seen_late,
            )
            for each in told
            if each.same_as is None
        ]
