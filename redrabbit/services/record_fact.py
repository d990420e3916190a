"""Recording a fact: its entry, its records, its message, and all that follows, in one transaction.

This is the one place where services write (D22): a fact goes into the ledger, an alarm also to its
receivers, and what follows from it (`redrabbit.domain.consequences`) is recorded right behind.
"""

from dataclasses import replace
from datetime import datetime

from redrabbit.domain.approval import RequestEnd
from redrabbit.domain.consequences import consequences
from redrabbit.domain.control_plan import Check
from redrabbit.domain.facts.alarm import AlarmEnded, AlarmRaised
from redrabbit.domain.facts.alarm_told import AlarmsTold, ToldStep
from redrabbit.domain.facts.approval_request import ApprovalFell
from redrabbit.domain.facts.fact import Fact, event_of
from redrabbit.domain.identity import AGENT, SCHEDULER, Actor
from redrabbit.domain.ledger import Entry
from redrabbit.services.alarm_messages import message_of
from redrabbit.services.alarm_pages import page_of
from redrabbit.services.alarm_steps import Telling, telling_of
from redrabbit.services.gathering import send_or_gather
from redrabbit.services.message_keys import alarm_key
from redrabbit.services.ports import UnitOfWork


def record(
    uow: UnitOfWork,
    fact: Fact,
    *,
    stream: str,
    actor: Actor,
    at: datetime | None = None,
    check: Check | None = None,
) -> None:
    """Record a fact of a stream that happened at `at` (now, if not given), and what follows.

    `check` is the check that it speaks of, where something may follow from it.
    """
    happened_at = uow.now if at is None else at
    telling = telling_of(uow, fact, happened_at) if isinstance(fact, AlarmRaised) else None
    entry = uow.append(event_of(fact, stream=stream, at=happened_at, actor=actor))
    if telling is not None and isinstance(fact, AlarmRaised):
        _tell(uow, fact, telling, happened_at, entry)
    for follows in consequences(fact, happened_at, uow, check):
        by = _by(follows.fact, actor)
        record(uow, follows.fact, stream=stream, actor=by, at=follows.at, check=check)


def _by(follows: Fact, actor: Actor) -> Actor:
    """Return by whom a fact is that follows: alarms are the software's, and no person ends a request whose time is over."""
    if isinstance(follows, AlarmRaised | AlarmEnded):
        return AGENT
    if isinstance(follows, ApprovalFell) and follows.end is RequestEnd.TIME_OVER:
        return SCHEDULER
    return actor


def _tell(
    uow: UnitOfWork, alarm: AlarmRaised, telling: Telling, at: datetime, entry: Entry
) -> None:
    """Tell of an alarm at once, and say when its first step is due."""
    if telling.is_told:
        key = alarm_key(uow, alarm.alarm_id, entry.index)
        message = message_of(alarm, key, at, page_of(uow, alarm))
        send_or_gather(uow, replace(message, to=telling.to, without=telling.without), at)
    if telling.first_at is not None:
        step = ToldStep.to_come(alarm.alarm_id, telling.first_at)
        to_come = AlarmsTold(receivers=(), key=None, held_for=telling.held_for, steps=(step,))
        uow.append(event_of(to_come, stream=entry.stream, at=uow.now, actor=AGENT))
