"""When a station's count is told to the ledger, beside presentations and verdicts (D34)."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from redrabbit.domain.facts.containment import ContainmentState
from redrabbit.domain.facts.part_count import CountedWhy, PartsCounted
from redrabbit.domain.identity import AGENT, LineId, StationId
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.pauses import is_overdue_by, pauses_at
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import RecordReader, Where, equals, latest
from redrabbit.domain.records import (
    CheckRecord,
    ContainmentRecord,
    PartCountRecord,
)
from redrabbit.domain.station import Station
from redrabbit.domain.window_moves import can_move, may_reach_further
from redrabbit.services.ports import Reader, UnitOfWork
from redrabbit.services.record_fact import record

Counts = Mapping[StationId, PartCount]
"""The counts of the stations that can be read now."""
UnprovedTold = Mapping[StationId, datetime]
"""By station: for which begin of what is not proved a count was told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToTell:
    """One count that is to be told."""

    station: Station
    count: PartCount
    why: CountedWhy


def tell(
    uow: UnitOfWork,
    line: str,
    station: str,
    count: PartCount,
    why: CountedWhy,
    *,
    at: datetime | None = None,
) -> None:
    """Tell what a station has counted at an instant; now, if none is given."""
    counted = PartsCounted(station=station, variant=None, nest=None, why=why, count=count)
    record(uow, counted, stream=line, at=at, actor=AGENT)


def tell_news(
    uow: UnitOfWork, station: Station, count: PartCount | None, why: CountedWhy, at: datetime
) -> None:
    """Tell a count, unless it is not known, or was told as it is."""
    if count is None:
        return
    told = last_told(uow, station.line, station.id)
    if told is None or (told.made, told.epoch) != (count.made, count.epoch):
        tell(uow, station.line, station.id, count, why, at=at)


def tell_all(uow: UnitOfWork, news: Iterable[ToTell]) -> None:
    """Tell these counts now."""
    for each in news:
        tell(uow, each.station.line, each.station.id, each.count, each.why)


def last_told(reader: RecordReader, line: str, station: str) -> PartCountRecord | None:
    """Return the count of a station that was told last; None: never."""
    place = (equals("line", line), equals("station", station))
    return latest(reader, PartCountRecord, *place, by="entry")


def told_by(
    reader: RecordReader, line: str, station: str, instant: datetime
) -> PartCountRecord | None:
    """Return the count that was told last at an instant or before it; None: none was."""
    place = (equals("line", line), equals("station", station))
    before = Where("counted_at", "<=", instant)
    return latest(reader, PartCountRecord, *place, before, by="counted_at")


def told_since(
    reader: RecordReader, line: str, station: str, instant: datetime
) -> PartCountRecord | None:
    """Return the count that was told first at an instant or after it; None: none was."""
    place = (equals("line", line), equals("station", station))
    after = Where("counted_at", ">=", instant)
    found = reader.find(PartCountRecord, *place, after, order_by="counted_at", limit=1)
    return found[0] if found else None


def unproved_to_tell(
    reader: Reader,
    plant: Plant,
    counts: Counts,
    told: UnprovedTold,
    now: datetime,
) -> tuple[tuple[ToTell, ...], UnprovedTold]:
    """Return the counts to be told because what is made is not proved any more, and what is told then.

    `told` is as it was when it was looked at last. A station that can't be read now tells its count
    when it can.
    """
    news: list[ToTell] = []
    known = dict(told)
    for name, since in _unproved_since(reader, plant, now).items():
        if told.get(name) == since:
            continue
        station, count = plant.station(name), counts.get(name)
        if told_since(reader, station.line, name, since) is None:
            if count is None:
                continue
            news.append(ToTell(station=station, count=count, why=CountedWhy.UNPROVED))
        known[name] = since
    return tuple(news), known


def _unproved_since(reader: Reader, plant: Plant, now: datetime) -> Mapping[StationId, datetime]:
    """Return since when what a station makes may not be proved: the latest such instant of each.

    A check that is overdue, and one that was adopted: until it passes nothing proves its device.
    """
    here = {station.id for station in plant.stations if station.part_counter is not None}
    adopted = {(each.line, each.check_id): each for each in reader.find(CheckRecord)}
    overdue = is_overdue_by(reader, now)
    instants = [(StationId(each.station), each.grace_ends_at) for each in overdue]
    instants += [
        (check.station, known.adopted_at)
        for check in plant.plan.checks
        if (known := adopted.get((check.line, check.id))) is not None
    ]
    begun: dict[StationId, datetime] = {}
    for station, instant in instants:
        if station in here:
            begun[station] = max(begun.get(station, instant), instant)
    return begun


def counts_to_tell(
    reader: Reader,
    plant: Plant,
    counts: Counts,
    busy: Collection[StationId],
    *,
    paused_before: Collection[LineId],
    now: datetime,
) -> tuple[ToTell, ...]:
    """Return the counts that are to be told now.

    Of a station whose device missed and is not verified again, as soon as it counts beyond a recorded
    stop; while a run is under way there, its challenge parts may be what is counted. Of each station of
    a line whose pause began or ended since it was looked at last.
    """
    return (
        *_beyond_a_stop(reader, plant, counts, busy),
        *_paused(reader, plant, counts, paused_before, now),
    )


def paused_lines(reader: Reader, now: datetime) -> frozenset[LineId]:
    """Return the lines that are declared not producing now."""
    return frozenset(LineId(pause.line) for pause in pauses_at(reader, now))


def _beyond_a_stop(
    reader: Reader, plant: Plant, counts: Counts, busy: Collection[StationId]
) -> Iterator[ToTell]:
    stopped = reader.find(
        ContainmentRecord,
        equals("state", ContainmentState.OPEN),
        Where("stopped_at", "!=", None),
    )
    told: set[StationId] = set()
    for case in stopped:
        station = StationId(case.station)
        count = counts.get(station)
        if count is None or station in busy or station in told:
            continue
        if can_move(case) and may_reach_further(case, count):
            told.add(station)
            yield ToTell(station=plant.station(station), count=count, why=CountedWhy.COUNTED_ON)


def _paused(
    reader: Reader,
    plant: Plant,
    counts: Counts,
    paused_before: Collection[LineId],
    now: datetime,
) -> Iterator[ToTell]:
    changed = paused_lines(reader, now).symmetric_difference(paused_before)
    for station in plant.stations:
        count = counts.get(station.id)
        if station.line in changed and count is not None:
            yield ToTell(station=station, count=count, why=CountedWhy.PAUSE)
