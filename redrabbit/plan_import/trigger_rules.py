"""Triggers of a frequency cell and rules of a schedule: what the one is in words of the other.

A cell says `every 2 h` and means working time; a plan file that says so means day and night, for ever. So the words of
a plan file stand in a cell for what they are there, but for that one.
"""

from collections.abc import Iterator
from typing import Final, assert_never

from redrabbit.domain.schedule_rules import (
    FEWEST_PARTS,
    LONGEST_AFTER_BEGIN_MIN,
    MAX_WORK_S,
    MIN_INTERVAL_S,
    MONTHS,
    MOST_PARTS,
    WEEKDAYS,
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
    Weekly,
    WithinRunning,
    days_of,
    rules_of,
    schedule_of,
    timed_rule,
)
from redrabbit.domain.schedule_words import parse_schedule, schedule_text
from redrabbit.plan_import.trigger import CALENDAR, Frequency, On, Trigger

_HOUR_S: Final = 3_600
_EVENTS: Final = frozenset(event.value for event in PlantEvent)
_TWICE: Final = 2
_ALWAYS: Final = " day and night"
_PERIODS: Final = {
    On.DAILY: Period.DAY,
    On.WEEKLY: Period.WEEK,
    On.MONTHLY: Period.MONTH,
    On.QUARTERLY: Period.QUARTER,
    On.YEARLY: Period.YEAR,
}
_ON: Final = {period: on for on, period in _PERIODS.items()}


def own_words(text: str) -> Frequency | None:
    """Return what a text says in the words of a plan file; None where it is none of these.

    An interval is one of them where it says `day and night`.
    """
    terms = [" ".join(term.split()) for term in text.lower().split("+")]
    try:
        rules = [
            rule for term in terms for rule in rules_of(parse_schedule(term.removesuffix(_ALWAYS)))
        ]
        schedule = schedule_of(rules)
    except ValueError:
        return None
    is_always = [isinstance(rule, EveryInterval) for rule in rules]
    if is_always != [term.endswith(_ALWAYS) for term in terms]:
        return None
    return frequency_of(schedule)


def own_text(frequency: Frequency) -> str | None:
    """Return the words of a plan file, of which `own_words` makes the same triggers; None where there are none."""
    schedule = rule_of(frequency)
    if schedule is None:
        return None
    words = " + ".join(
        schedule_text(rule) + (_ALWAYS if isinstance(rule, EveryInterval) else "")
        for rule in rules_of(schedule)
    )
    said = own_words(words)
    return words if said is not None and said.triggers == frequency.triggers else None


def frequency_of(schedule: ScheduleRule) -> Frequency:
    """Return the triggers of a check as it is scheduled."""
    triggers = (each for rule in rules_of(schedule) for each in _triggers_of(rule))
    return Frequency(triggers=tuple(dict.fromkeys(triggers)))


def _triggers_of(rule: OneRule) -> Iterator[Trigger]:
    match rule:
        case EveryShiftStart():
            yield Trigger(on=On.SHIFT_START, except_shifts=rule.left_out)
        case EveryShiftMiddle():
            yield Trigger(on=On.SHIFT_MIDDLE, except_shifts=rule.left_out)
        case EveryShiftEnd():
            yield Trigger(on=On.SHIFT_END, except_shifts=rule.left_out)
        case TimesAShift(times=2):  # as `2/shift` is read
            yield Trigger(on=On.SHIFT_START, except_shifts=rule.left_out)
            yield Trigger(on=On.SHIFT_MIDDLE, except_shifts=rule.left_out)
        case TimesAShift():
            yield Trigger(on=On.N_PER_SHIFT, n=rule.times, except_shifts=rule.left_out)
        case EveryWorkInterval():
            hours = rule.interval_s / _HOUR_S
            yield Trigger(on=On.INTERVAL, hours=hours, except_shifts=rule.left_out)
        case EveryInterval():
            yield Trigger(on=On.INTERVAL, hours=rule.interval_s / _HOUR_S, day_and_night=True)
        case FirstShift():
            yield _on_days(rule.days, Trigger(on=On.DAILY, at_first_shift=True))
        case Daily() | Weekly() | Monthly() | OnDays():
            idle = rule.when_not_working
            said = None if idle is NotWorking.DUE else idle
            yield _on_days(days_of(rule), Trigger(on=On.DAILY, at=rule.at, when_not_working=said))
        case FirstPart():
            yield Trigger(on=On.FIRST_PART, except_shifts=rule.left_out)
        case WithinRunning():
            yield Trigger(on=On.RUNNING, n=rule.minutes, except_shifts=rule.left_out)
        case EveryParts():
            yield Trigger(on=On.PARTS, n=rule.parts)
        case AfterEvent():
            yield Trigger(on=On(rule.event.value))
        case OnDemand():
            yield Trigger(on=On.DEMAND)
        case _:  # pragma: no cover
            assert_never(rule)


def _on_days(days: Days, at: Trigger) -> Trigger:
    return Trigger(
        on=_ON[days.every],
        days=tuple(WEEKDAYS[day] for day in days.weekdays),
        week=days.week,
        day=days.day,
        month=None if days.month is None else MONTHS[days.month - 1],
        at=at.at,
        at_first_shift=at.at_first_shift,
        when_not_working=at.when_not_working,
    )


def rule_of(frequency: Frequency) -> ScheduleRule | None:
    """Return the schedule of a frequency; None where one of its triggers is not scheduled yet, or does not say enough.

    What does not say at which time of the day is due at the start of the first shift, as it is proposed. Of several of which
    whichever comes first starts the others anew: parts are counted since the last good check, and an event is no count.
    """
    rules = [rule for each in frequency.triggers if (rule := _rule_of(each)) is not None]
    if not rules or len(rules) < len(frequency.triggers):
        return None
    if frequency.is_first_of and not all(
        isinstance(rule, EveryParts | AfterEvent) for rule in rules
    ):
        return None
    try:
        return schedule_of(rules)
    except ValueError:  # too many, or on demand beside another
        return None


def _rule_of(trigger: Trigger) -> OneRule | None:
    left_out = trigger.except_shifts
    if trigger.on in CALENDAR:
        return None if left_out else _of_calendar(trigger)
    match trigger:
        case Trigger(on=On.SHIFT_START):
            return EveryShiftStart(left_out=left_out)
        case Trigger(on=On.SHIFT_MIDDLE):
            return EveryShiftMiddle(left_out=left_out)
        case Trigger(on=On.SHIFT_END):
            return EveryShiftEnd(left_out=left_out)
        case Trigger(on=On.N_PER_SHIFT, n=int(n)) if n >= _TWICE:
            return TimesAShift(times=n, left_out=left_out)
        case Trigger(on=On.INTERVAL, hours=float(hours)):
            return _of_interval(trigger, round(hours * _HOUR_S, 6))
        case Trigger(on=On.FIRST_PART):
            return FirstPart(left_out=left_out)
        case Trigger(on=On.RUNNING, n=int(n)) if n <= LONGEST_AFTER_BEGIN_MIN:
            return WithinRunning(minutes=n, left_out=left_out)
        case Trigger(on=On.PARTS, n=int(n)) if not left_out and FEWEST_PARTS <= n <= MOST_PARTS:
            return EveryParts(parts=n)
        case Trigger(on=on) if left_out or on.value not in {*_EVENTS, On.DEMAND.value}:
            return None
        case Trigger(on=On.DEMAND):
            return OnDemand()
        case _:
            return AfterEvent(event=PlantEvent(trigger.on.value))


def _of_interval(trigger: Trigger, interval_s: float) -> OneRule | None:
    if trigger.day_and_night:
        return EveryInterval(interval_s=interval_s)
    if not MIN_INTERVAL_S <= interval_s <= MAX_WORK_S:  # no shift is so long
        return None
    return EveryWorkInterval(interval_s=interval_s, left_out=trigger.except_shifts)


def _of_calendar(trigger: Trigger) -> OneRule | None:
    days = _days_of(trigger)
    if days is None:
        return None
    if trigger.at is None:
        return FirstShift(days=days)
    at, idle = trigger.at, trigger.when_not_working or NotWorking.DUE
    return timed_rule(days, at, idle)


def _days_of(trigger: Trigger) -> Days | None:
    """Return the days of a trigger; None where it does not say which, but says at which time."""
    every = _PERIODS[trigger.on]
    weekdays = tuple(sorted(WEEKDAYS.index(day) for day in trigger.days))
    says_days = bool(weekdays) or trigger.day is not None
    if every is Period.DAY:
        return Days(every=every)
    if not says_days and trigger.at is not None:
        return None
    if every is Period.WEEK:
        return Days(every=every, weekdays=weekdays or (0,))
    month = 1 if trigger.month is None else MONTHS.index(trigger.month) + 1
    try:
        return Days(
            every=every,
            weekdays=weekdays,
            week=trigger.week,
            day=trigger.day if says_days else 1,
            month=month if every is Period.YEAR else None,
        )
    except ValueError:  # several days of the week in one month
        return None
