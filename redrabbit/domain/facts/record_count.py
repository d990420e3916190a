"""How many records of a kind there are, kept with every change of one, so that nobody counts history (D63, B30).

No fact tells a count: whatever changes a record of a kind in `COUNTED`, the counts change with it. So they are
what counting the records would give, after any sequence of facts, be it a correction or one without effect.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, NamedTuple

from redrabbit.domain.count_periods import EVER, periods_of
from redrabbit.domain.facts.alarm import AlarmRecord
from redrabbit.domain.facts.containment import ContainmentRecord
from redrabbit.domain.facts.fact import Changes, Look, Put, Record
from redrabbit.domain.facts.occurrence import OccurrenceRecord
from redrabbit.domain.facts.run import RunRecord

UNACKNOWLEDGED: Final = "unacknowledged"
ACKNOWLEDGED: Final = "acknowledged"


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRecord(Record):
    """How many records of one table there are in one period, of one device, that came to the same."""

    TABLE: ClassVar = "record_counts"
    KEY: ClassVar = ("counted", "period", "stream", "station", "device", "check_id", "outcome")
    STREAM: ClassVar = "stream"

    counted: str
    """Their table."""
    period: str
    """`redrabbit.domain.count_periods`: of runs by their start, of scheduled checks by their due time; of others only how many there are."""
    stream: str
    """Line, or `plant`."""
    station: str
    """"" where it is of none."""
    device: str
    """"" where it is of none."""
    check_id: str
    """Of scheduled checks; "" for others."""
    outcome: str
    """Of a run or a scheduled check; of others their state, in a word."""
    count: int


class Place(NamedTuple):
    """Where a record is counted."""

    counted: str
    period: str
    stream: str
    station: str
    device: str
    check_id: str
    outcome: str


class Counted(NamedTuple):
    """What of a record decides where it is counted."""

    at: datetime | None
    """Of which periods; None: of none, it is counted for ever."""
    stream: str
    station: str | None
    device: str | None
    outcome: str
    check_id: str = ""


def _of_run(run: RunRecord) -> Counted | None:
    """Return where a run is counted; None while it is under way: those are few, and change with each move."""
    if run.outcome is None:
        return None
    return Counted(run.started_at, run.line, run.station, run.device, run.outcome)


def _of_occurrence(occurrence: OccurrenceRecord) -> Counted | None:
    """Return where a scheduled check is counted; None until it is decided: those are few."""
    if occurrence.outcome is None:
        return None
    return Counted(
        occurrence.due_at,
        occurrence.line,
        occurrence.station,
        occurrence.device,
        occurrence.outcome,
        occurrence.check_id,
    )


def _of_containment(case: ContainmentRecord) -> Counted:
    return Counted(None, case.line, case.station, case.device, case.state)


def _of_alarm(alarm: AlarmRecord) -> Counted:
    outcome = UNACKNOWLEDGED if alarm.acknowledged_at is None else ACKNOWLEDGED
    return Counted(None, alarm.stream, None, None, outcome)


COUNTED: Final[Mapping[type[Record], Callable[[Any], Counted | None]]] = {
    RunRecord: _of_run,
    OccurrenceRecord: _of_occurrence,
    ContainmentRecord: _of_containment,
    AlarmRecord: _of_alarm,
}
"""The kinds that are counted, and by what."""


def counts_after(changes: Changes, look: Look) -> Changes:
    """Return the changes of counts that follow from changes of records; `look` is before both."""
    moved: dict[Place, int] = {}
    before: dict[tuple[object, ...], Record | None] = {}
    for change in changes:
        kind = type(change.record)
        if kind not in COUNTED:
            continue
        key = tuple(getattr(change.record, name) for name in kind.KEY)
        place = (kind, *key)
        earlier = before[place] if place in before else look(kind, *key)
        before[place] = change.record
        for record, by in ((earlier, -1), (change.record, 1)):
            for counted in _places(record):
                moved[counted] = moved.get(counted, 0) + by
    return tuple(_moved(place, by, look) for place, by in moved.items() if by)


def _places(record: Record | None) -> Iterator[Place]:
    counted = None if record is None else COUNTED[type(record)](record)
    if record is None or counted is None:
        return
    for period in (EVER,) if counted.at is None else periods_of(counted.at):
        yield Place(
            counted=record.TABLE,
            period=period,
            stream=counted.stream,
            station=counted.station or "",
            device=counted.device or "",
            check_id=counted.check_id,
            outcome=str(counted.outcome),
        )


def _moved(place: Place, by: int, look: Look) -> Put:
    known = look(CountRecord, *place)
    count = by if known is None else known.count + by
    return Put(CountRecord(**place._asdict(), count=count))
