"""Where what an alarm is about is ended: the page a message links to (B33)."""

from typing import Final, Protocol

from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.misses import AboutMiss, case_of
from redrabbit.domain.record_query import RecordReader

LEDGER: Final = "/ledger"
OF_THE_LEDGER: Final = frozenset(
    {
        AlarmKind.CLOCK_STEP,
        AlarmKind.DAMAGE_FOUND,
        AlarmKind.HISTORY_LOST,
        AlarmKind.ADMINISTRATOR_ADDED,
    }
)


class About(AboutMiss, Protocol):
    """What is asked of an alarm: a fact or a record."""

    @property
    def kind(self) -> AlarmKind:
        """What it is about."""
        ...

    @property
    def station(self) -> str | None:
        """Where."""
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
        case = case_of(reader, alarm)
        return f"/containments/{case.containment_id}" if case is not None else "/containments"
    if alarm.kind in {AlarmKind.NOT_RETURNED, AlarmKind.ESCAPE}:
        return "/alarms"  # where a person says that the part was found
    if alarm.kind is AlarmKind.LAPSED or alarm.station is None:
        return "/due"
    return f"/stations/{alarm.station}"
