"""From ledger entry to records: the only thing that makes or changes a record (idea 2, D13).

The store folds each entry as it is appended; verification folds the whole ledger again and
compares. So `fold` depends on the entry and on the records before it, and on nothing else; old
entry types are folded for ever (D12).
"""

from collections.abc import Callable, Mapping

from redrabbit.domain import fold_plant, fold_runs
from redrabbit.domain.folding import Changes, Look, Put, Remove
from redrabbit.domain.ledger import Entry
from redrabbit.domain.newer import refuse_newer_type

__all__ = ["FOLDS", "Put", "Remove", "fold"]


def fold(entry: Entry, look: Look) -> Changes:
    """Return what an entry changes in the records.

    Raises WrittenByNewer for an entry type that this version doesn't know, and LookupError for one
    that speaks of a record which isn't there: a ledger that was tampered with, or a bug.
    """
    refuse_newer_type(entry.type, FOLDS, entry.software)
    return FOLDS[entry.type](entry, look)


FOLDS: Mapping[str, Callable[[Entry, Look], Changes]] = {
    "agent_started": fold_plant.agent_started,
    "agent_stopped": fold_plant.agent_stopped,
    "alarm_acknowledged": fold_plant.alarm_acknowledged,
    "alarm_raised": fold_plant.alarm_raised,
    "check_adopted": fold_plant.check_adopted,
    "check_retired": fold_plant.check_retired,
    "clock_stepped": fold_plant.noted,
    "configuration_adopted": fold_plant.configuration_adopted,
    "containment_closed": fold_plant.containment_closed,
    "containment_opened": fold_plant.containment_opened,
    "containment_reverified": fold_plant.containment_reverified,
    "containment_stopped": fold_plant.containment_stopped,
    "occurrence_decided": fold_plant.occurrence_decided,
    "occurrence_made": fold_plant.occurrence_made,
    "occurrence_overdue": fold_plant.occurrence_overdue,
    "part_found": fold_plant.part_found,
    "part_given_back": fold_runs.part_given_back,
    "part_issued": fold_runs.part_issued,
    "part_missing": fold_plant.part_missing,
    "part_presented": fold_runs.part_presented,
    "part_registered": fold_plant.part_registered,
    "part_state_changed": fold_plant.part_state_changed,
    "pause_declared": fold_plant.pause_declared,
    "pause_ended": fold_plant.pause_ended,
    "reaction_changed": fold_plant.reaction_changed,
    "run_closed": fold_runs.run_closed,
    "run_started": fold_runs.run_started,
    "run_stopped": fold_runs.run_stopped,
    "scan_refused": fold_runs.scan_refused,
    "station_adopted": fold_plant.station_adopted,
    "station_lost": fold_plant.station_lost,
    "station_restored": fold_plant.station_restored,
    "verdict_contradicted": fold_runs.verdict_contradicted,
    "verdict_reached": fold_runs.verdict_reached,
}
"""One row an entry type."""
