"""The time of day of checks whose plan says only the day: asked once for the whole plan."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import time
from typing import Final

from redrabbit.base.sentence import sentence
from redrabbit.plan_import.find_table import Table
from redrabbit.plan_import.finding import Findings
from redrabbit.plan_import.grid import plain
from redrabbit.plan_import.header_words import Column
from redrabbit.plan_import.plan_line import PlanLine
from redrabbit.plan_import.trigger import Trigger

TIME_OF_DAY: Final = "time of day"
"""The name of the question."""
SHIFT_START: Final = "shift start"
"""What is proposed: the start of the day's first shift."""
_AT_SHIFT_START: Final = frozenset(
    {SHIFT_START, "first shift", "start of the first shift", "首班开始", "班次开始"}
)


@dataclass(frozen=True, slots=True)
class TimeSaid:
    """A time of day that somebody said."""

    at: time | None
    """None: the start of the day's first shift."""


def time_said(words: str) -> TimeSaid | None:
    """Return the time of day that words say; None for none."""
    flat = plain(words).lower()
    if flat in _AT_SHIFT_START:
        return TimeSaid(None)
    hour, colon, minute = flat.partition(":")
    if not (colon and hour.isdecimal() and minute.isdecimal() and len(minute) == 2):  # noqa: PLR2004  because 6:05
        return None
    try:
        return TimeSaid(time(int(hour), int(minute)))
    except ValueError:
        return None


def with_time_of_day(
    table: Table, lines: Iterable[PlanLine], findings: Findings
) -> tuple[PlanLine, ...]:
    """Return the lines with the time of day that was answered; where it was not, ask for it."""
    lines = tuple(lines)
    timeless = [
        line for line in lines if line.device and any(t.lacks_time for t in line.frequency.triggers)
    ]
    if not timeless:
        return lines
    at = table.place(timeless[0].row, Column.FREQUENCY)
    words = sentence(
        "at which time of day? Not said for {lines}; proposed: the start of the day's first shift",
        lines=", ".join(line.line or line.device or "?" for line in timeless),
    )
    told = findings.answer(TIME_OF_DAY, at, words, time_said, SHIFT_START)
    if told is None:
        findings.question("no_time_of_day", at, words, TIME_OF_DAY)
        return lines
    return tuple(_timed(line, told) for line in lines)


def _timed(line: PlanLine, told: TimeSaid) -> PlanLine:
    def timed(trigger: Trigger) -> Trigger:
        if not trigger.lacks_time:
            return trigger
        return replace(trigger, at=told.at, at_first_shift=told.at is None)

    triggers = tuple(timed(each) for each in line.frequency.triggers)
    return replace(line, frequency=replace(line.frequency, triggers=triggers))
