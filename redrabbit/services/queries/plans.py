"""The control plan that a record was made under, as printed on records."""

from redrabbit.domain.facts.words import PlanReference
from redrabbit.domain.records import OccurrenceRecord, RunRecord


def plan_label(record: RunRecord | OccurrenceRecord) -> str:
    """Return number and revision, for example `CP-204 rev F`."""
    return PlanReference(
        number=record.plan_number, revision=record.plan_revision, line=None, pfmea=None
    ).label
