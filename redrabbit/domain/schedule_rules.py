"""What makes a check due: the rules that the small words of a control plan mean (D18, D42).

One rule, or several together: whatever falls due by any of them is due. The words themselves are read in
`schedule_words`; when a rule is due is `schedule`'s part.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from typing import Final

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

MIN_INTERVAL_S: Final = 1.0
"""Nobody presents a part more often; also keeps a long absence from making millions of rows."""
MAX_INTERVAL_S: Final = 365 * 86_400.0
"""One year: within what `schedule.next_due` looks ahead."""
LONGEST_MONTH_DAYS: Final = 31

MONTHS: Final = (
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
)  # fmt: skip
LONGEST_OF_MONTH: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
WEEKS: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
"""Which such day of the week of the month."""
MAX_WORK_S: Final = 86_400.0
"""No shift is longer, and working time is counted anew from each shift's start."""
MOST_TIMES: Final = 24
"""Times in one shift."""

FEWEST_PARTS: Final = 2
"""Once for each part is no check of a device."""
MOST_PARTS: Final = 10_000_000
"""More than a line makes in a year."""

LONGEST_AFTER_BEGIN_MIN: Final = 720
"""Minutes of running within which a check is made; no shift is much longer."""

MOST_RULES: Final = 12
"""Rules of one check: more than any plan asks for, and few enough to be asked all the time."""


class PlantEvent(StrEnum):
    """What happens at a line or a device, and makes a check due whenever it does."""

    SETUP = "setup"
    CHANGEOVER = "changeover"
    TOOL_CHANGE = "tool_change"
    MAINTENANCE = "maintenance"
    RESTART = "restart"
    PARAMETER_CHANGE = "parameter_change"
    PROGRAM_CHANGE = "program_change"
    MATERIAL_CHANGE = "material_change"
    LOT = "lot"
    FIRST_PIECE = "first_piece"
    LAST_PIECE = "last_piece"
    BYPASS_END = "bypass_end"
    FAILED_CHECK = "failed_check"
    RELOCATION = "relocation"
    LINE_RUNNING = "line_running"
    """The line makes parts; it makes due what the first part of a shift makes due, once in each shift (D42)."""


AWAITED: Final = tuple(event for event in PlantEvent if event is not PlantEvent.LINE_RUNNING)
"""What a check can be due after, each time it happens."""
TELLS_RUNNING: Final = frozenset({PlantEvent.LINE_RUNNING, PlantEvent.FIRST_PIECE})
"""What tells that a shift makes parts."""


class NotWorking(StrEnum):
    """What becomes of a time of day at which the line does not work: on a holiday, or in no shift (D41)."""

    DUE = "due"
    """It is due all the same; so where the plan says nothing."""
    SKIP = "skip"
    """It is left out."""
    NEXT_SHIFT = "next shift start"
    """It is due when the next shift begins."""


class Period(StrEnum):
    """How often a rule of days comes again."""

    DAY = "daily"
    WEEK = "weekly"
    MONTH = "monthly"
    QUARTER = "quarterly"
    YEAR = "yearly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Days of the calendar, without a time of day."""

    every: Period
    weekdays: tuple[int, ...] = ()
    """Of the week, or the one of the month that `week` says; 0 is Monday; ascending, each once."""
    week: int | None = None
    """Which such day of the month, 1 to 4, or -1 for the last; of a quarter: of its first month."""
    day: int | None = None
    """Of the month, in a shorter one its last; of a quarter: of its first month."""
    month: int | None = None
    """Of the year, from 1."""

    def __post_init__(self) -> None:
        """Refuse days that there are not, and what does not go together."""
        if self.weekdays:
            _refuse_odd_weekdays(self.weekdays)
        if self.day is not None and not 1 <= self.day <= LONGEST_MONTH_DAYS:
            raise ValueError(f"a day of the month is 1 to 31, found {self.day}")
        of_month = (self.week is None and not self.weekdays and self.day is not None) or (
            self.week in WEEKS.values() and len(self.weekdays) == 1 and self.day is None
        )
        match self.every:
            case Period.DAY:
                right = not self.weekdays and self.week is None and self.day is None
            case Period.WEEK:
                right = bool(self.weekdays) and self.week is None and self.day is None
            case Period.MONTH | Period.QUARTER:
                right = of_month
            case _:
                right = self.month is not None and self.day is not None and of_month
        if not right or (self.month is not None) is not (self.every is Period.YEAR):
            raise ValueError(f"no days of the calendar: {self}")
        if self.month is not None and self.day is not None:
            if not 1 <= self.month <= len(MONTHS):
                raise ValueError(f"a month is 1 to 12, found {self.month}")
            if self.day > LONGEST_OF_MONTH[self.month - 1]:
                raise ValueError(f"{MONTHS[self.month - 1]} has no day {self.day}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EveryShiftStart:
    """Due when a shift of the line begins."""

    left_out: tuple[str, ...] = ()
    """Names of shifts in which it is not due."""

    def __post_init__(self) -> None:
        """Refuse a shift that is there twice."""
        _refuse_twice(self.left_out)


@dataclass(frozen=True, slots=True, kw_only=True)
class EveryShiftMiddle:
    """Due when half of a shift of the line is over."""

    left_out: tuple[str, ...] = ()
    """Names of shifts in which it is not due."""

    def __post_init__(self) -> None:
        """Refuse a shift that is there twice."""
        _refuse_twice(self.left_out)


@dataclass(frozen=True, slots=True, kw_only=True)
class EveryShiftEnd:
    """Due when a shift of the line ends; to be made before, so its window opens before."""

    left_out: tuple[str, ...] = ()
    """Names of shifts in which it is not due."""

    def __post_init__(self) -> None:
        """Refuse a shift that is there twice."""
        _refuse_twice(self.left_out)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimesAShift:
    """Due when each of so many equal parts of a shift begins, the first with the shift."""

    times: int
    left_out: tuple[str, ...] = ()
    """Names of shifts in which it is not due."""

    def __post_init__(self) -> None:
        """Refuse once, which is the shift's start, and more than anybody makes."""
        _refuse_twice(self.left_out)
        if not 2 <= self.times <= MOST_TIMES:  # noqa: PLR2004  because once is `every shift start`
            raise ValueError(f"2 to {MOST_TIMES} times a shift, found {self.times}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EveryWorkInterval:
    """Due each so many seconds of the line's working time, counted anew from each shift's start (D41)."""

    interval_s: float
    left_out: tuple[str, ...] = ()
    """Names of shifts in which it is not due."""

    def __post_init__(self) -> None:
        """Refuse intervals that nobody can keep, or that no shift has."""
        _refuse_twice(self.left_out)
        if not MIN_INTERVAL_S <= self.interval_s <= MAX_WORK_S:
            raise ValueError(f"an interval of work is 1 s to 24 h, found {self.interval_s} s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Daily:
    """Due each day at a plant-local time, holidays included unless it says otherwise."""

    at: time
    when_not_working: NotWorking = NotWorking.DUE

    def __post_init__(self) -> None:
        """Refuse times that are not plain plant-local seconds."""
        _refuse_odd_time(self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    """Due on days of the week at a plant-local time."""

    weekdays: tuple[int, ...]
    """0 is Monday; ascending, each once."""
    at: time
    when_not_working: NotWorking = NotWorking.DUE

    def __post_init__(self) -> None:
        """Refuse no days, days that no week has, and days out of order."""
        _refuse_odd_time(self.at)
        _refuse_odd_weekdays(self.weekdays)


@dataclass(frozen=True, slots=True, kw_only=True)
class Monthly:
    """Due on a day of the month, in a shorter month on its last, at a plant-local time."""

    day: int
    at: time
    when_not_working: NotWorking = NotWorking.DUE

    def __post_init__(self) -> None:
        """Refuse days that no month has."""
        _refuse_odd_time(self.at)
        if not 1 <= self.day <= LONGEST_MONTH_DAYS:
            raise ValueError(f"a day of the month is 1 to 31, found {self.day}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDays:
    """Due on other days of the calendar at a plant-local time: of a month by the day of the week, of a quarter, of a year."""

    days: Days
    at: time
    when_not_working: NotWorking = NotWorking.DUE

    def __post_init__(self) -> None:
        """Refuse what is another rule: one text is one rule."""
        _refuse_odd_time(self.at)
        if self.days.every in {Period.DAY, Period.WEEK} or (
            self.days.every is Period.MONTH and self.days.week is None
        ):
            raise ValueError(f"{self.days.every} has a rule of its own")


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstShift:
    """Due when the first shift begins on such a day; if the line does not work on it, on the next day on which it does, before the rule's days come again."""

    days: Days


@dataclass(frozen=True, slots=True, kw_only=True)
class EveryInterval:
    """Due each so many seconds, day and night, counted from the adoption of the check."""

    interval_s: float

    def __post_init__(self) -> None:
        """Refuse intervals that nobody can keep or nobody would live to see."""
        if not MIN_INTERVAL_S <= self.interval_s <= MAX_INTERVAL_S:
            raise ValueError(f"an interval is 1 s to 365 d, found {self.interval_s} s")


@dataclass(frozen=True, slots=True, kw_only=True)
class EveryParts:
    """Due each so many parts that its station has counted since the last good check (D34, D57); never by the calendar."""

    parts: int

    def __post_init__(self) -> None:
        """Refuse what is no sample, and what no line makes."""
        if not FEWEST_PARTS <= self.parts <= MOST_PARTS:
            raise ValueError(f"a count is {FEWEST_PARTS} to {MOST_PARTS} parts, found {self.parts}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstPart:
    """To be made before the first part of each shift: due when it is known to be made (D42); never by the calendar."""

    left_out: tuple[str, ...] = ()
    """Names of shifts in which it is not due."""

    def __post_init__(self) -> None:
        """Refuse a shift that is there twice."""
        _refuse_twice(self.left_out)


@dataclass(frozen=True, slots=True, kw_only=True)
class WithinRunning:
    """Due so many minutes after the first part of a shift is known to be made (D42); never by the calendar."""

    minutes: int
    left_out: tuple[str, ...] = ()
    """Names of shifts in which it is not due."""

    def __post_init__(self) -> None:
        """Refuse no time, and more than a shift has."""
        _refuse_twice(self.left_out)
        if not 2 <= self.minutes <= LONGEST_AFTER_BEGIN_MIN:  # noqa: PLR2004  because one minute is no time to make a check
            raise ValueError(f"2 to {LONGEST_AFTER_BEGIN_MIN} min of running, found {self.minutes}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDemand:
    """Never due by itself; run when somebody asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterEvent:
    """Due when the event has happened; never by the calendar."""

    event: PlantEvent

    def __post_init__(self) -> None:
        """Refuse what makes the first part of a shift due: that is a rule of its own."""
        if self.event not in AWAITED:
            raise ValueError("a line that runs: say `within 30 min of running`")


ShiftRule = EveryShiftStart | EveryShiftMiddle | EveryShiftEnd | TimesAShift | EveryWorkInterval
"""Due at moments of shifts."""
TimedRule = Daily | Weekly | Monthly | OnDays
"""Due at times of day."""
BegunRule = FirstPart | WithinRunning
"""Due when a shift begins to make parts."""
OneRule = (
    ShiftRule
    | TimedRule
    | FirstShift
    | EveryInterval
    | EveryParts
    | BegunRule
    | OnDemand
    | AfterEvent
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """Several rules of one check: due whenever one of them is."""

    rules: tuple[OneRule, ...]
    """As the plan says them; two at least, each once."""

    def __post_init__(self) -> None:
        """Refuse less than two, more than anybody needs, one that is there twice, and one that is never due."""
        if not 2 <= len(self.rules) <= MOST_RULES:  # noqa: PLR2004  because one alone is no several
            raise ValueError(f"2 to {MOST_RULES} rules together, found {len(self.rules)}")
        if any(isinstance(rule, OnDemand) for rule in self.rules):
            raise ValueError("`on demand` stands alone: it makes nothing due")
        if len(set(self.rules)) < len(self.rules):
            raise ValueError("a rule is there twice")
        if sum(isinstance(rule, EveryParts) for rule in self.rules) > 1:
            raise ValueError("parts are counted twice: the smaller count asks for all")
        if sum(isinstance(rule, BegunRule) for rule in self.rules) > 1:
            raise ValueError("the first part of the shift is there twice")


ScheduleRule = OneRule | Together


def rules_of(schedule: ScheduleRule) -> tuple[OneRule, ...]:
    """Return the rules of a schedule, one or several, as the plan says them."""
    return schedule.rules if isinstance(schedule, Together) else (schedule,)


def schedule_of(rules: Sequence[OneRule]) -> ScheduleRule:
    """Return one rule as it is, several together; ValueError where they can't stand together."""
    return rules[0] if len(rules) == 1 else Together(rules=tuple(rules))


def events_of(schedule: ScheduleRule) -> tuple[PlantEvent, ...]:
    """Return the events that make it due, in the order of the plan; empty where none does."""
    return tuple(rule.event for rule in rules_of(schedule) if isinstance(rule, AfterEvent))


def parts_of(schedule: ScheduleRule) -> int | None:
    """Return after how many parts since the last good check it is due; None: parts don't make it due."""
    return next((rule.parts for rule in rules_of(schedule) if isinstance(rule, EveryParts)), None)


def begun_rule(schedule: ScheduleRule) -> BegunRule | None:
    """Return the rule by which it is due when a shift begins to make parts; None: there is none."""
    return next((rule for rule in rules_of(schedule) if isinstance(rule, BegunRule)), None)


def is_due_by_production(schedule: ScheduleRule) -> bool:
    """Tell whether parts that are made make it due: so many, or the first of a shift."""
    return parts_of(schedule) is not None or begun_rule(schedule) is not None


def _refuse_odd_time(at: time) -> None:
    if at.tzinfo is not None or at.microsecond or at.fold:
        raise ValueError(f"a time of day is plant-local, in whole seconds, found {at!r}")


def days_of(rule: TimedRule) -> Days:
    """Return the days on which a rule has its time of day."""
    match rule:
        case Daily():
            return Days(every=Period.DAY)
        case Weekly():
            return Days(every=Period.WEEK, weekdays=rule.weekdays)
        case Monthly():
            return Days(every=Period.MONTH, day=rule.day)
        case OnDays():
            return rule.days


def timed_rule(days: Days, at: time, when_not_working: NotWorking) -> TimedRule:
    """Return the rule of days at a time of day: the inverse of `days_of`."""
    match days:
        case Days(every=Period.DAY):
            return Daily(at=at, when_not_working=when_not_working)
        case Days(every=Period.WEEK):
            return Weekly(weekdays=days.weekdays, at=at, when_not_working=when_not_working)
        case Days(every=Period.MONTH, day=int(day)):
            return Monthly(day=day, at=at, when_not_working=when_not_working)
        case _:
            return OnDays(days=days, at=at, when_not_working=when_not_working)


def needs_shifts(rule: OneRule) -> bool:
    """Tell whether a line without shifts never owes it."""
    if isinstance(rule, TimedRule):
        return rule.when_not_working is not NotWorking.DUE
    return isinstance(rule, ShiftRule | FirstShift | BegunRule)


def _refuse_odd_weekdays(weekdays: tuple[int, ...]) -> None:
    if not weekdays or list(weekdays) != sorted(set(weekdays)):
        raise ValueError("a weekly rule needs weekdays, ascending and each once")
    if not set(weekdays) <= set(range(len(WEEKDAYS))):
        raise ValueError(f"weekdays are 0 to 6, found {weekdays}")


def _refuse_twice(names: tuple[str, ...]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"`{name}` is there twice")
