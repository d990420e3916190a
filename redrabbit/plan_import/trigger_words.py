"""When a check is due, in a few words for people."""

from collections.abc import Sequence
from functools import reduce
from typing import Final

from redrabbit.base.sentence import Sentence, sentence
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
    words = _joined([_in_words(trigger) for trigger in frequency.triggers])
    if frequency.is_first_of:
        words = sentence("{moments}, whichever comes first", moments=words)
    excepted = frequency.triggers[0].except_shifts
    if excepted:
        shifts = _joined([_SHIFTS[name] for name in excepted])
        words = sentence("{moments}, not in the {shifts}", moments=words, shifts=shifts)
    return words


def _joined(words: Sequence[Sentence]) -> Sentence:
    return reduce(lambda one, other: sentence("{one}, {other}", one=one, other=other), words)


def _in_words(trigger: Trigger) -> Sentence:
    match trigger.on:
        case On.N_PER_SHIFT:
            return sentence("{n} times in each shift", n=trigger.n)
        case On.INTERVAL:
            return sentence("every {hours} h of work", hours=f"{trigger.hours or 0:g}")
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
        days = _joined([_DAYS[day] for day in trigger.days])
        words = (
            sentence("{often} on {days}", often=words, days=days)
            if trigger.week is None
            else sentence(
                "{often} on {days} number {week}", often=words, days=days, week=trigger.week
            )
        )
    if trigger.day is not None:
        words = sentence("{often} on day {day}", often=words, day=trigger.day)
    if trigger.at is not None:
        return sentence("{often} at {at}", often=words, at=time_of_day(trigger.at))
    return sentence("{often}, time of day not said", often=words)
