"""What becomes of a request when what it is about is changed: it ends, in the same transaction (D45).

So a request that waits is always about what stands there: whoever approves it approves what was asked for. It is a fact, and
the end of its alarm; who asked and who would have approved see on the page what became of it.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from redrabbit.domain.approval import RequestEnd
from redrabbit.domain.facts.alarm import AlarmEnded, AlarmRecord
from redrabbit.domain.facts.approval import ApprovalRecord
from redrabbit.domain.facts.approval_request import ApprovalFell
from redrabbit.domain.facts.challenge_part import PartRegistered, PartStateChanged
from redrabbit.domain.facts.containment import (
    ContainmentClosed,
    ContainmentReverified,
    ContainmentStopped,
    ReactionChanged,
)
from redrabbit.domain.facts.fact import Fact
from redrabbit.domain.facts.occurrence import OccurrenceDecided
from redrabbit.domain.facts.plan_revision import (
    PlanRevisionApproved,
    PlanRevisionDiscarded,
    PlanRevisionHeldBack,
    PlanRevisionScheduled,
    PlanRevisionStored,
    PlanRevisionSuperseded,
    PlanRevisionTookEffect,
)
from redrabbit.domain.facts.repair import RepairDisproved, RepairRecorded
from redrabbit.domain.facts.run import RunClosed, RunStarted
from redrabbit.domain.facts.suspect_window import ContainmentWindowMoved
from redrabbit.domain.record_query import RecordReader, Where
from redrabbit.domain.signing import is_as_asked

WAITS: Final = Where("waits_until", "!=", None)
"""Approvals for which anybody waits: requests, and decisions that another person is to sign."""

CHANGING: Final[frozenset[type[Fact]]] = frozenset(
    {
        ContainmentClosed,
        ContainmentReverified,
        ContainmentStopped,
        ContainmentWindowMoved,
        OccurrenceDecided,
        PartRegistered,
        PartStateChanged,
        PlanRevisionApproved,
        PlanRevisionDiscarded,
        PlanRevisionHeldBack,
        PlanRevisionScheduled,
        PlanRevisionStored,
        PlanRevisionSuperseded,
        PlanRevisionTookEffect,
        ReactionChanged,
        RepairDisproved,
        RepairRecorded,
        RunClosed,
        RunStarted,
    }
)
"""Facts that change a record for which an act can be asked; a test holds this to the folds."""


def fallen(fact: Fact, at: datetime, known: RecordReader) -> Iterator[Fact]:
    """Yield the end of each request about what a fact of `at` has just changed, and of its alarm.

    One whose time was over by then ends for that: the lapse of a check is not what ended the request to excuse it.
    """
    if type(fact) not in CHANGING:
        return
    for request in known.find(ApprovalRecord, WAITS, order_by="waits_until"):
        if request.is_waiting_request and not is_as_asked(known.get, request):
            is_over = request.ends_at is not None and request.ends_at <= at
            end = RequestEnd.TIME_OVER if is_over else RequestEnd.CHANGED
            yield ApprovalFell(entry=request.of_entry, end=end)
            yield from end_of_alarm(known, request)


def end_of_alarm(known: RecordReader, approval: ApprovalRecord) -> Iterator[AlarmEnded]:
    """Yield the end of the alarm that was raised about an approval, if it still is."""
    alarm = known.get(AlarmRecord, approval.alarm_id) if approval.alarm_id is not None else None
    if alarm is not None and alarm.ended_at is None:
        yield AlarmEnded(alarm_id=alarm.alarm_id)
