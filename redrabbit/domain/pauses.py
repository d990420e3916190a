"""Pauses of lines: where they move a due time to, and which obligations they excuse (R13, D56).

A check that falls due while its line is paused is due at the first instant after that lies in no pause of the line. Its
grace counts from there, and it closes at its first close or where the new grace ends, whichever is later. Where pauses
cover the whole time from its first due time to its first close, the line made nothing in all the time in which it was
owed: then it is excused, at that close and not before. What an event made due (a changeover, a repair) is never excused so: the reason is
still there when the line makes parts again.

Pauses count as they were, with their actual ends. So one that is ended early or prolonged by another, and two that follow
each other, need no rule of their own. What is owed is computed by this for every reader; the scheduler records it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from redrabbit.domain.clock_doubts import as_doubted, open_doubts
from redrabbit.domain.facts.occurrence import (
    DecisionCode,
    OccurrenceOutcome,
    OccurrenceRecord,
    PauseRecord,
    first_times,
    is_of_production,
    mode_of_key,
)
from redrabbit.domain.occurrence import lapse_at, under_way
from redrabbit.domain.record_query import RecordReader, Where, equals

PausesByLine = Mapping[str, Sequence[PauseRecord]]
"""The pauses of each line; a line without any may be missing."""


class Times(Protocol):
    """The times of an obligation, whether it is made already or not."""

    @property
    def due_at(self) -> datetime:
        """When it is due."""
        ...

    @property
    def grace_ends_at(self) -> datetime:
        """From when it is overdue."""
        ...

    @property
    def closes_at(self) -> datetime:
        """When it lapses."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The times of an obligation, as pauses have them."""

    due_at: datetime
    grace_ends_at: datetime
    closes_at: datetime
    pause: PauseRecord | None
    """The one at whose end it is due; None: no pause is over its due time."""
    is_covered: bool
    """Whether pauses cover all the time from its first due time to its first close."""


def is_paused(pause: PauseRecord, instant: datetime) -> bool:
    """Return whether the pause is on at an instant."""
    return pause.begins_at <= instant < pause.ends_at


def moved(first: Times, pauses: Iterable[PauseRecord]) -> Moved:
    """Return where the pauses of its line move an obligation with these first times."""
    due_at, by = first.due_at, None
    for pause in sorted(pauses, key=lambda pause: (pause.begins_at, pause.ends_at, pause.number)):
        if is_paused(pause, due_at):
            due_at, by = pause.ends_at, pause
    grace_ends_at = due_at + (first.grace_ends_at - first.due_at)
    return Moved(
        due_at=due_at,
        grace_ends_at=grace_ends_at,
        closes_at=max(first.closes_at, grace_ends_at) if by is not None else first.closes_at,
        pause=by,
        is_covered=by is not None and due_at >= first.closes_at,
    )


def is_postponed(occurrence: OccurrenceRecord) -> bool:
    """Return whether it is due later than it was made for."""
    return occurrence.first_due_at not in {None, occurrence.due_at}


def is_covered(occurrence: OccurrenceRecord) -> bool:
    """Return whether it is due only after its first close, because pauses cover all the time in which it was owed."""
    closes_at = occurrence.first_closes_at
    covers = is_postponed(occurrence) and closes_at is not None and occurrence.due_at >= closes_at
    return covers and not is_of_production(occurrence.trigger_key)


def excuse_at(occurrence: OccurrenceRecord) -> datetime:
    """Return when pauses that cover its whole time excuse it: at its first close, or when a run gives it up after that."""
    return lapse_at(first_times(occurrence))


def as_paused(
    occurrence: OccurrenceRecord, pauses: PausesByLine, now: datetime
) -> OccurrenceRecord:
    """Return an occurrence as it stands by the pauses of its line: moved, or excused by now; a decided one as it is.

    So a reader is right though nobody has recorded it yet (D9).
    """
    is_mode = (
        mode_of_key(occurrence.trigger_key) is not None
    )  # its shift has begun: no pause moves that
    of_line = () if is_mode else pauses.get(occurrence.line, ())
    if occurrence.outcome is not None or not (of_line or occurrence.first_due_at):
        return occurrence
    first = first_times(occurrence)
    times = moved(first, of_line)
    stands = occurrence
    if times.due_at != occurrence.due_at:
        stands = replace(
            occurrence,
            due_at=times.due_at,
            grace_ends_at=times.grace_ends_at,
            closes_at=times.closes_at,
            overdue_told=False,
            first_due_at=first.due_at,
            first_closes_at=first.closes_at,
            moved_by_pause=times.pause.pause_id if times.pause is not None else None,
        )
    pause = times.pause
    if pause is None or not is_covered(stands):
        return stands
    at = excuse_at(stands)
    if now < at:
        return stands
    return replace(
        first,
        outcome=OccurrenceOutcome.EXCUSED,
        reason_code=DecisionCode.PAUSE,
        pause_id=pause.pause_id,
        decided_at=at,
    )


def waits_for_pause(occurrence: OccurrenceRecord, pause: PauseRecord | None, now: datetime) -> bool:
    """Return whether the line is paused now and an occurrence is put off until it makes parts again, and nobody runs it."""
    is_on = pause is not None and is_paused(pause, now)
    waits = is_postponed(occurrence) and occurrence.due_at > now
    return is_on and waits and not under_way(occurrence, now)


def unbroken_since(instant: datetime, pauses: Iterable[PauseRecord]) -> datetime:
    """Return since when pauses follow each other without a gap up to an instant; the instant where none is on."""
    since = instant
    for pause in sorted(pauses, key=lambda pause: pause.ends_at, reverse=True):
        if pause.begins_at < since <= pause.ends_at:
            since = pause.begins_at
    return since


def pauses_up_to(reader: RecordReader, line: str, instant: datetime) -> list[PauseRecord]:
    """Return the pauses of a line that end after an instant, and those that lead up to it without a gap."""
    since = instant
    while True:
        just_before = since - timedelta(microseconds=1)  # one that ends there leads up to it
        found = [each for each in unended_pauses(reader, just_before) if each.line == line]
        earlier = unbroken_since(since, found)
        if earlier == since:
            return found
        since = earlier


def undecided(reader: RecordReader, now: datetime, *where: Where) -> list[OccurrenceRecord]:
    """Return the occurrences that nothing has decided on record, as they stand by now, by their recorded due time.

    One that pauses excuse by now, though nobody has recorded it, is among them, excused. One of which only one of two
    clocks says that it lapsed has not.
    """
    found = reader.find(OccurrenceRecord, *where, equals("outcome", None), order_by="due_at")
    pauses = pauses_of(reader, found)
    doubts = open_doubts(reader)
    return [as_doubted(as_paused(each, pauses, now), doubts, now) for each in found]


def is_overdue_by(reader: RecordReader, now: datetime) -> list[OccurrenceRecord]:
    """Return what nothing has decided and has no grace left, by the pauses of its line; lapsed or not."""
    found = undecided(reader, now, Where("grace_ends_at", "<=", now))
    return [each for each in found if each.outcome is None and each.grace_ends_at <= now]


def stands_now(
    reader: RecordReader, occurrence: OccurrenceRecord, now: datetime
) -> OccurrenceRecord:
    """Return one occurrence as it stands by the pauses of its line, and while the clock is in doubt."""
    if occurrence.outcome is not None:
        return occurrence
    stands = as_paused(occurrence, pauses_of(reader, [occurrence]), now)
    return as_doubted(stands, open_doubts(reader), now)


def pauses_of(reader: RecordReader, occurrences: Sequence[OccurrenceRecord]) -> PausesByLine:
    """Return the pauses that can move or excuse undecided occurrences."""
    dues = [each.first_due_at or each.due_at for each in occurrences if each.outcome is None]
    return pauses_after(reader, min(dues)) if dues else {}


def pauses_after(reader: RecordReader, instant: datetime) -> PausesByLine:
    """Return the pauses that end after an instant, of each line."""
    by_line: dict[str, list[PauseRecord]] = {}
    for pause in unended_pauses(reader, instant):
        by_line.setdefault(pause.line, []).append(pause)
    return by_line


def pauses_at(reader: RecordReader, instant: datetime) -> list[PauseRecord]:
    """Return the pauses in which an instant falls, by line and number."""
    return [pause for pause in unended_pauses(reader, instant) if is_paused(pause, instant)]


def unended_pauses(reader: RecordReader, instant: datetime) -> list[PauseRecord]:
    """Return the pauses that end after an instant, by line and number.

    Asked in order of their ends: in another order SQLite would rather walk over all of them than sort.
    """
    found = reader.find(PauseRecord, Where("ends_at", ">", instant), order_by="ends_at")
    return sorted(found, key=lambda pause: (pause.line, pause.number))
