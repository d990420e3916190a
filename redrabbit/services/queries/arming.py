"""What an armed run waits for, as its operator sees it: a free place, the part, or a tap (D29).

The page tells it by what the station shows now; whether the place was seen free for long enough only the
run itself knows (`redrabbit.domain.place_free`).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from redrabbit.domain.identity import CheckId
from redrabbit.domain.observation import StationView
from redrabbit.domain.place_free import is_free, shows_place
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import PresentationRecord, RunRecord
from redrabbit.domain.rule import DetectionRule
from redrabbit.domain.run_words import RunState

TAP: Final = "armed_tap"
"""The station can't tell that the part is there: the operator says so."""
OCCUPIED: Final = "armed_occupied"
"""A part is in the place, or it can't be read: it must be seen free first."""
NEXT_COUNTS: Final = "armed_next"
"""The next part that the station sees counts as the challenge part."""


def run_asks(run: RunRecord, rule: DetectionRule, view: StationView | None) -> str:
    """Return the state of a run, or what exactly an armed one waits for where no code is read."""
    if run.state is not RunState.ARMED or rule.part_code is not None:
        return run.state
    if rule.presented is None:
        return TAP
    if not shows_place(rule.presented):
        return NEXT_COUNTS
    readings = view.readings if view is not None else {}
    known = {s: each.value for s, each in readings.items() if each.value is not None}
    return NEXT_COUNTS if is_free(rule.presented, known) else OCCUPIED


def time_to_put_in(
    plant: Plant, run: RunRecord, presentations: Sequence[PresentationRecord], now: datetime
) -> timedelta | None:
    """Return how long the station still waits for the part; None unless it does."""
    if run.state is not RunState.ARMED:
        return None
    (issued_at,) = (p.issued_at for p in presentations if p.step == run.step and p.attempt == 1)
    waits = timedelta(seconds=plant.check(CheckId(run.check_id)).arming_timeout_s)
    return max(timedelta(0), issued_at + waits - now)
