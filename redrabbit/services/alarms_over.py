"""An alarm ends with what it is about, in the record: whether the plant has rules for steps or not (B21, decision 59).

What is over is read from the records alone, each time anew: so it doesn't matter what the service was doing when it became
over, and alarms that a service of before left open end, too. Nobody is told that one has ended.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Final

from redrabbit.domain.challenge_part import Custody
from redrabbit.domain.containment_questions import open_containments
from redrabbit.domain.facts.alarm import AlarmEnded, AlarmKind, AlarmRecord
from redrabbit.domain.facts.containment import ContainmentRecord
from redrabbit.domain.facts.pulse import PulseRecord, PulseState, PulseWhy
from redrabbit.domain.identity import AGENT
from redrabbit.domain.misses import may_hold, misses_of
from redrabbit.domain.records import ChallengePartRecord, OccurrenceRecord
from redrabbit.services.no_data import is_read_again
from redrabbit.services.ports import Reader, UnitOfWork, equals
from redrabbit.services.record_fact import record

AT_ONE_LOOK: Final = 200
"""Alarms in one transaction: a database of before may have many that were never ended."""

STAYS: Final = frozenset(
    {
        AlarmKind.FALSE_REJECT,
        AlarmKind.INCONCLUSIVE,
        AlarmKind.INCONCLUSIVE_AGAIN,
        AlarmKind.NO_VERDICT_AGAIN,
        AlarmKind.LAPSED,
        AlarmKind.CLOCK_STEP,
        AlarmKind.HISTORY_LOST,
        AlarmKind.ADMINISTRATOR_ADDED,
    }
)
"""About what happened and is never over by itself: a person takes these. A better run afterwards ends none of them, else a
verdict could be shopped for in silence (D4)."""

ENDED_BY_THEIR_OWN: Final = frozenset(
    {
        AlarmKind.DAMAGE_FOUND,
        AlarmKind.RECEIVER_NOT_REACHED,
        AlarmKind.APPROVAL_OVERDUE,
        AlarmKind.TEST,
    }
)
"""Ended by what raises them: a whole verification without damage, a message taken, a signature, at once."""


class _Look:
    """One look at the records: open cases are read once, however many alarms are asked about."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    @cached_property
    def cases(self) -> list[ContainmentRecord]:
        """The cases that nobody has closed."""
        return open_containments(self._reader)

    def is_decided(self, alarm: AlarmRecord) -> bool:
        """Tell whether the overdue check is done, excused or lapsed."""
        if alarm.occurrence_id is None:
            return False
        occurrence = self._reader.get(OccurrenceRecord, alarm.occurrence_id)
        return occurrence is not None and occurrence.outcome is not None

    def is_closed(self, alarm: AlarmRecord) -> bool:
        """Tell whether a person has closed the case of the miss: no open one may hold it."""
        if alarm.run_id is None or alarm.device is None:
            return False
        misses = misses_of(self._reader, alarm)
        return not any(may_hold(case, alarm, misses) for case in self.cases)

    def is_back(self, alarm: AlarmRecord) -> bool:
        """Tell whether the part is where it belongs again."""
        if alarm.part_id is None:
            return False
        part = self._reader.get(ChallengePartRecord, alarm.part_id)
        return part is not None and part.custody is not Custody.MISSING

    def is_pulse_decided(self, alarm: AlarmRecord) -> bool:
        """Tell whether a person has confirmed or refused each shorter pulse of the station."""
        at_station = (equals("line", alarm.line), equals("station", alarm.station))
        pulses = self._reader.find(PulseRecord, *at_station)
        return bool(pulses) and not any(
            pulse.state is PulseState.PROPOSED and pulse.why is PulseWhy.SHORTER for pulse in pulses
        )

    def is_read_again(self, alarm: AlarmRecord) -> bool:
        """Tell whether the station is read again, or is none any more."""
        return is_read_again(self._reader, alarm)


ENDS: Final[Mapping[AlarmKind, Callable[[_Look, AlarmRecord], bool]]] = {
    AlarmKind.OVERDUE: _Look.is_decided,
    AlarmKind.MISSED: _Look.is_closed,
    AlarmKind.NOT_RETURNED: _Look.is_back,
    AlarmKind.ESCAPE: _Look.is_back,
    AlarmKind.SHORTER_PULSE: _Look.is_pulse_decided,
    AlarmKind.NO_DATA: _Look.is_read_again,
}
"""One row a kind of alarm that ends with what is on record."""


def is_over(reader: Reader, alarm: AlarmRecord) -> bool:
    """Tell whether what an alarm is about is over: the check decided, the case closed, the part back, the station read."""
    ends = ENDS.get(alarm.kind)
    return ends is not None and ends(_Look(reader), alarm)


def over_alarms(reader: Reader, limit: int = AT_ONE_LOOK) -> list[AlarmRecord]:
    """Return alarms whose matter is over, and that have not ended."""
    look = _Look(reader)
    over: list[AlarmRecord] = []
    for kind, ends in ENDS.items():
        found = reader.find(AlarmRecord, equals("kind", kind), equals("ended_at", None))
        over += (alarm for alarm in found if ends(look, alarm))
    return over[:limit]


def end_over(uow: UnitOfWork) -> None:
    """End them; nobody is told."""
    for alarm in over_alarms(uow):
        record(uow, AlarmEnded(alarm_id=alarm.alarm_id), stream=alarm.stream, actor=AGENT)
