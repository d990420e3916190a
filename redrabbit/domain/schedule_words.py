"""The small words in which a control plan says how often, and the rules that they mean (D18).

    every shift start
    daily at 06:00
    weekly on mon, thu at 06:00
    monthly on 1 at 06:00
    every 20 s, every 30 min, every 2 h
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
    LONGEST_MONTH_DAYS,
    MAX_INTERVAL_S,
    MIN_INTERVAL_S,
    WEEKDAYS,
    AfterEvent,
    Daily,
    EveryInterval,
    EveryShiftStart,
    Monthly,
    OnDemand,
    OneRule,
    PlantEvent,
    ScheduleRule,
    Together,
    Weekly,
    rules_of,
    schedule_of,
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
    "daily at 06:00",
    "weekly on mon, thu at 06:00",
    "monthly on 1 at 06:00",
    "every 20 s",
    "every 30 min",
    "every 2 h",
    "after changeover",
    "on demand",
    "every shift start + after changeover",
)
"""One example of each accepted form, for messages and documentation."""


def parse_schedule(text: str) -> ScheduleRule:
    """Return the rule or the rules that the words mean; ValueError says what was found and every form."""
    terms = [" ".join(term.split()) for term in text.lower().split("+")]
    if any(PARTS.fullmatch(term) for term in terms):
        raise ValueError(_message(text, "part-count triggers are not supported yet"))
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
        case AfterEvent():
            return f"after {event_text(rule.event)}"
        case OnDemand():
            return "on demand"
        case _:  # pragma: no cover
            assert_never(rule)


def _what_is_none(terms: Sequence[str], found: Sequence[OneRule | None]) -> str:
    """Return what is said of the first term that is no rule; the whole text, where it is one term."""
    if len(terms) == 1:
        return "not a schedule"
    return f"`{terms[found.index(None)]}` is not a schedule"


def _rule(words: str) -> OneRule | None:
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
    if match := AFTER.fullmatch(words):
        return AfterEvent(event=_event(match["event"]))
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
    by_words = {event_text(event): event for event in PlantEvent}
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
AT: Final = r"at (?P<at>[0-9]{2}:[0-9]{2}(:[0-9]{2})?)"
DURATION: Final = re.compile(rf"{NUMBER} ?(?P<unit>ms|s|min|h|d)")
INTERVAL: Final = re.compile(rf"every {NUMBER} ?(?P<unit>s|min|h)")
PARTS: Final = re.compile(r"every [0-9]+ parts?")
DAILY: Final = re.compile(rf"daily {AT}")
WEEKLY: Final = re.compile(rf"weekly on (?P<days>.+?) {AT}")
MONTHLY: Final = re.compile(rf"monthly on (?P<day>[0-9]{{1,2}}) {AT}")
AFTER: Final = re.compile(r"after (?P<event>.+)")
