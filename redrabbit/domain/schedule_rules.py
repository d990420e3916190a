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


@dataclass(frozen=True, slots=True, kw_only=True)
class EveryShiftStart:
    """Due when a shift of the line begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Daily:
    """Due each day at a plant-local time, holidays included."""

    at: time

    def __post_init__(self) -> None:
        """Refuse times that are not plain plant-local seconds."""
        _refuse_odd_time(self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    """Due on days of the week at a plant-local time."""

    weekdays: tuple[int, ...]
    """0 is Monday; ascending, each once."""
    at: time

    def __post_init__(self) -> None:
        """Refuse no days, days that no week has, and days out of order."""
        _refuse_odd_time(self.at)
        if not self.weekdays or list(self.weekdays) != sorted(set(self.weekdays)):
            raise ValueError("a weekly rule needs weekdays, ascending and each once")
        if not set(self.weekdays) <= set(range(len(WEEKDAYS))):
            raise ValueError(f"weekdays are 0 to 6, found {self.weekdays}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Monthly:
    """Due on a day of the month, in a shorter month on its last, at a plant-local time."""

    day: int
    at: time

    def __post_init__(self) -> None:
        """Refuse days that no month has."""
        _refuse_odd_time(self.at)
        if not 1 <= self.day <= LONGEST_MONTH_DAYS:
            raise ValueError(f"a day of the month is 1 to 31, found {self.day}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EveryInterval:
    """Due each so many seconds, counted from the adoption of the check."""

    interval_s: float

    def __post_init__(self) -> None:
        """Refuse intervals that nobody can keep or nobody would live to see."""
        if not MIN_INTERVAL_S <= self.interval_s <= MAX_INTERVAL_S:
            raise ValueError(f"an interval is 1 s to 365 d, found {self.interval_s} s")


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDemand:
    """Never due by itself; run when somebody asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterEvent:
    """Due when the event has happened; never by the calendar."""

    event: PlantEvent


OneRule = EveryShiftStart | Daily | Weekly | Monthly | EveryInterval | OnDemand | AfterEvent


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


def _refuse_odd_time(at: time) -> None:
    if at.tzinfo is not None or at.microsecond or at.fold:
        raise ValueError(f"a time of day is plant-local, in whole seconds, found {at!r}")
