"""The first part of a shift makes checks due; a shift that made none is proved to be none (D42).

Looked at with each reading of the counter; the records are asked when a shift begins, ends, or makes its first part.
While a run is under way at the station, its challenge parts may be what is counted: it is looked at when it is over.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from redrabbit.domain.control_plan import Check
from redrabbit.domain.facts.occurrence import (
    DecisionCode,
    OccurrenceDecided,
    OccurrenceOutcome,
    shift_key,
)
from redrabbit.domain.facts.part_count import CountedWhy
from redrabbit.domain.identity import AGENT, OccurrenceId
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import Where, equals, latest, recorded
from redrabbit.domain.records import OccurrenceRecord, RunRecord
from redrabbit.domain.run_words import Outcome
from redrabbit.domain.schedule import DueTime
from redrabbit.domain.schedule_rules import WithinRunning, begun_rule
from redrabbit.domain.shift_calendar import ShiftWindow
from redrabbit.domain.shift_production import (
    LookedAt,
    ended_between,
    has_begun,
    shift_at,
    stands,
    stands_at,
)
from redrabbit.domain.station import Station
from redrabbit.services.part_counting import PartCounting
from redrabbit.services.pending import Pending
from redrabbit.services.plant_events import is_in_force
from redrabbit.services.ports import Reader, UnitOfWork
from redrabbit.services.record_fact import record
from redrabbit.services.scheduling import make
from redrabbit.services.telling_counts import tell, told_by


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftsSeen:
    """What one reading says of the shifts of a line."""

    now: LookedAt
    stood_since: datetime | None
    """Since when nothing was made; None: something was, or nobody knows."""
    shift: ShiftWindow | None
    """The one that is on now."""
    ended: Sequence[ShiftWindow]
    begun: ShiftWindow | None
    """The shift that makes its first part."""
    is_new: bool
    """Another shift is on, or none, than at the last look."""


class FirstParts:
    """Looks at one station's count for the checks that a shift's first part makes due; one owner."""

    def __init__(self, plant: Plant, station: Station) -> None:
        self._plant, self._station = plant, station
        self._is_asked = any(_checks(plant, station))
        self._before: LookedAt | None = None
        self._shift: ShiftWindow | None = None
        self._has_begun = False
        """The shift that is on has made a part."""

    def go_on_under(self, plant: Plant) -> None:
        """Go on under another plan or calendar: what it says of this shift is looked for again."""
        self._plant, self._shift, self._has_begun = plant, None, False
        self._is_asked = any(_checks(plant, self._station))

    def look(self, counting: PartCounting, at: datetime) -> Pending | None:
        """Return what is to be recorded of the count as it is now; None: nothing."""
        count = counting.at(at)
        if not self._is_asked or count is None:
            return None
        now = LookedAt(count=count, at=at)
        seen = self._seen(now, counting)
        has_begun_now = seen.begun is not None or (self._has_begun and not seen.is_new)

        def settle() -> None:
            self._before, self._shift = now, seen.shift
            self._has_begun = has_begun_now

        if not (seen.ended or seen.begun or seen.is_new):
            settle()
            return None

        def command(uow: UnitOfWork) -> None:
            make_due(uow, self._plant, self._station, seen)

        return Pending(command=command, settle=settle)

    def _seen(self, now: LookedAt, counting: PartCounting) -> ShiftsSeen:
        calendar = self._plant.calendars[self._station.line]
        shift, before = self._on(now.at), self._before
        if before is None and (known := counting.before) is not None:
            before = LookedAt(count=known.count, at=known.read_at)
        is_new = self._before is None or shift != self._shift
        ended = () if before is None or not is_new else ended_between(calendar, before.at, now.at)
        begins = (
            shift is not None
            and before is not None
            and (is_new or not self._has_begun)
            and has_begun(before, now, shift)
        )
        return ShiftsSeen(
            now=now,
            stood_since=before.at if before is not None and stands(before, now) else None,
            shift=shift,
            ended=ended,
            begun=shift if begins else None,
            is_new=is_new,
        )

    def _on(self, at: datetime) -> ShiftWindow | None:
        known = self._shift
        if known is not None and known.begins_at <= at < known.ends_at:
            return known
        return shift_at(self._plant.calendars[self._station.line], at)


def make_due(uow: UnitOfWork, plant: Plant, station: Station, seen: ShiftsSeen) -> None:
    """Make due what the first part of a shift makes due, and say of shifts that ended without one what is known."""
    for check in _checks(plant, station):
        for shift in seen.ended:
            _ended(uow, plant, check, shift, seen.now.count)
        if seen.begun is not None and _owes(uow, check, seen.begun, seen.now.at):
            _begun(uow, plant, check, seen.begun, seen.now.at)
    if seen.is_new:
        at, begun = seen.now.at, seen.shift
        if begun is not None and seen.stood_since is not None:
            at = max(seen.stood_since, min(at, begun.begins_at))  # it stood so when the shift began
        tell(uow, station.line, station.id, seen.now.count, CountedWhy.SHIFT, at=at)


def _checks(plant: Plant, station: Station) -> Iterator[Check]:
    """Yield the checks at a station that the first part of a shift makes due."""
    for check in plant.plan.checks:
        if check.station == station.id and begun_rule(check.schedule) is not None:
            yield check


def _owes(reader: Reader, check: Check, shift: ShiftWindow, since: datetime) -> bool:
    """Tell whether a check that was in force at an instant is due in a shift, and nothing is made for it yet."""
    rule = begun_rule(check.schedule)
    if rule is None or shift.name in rule.left_out or not is_in_force(reader, check, since):
        return False
    key = equals("trigger_key", shift_key(shift.plant_date, shift.name))
    of_check = (equals("line", check.line), equals("check_id", check.id))
    return not reader.find(OccurrenceRecord, *of_check, key, limit=1)


def _begun(uow: UnitOfWork, plant: Plant, check: Check, shift: ShiftWindow, at: datetime) -> None:
    """The shift makes parts: it is due, and passed where it was made before."""
    rule = begun_rule(check.schedule)
    later = timedelta(minutes=rule.minutes if isinstance(rule, WithinRunning) else 0)
    made = _made(uow, plant, check, shift, due_at=at + later, opens_at=at)
    _pass_by_earlier(uow, check, shift, made, at)


def _ended(uow: UnitOfWork, plant: Plant, check: Check, shift: ShiftWindow, end: PartCount) -> None:
    """The shift is over, and nobody saw it make a part: it made none, or nobody knows, and then it is owed."""
    if not _owes(uow, check, shift, shift.begins_at):
        return
    told = told_by(uow, check.line, check.station, shift.begins_at)
    made = _made(uow, plant, check, shift, due_at=shift.ends_at, opens_at=shift.begins_at)
    if told is not None and stands_at(told.count, end):
        _decide(uow, made, OccurrenceOutcome.EXCUSED, DecisionCode.NOT_PRODUCING, shift.ends_at)
    else:
        _pass_by_earlier(uow, check, shift, made, shift.ends_at)


def _made(
    uow: UnitOfWork,
    plant: Plant,
    check: Check,
    shift: ShiftWindow,
    *,
    due_at: datetime,
    opens_at: datetime,
) -> OccurrenceId:
    due = DueTime(due_at=due_at, trigger_key=shift_key(shift.plant_date, shift.name))
    return make(uow, plant, check, due, opens_at=opens_at)


def _pass_by_earlier(
    uow: UnitOfWork, check: Check, shift: ShiftWindow, made: OccurrenceId, at: datetime
) -> None:
    """Pass it by a good check that was made for this shift before its first part."""
    good = latest(
        uow,
        RunRecord,
        equals("check_id", check.id),
        equals("outcome", Outcome.PASSED),
        equals("not_counted", None),
        Where("started_at", ">=", shift.begins_at - check.opens_before),
        Where("ended_at", "<=", at),
        by="started_at",
    )
    if good is not None:
        _decide(uow, made, OccurrenceOutcome.PASSED, None, at, run=good)


def _decide(
    uow: UnitOfWork,
    made: OccurrenceId,
    outcome: OccurrenceOutcome,
    code: DecisionCode | None,
    at: datetime,
    *,
    run: RunRecord | None = None,
) -> None:
    occurrence = recorded(uow, OccurrenceRecord, made)
    run_id = run.run_id if run is not None else None
    decided = OccurrenceDecided.of(occurrence, outcome, code, run_id=run_id)
    record(uow, decided, stream=occurrence.line, actor=AGENT, at=at)
