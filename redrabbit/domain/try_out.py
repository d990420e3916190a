"""A control plan tried out: when its checks are due over a time that is to come, or that was, and nothing is recorded.

There is no other scheduler here. What is due by the calendar comes from `schedule.each_due_time`, what parts make due from
`parts_due`, which events a check waits for from `plant_events`: from what the service asks, too. What the world adds is taken for
granted, and said: each check is made at the moment at which it is due, takes no time, and passes; no pause moves one; nothing
fails. Of what is not known nothing is played, and the check says so.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from heapq import heapify, heappop, heappush
from itertools import islice
from typing import Final

from redrabbit.domain.challenge_part import PartState
from redrabbit.domain.control_plan import Check
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.occurrence import parts_key, shift_key
from redrabbit.domain.identity import CheckId, LineId, PartId, StationId
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.parts_due import counted_from, due_from
from redrabbit.domain.parts_made import PartsMade
from redrabbit.domain.plant import Plant
from redrabbit.domain.plant_events import waits_for
from redrabbit.domain.schedule import DueTime, each_due_time
from redrabbit.domain.schedule_rules import (
    TELLS_RUNNING,
    EveryInterval,
    PlantEvent,
    ScheduleRule,
    WithinRunning,
    begun_rule,
    events_of,
    is_due_by_production,
    parts_of,
    rules_of,
)
from redrabbit.domain.shift_calendar import A_MOMENT, ShiftCalendar, shift_windows

MOST_DUE_TIMES: Final = 1_000_000
"""Of all checks: a plan that asks for more in a try-out is refused, so that it never takes long."""
OF_EVENT: Final = "event:"


class NotKnown(StrEnum):
    """What makes a check due and could not be played."""

    PARTS = "parts"
    """How many parts its station makes."""
    EVENTS = "events"
    """Which events happen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happens:
    """One event of production; told once."""

    at: datetime
    line: LineId
    station: StationId | None
    """None: the whole line."""
    event: PlantEvent
    seen_late: bool = False
    """It may have happened in the shift before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a try-out goes by; what is not there is not known."""

    since: datetime
    until: datetime
    """Aware; what is due at `since` belongs to it, what is due at `until` not."""
    adopted_at: Mapping[CheckId, datetime] = field(default_factory=dict)
    """From when a check is in force, and its intervals count; another one is new, and in force from `since` on."""
    made: Mapping[StationId, PartsMade] = field(default_factory=dict)
    events: Sequence[Happens] | None = None
    minutes: Mapping[CheckId, float] = field(default_factory=dict)
    """How long one run of a check takes an operator."""
    uses: Mapping[PartId, int] = field(default_factory=dict)
    """How often a piece was used before."""
    states: Mapping[PartId, PartState] = field(default_factory=dict)
    """What became of a piece; of another one as the configuration says."""
    most: int = MOST_DUE_TIMES
    """Of due times, of all checks."""
    to_shipping: timedelta | None = None
    """How long after it was made a part can leave the plant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One check, and when it is due."""

    check: Check
    due: Sequence[DueTime]
    """When somebody has to make it, in order."""
    served: Sequence[DueTime]
    """Due, and proved by a check that was made just before: nobody has to make it again."""
    not_known: tuple[NotKnown, ...]
    """What makes it due beside and could not be played: it may be due more often."""


def play(plant: Plant, basis: Basis) -> tuple[Played, ...]:
    """Return when each check of a plant's plan is due; Refusal where that is far too often."""
    left = _Left(basis.most)
    calendar_dues = _CalendarDues(plant, basis, left)
    return tuple(
        _played(plant, check, basis, calendar_dues.of(check), left) for check in plant.plan.checks
    )


class _Left:
    """How many due times may still come, of all checks together."""

    def __init__(self, most: int) -> None:
        self._most, self.count = most, most

    def take(self, count: int = 1) -> None:
        """Take so many; Refusal where that is too much."""
        self.refuse_more(count)
        self.count -= count

    def refuse_more(self, count: int) -> None:
        """Refuse so many, where fewer are left."""
        if count > self.count:
            raise Refusal("try_out_too_much", most=self._most)


class _CalendarDues:
    """What is due by the calendar; checks of one line with the same rule are due together."""

    def __init__(self, plant: Plant, basis: Basis, left: _Left) -> None:
        self._plant, self._basis, self._left = plant, basis, left
        self._known: dict[tuple[LineId, ScheduleRule, datetime | None], tuple[DueTime, ...]] = {}

    def of(self, check: Check) -> tuple[DueTime, ...]:
        by_interval = any(isinstance(rule, EveryInterval) for rule in rules_of(check.schedule))
        anchor = self._basis.adopted_at.get(check.id, self._basis.since)
        key = (check.line, check.schedule, anchor if by_interval else None)
        if key not in self._known:
            since, until = self._basis.since - A_MOMENT, self._basis.until - A_MOMENT
            calendar = self._plant.calendars[check.line]
            found = each_due_time(check.schedule, calendar, anchor, since, until)
            self._known[key] = tuple(islice(found, self._left.count + 1))
        self._left.refuse_more(len(self._known[key]))  # each is taken when it is played
        return self._known[key]


def _played(
    plant: Plant, check: Check, basis: Basis, by_calendar: Sequence[DueTime], left: _Left
) -> Played:
    made, calendar = basis.made.get(check.station), plant.calendars[check.line]
    missing = [
        kind
        for kind, is_missing in (
            (NotKnown.PARTS, is_due_by_production(check.schedule) and made is None),
            (NotKnown.EVENTS, _waits(check) and basis.events is None),
        )
        if is_missing
    ]
    moments = _Moments(check, basis, calendar, made)
    if not moments.are_asked:
        left.take(len(by_calendar))
        return Played(check=check, due=by_calendar, served=(), not_known=tuple(missing))
    due = list(moments.due(by_calendar, left))
    return Played(check=check, due=due, served=moments.served, not_known=tuple(missing))


def _waits(check: Check) -> bool:
    """Tell whether events of production make it due; a check that failed is none: here nothing fails."""
    return any(event is not PlantEvent.FAILED_CHECK for event in events_of(check.schedule))


class _Order(IntEnum):
    """What is looked at first, of what is at one instant."""

    FIRST_PART = 0
    """A shift makes its first part: what is due at the same instant is not made yet."""
    DUE = 1
    EVENT = 2
    """What is due at the same instant is made after it, and serves it."""
    DUE_WITH_FIRST_PART = 3
    """The event that tells of the first part is not served by what that makes due."""


@dataclass(frozen=True, slots=True, order=True)
class _Moment:
    at: datetime
    order: _Order
    key: str


class _Moments:
    """The moments of one check that production makes, beside those of the calendar, each check being made as it falls due."""

    def __init__(
        self, check: Check, basis: Basis, calendar: ShiftCalendar, made: PartsMade | None
    ) -> None:
        self._check, self._basis, self._made = check, basis, made
        self._parts = parts_of(check.schedule) if made is not None else None
        self._begun = begun_rule(check.schedule)
        self._good_at: datetime | None = None
        """When it was made last."""
        self._early: dict[str, datetime] = {}
        """From when on a check counts for a shift, by its key."""
        self.served: list[DueTime] = []
        self._ahead = [*self._first_parts(calendar), *self._events()]
        self.are_asked = self._parts is not None or bool(self._ahead)

    def due(self, by_calendar: Sequence[DueTime], left: _Left) -> Iterator[DueTime]:
        """Yield when it is due, in order; those that an earlier check serves are kept in `served`."""
        self._ahead += [_Moment(each.due_at, _Order.DUE, each.trigger_key) for each in by_calendar]
        heapify(self._ahead)
        while self._ahead or self._parts is not None:
            following = self._ahead[0] if self._ahead else None
            by_parts = self._due_by_parts()
            if by_parts is not None and self._is_next(by_parts, following):
                if following is not None and following.at == by_parts.due_at:
                    self._decide(
                        heappop(self._ahead)
                    )  # the check that parts ask for is not made yet
                found = by_parts
            elif following is None:
                return
            elif (found_or_none := self._found(heappop(self._ahead))) is None:
                continue
            else:
                found = found_or_none
            if found.due_at >= self._basis.until:
                continue
            left.take()
            self._good_at = found.due_at
            yield found

    def _found(self, moment: _Moment) -> DueTime | None:
        """Return what is due at a moment; None where nothing is."""
        if moment.order is _Order.FIRST_PART:
            self._decide(moment)
            return None
        if moment.order is _Order.EVENT and moment.at == self._good_at:
            return None
        return DueTime(due_at=moment.at, trigger_key=moment.key)

    def _is_next(self, by_parts: DueTime, following: _Moment | None) -> bool:
        if following is None or by_parts.due_at < following.at:
            return True
        return by_parts.due_at == following.at and following.order is _Order.FIRST_PART

    def _due_by_parts(self) -> DueTime | None:
        """Return when so many parts are made since the last check, each of which is a good one (D57)."""
        if self._parts is None or self._made is None:
            return None
        good_at = self._good_at or self._basis.since
        since = counted_from(None, _count(self._made, good_at))
        at = self._made.when(due_from(self._parts, since, 0))
        if at is None or at >= self._basis.until:
            return None
        return DueTime(due_at=at, trigger_key=parts_key(good_at.isoformat(), self._parts))

    def _decide(self, moment: _Moment) -> None:
        """A shift makes its first part: a check that was made for it before serves, else it is due (D42)."""
        rule = self._begun
        later = timedelta(minutes=rule.minutes if isinstance(rule, WithinRunning) else 0)
        due_at, order = moment.at + later, _Order.DUE if later else _Order.DUE_WITH_FIRST_PART
        if self._good_at is not None and self._early[moment.key] <= self._good_at < moment.at:
            self.served.append(DueTime(due_at=due_at, trigger_key=moment.key))
        else:
            heappush(self._ahead, _Moment(due_at, order, moment.key))

    def _first_parts(self, calendar: ShiftCalendar) -> Iterator[_Moment]:
        """Yield when shifts make their first part in the time; one that makes none has no moment.

        In a shift that is on at its begin, a check that is new is due with the next part; another one was due before.
        """
        basis, rule = self._basis, self._begun
        if rule is None:
            return
        in_force_from = basis.adopted_at.get(self._check.id, basis.since)
        for window in shift_windows(calendar, basis.since, basis.until):
            is_on = window.begins_at < basis.since
            if window.name in rule.left_out or (is_on and in_force_from <= window.begins_at):
                continue
            begins_at = max(window.begins_at, basis.since)
            first_at = min(
                [*self._told_running(begins_at), *self._counted(begins_at)], default=None
            )
            if first_at is not None and first_at < min(window.ends_at, basis.until):
                key = shift_key(window.plant_date, window.name)
                self._early[key] = window.begins_at - self._check.opens_before
                yield _Moment(first_at, _Order.FIRST_PART, key)

    def _counted(self, begins_at: datetime) -> Iterator[datetime]:
        """Yield when the first part after an instant is made."""
        first_at = None if self._made is None else self._made.when(self._made.by(begins_at) + 1)
        if first_at is not None:
            yield first_at

    def _told_running(self, begins_at: datetime) -> Iterator[datetime]:
        """Yield when it is told of its station, from an instant on, that it makes parts."""
        for each in self._basis.events or ():
            here = each.line == self._check.line and each.station in {None, self._check.station}
            is_one = each.event in TELLS_RUNNING and not each.seen_late
            if here and is_one and each.at >= begins_at:
                yield each.at

    def _events(self) -> Iterator[_Moment]:
        """Yield the events that the check waits for; a check that failed is none, as here nothing fails."""
        basis = self._basis
        for each in basis.events or ():
            if each.event is PlantEvent.FAILED_CHECK or not basis.since <= each.at < basis.until:
                continue
            if waits_for(self._check, each.line, each.station, each.event):
                yield _Moment(each.at, _Order.EVENT, f"{OF_EVENT}{each.event}")


def _count(made: PartsMade, at: datetime) -> PartCount:
    by_then = made.by(at)
    return PartCount(value=by_then, made=by_then, epoch=1, fell_from=None)
