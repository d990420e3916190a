"""The small words in which a control plan says how often, and the rules that they mean (D18).

    every shift start
    daily at 06:00
    weekly on mon, thu at 06:00
    monthly on 1 at 06:00
    every 20 s, every 30 min, every 2 h
    on demand

`schedule_text` is the inverse of `parse_schedule`, `duration_text` of `parse_duration`. When a
rule is due is `schedule`'s part; there is no calendar here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Final, assert_never

from redrabbit.domain.limits import LONGEST_SPAN

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

MIN_INTERVAL_S: Final = 1.0
"""Nobody presents a part more often; also keeps a long absence from making millions of rows."""
MAX_INTERVAL_S: Final = 365 * 86_400.0
"""One year: within what `schedule.next_due` looks ahead."""
LONGEST_MONTH_DAYS: Final = 31

FORMS: Final = (
    "every shift start",
    "daily at 06:00",
    "weekly on mon, thu at 06:00",
    "monthly on 1 at 06:00",
    "every 20 s",
    "every 30 min",
    "every 2 h",
    "on demand",
)
"""One example of each accepted form, for messages and documentation."""


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


ScheduleRule = EveryShiftStart | Daily | Weekly | Monthly | EveryInterval | OnDemand


def parse_schedule(text: str) -> ScheduleRule:
    """Return the rule that the words mean; ValueError says what was found and every form."""
    words = " ".join(text.lower().split())
    if PARTS.fullmatch(words):
        raise ValueError(_message(text, "part-count triggers are not supported yet"))
    try:
        rule = _rule(words)
    except ValueError as error:
        raise ValueError(_message(text, str(error))) from error
    if rule is None:
        raise ValueError(_message(text, "not a schedule"))
    return rule


def schedule_text(rule: ScheduleRule) -> str:
    """Return the words of a rule, such that they parse to it again."""
    match rule:
        case EveryShiftStart():
            return "every shift start"
        case Daily():
            return f"daily at {_time_text(rule.at)}"
        case Weekly():
            days = ", ".join(WEEKDAYS[day] for day in rule.weekdays)
            return f"weekly on {days} at {_time_text(rule.at)}"
        case Monthly():
            return f"monthly on {rule.day} at {_time_text(rule.at)}"
        case EveryInterval():
            return f"every {_in_units(timedelta(seconds=rule.interval_s), INTERVAL_UNITS)}"
        case OnDemand():
            return "on demand"
        case _:  # pragma: no cover
            assert_never(rule)


def parse_duration(text: str) -> timedelta:
    """Return the length of `500 ms`, `20 s`, `1.5 s`, `15 min`, `2 h` or `1 d`; else ValueError."""
    match = DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f"`{text}` is not a duration; expected a number and a unit: "
            "`500 ms`, `20 s`, `15 min`, `2 h` or `1 d`"
        )
    try:
        length = float(match["number"]) * UNITS[match["unit"]]
    except OverflowError:  # more days than Python counts
        length = timedelta.max
    if length > LONGEST_SPAN:
        raise ValueError(f"`{text}` is too long a duration: at most {LONGEST_SPAN.days} d")
    return length


def duration_text(length: timedelta) -> str:
    """Return a duration of zero or more as plan files say it: `90 min`, `1.5 s`, `250 ms`."""
    below_a_second = length < UNITS["s"]
    return _in_units(length, ("ms",) if below_a_second else DURATION_UNITS)


def _rule(words: str) -> ScheduleRule | None:
    if words == "every shift start":
        return EveryShiftStart()
    if words == "on demand":
        return OnDemand()
    if match := INTERVAL.fullmatch(words):
        length = parse_duration(f"{match['number']} {match['unit']}")
        return EveryInterval(interval_s=length.total_seconds())
    if match := DAILY.fullmatch(words):
        return Daily(at=_time(match["at"]))
    if match := WEEKLY.fullmatch(words):
        return Weekly(weekdays=_weekdays(match["days"]), at=_time(match["at"]))
    if match := MONTHLY.fullmatch(words):
        return Monthly(day=int(match["day"]), at=_time(match["at"]))
    return None


def _weekdays(words: str) -> tuple[int, ...]:
    names = [name.strip() for name in words.split(",")]
    for name in names:
        if name not in WEEKDAYS:
            raise ValueError(f"`{name}` is not one of {', '.join(WEEKDAYS)}")
        if names.count(name) > 1:
            raise ValueError(f"`{name}` is there twice")
    return tuple(sorted(WEEKDAYS.index(name) for name in names))


def _time(words: str) -> time:
    try:
        return time.fromisoformat(words)
    except ValueError as error:
        raise ValueError(f"`{words}` is not a time of day from 00:00 to 23:59") from error


def _time_text(at: time) -> str:
    return at.isoformat("seconds" if at.second else "minutes")


def _in_units(length: timedelta, units: tuple[str, ...]) -> str:
    for unit in units:
        if length >= UNITS[unit] and not length % UNITS[unit]:
            return f"{length // UNITS[unit]} {unit}"
    decimals = f"{length.total_seconds():.6f}".rstrip("0").rstrip(".")
    return f"{decimals} s"


def _refuse_odd_time(at: time) -> None:
    if at.tzinfo is not None or at.microsecond or at.fold:
        raise ValueError(f"a time of day is plant-local, in whole seconds, found {at!r}")


def _message(text: str, problem: str) -> str:
    forms = ", ".join(f"`{form}`" for form in FORMS)
    return f"`{text}`: {problem}; expected one of {forms}"


UNITS: Final[Mapping[str, timedelta]] = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
DURATION_UNITS: Final = ("d", "h", "min", "s")
INTERVAL_UNITS: Final = ("h", "min", "s")

NUMBER: Final = r"(?P<number>[0-9]{1,12}(\.[0-9]{1,6})?)"
AT: Final = r"at (?P<at>[0-9]{2}:[0-9]{2}(:[0-9]{2})?)"
DURATION: Final = re.compile(rf"{NUMBER} ?(?P<unit>ms|s|min|h|d)")
INTERVAL: Final = re.compile(rf"every {NUMBER} ?(?P<unit>s|min|h)")
PARTS: Final = re.compile(r"every [0-9]+ parts?")
DAILY: Final = re.compile(rf"daily {AT}")
WEEKLY: Final = re.compile(rf"weekly on (?P<days>.+?) {AT}")
MONTHLY: Final = re.compile(rf"monthly on (?P<day>[0-9]{{1,2}}) {AT}")
