"""Recording a fact: its entry, its records, its message, and all that follows, in one transaction.

This is the one place where services write (D22): a fact goes into the ledger, an alarm also to its
receivers, and what follows from it (`redrabbit.domain.consequences`) is recorded right behind.
"""

from datetime import datetime

from redrabbit.domain.consequences import consequences
from redrabbit.domain.control_plan import Check
from redrabbit.domain.facts.alarm import AlarmRaised
from redrabbit.domain.facts.codec import encode
from redrabbit.domain.facts.fact import Fact, event_of
from redrabbit.domain.identity import AGENT, Actor
from redrabbit.domain.ledger import instant_text
from redrabbit.services.alarm_pages import page_of
from redrabbit.services.gathering import send_or_gather
from redrabbit.services.message_keys import alarm_key
from redrabbit.services.ports import OutgoingMessage, UnitOfWork


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
    entry = uow.append(event_of(fact, stream=stream, at=happened_at, actor=actor))
    if isinstance(fact, AlarmRaised):
        key = alarm_key(uow, fact.alarm_id, entry.index)
        send_or_gather(uow, message_of(fact, key, happened_at, page_of(uow, fact)), happened_at)
    for follows in consequences(fact, happened_at, uow, check):
        by = AGENT if isinstance(follows.fact, AlarmRaised) else actor
        record(uow, follows.fact, stream=stream, actor=by, at=follows.at, check=check)


def message_of(alarm: AlarmRaised, key: str, at: datetime, page: str) -> OutgoingMessage:
    """Return the message about an alarm; `page` is where it is ended."""
    about = encode(alarm)
    kind = about.pop("kind")
    return OutgoingMessage(
        event=alarm.kind.value,
        key=key,
        payload={"event": kind, "raised_at": instant_text(at), "page": page, **about},
        not_to=alarm.receiver,
    )
