"""Ending a doubt of the clock: by a person, by a second source, or because the clock was set back to what it would say (D43, D61).

Then it is known what time it is, and obligations follow it: what the scheduler said of instants still to come is taken back
by new entries, due times that the step passed over are looked for again, and what nobody could be told of in time lapses as
not watched.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from redrabbit.domain.clock_doubts import open_doubts
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.alarm import AlarmEnded, AlarmKind
from redrabbit.domain.facts.check import CheckDueAgain
from redrabbit.domain.facts.clock import ClockDoubtRecord, ClockSettled, ClockSettledBy
from redrabbit.domain.facts.occurrence import OccurrenceOutcome, OccurrenceReopened
from redrabbit.domain.facts.plant import NotWatched, NotWatchedWhy
from redrabbit.domain.identity import AGENT, SCHEDULER, Actor
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.record_query import recorded
from redrabbit.domain.records import AlarmRecord, CheckRecord, OccurrenceRecord
from redrabbit.services.ports import UnitOfWork, Where, equals
from redrabbit.services.record_fact import record

FARTHEST_BACK: Final = timedelta(days=400)
"""No person confirms that the clock was ahead by more: a clock that lost its battery is set right instead."""
LATELY: Final = timedelta(days=7)
"""What was due earlier and is not over by now has a longer window than any check has; its alarm is found all the same."""

log = logging.getLogger("redrabbit.agent")


def confirm_clock(uow: UnitOfWork, doubt: int, *, actor: Actor) -> ClockDoubtRecord:
    """Say that the clock is right as it is now; refused where another step came since, or none is in doubt."""
    doubts = open_doubts(uow)
    if not doubts or doubts[-1].entry != doubt:
        raise Refusal("no_such_clock_doubt")
    back = doubts[0].stepped_at - uow.now
    if back > FARTHEST_BACK:
        raise Refusal("clock_too_far_back", back=back, limit=FARTHEST_BACK)
    settle(uow, doubts, ClockSettledBy.PERSON, actor=actor)
    return recorded(uow, ClockDoubtRecord, doubt)


def confirm_by_second_source(uow: UnitOfWork) -> None:
    """Settle what is in doubt, as the machine's clock is synchronised; nothing where that would take back years."""
    doubts = open_doubts(uow)
    if doubts and doubts[0].stepped_at - uow.now <= FARTHEST_BACK:
        settle(uow, doubts, ClockSettledBy.SECOND_SOURCE, actor=AGENT)


def settle(
    uow: UnitOfWork, doubts: Sequence[ClockDoubtRecord], by: ClockSettledBy, *, actor: Actor
) -> None:
    """End the doubts: the time is what the clock says now."""
    left_at = doubts[0].stepped_at
    back_at = uow.now if by is ClockSettledBy.SET_BACK else doubts[-1].set_to_at
    if back_at > left_at:
        wrong = NotWatched(begins_at=left_at, ends_at=back_at, why=NotWatchedWhy.CLOCK)
        record(uow, wrong, stream=PLANT_STREAM, actor=AGENT)
    for each in doubts:
        settled = ClockSettled(doubt=each.entry, settled=by)
        record(uow, settled, stream=PLANT_STREAM, actor=actor)
    reopen(uow)
    _look_again(uow, min(left_at, uow.now))
    log.warning("the clock is no longer in doubt", extra={"settled_by": by.value})


def reopen(uow: UnitOfWork) -> None:
    """Take back what the scheduler said of instants still to come, with the alarms of it."""
    for each in _untimely(uow):
        reopened = OccurrenceReopened(
            occurrence_id=each.occurrence_id,
            check_id=each.check_id,
            station=each.station,
            device=each.device,
        )
        record(uow, reopened, stream=each.line, actor=SCHEDULER)
        for alarm in uow.find(AlarmRecord, equals("occurrence_id", each.occurrence_id)):
            is_of_it = alarm.kind in {AlarmKind.LAPSED, AlarmKind.OVERDUE}
            if is_of_it and alarm.ended_at is None and alarm.raised_at > uow.now:
                ended = AlarmEnded(alarm_id=alarm.alarm_id)
                record(uow, ended, stream=alarm.stream, actor=AGENT)


def _untimely(uow: UnitOfWork) -> list[OccurrenceRecord]:
    """Return what the scheduler decided, or told of, as of an instant still to come: alarms of then lead to what has a long window."""
    alarms = uow.find(AlarmRecord, Where("raised_at", ">", uow.now), order_by="raised_at")
    ids = {each.occurrence_id for each in alarms if each.occurrence_id is not None}
    lately = Where("due_at", ">=", uow.now - LATELY)
    ended = Where("outcome", "in", (OccurrenceOutcome.LAPSED, OccurrenceOutcome.EXCUSED))
    found = {each.occurrence_id: each for each in uow.find(OccurrenceRecord, ended, lately)}
    found |= {one: recorded(uow, OccurrenceRecord, one) for one in ids - found.keys()}
    for each in uow.find(OccurrenceRecord, equals("outcome", None)):
        found[each.occurrence_id] = each
    untimely = [each for each in found.values() if _is_untimely(each, uow.now)]
    return sorted(untimely, key=lambda each: (each.due_at, each.line, each.number))


def _is_untimely(occurrence: OccurrenceRecord, now: datetime) -> bool:
    if occurrence.decided_at is None:
        return occurrence.overdue_told and occurrence.grace_ends_at > now
    return occurrence.decided_at > now and occurrence.decided_by == SCHEDULER.id


def _look_again(uow: UnitOfWork, since: datetime) -> None:
    """Look for due times again from an instant on, of each check from when it is owed as it is."""
    for check in uow.find(CheckRecord, equals("retired_at", None)):
        at = max(since, check.owed_from) if check.owed_from <= uow.now else uow.now
        if check.scheduled_until > at:
            again = CheckDueAgain(check_id=check.check_id)
            record(uow, again, stream=check.line, actor=SCHEDULER, at=at)
