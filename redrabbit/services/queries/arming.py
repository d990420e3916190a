"""What a run waits for, as its operator sees it: a held feed, a free place, the part, or a tap (D29).

And what people must not be quicker than (decision 0024): with the part back the end of the time in which
its verdict may be taken back; where somebody said that it is not the part, the next reading.

The page tells it by what the station shows now; whether the place was seen free for long enough only the
run itself knows (`redrabbit.domain.place_free`, `redrabbit.domain.feed_watch`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from redrabbit.domain.identity import CheckId, SignalName
from redrabbit.domain.observation import StationView, Value
from redrabbit.domain.place_free import is_free, shows_place
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import PresentationRecord, RunRecord
from redrabbit.domain.rule import DetectionRule, HeldFeed, signals_of
from redrabbit.domain.run_words import RunState

TAP: Final = "armed_tap"
"""The station can't tell that the part is there: the operator says so."""
OCCUPIED: Final = "armed_occupied"
"""A part is in the place, or it can't be read: it must be seen free first."""
NEXT_COUNTS: Final = "armed_next"
"""The next part that the station sees counts as the challenge part."""
HOLD: Final = "armed_hold"
"""The feed is to be held; the station tells when it is."""
SAY_HELD: Final = "armed_hold_tap"
"""The feed is to be held; the operator says when it is."""
SAY_HELD_AGAIN: Final = "armed_hold_again"
"""A part came after the operator said that it is held: they hold it, and say so again."""
WAIT: Final = "armed_wait"
"""It is held, and a part may still be under way."""
PUT_IN: Final = "armed_held"
"""It is held, and the place is free: the part may come."""

NOT_THE_PART: Final = "presented_not_the_part"
"""Somebody said that it is not the part; the station's next reading decides that."""

OPEN: Final = "verdict_open"
"""The part is back, and the station may still take its answer back."""


def run_asks(run: RunRecord, rule: DetectionRule, view: StationView | None) -> str:
    """Return the state of a run, or what exactly it waits for, as far as the station's view tells.

    Of an armed one only where no code is read.
    """
    if run.state is RunState.PRESENTED and view is not None and view.not_the_part_said:
        return NOT_THE_PART
    if run.state is not RunState.ARMED or rule.part_code is not None:
        return run.state
    if rule.presented is None:
        return TAP
    if not shows_place(rule.presented):
        return NEXT_COUNTS
    if rule.held is not None and not is_told_held(run, rule, view):
        return _holding(run, rule.held)
    if not is_free(rule.presented, _known(view)):
        return OCCUPIED
    return NEXT_COUNTS if rule.held is None else PUT_IN


def is_told_held(run: RunRecord, rule: DetectionRule, view: StationView | None) -> bool:
    """Return whether a signal shows now, or a person said, that nothing is fed; else nobody confirms it."""
    if rule.held is None:
        return False
    if rule.held.signal is None:
        return run.feed_held_at is not None
    return _known(view).get(rule.held.signal) is True


def _holding(run: RunRecord, held: HeldFeed) -> str:
    if held.signal is not None:
        return HOLD
    return SAY_HELD if run.feed_held_entry is None else SAY_HELD_AGAIN


def _known(view: StationView | None) -> Mapping[SignalName, Value]:
    readings = view.readings if view is not None else {}
    return {s: each.value for s, each in readings.items() if each.value is not None}


def time_open(run: RunRecord, view: StationView | None, now: datetime) -> timedelta | None:
    """Return how long the run must not go on yet; None where it may, or its part is still out."""
    goes_on = run.state in {RunState.AWAITING_PART, RunState.AWAITING_CONFIRMATION}
    until = view.verdict_open_until if view is not None and goes_on else None
    return max(timedelta(0), until - now) if until is not None else None


def time_to_wait(
    run: RunRecord,
    rule: DetectionRule,
    view: StationView | None,
    presentations: Sequence[PresentationRecord],
    now: datetime,
) -> timedelta | None:
    """Return how long a part may still be under way to the place; None where none is."""
    if rule.held is None or rule.presented is None or view is None:
        return None
    told = rule.held.signals | signals_of(rule.presented)
    changed = [view.readings[s].changed_at for s in told if s in view.readings]
    since = [at for at in (*changed, run.feed_held_at) if at is not None]
    begun_at = max((_issued_at(run, presentations), *since))
    left = begun_at + timedelta(seconds=rule.held.travel_s) - now
    return left if left > timedelta(0) else None


def _issued_at(run: RunRecord, presentations: Sequence[PresentationRecord]) -> datetime:
    (issued_at,) = (p.issued_at for p in presentations if p.step == run.step and p.attempt == 1)
    return issued_at


def time_to_put_in(
    plant: Plant, run: RunRecord, presentations: Sequence[PresentationRecord], now: datetime
) -> timedelta | None:
    """Return how long the station still waits for the part; None unless it does."""
    if run.state is not RunState.ARMED:
        return None
    waits = timedelta(seconds=plant.check(CheckId(run.check_id)).arming_timeout_s)
    return max(timedelta(0), _issued_at(run, presentations) + waits - now)
