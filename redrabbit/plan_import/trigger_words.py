"""When a check is due, in a few words for people."""

from collections.abc import Sequence
from datetime import timedelta
from functools import reduce
from typing import Final

from redrabbit.base.sentence import Sentence, sentence
from redrabbit.domain.schedule_rules import NotWorking
from redrabbit.domain.schedule_words import duration_text
from redrabbit.plan_import.trigger import CALENDAR, Frequency, On, Trigger, time_of_day

_PLAIN: Final = {
    On.SHIFT_START: sentence("at each shift start"),
    On.SHIFT_MIDDLE: sentence("in the middle of each shift"),
    On.SHIFT_END: sentence("at each shift end"),
    On.DAILY: sentence("daily"),
    On.WEEKLY: sentence("weekly"),
    On.MONTHLY: sentence("monthly"),
    On.QUARTERLY: sentence("quarterly"),
    On.YEARLY: sentence("yearly"),
    On.FIRST_PART: sentence("before the first part of each shift"),
    On.SETUP: sentence("after each setup"),
    On.CHANGEOVER: sentence("after each changeover"),
    On.TOOL_CHANGE: sentence("after each tool change"),
    On.MAINTENANCE: sentence("after each maintenance"),
    On.RESTART: sentence("after each restart"),
    On.PARAMETER_CHANGE: sentence("after each parameter change"),
    On.PROGRAM_CHANGE: sentence("after each program change"),
    On.MATERIAL_CHANGE: sentence("after each material change"),
    On.LOT: sentence("for each lot"),
    On.FIRST_PIECE: sentence("with the first piece"),
    On.FIRST_PIECE_OF_DAY: sentence("with the first piece of the day"),
    On.LAST_PIECE: sentence("with the last piece"),
    On.BYPASS_END: sentence("after each bypass"),
    On.FAILED_CHECK: sentence("after each failed check"),
    On.RELOCATION: sentence("after each relocation"),
    On.DEMAND: sentence("on demand"),
}
_DAYS: Final = {
    "mon": sentence("Monday"),
    "tue": sentence("Tuesday"),
    "wed": sentence("Wednesday"),
    "thu": sentence("Thursday"),
    "fri": sentence("Friday"),
    "sat": sentence("Saturday"),
    "sun": sentence("Sunday"),
}
_MONTHS: Final = {
    "jan": sentence("January"),
    "feb": sentence("February"),
    "mar": sentence("March"),
    "apr": sentence("April"),
    "may": sentence("May"),
    "jun": sentence("June"),
    "jul": sentence("July"),
    "aug": sentence("August"),
    "sep": sentence("September"),
    "oct": sentence("October"),
    "nov": sentence("November"),
    "dec": sentence("December"),
}
_SHIFTS: Final = {
    "night": sentence("night shift"),
    "late": sentence("late shift"),
    "early": sentence("early shift"),
    "day": sentence("day shift"),
}


def frequency_in_words(frequency: Frequency) -> Sentence:
    """Return when a check is due by its frequency cell; that it never is, where it has no trigger."""
    if not frequency.triggers:
        return sentence("never due by itself")
    excepted = {trigger.except_shifts for trigger in frequency.triggers}
    together = excepted.pop() if len(excepted) == 1 else ()
    words = _joined(
        [
            _in_words(trigger) if together else _without(_in_words(trigger), trigger.except_shifts)
            for trigger in frequency.triggers
        ]
    )
    if frequency.is_first_of:
        words = sentence("{moments}, whichever comes first", moments=words)
    return _without(words, together)


def _without(words: Sentence, shifts: Sequence[str]) -> Sentence:
    """Return words with the shifts that are left out; a plant's own names as they are."""
    if not shifts:
        return words
    names = _joined([_SHIFTS.get(name, sentence("shift {name}", name=name)) for name in shifts])
    return sentence("{moments}, not in the {shifts}", moments=words, shifts=names)


def _joined(words: Sequence[Sentence]) -> Sentence:
    return reduce(lambda one, other: sentence("{one}, {other}", one=one, other=other), words)


def _length(trigger: Trigger) -> str:
    return duration_text(timedelta(hours=trigger.hours or 0))


def _in_words(trigger: Trigger) -> Sentence:
    match trigger.on:
        case On.N_PER_SHIFT:
            return sentence("{n} times in each shift", n=trigger.n)
        case On.INTERVAL if trigger.day_and_night:
            return sentence("every {length}, day and night", length=_length(trigger))
        case On.INTERVAL:
            return sentence("every {length} of work", length=_length(trigger))
        case On.PARTS:
            return sentence("every {n} parts", n=trigger.n)
        case On.RUNNING_HOURS:
            return sentence("every {hours} h of running", hours=f"{trigger.hours or 0:g}")
        case On.RUNNING:
            return sentence("within {n} min of running", n=trigger.n)
        case _:
            return _on_calendar(trigger) if trigger.on in CALENDAR else _PLAIN[trigger.on]


def _on_calendar(trigger: Trigger) -> Sentence:
    words = _PLAIN[trigger.on]
    if trigger.days:
        words = _on_weekdays(words, _joined([_DAYS[day] for day in trigger.days]), trigger.week)
    if trigger.month is not None:
        words = sentence(
            "{often} on day {day} of {month}",
            often=words,
            day=trigger.day,
            month=_MONTHS[trigger.month],
        )
    elif trigger.day is not None:
        words = sentence("{often} on day {day}", often=words, day=trigger.day)
    if trigger.at_first_shift:
        return sentence("{often} at the start of the first shift", often=words)
    if trigger.at is None:
        return sentence("{often}, time of day not said", often=words)
    words = sentence("{often} at {at}", often=words, at=time_of_day(trigger.at))
    match trigger.when_not_working:
        case NotWorking.SKIP:
            return sentence("{moments}, if the line works then", moments=words)
        case NotWorking.NEXT_SHIFT:
            return sentence(
                "{moments}, or when the next shift begins if the line does not work then",
                moments=words,
            )
        case _:
            return words


def _on_weekdays(words: Sentence, days: Sentence, week: int | None) -> Sentence:
    match week:
        case None:
            return sentence("{often} on {days}", often=words, days=days)
        case -1:
            return sentence("{often} on the last {days}", often=words, days=days)
        case _:
            return sentence("{often} on {days} number {week}", often=words, days=days, week=week)
