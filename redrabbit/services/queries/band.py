"""What stands across every page until a person ends it: a clock in doubt, a missing part, a miss, a station without data (L5, L4, R35).

Neither acknowledging an alarm nor a silence takes anything out of it: only what ends the thing itself. That nothing is recorded
is said by the heartbeat, which needs no database.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from redrabbit.base.messages import Message
from redrabbit.domain.challenge_part import Custody
from redrabbit.domain.clock_doubts import open_doubts
from redrabbit.domain.facts.containment import ContainmentState
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import RecordReader, Where, equals
from redrabbit.domain.records import ChallengePartRecord, ContainmentRecord, StationRecord
from redrabbit.services.no_data import NO_NEWS
from redrabbit.services.queries.wording import message

MOST_SHOWN: Final = 5
"""Of each kind; the page of the alarms has all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BandItem:
    """One thing that somebody must end."""

    words: Message
    href: str
    """Where it is ended."""


def band(reader: RecordReader, plant: Plant, now: datetime) -> tuple[BandItem, ...]:
    """Return what stands across every page now, the worst first."""
    return (
        *_clock(reader),
        *_missing_parts(reader),
        *_misses(reader),
        *_without_data(reader, plant, now),
    )


def _clock(reader: RecordReader) -> list[BandItem]:
    return [
        BandItem(
            words=message("band.clock", before=each.stepped_at, after=each.set_to_at),
            href="/due#clock",
        )
        for each in open_doubts(reader)[-1:]
    ]


def _missing_parts(reader: RecordReader) -> list[BandItem]:
    missing = reader.find(ChallengePartRecord, equals("custody", Custody.MISSING), limit=MOST_SHOWN)
    return [
        BandItem(words=message("band.missing_part", part=part.part_id), href="/alarms#parts")
        for part in missing
    ]


def _misses(reader: RecordReader) -> list[BandItem]:
    cases = reader.find(ContainmentRecord, equals("state", ContainmentState.OPEN), limit=MOST_SHOWN)
    return [
        BandItem(
            words=message("band.missed", case=case.containment_id, at=case.opened_at),
            href=f"/containments/{case.containment_id}",
        )
        for case in cases
    ]


def _without_data(reader: RecordReader, plant: Plant, now: datetime) -> list[BandItem]:
    known = {station.id: station for station in plant.stations}
    lost = reader.find(
        StationRecord, Where("no_data_since", "<=", now - NO_NEWS), equals("retired_at", None)
    )
    found = [(known[each.station_id], each) for each in lost if each.station_id in known]  # type: ignore[index]  # because a record's ids are plain
    return [
        BandItem(
            words=message(
                "band.no_data",
                station=station.name,
                operation=station.operation,
                since=each.no_data_since,
            ),
            href=f"/stations/{station.id}",
        )
        for station, each in found[:MOST_SHOWN]
    ]
