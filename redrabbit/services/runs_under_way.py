"""The runs that are under way: asked for in one way by whoever serves or shows a station (D2)."""

from typing import Final

from redrabbit.domain.records import RunRecord
from redrabbit.services.ports import Reader, equals

UNDER_WAY: Final = equals("outcome", None)
"""`redrabbit.domain.run_questions.is_under_way`, for a reader: a run gets its outcome as it is closed.

Not asked of the state: what is *not* something no index finds (B30).
"""


def runs_under_way(reader: Reader) -> list[RunRecord]:
    """Return every run that holds its station, oldest first."""
    return reader.find(RunRecord, UNDER_WAY)


def run_under_way_at(reader: Reader, station_id: str) -> RunRecord | None:
    """Return the one run that holds this station; None where nothing runs (D2)."""
    runs = reader.find(RunRecord, equals("station", station_id), UNDER_WAY, limit=1)
    return runs[0] if runs else None
