"""Where what an alarm is about is ended: the page a message links to (B33)."""

from typing import Final, Protocol

from redrabbit.domain.containment_questions import IS_OPEN
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.containment import ContainmentRecord
from redrabbit.domain.record_query import RecordReader, equals

LEDGER: Final = "/ledger"
OF_THE_LEDGER: Final = frozenset(
    {
        AlarmKind.CLOCK_STEP,
        AlarmKind.DAMAGE_FOUND,
        AlarmKind.HISTORY_LOST,
        AlarmKind.ADMINISTRATOR_ADDED,
    }
)


class About(Protocol):
    """What is asked of an alarm: a fact or a record."""

    @property
    def kind(self) -> AlarmKind:
        """What it is about."""
        ...

    @property
    def station(self) -> str | None:
        """Where."""
        ...

    @property
    def device(self) -> str | None:
        """At which device."""
        ...


def page_of(reader: RecordReader, alarm: About) -> str:
    """Return the path of the page on which a person ends it, as it stands on record now."""
    if alarm.kind in OF_THE_LEDGER:
        return LEDGER
    if alarm.kind is AlarmKind.APPROVAL_OVERDUE:
        return "/approvals"
    if alarm.kind is AlarmKind.RECEIVER_NOT_REACHED:
        return "/receivers"
    if alarm.kind is AlarmKind.MISSED:
        cases = reader.find(ContainmentRecord, equals("device", alarm.device), IS_OPEN, limit=1)
        return f"/containments/{cases[0].containment_id}" if cases else "/containments"
    if alarm.kind in {AlarmKind.NOT_RETURNED, AlarmKind.ESCAPE}:
        return "/alarms"  # where a person says that the part was found
    if alarm.kind is AlarmKind.LAPSED or alarm.station is None:
        return "/due"
    return f"/stations/{alarm.station}"
