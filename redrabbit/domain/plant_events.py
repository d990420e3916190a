"""Events that make checks due: which telling is of which event, and what an event owes (R08, D8, D55).

An event is due from the instant at which it is told, never from before: who tells late can make nothing lapse that
nobody could know of. One event makes one occurrence for each check that names it. Told again shortly after by somebody
else it is the same event. What is due already and not begun is done after the event, and serves it: the device is
proven after both, within the narrower time.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from redrabbit.domain.control_plan import Check
from redrabbit.domain.facts.occurrence import OccurrenceRecord
from redrabbit.domain.facts.plant_event import PlantEventRecord, ToldBy
from redrabbit.domain.identity import EventId
from redrabbit.domain.occurrence import holding_run, lapse_at
from redrabbit.domain.pauses import is_postponed
from redrabbit.domain.schedule_rules import PlantEvent, events_of

TOLD_TWICE_WITHIN: Final = timedelta(minutes=2)
"""So long after an event was told it is the same one that a signal, a program or another person tells."""

_EXACT: Final = frozenset({ToldBy.SIGNAL, ToldBy.PROGRAM, ToldBy.SOFTWARE})
"""What tells of each event once: told twice by one of them, it happened twice."""


def waits_for(check: Check, line: str, station: str | None, event: PlantEvent) -> bool:
    """Tell whether an event makes a check due; `station` None: it is of the whole line."""
    here = check.line == line and station in {None, check.station}
    return here and event in events_of(check.schedule)


def same_event(
    known: Iterable[PlantEventRecord],
    *,
    station: str | None,
    told_by_what: ToldBy,
    signal: str | None,
    at: datetime,
) -> EventId | None:
    """Return the telling of the same event that came first; None: nobody has told it yet.

    `known` are tellings of the same kind of event on the line. It counts from the first telling, so that an event that is told again and again
    does not go on for ever.
    """
    for first in known:
        if first.same_as is not None or not _near(first.happened_at, at):
            continue
        if first.station != station and None not in {first.station, station}:
            continue
        by_the_same = (first.told_by_what, first.signal) == (told_by_what, signal)
        if not (by_the_same and told_by_what in _EXACT):
            return first.event_id
    return None


def serves(occurrence: OccurrenceRecord, at: datetime) -> bool:
    """Tell whether what is due already is done after an event at `at`, so that it proves the device after it, too (D55).

    Undecided, not begun, and due: its grace and its window end before those that the event would have. `occurrence` is
    as it stands by the pauses of its line. What they moved serves nothing: where they come to cover all its time it is
    excused, and what the event asks for would be lost with it.
    """
    due_at = occurrence.due_at
    undecided = occurrence.outcome is None and holding_run(occurrence) is None
    return undecided and not is_postponed(occurrence) and due_at <= at < lapse_at(occurrence)


def _near(first_at: datetime, at: datetime) -> bool:
    """Tell whether one instant is shortly after another; a little before, where the clock was set back."""
    return abs(at - first_at) <= TOLD_TWICE_WITHIN
