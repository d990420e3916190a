"""What makes a check of an imported plan due, and what its frequency cell says beside it."""

from dataclasses import dataclass, field
from datetime import time
from enum import Enum

from redrabbit.domain.schedule_rules import NotWorking


class On(Enum):
    """What a check is due on; the words of the plan import's JSON."""

    SHIFT_START = "shift_start"
    SHIFT_MIDDLE = "shift_middle"
    SHIFT_END = "shift_end"
    N_PER_SHIFT = "n_per_shift"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"
    INTERVAL = "interval"
    """Each so many hours of working time, from the shift's start."""
    PARTS = "parts"
    """Each so many parts since the last good check."""
    RUNNING_HOURS = "running_hours"
    FIRST_PART = "first_part"
    """Before the first part of a shift."""
    RUNNING = "running"
    """Within so many minutes of running."""
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
    FIRST_PIECE_OF_DAY = "first_piece_of_day"
    LAST_PIECE = "last_piece"
    BYPASS_END = "bypass_end"
    FAILED_CHECK = "failed_check"
    RELOCATION = "relocation"
    DEMAND = "demand"
    """Never due by itself: it fulfils no obligation."""


CALENDAR = (On.DAILY, On.WEEKLY, On.MONTHLY, On.QUARTERLY, On.YEARLY)
"""Due at a day of the calendar; the time of day may be missing."""


def time_of_day(at: time) -> str:
    """Return a time of day as people write it; seconds only where it has some."""
    return at.isoformat("seconds" if at.second else "minutes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """One thing that makes a check due."""

    on: On
    n: int | None = None
    """How many parts, times in a shift, or minutes of running."""
    hours: float | None = None
    days: tuple[str, ...] = ()
    """Days of the week, as `mon`; empty where none is said."""
    day: int | None = None
    """Day of the month."""
    week: int | None = None
    """Which such day of the week of the month, from 1; -1 is the last."""
    month: str | None = None
    """Of the year, as `jan`."""
    at: time | None = None
    """Time of day in the plant's zone; None where a trigger of the calendar does not say it."""
    at_first_shift: bool = False
    """It says that it is due when the day's first shift begins."""
    when_not_working: NotWorking | None = None
    """What it says of a time of day at which the line does not work; None: nothing, so it is due all the same."""
    day_and_night: bool = False
    """An interval that counts all hours, as a plan file's `every 2 h`; else it counts working time."""
    except_shifts: tuple[str, ...] = ()

    @property
    def lacks_time(self) -> bool:
        """Tell whether somebody must say at which time of the day it is due."""
        return self.on in CALENDAR and self.at is None and not self.at_first_shift

    def as_json(self) -> dict[str, object]:
        """Return it as the dry run's JSON has it; a missing time of day is `?`."""
        told: dict[str, object] = {"on": self.on.value}
        if self.n is not None:
            told["n"] = self.n
        if self.hours is not None:
            told["hours"] = int(self.hours) if self.hours == int(self.hours) else self.hours
        if self.days:
            told["days"] = list(self.days)
        if self.day is not None:
            told["day"] = self.day
        if self.week is not None:
            told["week"] = self.week
        if self.on in CALENDAR:
            told["at"] = self._time_in_words()
        if self.month is not None:
            told["month"] = self.month
        if self.when_not_working is not None:
            told["when_not_working"] = self.when_not_working.value
        if self.day_and_night:
            told["day_and_night"] = True
        if self.except_shifts:
            told["except_shifts"] = list(self.except_shifts)
        return told

    def _time_in_words(self) -> str:
        if self.at is None:
            return "first shift start" if self.at_first_shift else "?"
        return time_of_day(self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequency:
    """What a frequency cell says."""

    triggers: tuple[Trigger, ...] = ()
    is_first_of: bool = False
    """Whichever comes first makes it due, and starts the others anew."""
    size: str | None = None
    """How many pieces, where the cell says that too."""
    sampling: tuple[str, ...] = field(default=())
    """Words that make nothing due: every part, or a sampling plan."""
