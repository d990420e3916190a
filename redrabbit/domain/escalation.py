"""Who is told of an alarm, and when: timed steps until a person has taken it (R10, B21).

Rules come from the plant file. The first rule that takes an alarm's kind, line and shift decides; an alarm that no
rule takes is told at once to whoever wants its kind. So no alarm is told to nobody because a rule is missing.

An alarm's steps are over when a person has acknowledged it, when it has ended, or after the last step that is not
repeated. Until then there is always an instant at which the next message is due: what is stored is that instant,
so a restart forgets nothing. A clock that was set back makes it due at once, rather than a year later (D43).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.identity import LineId
from redrabbit.domain.reaching import NOBODY_KNOWN, Reach
from redrabbit.domain.shift_calendar import (
    ONE_DAY,
    ShiftCalendar,
    ShiftWindow,
    instant_of,
    plant_date,
    shift_windows,
)

AT_ONCE: Final = timedelta(0)
ANYWHERE: Final = ZoneInfo("UTC")
A_MOMENT: Final = timedelta(microseconds=1)


class Severity(StrEnum):
    """How soon a person must act."""

    CRITICAL = "critical"
    """Bad parts may leave: a miss, a challenge part that is not where it must be."""
    SERIOUS = "serious"
    """Nobody can trust a device, or the records."""
    NOTICE = "notice"
    """To be looked at by day."""


SEVERITY: Final[Mapping[AlarmKind, Severity]] = {
    AlarmKind.MISSED: Severity.CRITICAL,
    AlarmKind.ESCAPE: Severity.CRITICAL,
    AlarmKind.NOT_RETURNED: Severity.CRITICAL,
    AlarmKind.FALSE_REJECT: Severity.SERIOUS,
    AlarmKind.INCONCLUSIVE: Severity.NOTICE,
    AlarmKind.INCONCLUSIVE_AGAIN: Severity.SERIOUS,
    AlarmKind.NO_VERDICT_AGAIN: Severity.SERIOUS,
    AlarmKind.OVERDUE: Severity.SERIOUS,
    AlarmKind.LAPSED: Severity.SERIOUS,
    AlarmKind.SHORTER_PULSE: Severity.NOTICE,
    AlarmKind.CLOCK_STEP: Severity.NOTICE,
    AlarmKind.DAMAGE_FOUND: Severity.SERIOUS,
    AlarmKind.HISTORY_LOST: Severity.SERIOUS,
    AlarmKind.RECEIVER_NOT_REACHED: Severity.SERIOUS,
    AlarmKind.ADMINISTRATOR_ADDED: Severity.SERIOUS,
    AlarmKind.NO_DATA: Severity.SERIOUS,
    AlarmKind.APPROVAL_OVERDUE: Severity.NOTICE,
    AlarmKind.TEST: Severity.NOTICE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a rule."""

    after: timedelta = AT_ONCE
    """Since the alarm was raised."""
    at: time | None = None
    """Not before the next such time of day on the plant's wall: as a list, with what waits for it, too."""
    receivers: tuple[str, ...] = ()
    rosters: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    """By their numbers, `p-0042`, or their employee numbers."""
    every: timedelta | None = None
    """How often it is told again, until the next step and after the last one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How alarms of some kinds are told, at some lines, in some shifts."""

    steps: tuple[Step, ...]
    """One at least; each begins later than the one before."""
    kinds: frozenset[AlarmKind] = frozenset()
    """Empty: all."""
    lines: frozenset[LineId] = frozenset()
    """Empty: all, and what belongs to no line."""
    shifts: frozenset[str] = frozenset()
    """In which shift it is raised; empty: in any, and between shifts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Who is on duty, when, for which lines."""

    receivers: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    """By their numbers or employee numbers."""
    lines: frozenset[LineId] = frozenset()
    """Empty: all."""
    shifts: frozenset[str] = frozenset()
    """Empty: all, and between them."""
    from_date: date | None = None
    until_date: date | None = None
    """The last day; both on the plant's wall. A shift belongs to the day on which it begins (R06)."""


class Told(NamedTuple):
    """How far the steps of an alarm are."""

    step: int
    """The last step that was told, from 1; 0: none yet."""
    repeat: int
    """How often it was told again."""
    at: datetime
    """When, or when the alarm was raised."""


class Next(NamedTuple):
    """The next message that is due."""

    step: int
    """From 1."""
    repeat: int
    due_at: datetime


class Called(NamedTuple):
    """Who is told by a step, and who would be and can't be told now."""

    told: tuple[str, ...]
    """Receivers by their names, people by their numbers; each once."""
    unreached: tuple[str, ...] = ()
    """People of the step, by their numbers; who is not known has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """The rules of a plant, with its calendars."""

    rules: tuple[Rule, ...] = ()
    rosters: Mapping[str, tuple[Duty, ...]] = field(default_factory=dict)
    wishes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The kinds of alarms that each receiver of alarms wants; empty: all."""
    zone: ZoneInfo = ANYWHERE
    calendars: Mapping[LineId, ShiftCalendar] = field(default_factory=dict)

    @property
    def named(self) -> frozenset[str]:
        """The receivers that steps name: of what a rule takes they are told by its steps only."""
        in_steps = {name for rule in self.rules for step in rule.steps for name in step.receivers}
        on_duty = {
            name for duties in self.rosters.values() for duty in duties for name in duty.receivers
        }
        return frozenset(in_steps | on_duty)

    @property
    def people(self) -> Mapping[str, frozenset[LineId]]:
        """The people whom steps and rosters name, as they name them, with the lines for which they do; empty: all."""
        named: dict[str, frozenset[LineId]] = {
            name: frozenset() for rule in self.rules for step in rule.steps for name in step.people
        }
        for duties in self.rosters.values():
            for duty in duties:
                for name in duty.people:
                    lines = named.get(name, duty.lines)
                    named[name] = lines | duty.lines if lines and duty.lines else frozenset()
        return named

    def rule_for(self, kind: AlarmKind, line: str | None, raised_at: datetime) -> Rule | None:
        """Return the rule that decides about an alarm; None: it is told at once to whoever wants it."""
        return next((each for each in self.rules if self._takes(each, kind, line, raised_at)), None)

    def first_at(self, rule: Rule, raised_at: datetime) -> datetime:
        """Return when the first step is due."""
        return self._due_at(rule.steps[0], raised_at)

    def next_after(self, rule: Rule, told: Told, raised_at: datetime) -> Next | None:
        """Return what is due after what was told; None: the steps are over.

        Rules may have changed meanwhile: steps are known by their numbers.
        """
        further: list[Next] = []
        if told.step < len(rule.steps):
            due_at = self.due_at(rule, told.step + 1, told, raised_at)
            further.append(Next(told.step + 1, 0, due_at))
        last = rule.steps[min(told.step, len(rule.steps)) - 1]
        if told.step > 0 and last.every is not None:
            further.append(Next(told.step, told.repeat + 1, told.at + last.every))
        return min(further, key=lambda each: each.due_at, default=None)

    def due_at(self, rule: Rule, number: int, told: Told, raised_at: datetime) -> datetime:
        """Return when a step is due; counted from what was told where the clock was set back since."""
        return self._due_at(rule.steps[number - 1], min(raised_at, told.at))

    def step_of(self, rule: Rule, number: int) -> Step:
        """Return a step by its number; the last one where the rule has no longer so many."""
        return rule.steps[min(number, len(rule.steps)) - 1]

    def called(
        self, step: Step, line: str | None, at: datetime, reach: Reach = NOBODY_KNOWN
    ) -> Called:
        """Return who is told, as far as they can be; a roster of which nobody on duty can be stands for all that it names."""
        found = _reached(step.receivers, step.people, line, reach)
        for roster in step.rosters:
            duties = self.rosters.get(roster, ())
            on_duty = [
                self._on(duty, line, reach) for duty in duties if self._is_on(duty, line, at)
            ]
            if not any(each.told for each in on_duty):
                on_duty = [self._on(duty, line, reach) for duty in duties]
            found = _together((found, *on_duty))
        return found

    def wanting(self, kind: AlarmKind) -> tuple[str, ...]:
        """Return who wants alarms of a kind."""
        return tuple(
            name for name, events in self.wishes.items() if not events or kind.value in events
        )

    def _takes(self, rule: Rule, kind: AlarmKind, line: str | None, at: datetime) -> bool:
        return (
            (not rule.kinds or kind in rule.kinds)
            and (not rule.lines or line in rule.lines)
            and (not rule.shifts or bool(rule.shifts & self._shifts_at(line, at)))
        )

    def _is_on(self, duty: Duty, line: str | None, at: datetime) -> bool:
        if duty.lines and line is not None and line not in duty.lines:
            return False
        windows = self._windows_at(line, at)
        days = (
            [window.plant_date for window in windows if window.name in duty.shifts]
            if duty.shifts
            else [plant_date(self.zone, at)]
        )
        return any(
            (duty.from_date is None or duty.from_date <= day)
            and (duty.until_date is None or day <= duty.until_date)
            for day in days
        )

    def _on(self, duty: Duty, line: str | None, reach: Reach) -> Called:
        return _reached(duty.receivers, duty.people, line, reach)

    def _shifts_at(self, line: str | None, at: datetime) -> frozenset[str]:
        return frozenset(window.name for window in self._windows_at(line, at))

    def _windows_at(self, line: str | None, at: datetime) -> list[ShiftWindow]:
        """Return the shifts of a line that are on; of any line for what belongs to none."""
        return [
            window
            for each, calendar in self.calendars.items()
            if line is None or each == line
            for window in shift_windows(calendar, at, at + A_MOMENT)
        ]

    def _due_at(self, step: Step, begun: datetime) -> datetime:
        due_at = begun + step.after
        if step.at is None:
            return due_at
        day = plant_date(self.zone, due_at)
        today = instant_of(self.zone, day, step.at)
        return today if today >= due_at else instant_of(self.zone, day + ONE_DAY, step.at)


def _reached(
    receivers: Iterable[str], people: Iterable[str], line: str | None, reach: Reach
) -> Called:
    reached = [reach(name, line) for name in people]
    told = (*receivers, *(each.person_id for each in reached if each.person_id and not each.why))
    unreached = (each.person_id for each in reached if each.person_id and each.why)
    return Called(tuple(dict.fromkeys(told)), tuple(dict.fromkeys(unreached)))


def _together(several: Iterable[Called]) -> Called:
    """Return who is told by any of several."""
    found = tuple(several)
    told = dict.fromkeys(name for each in found for name in each.told)
    unreached = dict.fromkeys(name for each in found for name in each.unreached)
    return Called(tuple(told), tuple(name for name in unreached if name not in told))


def is_due(next_at: datetime, told_at: datetime, now: datetime) -> bool:
    """Tell whether a message is due: its time has come, or the clock was set back since the last one."""
    return now >= next_at or now < told_at
