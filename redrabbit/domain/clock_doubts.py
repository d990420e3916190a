"""What waits while the machine's clock is in doubt: lapses dated between the two times that it said, and nothing else (D43, D61).

A clock that was set by more than a few minutes is right now, or was right before. A lapse is for good, so one that only
one of the two clocks tells waits; and what either of them lets somebody run may be run. What is due from now on is due.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from redrabbit.domain.facts.clock import ClockDoubtRecord
from redrabbit.domain.facts.occurrence import OccurrenceRecord
from redrabbit.domain.occurrence import lapse_at
from redrabbit.domain.record_query import RecordReader, equals

BELIEVED_UP_TO: Final = timedelta(minutes=5)
"""A step of more is believed only once it is confirmed (D43)."""
A_MOMENT: Final = timedelta(microseconds=1)


def open_doubts(reader: RecordReader) -> list[ClockDoubtRecord]:
    """Return the steps of the clock that nothing has settled, the first one first."""
    return reader.find(ClockDoubtRecord, equals("settled_at", None), order_by="entry")


def is_in_doubt(doubts: Iterable[ClockDoubtRecord], instant: datetime) -> bool:
    """Tell whether an instant lies between what the clock said before and after a step in doubt."""
    return any(
        min(each.stepped_at, each.set_to_at) < instant <= max(each.stepped_at, each.set_to_at)
        for each in doubts
    )


def waits_for_clock(
    occurrence: OccurrenceRecord, doubts: Sequence[ClockDoubtRecord], now: datetime
) -> bool:
    """Tell whether an undecided occurrence would have lapsed by now, were the clock not in doubt."""
    at = lapse_at(occurrence)
    return occurrence.outcome is None and at <= now and is_in_doubt(doubts, at)


def as_doubted(
    occurrence: OccurrenceRecord, doubts: Sequence[ClockDoubtRecord], now: datetime
) -> OccurrenceRecord:
    """Return an occurrence as it stands while the clock is in doubt: open by either clock, and not lapsed."""
    if not doubts or occurrence.outcome is not None:
        return occurrence
    opens_at = occurrence.opens_at
    if now < opens_at and is_in_doubt(doubts, opens_at):
        opens_at = now
    if waits_for_clock(occurrence, doubts, now):
        return replace(occurrence, opens_at=opens_at, held_until=now + A_MOMENT)
    return replace(occurrence, opens_at=opens_at)
