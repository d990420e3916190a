"""Obligations as commands: make occurrences, tell what is overdue, lapse, postpone and excuse for pauses.

L7: every occurrence ends in exactly one of passed, failed, lapsed, excused; what came due while
the software was down is made when it returns (R12). Nothing waits for this step: readers compute
the status from the frozen times (D9).

What came due in a long time is brought up a part at a time, the earliest first, so that each
transaction has a bounded size (decision 0035). Where one part ends depends on what is recorded and on
the instant, and on nothing else: so all parts in one transaction, each in its own, or the first ones in
a life that was killed, make the same entries in the same order.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from redrabbit.domain.clock_doubts import (
    as_doubted,
    open_doubts,
)
from redrabbit.domain.consequences import next_id
from redrabbit.domain.control_plan import Check
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.occurrence import (
    DecisionCode,
    OccurrenceDecided,
    OccurrenceMade,
    OccurrenceOutcome,
    OccurrenceOverdue,
    OccurrencePostponed,
)
from redrabbit.domain.identity import SCHEDULER, CheckId, OccurrenceId
from redrabbit.domain.occurrence import (
    OccurrenceStatus,
    frozen_times,
    status,
    trigger_key,
)
from redrabbit.domain.pauses import (
    PausesByLine,
    as_paused,
    pauses_of,
)
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import (
    CheckRecord,
    ClockDoubtRecord,
    OccurrenceRecord,
)
from redrabbit.domain.schedule import DueTime
from redrabbit.services import approving, requesting, rotating
from redrabbit.services.lapsing import alarm_of, lapse
from redrabbit.services.ports import Reader, UnitOfWork
from redrabbit.services.record_fact import record
from redrabbit.services.turning import next_turn_at, postponed_at, turned_by
from redrabbit.services.unmade import adopted_checks, each_unmade, next_unmade

AT_ONCE: Final = 50
"""Occurrences that one part makes; it decides or tells of at most twice as many. Some 0.1 s: so long whoever writes
next waits."""


def step(uow: UnitOfWork, plant: Plant) -> None:
    """Bring all obligations up to `uow.now`, however many there are."""
    while step_some(uow, plant) is not None:
        pass


def step_some(uow: UnitOfWork, plant: Plant, *, only: CheckId | None = None) -> datetime | None:
    """Bring the earliest obligations up to `uow.now`, of one check only where it is named.

    Returns when the first that is left was due; None: all are brought up.
    """
    checks, doubts = adopted_checks(uow, plant, only), open_doubts(uow)
    unmade = list(islice(_earliest_unmade(uow, plant, checks, doubts, uow.now), AT_ONCE + 1))
    now_made = unmade[:AT_ONCE] if len(turned_by(uow, uow.now, only)) <= AT_ONCE else []
    for each in sorted(now_made, key=lambda each: each.place):
        make(uow, plant, each.check, each.due)
    left = [each.due.due_at for each in unmade[len(now_made) :][:1]]
    later = bring_up_some(uow, only=only)
    left_since = min([*left, *([later] if later is not None else [])], default=None)
    if left_since is None and only is None:
        left_since = rotating.make_lapses(uow, plant, AT_ONCE - len(now_made))
    if left_since is None and only is None:
        requesting.end_late(uow)
        approving.tell_overdue(uow)
        uow.release()  # what is told late, as one message
    return left_since


def bring_up_some(uow: UnitOfWork, *, only: CheckId | None = None) -> datetime | None:
    """Bring the earliest occurrences that were made already up to `uow.now`, whatever the plan is.

    Returns when the first that is left was due; None: all are brought up.
    """
    to_decide = turned_by(uow, uow.now, only)
    pauses = pauses_of(uow, to_decide)
    for occurrence in to_decide[: 2 * AT_ONCE]:
        _bring_up(uow, occurrence, pauses)
    return to_decide[2 * AT_ONCE].due_at if len(to_decide) > 2 * AT_ONCE else None


def has_something_to_decide(uow: UnitOfWork) -> bool:
    """Tell whether an occurrence that was made already waits to be told of, postponed, excused or lapsed."""
    return bool(turned_by(uow, uow.now))


def owe_the_same(before: Plant, plant: Plant) -> bool:
    """Tell whether what came due under one plant is made alike under another."""
    known = {check.id: check for check in plant.plan.checks}
    return all(
        known.get(check.id) == check
        and plant.calendars[check.line] == before.calendars[check.line]
        and plant.plan_reference(check) == before.plan_reference(check)
        and plant.place_names(check.station, check.device)
        == before.place_names(check.station, check.device)
        for check in before.plan.checks
    )


def next_step_at(reader: Reader, plant: Plant, now: datetime) -> datetime | None:
    """Return when `step` has something to do again; None when nothing is scheduled."""
    instants: list[datetime] = []
    doubts = open_doubts(reader)
    for check, known in adopted_checks(reader, plant):
        following = next_unmade(reader, plant, check, known, doubts=doubts, now=now)
        if following is not None:
            instants.append(following.due_at - check.opens_before)
        turn_ends = rotating.next_turn_end(plant, check, now)
        instants += [turn_ends] if turn_ends is not None else []
    of_others = (approving.next_overdue_at(reader), requesting.next_end_at(reader))
    for at in (next_turn_at(reader, now), *of_others):
        instants += [at] if at is not None else []
    return max(min(instants), now) if instants else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unmade:
    """One due time of a check that has no occurrence yet."""

    place: int
    """Of the check among those adopted."""
    check: Check
    due: DueTime


def _earliest_unmade(
    reader: Reader,
    plant: Plant,
    checks: Sequence[tuple[Check, CheckRecord]],
    doubts: Sequence[ClockDoubtRecord],
    now: datetime,
) -> Iterator[_Unmade]:
    """Yield what is to be made by now, of all checks by its due time."""

    def of_check(place: int) -> Iterator[_Unmade]:
        check, known = checks[place]
        since = known.scheduled_until
        for due in each_unmade(reader, plant, check, known, doubts=doubts, since=since, now=now):
            yield _Unmade(place=place, check=check, due=due)

    by_check = [of_check(place) for place in range(len(checks))]
    return heapq.merge(*by_check, key=lambda each: each.due.due_at)


def make(
    uow: UnitOfWork,
    plant: Plant,
    check: Check,
    due: DueTime,
    *,
    opens_at: datetime | None = None,
) -> OccurrenceId:
    """Make the occurrence of a check at a due time, with the times and words of the plan in force; return its number.

    `opens_at` where it is open earlier than the plan says.
    """
    times = frozen_times(check, due)
    made = OccurrenceMade(
        occurrence_id=OccurrenceId(next_id(uow, OccurrenceRecord, check.line)),
        check_id=check.id,
        trigger_key=trigger_key(due.trigger_key),
        line=check.line,
        station=check.station,
        device=check.device,
        plan=plant.plan_reference(check),
        names=plant.place_names(check.station, check.device),
        variant=None,
        nest=None,
        opens_at=times.opens_at if opens_at is None else min(opens_at, times.opens_at),
        due_at=times.due_at,
        grace_ends_at=times.grace_ends_at,
        closes_at=times.closes_at,
    )
    record(uow, made, stream=check.line, actor=SCHEDULER)
    return made.occurrence_id


def _bring_up(uow: UnitOfWork, made: OccurrenceRecord, pauses: PausesByLine) -> None:
    """Tell, postpone, excuse or lapse one undecided occurrence, as its times and the pauses of its line demand."""
    occurrence = as_paused(made, pauses, uow.now)
    if occurrence.decided_at is not None:
        excused = OccurrenceDecided.of(
            made, OccurrenceOutcome.EXCUSED, DecisionCode.PAUSE, pause_id=occurrence.pause_id
        )
        record(uow, excused, stream=made.line, actor=SCHEDULER, at=occurrence.decided_at)
        return
    if occurrence.due_at != made.due_at and postponed_at(made, occurrence) <= uow.now:
        _postpone(uow, occurrence, postponed_at(made, occurrence))
    status_now = status(as_doubted(occurrence, open_doubts(uow), uow.now), uow.now)
    if status_now is OccurrenceStatus.LAPSED:
        lapse(uow, occurrence)
    elif status_now is OccurrenceStatus.OVERDUE and not occurrence.overdue_told:
        overdue = OccurrenceOverdue(
            occurrence_id=occurrence.occurrence_id,
            check_id=occurrence.check_id,
            station=occurrence.station,
            device=occurrence.device,
        )
        at = occurrence.grace_ends_at
        record(uow, overdue, stream=occurrence.line, actor=SCHEDULER, at=at)
        alarm_of(uow, occurrence, AlarmKind.OVERDUE, at)


def _postpone(uow: UnitOfWork, occurrence: OccurrenceRecord, at: datetime) -> None:
    """Record the times that the pauses of its line give an occurrence."""
    postponed = OccurrencePostponed(
        occurrence_id=occurrence.occurrence_id,
        check_id=occurrence.check_id,
        station=occurrence.station,
        device=occurrence.device,
        pause_id=occurrence.moved_by_pause,
        due_at=occurrence.due_at,
        grace_ends_at=occurrence.grace_ends_at,
        closes_at=occurrence.closes_at,
    )
    record(uow, postponed, stream=occurrence.line, actor=SCHEDULER, at=at)
