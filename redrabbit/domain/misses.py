"""Which case a miss belongs to: the one that it opened, or the open one that it moved (L4, D5, D36)."""

from collections.abc import Sequence
from typing import Protocol

from redrabbit.domain.containment_questions import open_containments
from redrabbit.domain.facts.containment import ContainmentRecord
from redrabbit.domain.facts.presentation import PresentationRecord
from redrabbit.domain.identity import RunId
from redrabbit.domain.record_query import RecordReader, equals
from redrabbit.domain.run_words import Verdict


class AboutMiss(Protocol):
    """What is asked of the alarm about a miss: its fact or its record."""

    @property
    def line(self) -> str | None:
        """On which line."""
        ...

    @property
    def device(self) -> str | None:
        """Which device missed it."""
        ...

    @property
    def run_id(self) -> RunId | None:
        """In which run."""
        ...

    @property
    def part_id(self) -> str | None:
        """Which challenge part."""
        ...


class RaisedAboutMiss(AboutMiss, Protocol):
    """The record of such an alarm."""

    @property
    def raised_entry(self) -> int:
        """Index of the entry that raised it, on the stream of its line."""
        ...


def misses_of(reader: RecordReader, alarm: AboutMiss) -> list[PresentationRecord]:
    """Return the presentations that an alarm about a miss may be about; empty where they were erased."""
    if alarm.run_id is None:
        return []
    return reader.find(
        PresentationRecord,
        equals("run_id", alarm.run_id),
        equals("part_id", alarm.part_id),
        equals("verdict", Verdict.MISSED),
    )


def is_of(case: ContainmentRecord, miss: PresentationRecord) -> bool:
    """Tell whether a case is about what was missed: the device, the failure mode, the variant and the nest."""
    about = (case.line, case.device, case.failure_mode, case.variant, case.nest)
    return about == (miss.line, miss.device, miss.failure_mode, miss.variant, miss.nest)


def may_hold(
    case: ContainmentRecord, alarm: RaisedAboutMiss, misses: Sequence[PresentationRecord]
) -> bool:
    """Tell whether a case may be the one of the miss that an alarm is about: in doubt it is.

    A case that was opened later is of a later miss. Where nothing more is known of the miss, each case of its device may be.
    """
    came_first = case.opened_entry < alarm.raised_entry or case.run_id == alarm.run_id
    same_device = (case.line, case.device) == (alarm.line, alarm.device)
    is_about_it = not misses or any(is_of(case, miss) for miss in misses)
    return same_device and came_first and is_about_it


def case_of(reader: RecordReader, alarm: AboutMiss) -> ContainmentRecord | None:
    """Return the case of the miss that an alarm is about: the one that it opened, else the last open one that it moved.

    None where it moved one that was closed since, or nothing more is known of the miss.
    """
    misses = misses_of(reader, alarm)
    opened = reader.find(ContainmentRecord, equals("run_id", alarm.run_id), order_by="number")
    cases = [*open_containments(reader), *opened]
    return next((case for case in reversed(cases) if any(is_of(case, m) for m in misses)), None)
