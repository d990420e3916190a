"""Whether somebody watched while a check was owed, and for how long nobody did: what nobody watched is nobody's omission (R12, L7).

On record are the times in which no process ran, in which it stood still, and in which its clock was wrong (`not_watched`).
What was owed in such a time, be it for a part of its window, lapses because nobody watched: whether people would have done it
can't be told. How large that part is stands beside it, so that nobody takes five seconds for a shift. What was owed in a time of
which the records are lost (D62) lapses for that reason, whatever else was: it may have been done, and recorded.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from redrabbit.domain.clock_doubts import open_doubts
from redrabbit.domain.facts.occurrence import DecisionCode, mode_of_key
from redrabbit.domain.facts.plant import NotWatchedWhy
from redrabbit.domain.occurrence import lapse_at
from redrabbit.domain.record_query import RecordReader, Where, equals
from redrabbit.domain.records import NotWatchedRecord, OccurrenceRecord

NOBODY: Final = (NotWatchedWhy.DOWN, NotWatchedWhy.FROZEN, NotWatchedWhy.CLOCK)
"""Why nobody watched."""

Span = tuple[datetime, datetime]
"""From one instant to a later one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwatched:
    """For how long nobody watched while a check was owed, from its due time to its lapse."""

    lasted: timedelta
    owed: timedelta
    """How long it was owed."""

    @property
    def share(self) -> float:
        """Return the part of the time in which it was owed: 0 to 1."""
        return self.lasted / self.owed if self.owed else 0.0

    @property
    def percent(self) -> int:
        """Return the part in whole percent: what is not nothing is at least one, what is not all at most 99."""
        if self.lasted in {timedelta(0), self.owed}:
            return round(100 * self.share)
        return min(99, max(1, round(100 * self.share)))


def lapse_code(reader: RecordReader, occurrence: OccurrenceRecord, now: datetime) -> DecisionCode:
    """Return why an occurrence lapsed that nothing decided: nobody did it, nobody watched, or the records of it are lost.

    What is told of times after `now`, the instant of recording, was told by a clock that was ahead.
    """
    if hole_over(reader, occurrence, NotWatchedWhy.HISTORY_LOST) is not None:
        return DecisionCode.HISTORY_LOST
    if any(each.ends_at <= now for each in _holes(reader, occurrence)) or _is_doubted(
        reader, occurrence
    ):
        return DecisionCode.NOT_WATCHING
    is_mode = mode_of_key(occurrence.trigger_key) is not None
    return DecisionCode.MODE_NOT_SHOWN if is_mode else DecisionCode.NOT_DONE


def unwatched(reader: RecordReader, occurrence: OccurrenceRecord) -> Unwatched:
    """Return for how long nobody watched while an occurrence was owed."""
    return unwatched_of(reader, [occurrence])[0]


def unwatched_of(reader: RecordReader, occurrences: Sequence[OccurrenceRecord]) -> list[Unwatched]:
    """Return for how long nobody watched while each of some occurrences was owed, in their order."""
    return unwatched_within(reader, [(each.due_at, lapse_at(each)) for each in occurrences])


def unwatched_within(
    reader: RecordReader, times: Sequence[Span], more: Sequence[Span] = ()
) -> list[Unwatched]:
    """Return for how long nobody watched in each of some times, in their order; asked once.

    `more` are times in which nobody watched, and that are not on record yet.
    """
    if not times:
        return []
    on_record = (
        Where("ends_at", ">", min(begin for begin, _ in times)),
        Where("begins_at", "<=", max(end for _, end in times)),
        Where("why", "in", NOBODY),
    )
    found = reader.find(NotWatchedRecord, *on_record, order_by="ends_at")
    holes = [*((each.begins_at, each.ends_at) for each in found), *more]
    return [_within(holes, begin, end) for begin, end in times]


def _within(holes: Sequence[Span], begin: datetime, end: datetime) -> Unwatched:
    lasted = sum((to - since for since, to in together(holes, begin, end)), timedelta(0))
    return Unwatched(lasted=lasted, owed=max(end - begin, timedelta(0)))


def together(spans: Iterable[Span], begin: datetime, end: datetime) -> list[Span]:
    """Return what spans cover of a time, in order, and nothing twice."""
    found: list[Span] = []
    for since, to in sorted((max(since, begin), min(to, end)) for since, to in spans):
        if found and since <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], to)
        elif since < to:
            found.append((since, to))
    return found


def hole_over(
    reader: RecordReader, occurrence: OccurrenceRecord, why: NotWatchedWhy
) -> NotWatchedRecord | None:
    """Return a hole of this kind that shares a moment with the time from its due time to its lapse; None: there is none."""
    shares = (*_shares(occurrence), equals("why", why))
    return next(iter(reader.find(NotWatchedRecord, *shares, order_by="ends_at", limit=1)), None)


def _holes(reader: RecordReader, occurrence: OccurrenceRecord) -> list[NotWatchedRecord]:
    nobody = Where("why", "in", NOBODY)
    return reader.find(NotWatchedRecord, *_shares(occurrence), nobody, order_by="ends_at")


def _shares(occurrence: OccurrenceRecord) -> tuple[Where, Where]:
    return (
        Where("ends_at", ">", occurrence.due_at),
        Where("begins_at", "<=", lapse_at(occurrence)),
    )


def _is_doubted(reader: RecordReader, occurrence: OccurrenceRecord) -> bool:
    """Tell whether a step of the clock that nobody has confirmed goes over a part of the time in which it was owed."""
    return any(
        each.stepped_at < lapse_at(occurrence) and occurrence.due_at < each.set_to_at
        for each in open_doubts(reader)
    )
