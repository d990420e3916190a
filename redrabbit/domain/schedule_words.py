"""The small words in which a control plan says how often, and the rules that they mean (D18).

    every shift start, every shift middle, every shift end
    3 times a shift                in equal parts, the first with the shift
    every 2 h of work              of the line's working time, anew from each shift's start
    every shift start except night
    daily at 06:00
    weekly on mon, thu at 06:00
    monthly on 1 at 06:00, monthly on first mon at 06:00
    quarterly on 1 at 06:00        of the quarter's first month
    yearly on 15 jan at 06:00
    daily at first shift start     and so with each of these days
    daily at 06:00 if working      not where the line does not work then
    daily at 06:00 else next shift start
    every 20 s, every 30 min, every 2 h
    every 500 parts                of its station, since the last good check
    before the first part of each shift, within 30 min of running
    after changeover               and other events
    on demand

Several stand together with ` + ` between them: `every shift start + after changeover`.

`schedule_text` is the inverse of `parse_schedule`, `duration_text` of `parse_duration`. What the rules
are is said in `schedule_rules`; when a rule is due is `schedule`'s part; there is no calendar here.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import time, timedelta
from typing import Final, assert_never

from redrabbit.domain.limits import LONGEST_SPAN
from redrabbit.domain.schedule_rules import (
    AWAITED,
    LONGEST_MONTH_DAYS,
    MAX_INTERVAL_S,
    MIN_INTERVAL_S,
    MONTHS,
    WEEKDAYS,
    WEEKS,
    AfterEvent,
    Daily,
    Days,
    EveryInterval,
    EveryParts,
    EveryShiftEnd,
    EveryShiftMiddle,
    EveryShiftStart,
    EveryWorkInterval,
    FirstPart,
    FirstShift,
    Monthly,
    NotWorking,
    OnDays,
    OnDemand,
    OneRule,
    Period,
    PlantEvent,
    ScheduleRule,
    TimesAShift,
    Together,
    Weekly,
    WithinRunning,
    days_of,
    rules_of,
    schedule_of,
    timed_rule,
)

__all__ = [
    "FORMS",
    "LONGEST_MONTH_DAYS",
    "MAX_INTERVAL_S",
    "MIN_INTERVAL_S",
    "WEEKDAYS",
    "AfterEvent",
    "Daily",
    "EveryInterval",
    "EveryShiftStart",
    "Monthly",
    "OnDemand",
    "OneRule",
    "PlantEvent",
    "ScheduleRule",
    "Together",
    "Weekly",
    "duration_text",
    "event_text",
    "parse_duration",
    "parse_schedule",
    "schedule_text",
]

FORMS: Final = (
    "every shift start",
    "every shift middle",
    "every shift end",
    "3 times a shift",
    "every 2 h of work",
    "every shift start except night",
    "daily at 06:00",
    "daily at first shift start",
    "daily at 06:00 if working",
    "daily at 06:00 else next shift start",
    "weekly on mon, thu at 06:00",
    "monthly on 1 at 06:00",
    "monthly on first mon at 06:00",
    "quarterly on 1 at 06:00",
    "yearly on 15 jan at 06:00",
    "every 20 s",
    "every 30 min",
    "every 2 h",
    "every 500 parts",
    "before the first part of each shift",
    "within 30 min of running",
    "after changeover",
    "on demand",
    "every shift start + after changeover",
)
"""One example of each accepted form, for messages and documentation."""


def parse_schedule(text: str) -> ScheduleRule:
    """Return the rule or the rules that the words mean; ValueError says what was found and every form."""
    terms = [" ".join(term.split()) for term in text.lower().split("+")]
    try:
        found = [_rule(term) for term in terms]
        rules = [rule for rule in found if rule is not None]
        if len(rules) == len(found):
            return schedule_of(rules)
    except ValueError as error:
        raise ValueError(_message(text, str(error))) from error
    raise ValueError(_message(text, _what_is_none(terms, found)))


def schedule_text(schedule: ScheduleRule) -> str:
    """Return the words of a schedule, such that they parse to it again."""
    return " + ".join(_rule_text(rule) for rule in rules_of(schedule))


def event_text(event: PlantEvent) -> str:
    """Return the words of an event, as they stand in a plan: `tool change`."""
    return event.value.replace("_", " ")


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


def _rule_text(rule: OneRule) -> str:
    match rule:
        case EveryShiftStart():
            return f"every shift start{_except_text(rule.left_out)}"
        case EveryShiftMiddle():
            return f"every shift middle{_except_text(rule.left_out)}"
        case EveryShiftEnd():
            return f"every shift end{_except_text(rule.left_out)}"
        case TimesAShift():
            return f"{rule.times} times a shift{_except_text(rule.left_out)}"
        case EveryWorkInterval():
            return f"every {_interval_text(rule.interval_s)} of work{_except_text(rule.left_out)}"
        case Daily() | Weekly() | Monthly() | OnDays():
            idle = IDLE_TEXTS[rule.when_not_working]
            return f"{_days_text(days_of(rule))} at {_time_text(rule.at)}{idle}"
        case FirstShift():
            return f"{_days_text(rule.days)} at first shift start"
        case EveryInterval():
            return f"every {_interval_text(rule.interval_s)}"
        case FirstPart():
            return f"before the first part of each shift{_except_text(rule.left_out)}"
        case WithinRunning():
            return f"within {rule.minutes} min of running{_except_text(rule.left_out)}"
        case EveryParts():
            return f"every {rule.parts} parts"
        case AfterEvent():
            return f"after {event_text(rule.event)}"
        case OnDemand():
            return "on demand"
        case _:  # pragma: no cover
            assert_never(rule)


def _except_text(left_out: Sequence[str]) -> str:
    return f" except {', '.join(left_out)}" if left_out else ""


def _interval_text(interval_s: float) -> str:
    return _in_units(timedelta(seconds=interval_s), INTERVAL_UNITS)


def _days_text(days: Days) -> str:
    weekdays = ", ".join(WEEKDAYS[day] for day in days.weekdays)
    if days.week is not None:
        names = {number: name for name, number in WEEKS.items()}
        return f"{days.every} on {names[days.week]} {weekdays}"
    if days.weekdays:
        return f"{days.every} on {weekdays}"
    month = "" if days.month is None else f" {MONTHS[days.month - 1]}"
    return f"{days.every}" if days.day is None else f"{days.every} on {days.day}{month}"


def _what_is_none(terms: Sequence[str], found: Sequence[OneRule | None]) -> str:
    """Return what is said of the first term that is no rule; the whole text, where it is one term."""
    if len(terms) == 1:
        return "not a schedule"
    return f"`{terms[found.index(None)]}` is not a schedule"


def _rule(words: str) -> OneRule | None:
    if words == "on demand":
        return OnDemand()
    if match := SHIFT.fullmatch(words):
        return _at_shift(match)
    if match := INTERVAL.fullmatch(words):
        length = parse_duration(f"{match['number']} {match['unit']}")
        return EveryInterval(interval_s=length.total_seconds())
    if match := BEGUN.fullmatch(words):
        left_out = _left_out(match["left_out"])
        if match["minutes"] is None:
            return FirstPart(left_out=left_out)
        return WithinRunning(minutes=int(match["minutes"]), left_out=left_out)
    if match := PARTS.fullmatch(words):
        return EveryParts(parts=int(match["parts"]))
    if match := ON_DAYS.fullmatch(words):
        return _on_days(match)
    if match := AFTER.fullmatch(words):
        return AfterEvent(event=_event(match["event"]))
    return None


def _at_shift(match: re.Match[str]) -> OneRule:
    left_out = _left_out(match["left_out"])
    if match["times"] is not None:
        return TimesAShift(times=int(match["times"]), left_out=left_out)
    if match["number"] is not None:
        length = parse_duration(f"{match['number']} {match['unit']}")
        return EveryWorkInterval(interval_s=length.total_seconds(), left_out=left_out)
    match match["moment"]:
        case "start":
            return EveryShiftStart(left_out=left_out)
        case "middle":
            return EveryShiftMiddle(left_out=left_out)
        case _:
            return EveryShiftEnd(left_out=left_out)


def _left_out(named: str | None) -> tuple[str, ...]:
    """Return the names of the shifts that the words leave out."""
    left_out = () if named is None else tuple(name.strip() for name in named.split(","))
    for name in left_out:
        if not SHIFT_NAME.fullmatch(name):
            raise ValueError(f"`{name}` is no name of a shift")
    return left_out


def _on_days(match: re.Match[str]) -> OneRule | None:
    days = _days(Period(match["every"]), match["days"])
    if days is None:
        return None
    if match["at"] is None:
        return FirstShift(days=days)
    at, idle = _time(match["at"]), IDLE_WORDS[match["idle"] or ""]
    return timed_rule(days, at, idle)


def _days(every: Period, named: str | None) -> Days | None:
    """Return the days that the words name; None where they are no days of such a period."""
    if named is None or every is Period.DAY:
        return Days(every=every) if named is None and every is Period.DAY else None
    if every is Period.WEEK:
        return Days(every=every, weekdays=_weekdays(named))
    if every is Period.YEAR:
        match = DAY_OF_YEAR.fullmatch(named)
        if match is None:
            return None
        return Days(every=every, day=int(match["day"]), month=MONTHS.index(match["month"]) + 1)
    if match := DAY_OF_MONTH.fullmatch(named):
        return Days(every=every, day=int(match["day"]))
    if match := WEEKDAY_OF_MONTH.fullmatch(named):
        weekday = _weekdays(match["weekday"])
        return Days(every=every, week=WEEKS[match["week"]], weekdays=weekday)
    return None


def _weekdays(words: str) -> tuple[int, ...]:
    names = [name.strip() for name in words.split(",")]
    for name in names:
        if name not in WEEKDAYS:
            raise ValueError(f"`{name}` is not one of {', '.join(WEEKDAYS)}")
        if names.count(name) > 1:
            raise ValueError(f"`{name}` is there twice")
    return tuple(sorted(WEEKDAYS.index(name) for name in names))


def _event(words: str) -> PlantEvent:
    by_words = {event_text(event): event for event in AWAITED}
    if words not in by_words:
        raise ValueError(f"`{words}` is not one of {', '.join(by_words)}")
    return by_words[words]


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
IDLE_TEXTS: Final[Mapping[NotWorking, str]] = {
    NotWorking.DUE: "",
    NotWorking.SKIP: " if working",
    NotWorking.NEXT_SHIFT: " else next shift start",
}
IDLE_WORDS: Final = {text: idle for idle, text in IDLE_TEXTS.items()}

EXCEPT: Final = r"( except (?P<left_out>.+))?"
IDLE: Final = r"(?P<idle> if working| else next shift start)?"
AT: Final = rf"at (first shift start|(?P<at>[0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}})?){IDLE})"
DURATION: Final = re.compile(rf"{NUMBER} ?(?P<unit>ms|s|min|h|d)")
INTERVAL: Final = re.compile(rf"every {NUMBER} ?(?P<unit>s|min|h)")
SHIFT: Final = re.compile(
    rf"(every shift (?P<moment>start|middle|end)|(?P<times>[0-9]{{1,3}}) times a shift"
    rf"|every {NUMBER} ?(?P<unit>s|min|h) of work){EXCEPT}"
)
SHIFT_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,59}")
BEGUN: Final = re.compile(
    rf"(before the first part of each shift|within (?P<minutes>[0-9]{{1,4}}) min of running){EXCEPT}"
)
PARTS: Final = re.compile(r"every (?P<parts>[0-9]{1,12}) parts?")
ON_DAYS: Final = re.compile(
    rf"(?P<every>daily|weekly|monthly|quarterly|yearly)( on (?P<days>.+?))? {AT}"
)
DAY_OF_MONTH: Final = re.compile(r"(?P<day>[0-9]{1,2})")
WEEKDAY_OF_MONTH: Final = re.compile(rf"(?P<week>{'|'.join(WEEKS)}) (?P<weekday>[a-z]+)")
DAY_OF_YEAR: Final = re.compile(rf"(?P<day>[0-9]{{1,2}}) (?P<month>{'|'.join(MONTHS)})")
AFTER: Final = re.compile(r"after (?P<event>.+)")
