"""When a check is due, said in words: `redrabbit check-config DIR --explain CHECK` (R38, D41).

What is left out, because the line does not work at that time of day, is named: nobody has to find out that nothing was asked.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from redrabbit.base.messages import zoned
from redrabbit.base.sentence import sentence
from redrabbit.domain.control_plan import Check
from redrabbit.domain.plant import Plant
from redrabbit.domain.schedule import left_out_times, next_dues
from redrabbit.domain.schedule_rules import events_of
from redrabbit.domain.schedule_words import duration_text
from redrabbit.plan_import.trigger_rules import frequency_of
from redrabbit.plan_import.trigger_words import frequency_in_words

LOOKED_AHEAD: Final = timedelta(days=31)
"""How far what is left out is looked for."""
MOST_NAMED: Final = 10


def explain_check(check: Check, plant: Plant, now: datetime) -> list[str]:
    """Return when a check is due, its window, its next due times, and those that are left out."""
    return list(_lines(check, plant, now))


def _lines(check: Check, plant: Plant, now: datetime) -> Iterator[str]:
    calendar = plant.calendars[check.line]
    yield sentence(
        "check {check}, line {line} of the plan, device {device}",
        check=check.id,
        line=check.plan_line,
        device=check.device,
    )
    yield sentence("due {moments}", moments=frequency_in_words(frequency_of(check.schedule)))
    yield sentence(
        "may be made from {before} before it is due; overdue after {grace}, lapses after {closes}",
        before=duration_text(check.opens_before),
        grace=duration_text(check.grace),
        closes=duration_text(check.closes_after),
    )
    for due in next_dues(check.schedule, calendar, now, now):
        yield sentence("next: {at}", at=zoned(due.due_at, plant.zone))
    if events_of(check.schedule):
        yield sentence("what is due by an event is due when it happens")
    left_out = left_out_times(check.schedule, calendar, now, now + LOOKED_AHEAD)
    yield sentence(
        "{n} times in the next {days} days are left out or moved, because the line does not work then",
        n=len(left_out),
        days=LOOKED_AHEAD.days,
    )
    for at in left_out[:MOST_NAMED]:
        yield sentence("not at: {at}", at=zoned(at, plant.zone))
