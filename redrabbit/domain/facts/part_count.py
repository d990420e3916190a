"""What a station had counted when it mattered: at a presentation, a verdict, a stop, a pause (D34).

Between these the count is followed in memory; what is told here is what a restart goes on from, and what
an auditor can lay beside a suspect window. A station counts what all its devices see; of which variant and
nest that was stands within the count (`known`), as far as it is known.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from redrabbit.domain.facts.codec import decode
from redrabbit.domain.facts.fact import Changes, Fact, Json, Look, Put, Record, json_of
from redrabbit.domain.identity import RunId
from redrabbit.domain.ledger import Entry
from redrabbit.domain.made_of import MadeOf
from redrabbit.domain.part_count import PartCount


class CountedWhy(StrEnum):
    """When a count was told."""

    PRESENTED = "presented"
    VERDICT = "verdict"
    STOP = "stop"
    """A person recorded a stop, or the station's running signal went off."""
    RUNNING = "running"
    """The station's running signal came on."""
    PAUSE = "pause"
    """A pause of its line began or ended."""
    UNPROVED = "unproved"
    """A verification fell overdue, or a check was adopted: what is made from here on is not proved."""
    SKIPPED = "skipped"
    """It went back, or was not read for too long: a new epoch begins."""
    COUNTED_ON = "counted_on"
    """Parts were counted after a recorded stop."""
    PARTS = "parts"
    """A check that is due by parts is counted from here, or is due."""
    SHIFT = "shift"
    """A shift began, of which it is looked at whether it makes parts."""
    SERVICE_ENDED = "service_ended"
    """Nobody watches from now on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartCountRecord(Record):
    """One count as it was told; the last one of a station is where a restart goes on from."""

    TABLE: ClassVar = "part_counts"
    KEY: ClassVar = ("line", "station", "entry")
    INDEXES: ClassVar = (("line", "station", "counted_at", "entry"),)

    line: str
    station: str
    entry: int
    """Index of the ledger entry that told it."""
    counted_at: datetime
    why: CountedWhy
    run_id: RunId | None
    variant: str | None
    nest: str | None
    value: int
    """What the part counter showed."""
    made: int
    """Parts made since it was first read: at least so many."""
    epoch: int
    """Two counts of one epoch differ by exactly what was made between them."""
    fell_from: int | None
    known: Json
    """A list of `MadeOf`: what of `made` is known to be of one variant and nest (D34)."""

    @property
    def count(self) -> PartCount:
        """The count as it is followed."""
        return PartCount(
            value=self.value,
            made=self.made,
            epoch=self.epoch,
            fell_from=self.fell_from,
            known=tuple(decode(MadeOf, each) for each in json.loads(self.known)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsCounted(Fact):
    """A station's count, told because something began, ended or was skipped."""

    TYPE: ClassVar = "parts_counted"

    station: str
    variant: str | None
    nest: str | None
    why: CountedWhy
    count: PartCount

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Keep the count."""
        del look
        return count_told(
            self.count,
            entry,
            station=self.station,
            why=self.why,
            variant=self.variant,
            nest=self.nest,
        )


def count_told(
    count: PartCount | None,
    entry: Entry,
    *,
    station: str,
    why: CountedWhy,
    run_id: RunId | None = None,
    variant: str | None = None,
    nest: str | None = None,
) -> Changes:
    """Return the change that keeps a count which an entry of the station's line tells; none for None."""
    if count is None:
        return ()
    kept = PartCountRecord(
        line=entry.stream,
        station=station,
        entry=entry.index,
        counted_at=entry.occurred_at,
        why=why,
        run_id=run_id,
        variant=variant,
        nest=nest,
        value=count.value,
        made=count.made,
        epoch=count.epoch,
        fell_from=count.fell_from,
        known=json_of(count.known),
    )
    return (Put(kept),)
