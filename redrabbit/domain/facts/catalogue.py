"""Every fact and every record: the ledger's dictionary (D22).

A new kind of fact is written in its noun's file and listed here; `docs/ledger.md` is printed from it.
"""

from collections.abc import Mapping
from typing import Any

from redrabbit.domain.facts import (
    alarm,
    challenge_part,
    check,
    containment,
    occurrence,
    plant,
    run,
    station,
)
from redrabbit.domain.facts.codec import decode
from redrabbit.domain.facts.fact import Changes, Fact, Look, Record
from redrabbit.domain.ledger import Entry
from redrabbit.domain.newer import refuse_newer_type

FACTS: tuple[type[Fact], ...] = (
    plant.ConfigurationAdopted,
    plant.AgentStarted,
    plant.AgentStopped,
    plant.ClockStepped,
    station.StationAdopted,
    station.StationLost,
    station.StationRestored,
    check.CheckAdopted,
    check.CheckRetired,
    challenge_part.PartRegistered,
    challenge_part.PartStateChanged,
    challenge_part.PartMissing,
    challenge_part.PartFound,
    occurrence.OccurrenceMade,
    occurrence.OccurrenceOverdue,
    occurrence.OccurrenceDecided,
    occurrence.PauseDeclared,
    occurrence.PauseEnded,
    run.RunStarted,
    run.PartIssued,
    run.ScanRefused,
    run.PartPresented,
    run.VerdictReached,
    run.VerdictContradicted,
    run.PartGivenBack,
    run.RunStopped,
    run.RunClosed,
    containment.ContainmentOpened,
    containment.ContainmentStopped,
    containment.ReactionChanged,
    containment.ContainmentReverified,
    containment.ContainmentClosed,
    alarm.AlarmRaised,
    alarm.AlarmAcknowledged,
)

RECORDS: tuple[type[Record], ...] = (
    plant.ConfigurationRecord,
    plant.AgentRecord,
    station.StationRecord,
    check.CheckRecord,
    challenge_part.ChallengePartRecord,
    occurrence.OccurrenceRecord,
    run.RunRecord,
    run.PresentationRecord,
    containment.ContainmentRecord,
    occurrence.PauseRecord,
    alarm.AlarmRecord,
)

BY_TYPE: Mapping[str, type[Fact]] = {kind.TYPE: kind for kind in FACTS}


def fact_of(entry: Entry) -> Any:
    """Return what an entry says.

    Raises WrittenByNewer for an entry type that this version doesn't know, ValueError for a payload
    that is not what its type says.
    """
    refuse_newer_type(entry.type, BY_TYPE, entry.software)
    return decode(BY_TYPE[entry.type], entry.payload, lenient=entry.schema == 1)


def fold(entry: Entry, look: Look) -> Changes:
    """Return what an entry changes in the records: the only thing that makes or changes one (D13).

    Raises as `fact_of`, and LookupError for an entry that speaks of a record which isn't there.
    """
    return fact_of(entry).fold(entry, look)  # type: ignore[no-any-return]  # each fold returns Changes
