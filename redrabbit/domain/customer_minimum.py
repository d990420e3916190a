"""How often customers want devices verified at least, and whether a schedule does it (IATF 16949, 10.2.4 and customer specific requirements).

Judged by what the calendar makes due on ordinary days; dates that are special, and the hour of daylight saving, play no part.
A check that is due earlier or more often is never below a minimum; where it can't be told, it is.

- Once a shift: each shift has a due time of its own. A due time at the instant at which one shift ends and the next begins is of the shift whose moment it is.
- Each so many hours: never more of the line's working time, breaks left out, between one due time and the next, over nights and weekends, too.
- Each so many parts: only a count of parts says that; hours say nothing of parts.

A check whose failure modes take turns proves each of them in its turns only: that serves a minimum of hours which is as long as its turns at the longest, and no other.

Events and checks on demand serve no minimum: nobody knows when they happen.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Final

from redrabbit.domain.control_plan import Check, ControlPlan
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import LineId
from redrabbit.domain.rotation import Rotation, rotation_text
from redrabbit.domain.schedule import due_times
from redrabbit.domain.schedule_rules import (
    MAX_WORK_S,
    AfterEvent,
    EveryInterval,
    EveryParts,
    EveryShiftStart,
    EveryWorkInterval,
    FirstPart,
    OnDemand,
    OneRule,
    ScheduleRule,
    Together,
    WithinRunning,
    parts_of,
    rules_of,
)
from redrabbit.domain.schedule_words import schedule_text
from redrabbit.domain.shift_calendar import ShiftCalendar, ShiftWindow, shift_windows
from redrabbit.domain.shift_of_due import ShiftsOfDues
from redrabbit.domain.special_characteristic import mark_of
from redrabbit.domain.text import Text

BEGIN: Final = datetime(2026, 11, 9, tzinfo=UTC)
WATCHED: Final = timedelta(weeks=12)
"""A time in which weeks and all usual patterns of shifts come round, and no zone changes its clock."""
A_DAY: Final = timedelta(days=1)


class Unit(StrEnum):
    """What a minimum counts."""

    SHIFT = "shift"
    HOURS = "h"
    PARTS = "parts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Least:
    """How often at least: once a shift, each so many hours of work, each so many parts."""

    unit: Unit
    amount: int = 1

    @property
    def text(self) -> str:
        """As the plant file says it."""
        return "every shift" if self.unit is Unit.SHIFT else f"every {self.amount} {self.unit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerMinimum:
    """What the customer of one programme demands."""

    programme: str
    name: Text
    lines: frozenset[str]
    """On which it is made; empty: on every line."""
    special: frozenset[str]
    """Of checks of which special characteristics; empty: of every check."""
    least: Least
    document: str
    """The customer's document with its revision."""
    clause: str | None

    def is_about(self, line: str, special: str | None) -> bool:
        """Tell whether a check of a line and a class comes under it."""
        is_of_class = special is not None and mark_of(special) in map(mark_of, self.special)
        return (not self.lines or line in self.lines) and (not self.special or is_of_class)

    @property
    def source(self) -> str:
        """Where it is written."""
        return self.document if self.clause is None else f"{self.document}, {self.clause}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Below:
    """A check that proves what it is for less often than a minimum demands."""

    check: Check
    minimum: CustomerMinimum
    write: ScheduleRule | None
    """A schedule that keeps it; None: the line has no shifts, so none does."""
    turns: Rotation | None = None
    """Its schedule keeps it, and the turns of its failure modes don't; None: the schedule does not."""


def refuse_below(label: str, found: Sequence[Below]) -> None:
    """Refuse a plan that is below a minimum, with the first check that is."""
    for below in found:
        if below.turns is not None:
            raise Refusal(
                "plan_turns_below_minimum",
                plan=label,
                check=below.check.id,
                line=below.check.plan_line,
                rotation=rotation_text(below.turns),
                programme=below.minimum.programme,
                least=below.minimum.least.text,
                source=below.minimum.source,
            )
        raise Refusal(
            "plan_below_minimum",
            plan=label,
            check=below.check.id,
            line=below.check.plan_line,
            programme=below.minimum.programme,
            least=below.minimum.least.text,
            source=below.minimum.source,
            write="-" if below.write is None else schedule_text(below.write),
        )


def below_minima(
    plan: ControlPlan,
    minima: Iterable[CustomerMinimum],
    calendars: Mapping[LineId, ShiftCalendar],
) -> tuple[Below, ...]:
    """Return the checks of a plan that prove it less often than a minimum demands, in the order of the plan."""
    known = tuple(minima)
    return tuple(
        Below(
            check=check,
            minimum=minimum,
            write=enough(minimum.least, calendars.get(check.line)),
            turns=check.rotation if is_due else None,
        )
        for check in plan.checks
        for minimum in known
        if minimum.is_about(check.line, check.special_characteristic)
        for is_due in (keeps(check.schedule, calendars.get(check.line), minimum.least),)
        if not is_due
        or not keeps_by_turns(
            check.rotation, check.schedule, calendars.get(check.line), minimum.least
        )
    )


@lru_cache(maxsize=1024)  # a plant's checks have few schedules, and its pages ask again and again
def enough(least: Least, calendar: ShiftCalendar | None) -> ScheduleRule | None:
    """Return the plainest schedule that keeps a minimum; None where the line has no shifts, and one is about them."""
    seconds = least.amount * 3600.0
    tried: tuple[ScheduleRule, ...]
    match least.unit:
        case Unit.SHIFT:
            tried = (EveryShiftStart(),)
        case Unit.PARTS:
            tried = (EveryParts(parts=least.amount),)
        case Unit.HOURS:
            of_work = EveryWorkInterval(interval_s=min(seconds, MAX_WORK_S))
            begun = Together(rules=(EveryShiftStart(), of_work))
            tried = (EveryShiftStart(), of_work, begun, EveryInterval(interval_s=seconds))
    return next((rule for rule in tried if keeps(rule, calendar, least)), None)


@lru_cache(maxsize=4096)
def keeps(schedule: ScheduleRule, calendar: ShiftCalendar | None, least: Least) -> bool:
    """Tell whether a check of this schedule is due at least so often."""
    if least.unit is Unit.PARTS:
        parts = parts_of(schedule)
        return parts is not None and parts <= least.amount
    limit = timedelta(hours=least.amount)
    intervals = [
        timedelta(seconds=rule.interval_s)
        for rule in rules_of(schedule)
        if isinstance(rule, EveryInterval)
    ]
    if least.unit is Unit.HOURS and any(length <= limit for length in intervals):
        return True
    ordinary = None if calendar is None else calendar.ordinary
    windows = [] if ordinary is None else shift_windows(ordinary, BEGIN, BEGIN + WATCHED)
    if ordinary is None or not windows:
        return False
    if least.unit is Unit.HOURS:
        return _longest_gap(sorted({at for at, _ in _dues(schedule, ordinary)}), windows) <= limit
    shortest = min(window.ends_at - window.begins_at for window in windows)
    return any(length <= shortest for length in intervals) or _is_in_each_shift(
        schedule, ordinary, windows
    )


@lru_cache(maxsize=1024)
def keeps_by_turns(
    rotation: Rotation | None, schedule: ScheduleRule, calendar: ShiftCalendar | None, least: Least
) -> bool:
    """Tell whether each failure mode of a check is proved so often, whose schedule keeps the minimum.

    One shown as a shift begins has its next turn, at the latest, as the last of so many shifts after it ends.
    """
    if rotation is None or rotation.within_shifts == 1:
        return True
    is_due_in_each = keeps(schedule, calendar, Least(unit=Unit.SHIFT))
    if calendar is None or least.unit is not Unit.HOURS or not is_due_in_each:
        return False
    worked = [each.worked for each in shift_windows(calendar.ordinary, BEGIN, BEGIN + WATCHED)]
    shifts = rotation.within_shifts + 1
    spans = [worked[place : place + shifts] for place in range(max(1, len(worked) - shifts + 1))]
    return max(sum(span, timedelta()) for span in spans) <= timedelta(hours=least.amount)


def _is_in_each_shift(
    schedule: ScheduleRule, calendar: ShiftCalendar, windows: list[ShiftWindow]
) -> bool:
    around = shift_windows(calendar, BEGIN - 2 * A_DAY, BEGIN + WATCHED + 2 * A_DAY)
    shifts = ShiftsOfDues(around)
    places = {shifts.within(due_at, key) for due_at, key in _dues(schedule, calendar)}
    have_one = {around[place] for place in places if place is not None}
    return all(window in have_one for window in windows)


def _by_calendar(schedule: ScheduleRule) -> Iterator[tuple[OneRule, timedelta]]:
    """Yield the rules that the calendar makes due, and how much later than by it.

    One of the first part of a shift is judged as if that were made as the shift begins: where it is made later, there is nothing before it.
    """
    for rule in rules_of(schedule):
        match rule:
            case EveryInterval() | EveryParts() | OnDemand() | AfterEvent():
                continue
            case FirstPart():
                yield EveryShiftStart(left_out=rule.left_out), timedelta()
            case WithinRunning():
                yield EveryShiftStart(left_out=rule.left_out), timedelta(minutes=rule.minutes)
            case _:
                yield rule, timedelta()


def _dues(schedule: ScheduleRule, calendar: ShiftCalendar) -> Iterator[tuple[datetime, str]]:
    for rule, later in _by_calendar(schedule):
        for due in due_times(rule, calendar, BEGIN, BEGIN - A_DAY, BEGIN + WATCHED + A_DAY):
            yield due.due_at + later, due.trigger_key


def _longest_gap(instants: list[datetime], windows: list[ShiftWindow]) -> timedelta:
    """Return the longest working time without a due time, from the first shift's beginning to the last one's end."""
    marks, worked = [timedelta()], timedelta()
    for window in sorted(windows, key=lambda each: each.begins_at):
        place = bisect_left(instants, window.begins_at)
        while place < len(instants) and instants[place] <= window.ends_at:
            marks.append(worked + _worked_until(window, instants[place]))
            place += 1
        worked += window.worked
    marks.append(worked)
    return max(later - earlier for earlier, later in pairwise(sorted(marks)))


def _worked_until(window: ShiftWindow, at: datetime) -> timedelta:
    rested = sum(
        (min(ends, at) - begins for begins, ends in window.breaks if begins < at), timedelta()
    )
    return at - window.begins_at - rested
