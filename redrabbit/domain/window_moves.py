"""How far a suspect window reaches, and what moves its end (D34).

While a device has not been verified again, whatever shows that it was still at work reaches further: a later
miss, or parts counted after a recorded stop. More parts than challenge parts were shown since the stop are
production, so the stop no longer holds and the window is open again; as many or fewer may be the challenge
parts themselves, and are taken in. The re-verification is the last that can move it: what is made
after it is not suspect. An alternate control ends it for good: what is made under it is checked otherwise.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from redrabbit.domain.facts.containment import ContainmentRecord, ContainmentState, WindowEnd
from redrabbit.domain.facts.fact import read_json
from redrabbit.domain.facts.part_count import CountedWhy, PartCountRecord
from redrabbit.domain.facts.suspect_window import ContainmentWindowMoved, WindowMove
from redrabbit.domain.identity import RunId
from redrabbit.domain.made_of import known_of_others
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.record_query import RecordReader, Where, equals
from redrabbit.domain.suspect_window import (
    SINCE_RECORDS_BEGAN,
    SuspectParts,
    WindowSide,
    suspect_parts,
)


def began(case: ContainmentRecord) -> WindowSide:
    """Return the count at which a case's window begins."""
    if case.window_from is None:
        return SINCE_RECORDS_BEGAN
    return WindowSide(counter=case.counter_from, count=read_json(PartCount, case.count_from))


def reached(case: ContainmentRecord) -> WindowSide:
    """Return the count up to which a case's window was seen to reach."""
    return WindowSide(counter=case.counter_to, count=read_json(PartCount, case.count_to))


def is_at_least(case: ContainmentRecord) -> bool:
    """Tell whether there may be more suspect parts than a case counts: always while it is open."""
    return case.window_to is None or case.quantity_is_lower_bound


def can_move(case: ContainmentRecord) -> bool:
    """Tell whether what is made now would be suspect, whatever was recorded as the window's end."""
    return case.state is ContainmentState.OPEN and case.window_end is not WindowEnd.ALTERNATE


def moved_by_miss(
    case: ContainmentRecord, until: WindowSide, run_id: RunId, shown: int
) -> ContainmentWindowMoved | None:
    """Return the move by a later miss of the same device and failure mode; None: it reaches no further.

    `shown` is how many challenge parts were put before the station since the window's end.
    """
    if not can_move(case):
        return None
    if case.window_to is None:
        return _moved(case, WindowMove.LATER_MISS, until, run_id)
    return _counted_on(case, WindowMove.LATER_MISS, until, run_id, shown)


def moved_by_reverification(
    case: ContainmentRecord, until: WindowSide, run_id: RunId
) -> ContainmentWindowMoved | None:
    """Return the move by the presentation that proved the device again; None: it reaches no further."""
    if case.window_end is WindowEnd.ALTERNATE:
        return None
    if case.window_to is not None and (
        until.count is None or not may_reach_further(case, until.count)
    ):
        return None
    return _moved(case, WindowMove.REVERIFICATION, until, run_id)


def moved_by_count(
    case: ContainmentRecord, count: PartCount, shown: int
) -> ContainmentWindowMoved | None:
    """Return the move by a count that was told after the recorded end; None: it says nothing new."""
    if case.window_to is None or not can_move(case):
        return None
    return _counted_on(case, WindowMove.COUNTED_ON, _side(count), None, shown)


def moved_by_running(
    case: ContainmentRecord, count: PartCount | None
) -> ContainmentWindowMoved | None:
    """Return the move by the station's running signal, which came on; None: nothing made is suspect."""
    if case.window_to is None or not can_move(case):
        return None
    return _moved(case, WindowMove.RUNNING_AGAIN, _side(count), None, opens_again=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndReached:
    """How far a window reaches that has ended."""

    until: WindowSide
    ends_at: datetime | None
    """Until when, where that is not the instant that was told."""
    parts: SuspectParts


def end_reached(
    case: ContainmentRecord,
    at: datetime,
    *,
    by_then: PartCount | None,
    counted: PartCount | None,
    counted_at: datetime,
) -> EndReached:
    """Return how far a window reaches that ended at an instant, and how many parts are in it.

    `by_then` is the last count told until that instant, `counted` what is counted at `counted_at`, now; None
    where they are not known. Between the two nobody knows what was made before the end and what after
    it: all of it stands within the window, and in its quantity only what was made by then at least. What
    was made after the re-verification is not suspect.
    """
    until = WindowSide(counter=case.counter_to if counted is None else counted.value, count=counted)
    proven_before = False
    if case.state is not ContainmentState.OPEN:
        until, counted_at = _proven_again(case), case.seen_until
        by_then = until.count if at >= counted_at else by_then
        proven_before = case.reached_by_run == case.reverified_by_run and at >= counted_at
    parts = _parts(case, _side(by_then), has_ended=True)
    if at >= case.seen_until:
        parts = parts.no_less_than(_recorded(case))
    same = until.count is not None and _same(by_then, until.count)
    unsure = until.count is not None and not same and counted_at > at
    return EndReached(
        until=until,
        ends_at=counted_at if unsure or proven_before else None,
        parts=replace(parts, is_lower_bound=parts.is_lower_bound or not same),
    )


def _proven_again(case: ContainmentRecord) -> WindowSide:
    """Return the count at the re-verification; not known where an older version did not tell it."""
    if case.reached_by_run == case.reverified_by_run:
        return reached(case)
    return WindowSide(counter=case.counter_to, count=None)


def shown_since_end(reader: RecordReader, case: ContainmentRecord) -> int:
    """Return how many challenge parts were put before a case's station since its window ended."""
    if case.window_to is None:
        return 0
    told = reader.find(
        PartCountRecord,
        equals("line", case.line),
        equals("station", case.station),
        Where("counted_at", ">=", case.window_to),
    )
    return sum(row.why is CountedWhy.PRESENTED for row in told)


def may_reach_further(case: ContainmentRecord, count: PartCount) -> bool:
    """Tell whether parts of a case were counted, or may have been, since its window's recorded end."""
    before = reached(case).count
    return before is None or count.epoch != before.epoch or _grown(case, before, count) > 0


def goes_on(case: ContainmentRecord) -> bool:
    """Tell whether every further part is suspect: nothing ended the window, nothing proved the device."""
    return case.window_to is None and case.state is ContainmentState.OPEN


def so_far(case: ContainmentRecord, count: PartCount | None) -> SuspectParts:
    """Return what is suspect by the last count that was seen, while a case's window goes on.

    Never less than what is recorded; of a window that has ended, and of one whose device is verified
    again, what is recorded: what is made after the re-verification is not suspect.
    """
    recorded = _recorded(case)
    if not goes_on(case) or count is None:
        return recorded
    return _parts(case, _side(count), has_ended=False).no_less_than(recorded)


def _recorded(case: ContainmentRecord) -> SuspectParts:
    """Return what a case tells of its parts."""
    return SuspectParts(
        quantity=case.quantity,
        is_lower_bound=is_at_least(case),
        unknown=case.quantity_unknown or 0,
    )


def _parts(case: ContainmentRecord, until: WindowSide, *, has_ended: bool) -> SuspectParts:
    """Return the suspect parts of a case up to a count: of its variant and nest, or unknown (D34)."""
    return suspect_parts(
        began(case), until, has_ended=has_ended, variant=case.variant, nest=case.nest
    )


def _grown(case: ContainmentRecord, before: PartCount, after: PartCount) -> int:
    """Return how many parts between two counts may be of a case's variant and nest."""
    others = known_of_others(before.known, after.known, case.variant, case.nest)
    return after.made - before.made - others


def _side(count: PartCount | None) -> WindowSide:
    return WindowSide(counter=None if count is None else count.value, count=count)


def _same(one: PartCount | None, other: PartCount) -> bool:
    """Tell whether nothing was made, and nothing may have been skipped, between two counts."""
    return one is not None and (one.made, one.epoch) == (other.made, other.epoch)


def _counted_on(
    case: ContainmentRecord,
    why: WindowMove,
    until: WindowSide,
    run_id: RunId | None,
    shown: int,
) -> ContainmentWindowMoved | None:
    if until.count is None or not may_reach_further(case, until.count):
        return None
    before = reached(case).count
    production = before is not None and _grown(case, before, until.count) > shown
    return _moved(case, why, until, run_id, opens_again=production)


def _moved(
    case: ContainmentRecord,
    why: WindowMove,
    until: WindowSide,
    run_id: RunId | None,
    *,
    opens_again: bool = False,
) -> ContainmentWindowMoved:
    has_ended = case.window_to is not None and not opens_again
    parts = _parts(case, until, has_ended=has_ended).no_less_than(_recorded(case))
    return ContainmentWindowMoved(
        containment_id=case.containment_id,
        why=why,
        run_id=run_id,
        opens_again=opens_again,
        counter_to=until.counter if until.count is not None else case.counter_to,
        count_to=until.count,
        quantity=parts.quantity,
        quantity_is_lower_bound=parts.is_lower_bound,
        quantity_unknown=parts.unknown,
    )
