"""From where the parts of a check are counted, and when there were so many that it is due (D34, D57)."""

from dataclasses import dataclass, replace
from typing import ClassVar

from redrabbit.domain.facts.check import CheckRecord
from redrabbit.domain.facts.fact import Changes, Fact, Look, Put, found, json_of
from redrabbit.domain.facts.part_count import CountedWhy, count_told
from redrabbit.domain.identity import OccurrenceId, RunId
from redrabbit.domain.ledger import Entry
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.parts_due import CountedFrom


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsCountedFrom(Fact):
    """The parts of a check are counted from its last good check, or from here where it has none."""

    TYPE: ClassVar = "parts_counted_from"

    check_id: str
    station: str
    since: CountedFrom
    asked: int
    """The check owes nothing of the parts up to this number: they were made before it was adopted."""
    count: PartCount
    """What the station has counted now."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Count from there, and keep the count."""
        check = found(look, CheckRecord, entry.stream, self.check_id)
        anew = replace(check, counted_from=json_of(self.since), parts_asked=self.asked)
        told = count_told(self.count, entry, station=self.station, why=CountedWhy.PARTS)
        return (Put(anew), *told)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsReached(Fact):
    """So many parts were made since the last good check that the check is due; or they may have been, while nobody counted."""

    TYPE: ClassVar = "parts_reached"

    check_id: str
    station: str
    since_run: RunId | None
    """The last good check; None: none since it was adopted."""
    parts: int
    """The number at which it is due: a multiple of what the plan says."""
    made: int
    """Parts that were counted since: at least so many were made."""
    is_exact: bool
    """So many, and no more."""
    unseen: bool
    """Parts may have been made while nobody counted: due, because the number may be reached."""
    occurrence_id: OccurrenceId
    """The scheduled check that is due for it."""
    was_due_before: bool
    """It was due already and not begun, and serves this, too (D55)."""
    count: PartCount
    """What the station has counted now."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Ask for no number up to this one again, and keep the count."""
        check = found(look, CheckRecord, entry.stream, self.check_id)
        told = count_told(self.count, entry, station=self.station, why=CountedWhy.PARTS)
        return (Put(replace(check, parts_asked=self.parts)), *told)
