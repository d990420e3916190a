"""What a station has counted makes checks due: each so many parts since the last good check (D34, D57).

Looked at with each reading of the counter; nothing is asked of the records until so many were counted. While a run is
under way at the station, its challenge parts may be what is counted, and it may be the next good check: the count is
looked at when it is over.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from redrabbit.domain.control_plan import Check
from redrabbit.domain.facts.fact import read_json
from redrabbit.domain.facts.occurrence import parts_key
from redrabbit.domain.facts.parts_due import PartsCountedFrom, PartsReached
from redrabbit.domain.identity import AGENT, OccurrenceId
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.parts_due import (
    CountedFrom,
    counted_from,
    due_from,
    passed_before,
    reached,
)
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import equals, latest
from redrabbit.domain.records import (
    CheckRecord,
    OccurrenceRecord,
    PresentationRecord,
    RunRecord,
)
from redrabbit.domain.run_words import Outcome
from redrabbit.domain.schedule import DueTime
from redrabbit.domain.schedule_rules import parts_of
from redrabbit.domain.station import Station
from redrabbit.services.part_counting import PartCounting
from redrabbit.services.pending import Pending
from redrabbit.services.plant_events import standing
from redrabbit.services.ports import Reader, UnitOfWork
from redrabbit.services.record_fact import record
from redrabbit.services.scheduling import make, step_some
from redrabbit.services.telling_counts import told_by
from redrabbit.services.unmade import is_in_force

NEVER: Final = sys.maxsize
AT_ONCE: Final = 0


class PartsDue:
    """Looks at one station's count for the checks that it makes due; one owner."""

    def __init__(self, plant: Plant, station: Station, before: "PartsDue | None" = None) -> None:
        self._plant, self._station = plant, station
        self._unseen: int = before._unseen if before is not None else 0  # noqa: SLF001  because it is the same one, under another file
        """How many holes in the count were looked at."""
        self._due_from = NEVER
        """What the station has counted when there is something to look at."""
        self.look_again()

    def go_on_under(self, plant: Plant) -> None:
        """Go on under another plan."""
        self._plant = plant
        self.look_again()

    def look_again(self) -> None:
        """Look at the records with the next reading: a run is over, from which the parts may be counted."""
        self._due_from = AT_ONCE if any(_checks(self._plant, self._station)) else NEVER

    def look(self, counting: PartCounting, at: datetime) -> Pending | None:
        """Return what is to be recorded of the count as it is now; None: nothing."""
        count, seen = counting.at(at), counting.unseen
        if count is None or self._due_from == NEVER:
            return None
        unseen = seen != self._unseen
        if count.made < self._due_from and not unseen:
            return None
        found: list[int] = []

        def command(uow: UnitOfWork) -> None:
            found[:] = [make_due(uow, self._plant, self._station, count, at=at, unseen=unseen)]

        def settle() -> None:
            self._due_from, self._unseen = found[0], seen

        return Pending(command=command, settle=settle)


def make_due(
    uow: UnitOfWork,
    plant: Plant,
    station: Station,
    count: PartCount,
    *,
    at: datetime,
    unseen: bool,
) -> int:
    """Make due what so many parts make due; return what the station has counted when to look again."""
    due = [
        _of_check(uow, plant, check, parts, count, at=at, unseen=unseen)
        for check, parts in _checks(plant, station)
    ]
    return min(due, default=NEVER)


def _checks(plant: Plant, station: Station) -> Iterator[tuple[Check, int]]:
    """Yield the checks at a station that parts make due, with how many."""
    for check in plant.plan.checks:
        parts = parts_of(check.schedule)
        if check.station == station.id and parts is not None:
            yield check, parts


def _of_check(
    uow: UnitOfWork,
    plant: Plant,
    check: Check,
    parts: int,
    count: PartCount,
    *,
    at: datetime,
    unseen: bool,
) -> int:
    if not is_in_force(uow, check, at):
        return AT_ONCE  # it is adopted after this reading
    known = uow.get(CheckRecord, check.line, check.id)
    assert known is not None  # noqa: S101  it is in force
    before = read_json(CountedFrom, known.counted_from)
    since, asked = _since(uow, check, before, count), known.parts_asked
    if since != before:
        asked = passed_before(parts, since, count) if before is None else 0
        anew = PartsCountedFrom(
            check_id=check.id, station=check.station, since=since, asked=asked, count=count
        )
        record(uow, anew, stream=check.line, actor=AGENT, at=at)
    number = reached(parts, since, asked, count, unseen=unseen and not since.is_exact(count))
    if number is None:
        return due_from(parts, since, asked)
    step_some(uow, plant, only=check.id)  # what is due by the calendar serves it
    there = standing(uow, check, at)
    occurrence_id = (
        _made(uow, plant, check, _key(known, since, number), at)
        if there is None
        else there.occurrence_id
    )
    fact = PartsReached(
        check_id=check.id,
        station=check.station,
        since_run=since.run_id,
        parts=number,
        made=since.made_since(count),
        is_exact=since.is_exact(count),
        unseen=number > since.made_since(count),
        occurrence_id=occurrence_id,
        was_due_before=there is not None,
        count=count,
    )
    record(uow, fact, stream=check.line, actor=AGENT, at=at)
    return due_from(parts, since, number)


def _since(
    reader: Reader, check: Check, before: CountedFrom | None, count: PartCount
) -> CountedFrom:
    """Return from where the parts of a check are counted: its last good check, or where counting began."""
    good = latest(
        reader,
        RunRecord,
        equals("check_id", check.id),
        equals("outcome", Outcome.PASSED),
        equals("not_counted", None),
        by="started_at",
    )
    if good is None:
        return before or counted_from(None, count)
    if before is not None and before.run_id == good.run_id:
        return before
    return counted_from(good.run_id, _count_at(reader, good, count))


def _count_at(reader: Reader, run: RunRecord, now: PartCount) -> PartCount:
    """Return what its station had counted when a run began to prove the device: never more, so that nothing is due late."""
    presented = reader.find(PresentationRecord, equals("run_id", run.run_id))
    told = [
        count
        for each in presented
        for kept in (each.count_before, each.count_after)
        if (count := read_json(PartCount, kept)) is not None
    ]
    if told:
        return min(told, key=lambda count: count.made)
    before = told_by(reader, run.line, run.station, run.started_at)
    return before.count if before is not None else now


def _key(known: CheckRecord, since: CountedFrom, number: int) -> str:
    """Return the trigger key of so many parts since the last good check; since its adoption, where it has none (D57)."""
    begun = known.adopted_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return parts_key(since.run_id or begun, number)


def _made(uow: UnitOfWork, plant: Plant, check: Check, key: str, at: datetime) -> OccurrenceId:
    """Return the scheduled check of a key; it is made, unless an earlier plan asked for the same number of parts."""
    of_check = (equals("line", check.line), equals("check_id", check.id))
    made = uow.find(OccurrenceRecord, *of_check, equals("trigger_key", key), limit=1)
    if made:
        return made[0].occurrence_id
    return make(uow, plant, check, DueTime(due_at=at, trigger_key=key))
