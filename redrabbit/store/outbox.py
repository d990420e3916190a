"""Messages to be delivered at least once: what is due, what went through, what failed.

A message and one row for each target that wants its event are written in the transaction of what
it tells of; so a target added to the plant file later gets what happens from then on. Whoever
delivers asks `pending`, sends, and says `delivered` or `failed`; if it dies in between, the
message is sent again, with the same key (B21). Nothing here sends, and nothing here is told by
the ledger.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from redrabbit.domain.ledger import canonical_text
from redrabbit.domain.way import person_of_way
from redrabbit.services.deliveries import (
    MessageFate,
    MessagesWaiting,
    ParkedMessage,
    ParkedReason,
    fate,
)
from redrabbit.services.ports import OutgoingMessage
from redrabbit.store.engine import translated
from redrabbit.store.tables import DELIVERIES, OUTBOX

T = TypeVar("T")

FORGOTTEN_AT_ONCE: Final = 500
"""Messages in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message that is still to reach one target."""

    outbox_id: int
    target: str
    event: str
    key: str
    payload: str
    """JSON text."""
    created_at: datetime
    attempts: int
    """How often it was tried already."""
    last_error: str | None


class Target(Protocol):
    """What the outbox needs to know of a `NotificationTarget`."""

    @property
    def name(self) -> str:
        """Its name in the plant file."""
        ...

    @property
    def events(self) -> frozenset[str]:
        """Event words that it wants; empty: all."""
        ...

    @property
    def alarms(self) -> bool:
        """Whether it is told of alarms at all."""
        ...


class DeliveryReader(Protocol):
    """What both stores' readers know of deliveries."""

    def waiting_deliveries(self, target: str, limit: int) -> list[Delivery]:
        """Return what waits for one receiver, oldest message first."""
        ...

    def messages_waiting(self) -> Sequence[MessagesWaiting]:
        """Return how much waits for each receiver for which anything does, by its name."""
        ...


class DeliveryWork(DeliveryReader, Protocol):
    """What both stores' units of work can note of deliveries."""

    def mark_delivered(self, outbox_id: int, target: str) -> None:
        """Note that the target has the message."""
        ...

    def mark_failed(self, outbox_id: int, target: str, error: str, next_try_at: datetime) -> None:
        """Note a failed attempt, and when to try again."""
        ...

    def mark_parked(self, outbox_id: int, target: str, reason: ParkedReason, error: str) -> None:
        """Note a failed attempt after which the message is not tried any more."""
        ...

    def park_all(self, target: str, reason: ParkedReason) -> int:
        """Park all that waits for a receiver; return how many messages."""
        ...

    def forget_delivered(self, before: datetime, limit: int) -> int:
        """Forget the oldest messages from before an instant that nobody waits for; return how many."""
        ...


class _Database(Protocol):
    async def write(self, command: Callable[[DeliveryWork], T]) -> T: ...

    async def read(self, query: Callable[[DeliveryReader], T]) -> T: ...


class Outbox:
    """The outbox of one database, as the alarms room uses it."""

    def __init__(self, database: _Database) -> None:
        self._database = database

    async def waiting(self, target: str, limit: int) -> list[Delivery]:
        """Return what waits for one receiver, oldest message first."""
        return await self._database.read(lambda reader: reader.waiting_deliveries(target, limit))

    async def delivered(self, outbox_id: int, target: str) -> None:
        """Note that the target has the message."""
        await self._database.write(lambda work: work.mark_delivered(outbox_id, target))

    async def failed(self, outbox_id: int, target: str, error: str, next_try_at: datetime) -> None:
        """Note a failed attempt, and when to try again."""
        await self._database.write(
            lambda work: work.mark_failed(outbox_id, target, error, next_try_at)
        )

    async def parked(self, outbox_id: int, target: str, reason: ParkedReason, error: str) -> None:
        """Note a failed attempt after which the message is not tried any more."""
        await self._database.write(lambda work: work.mark_parked(outbox_id, target, reason, error))

    async def park_all_but(self, targets: Collection[str]) -> Mapping[str, int]:
        """Park what waits for receivers that are none any more; return how many messages of each."""

        def park(work: DeliveryWork) -> dict[str, int]:
            gone = [each.receiver for each in work.messages_waiting()]
            return {
                name: work.park_all(name, ParkedReason.RECEIVER_REMOVED)
                for name in gone
                if name not in targets and person_of_way(name) is None
            }

        return await self._database.write(park)

    async def forget_delivered(self, before: datetime) -> int:
        """Forget all messages from before an instant that nobody waits for; return how many.

        A few in each transaction, so that whatever else is to be written comes between.
        """
        forgotten = 0
        while some := await self._database.write(
            lambda work: work.forget_delivered(before, FORGOTTEN_AT_ONCE)
        ):
            forgotten += some
        return forgotten


def wanting(targets: Iterable[Target], message: OutgoingMessage) -> list[str]:
    """Return the names of the targets that are told; no event words: they want all."""
    if message.to is not None:
        named = [target.name for target in targets if target.name in message.to]
        return named + [name for name in message.to if person_of_way(name) is not None]
    return [
        target.name
        for target in targets
        if target.alarms
        and (not target.events or message.event in target.events)
        and target.name != message.not_to
        and target.name not in message.without
    ]


def send(
    connection: Connection, message: OutgoingMessage, targets: Iterable[Target], now: datetime
) -> None:
    """Put a message into the outbox, for each target that wants it."""
    insert_deliveries(connection, _put(connection, message, now), wanting(targets, message), now)


def _put(connection: Connection, message: OutgoingMessage, now: datetime) -> int:
    row = {
        "event": message.event,
        "key": message.key,
        "payload": payload_text(message),
        "created_at": now,
    }
    with translated("writing the outbox"):
        number: int = connection.execute(_PUT, row).scalar_one()
        return number


def payload_text(message: OutgoingMessage) -> str:
    """Return what the message says as it is kept; TypeError for what is not JSON."""
    return canonical_text(message.payload)  # type: ignore[arg-type]  # because the port says `object`


HELD: Final = ""
"""The name of no receiver: for it waits what grows still, and is not sent yet (see `DELIVERIES`)."""

_PUT = insert(OUTBOX).returning(OUTBOX.c.id)
_HELD = (
    select(OUTBOX)
    .join(DELIVERIES, OUTBOX.c.id == DELIVERIES.c.outbox_id)
    .where(DELIVERIES.c.target == HELD, DELIVERIES.c.next_try_at.is_not(None))
    .order_by(DELIVERIES.c.outbox_id)
)


def _held(connection: Connection) -> Mapping[str, Row[Any]]:
    with translated("reading the outbox"):
        return {row.event: row for row in connection.execute(_HELD)}


def held(connection: Connection) -> dict[str, OutgoingMessage]:
    """Return the messages that are held, by their events."""
    return {event: _message_of(row) for event, row in _held(connection).items()}


def hold(connection: Connection, message: OutgoingMessage, now: datetime) -> None:
    """Hold a message, in place of the one that is held for its event."""
    row = _held(connection).get(message.event)
    if row is None:
        insert_deliveries(connection, _put(connection, message, now), [HELD], now)
    else:
        with translated("writing the outbox"):
            connection.execute(_CHANGE, {"number": row.id, "payload": payload_text(message)})


def release(connection: Connection, targets: Sequence[Target], now: datetime) -> None:
    """Send all messages that are held, to the targets that want them now."""
    for row in _held(connection).values():
        with translated("releasing messages"):
            connection.execute(delete(DELIVERIES).where(_THIS), {"o": row.id, "t": HELD})
            connection.execute(update(OUTBOX).where(OUTBOX.c.id == row.id).values(created_at=now))
        insert_deliveries(connection, row.id, wanting(targets, _message_of(row)), now)


_CHANGE = update(OUTBOX).where(OUTBOX.c.id == bindparam("number"))
_THIS = (DELIVERIES.c.outbox_id == bindparam("o")) & (DELIVERIES.c.target == bindparam("t"))


def _message_of(row: Row[Any]) -> OutgoingMessage:
    return OutgoingMessage(event=row.event, key=row.key, payload=json.loads(row.payload))


def insert_deliveries(
    connection: Connection, outbox_id: int, targets: Sequence[str], now: datetime
) -> None:
    """Make one row for each target, due at once."""
    rows = [
        {"outbox_id": outbox_id, "target": target, "attempts": 0, "next_try_at": now}
        for target in targets
    ]
    if rows:
        with translated("writing deliveries"):
            connection.execute(insert(DELIVERIES), rows)


_WAITING = (
    select(
        DELIVERIES.c.outbox_id,
        DELIVERIES.c.target,
        OUTBOX.c.event,
        OUTBOX.c.key,
        OUTBOX.c.payload,
        OUTBOX.c.created_at,
        DELIVERIES.c.attempts,
        DELIVERIES.c.last_error,
    )
    .join(OUTBOX, OUTBOX.c.id == DELIVERIES.c.outbox_id)
    .where(DELIVERIES.c.target == bindparam("target"), DELIVERIES.c.next_try_at.is_not(None))
    .order_by(DELIVERIES.c.outbox_id)
)


def waiting(connection: Connection, target: str, limit: int) -> list[Delivery]:
    """Return what waits for one receiver, oldest message first, whether it is due or not.

    Whoever delivers keeps the pauses: an instant of the clock on the wall may be a day away once
    that clock is set back.
    """
    with translated("reading the outbox"):
        rows = connection.execute(_WAITING.limit(limit), {"target": target}).all()
    return [Delivery(**row._mapping) for row in rows]  # noqa: SLF001  because that is SQLAlchemy's documented public name


def mark_delivered(connection: Connection, outbox_id: int, target: str, at: datetime) -> None:
    """Note that the target has the message."""
    attempts = DELIVERIES.c.attempts + 1
    changed = {"delivered_at": at, "next_try_at": None, "attempts": attempts}
    _change(connection, outbox_id, target, changed)


def mark_failed(
    connection: Connection, outbox_id: int, target: str, error: str, next_try_at: datetime
) -> None:
    """Note a failed attempt, and when to try again."""
    _change(connection, outbox_id, target, _tried(error) | {"next_try_at": next_try_at})


def mark_parked(
    connection: Connection,
    outbox_id: int,
    target: str,
    reason: ParkedReason,
    *,
    error: str,
    at: datetime,
) -> None:
    """Note a failed attempt after which the message is not tried any more."""
    _change(connection, outbox_id, target, _tried(error) | _parked(reason, at))


def park_all(connection: Connection, target: str, reason: ParkedReason, at: datetime) -> int:
    """Park all that waits for a receiver; return how many messages."""
    these = (DELIVERIES.c.target == target) & DELIVERIES.c.next_try_at.is_not(None)
    with translated("writing deliveries"):
        return connection.execute(
            update(DELIVERIES).where(these).values(_parked(reason, at))
        ).rowcount


def forget_delivered(connection: Connection, before: datetime, limit: int) -> int:
    """Remove the oldest messages from before an instant that wait for no receiver, and for no person."""
    waits = DELIVERIES.c.next_try_at.is_not(None) | DELIVERIES.c.parked_at.is_not(None)
    wanted = select(DELIVERIES.c.outbox_id).where(DELIVERIES.c.outbox_id == OUTBOX.c.id, waits)
    done = (
        select(OUTBOX.c.id)
        .where(OUTBOX.c.created_at < before, ~wanted.exists())
        .order_by(OUTBOX.c.created_at)
        .limit(limit)
    )
    with translated("tidying the outbox"):
        ids = connection.execute(done).scalars().all()
        if ids:
            connection.execute(delete(DELIVERIES).where(DELIVERIES.c.outbox_id.in_(ids)))
            connection.execute(delete(OUTBOX).where(OUTBOX.c.id.in_(ids)))
    return len(ids)


def of_steps(key: str) -> str:
    """Return how the keys begin of messages by which the steps of an alarm tell of it."""
    return f"{key}-step-"


def settle_parked(
    connection: Connection, key: str, target: str, next_try_at: datetime | None
) -> bool:
    """Let a parked message wait from now on, as new, or drop it; False if it is not parked."""
    parked = (DELIVERIES.c.target == target) & DELIVERIES.c.parked_at.is_not(None)
    these = (
        select(DELIVERIES.c.outbox_id)
        .join(OUTBOX, OUTBOX.c.id == DELIVERIES.c.outbox_id)
        .where(
            parked, (OUTBOX.c.key == key) | OUTBOX.c.key.startswith(of_steps(key), autoescape=True)
        )
    )
    changed: dict[str, Any] = {
        "next_try_at": next_try_at,
        "parked_at": None,
        "parked_reason": None,
    }
    if next_try_at is not None:
        changed["attempts"] = 0
    with translated("writing deliveries"):
        settled = connection.execute(
            update(DELIVERIES).where(parked, DELIVERIES.c.outbox_id.in_(these)).values(changed)
        )
    return settled.rowcount > 0


def _tried(error: str) -> dict[str, Any]:
    return {"last_error": error, "attempts": DELIVERIES.c.attempts + 1}


def _parked(reason: ParkedReason, at: datetime) -> dict[str, Any]:
    return {"next_try_at": None, "parked_at": at, "parked_reason": reason.value}


def _change(connection: Connection, outbox_id: int, target: str, changed: dict[str, Any]) -> None:
    with translated("writing deliveries"):
        connection.execute(
            update(DELIVERIES).where(_THIS).values(changed), {"o": outbox_id, "t": target}
        )


_COUNTED = (
    select(
        DELIVERIES.c.target.label("receiver"),
        func.count().label("count"),
        func.min(DELIVERIES.c.outbox_id).label("oldest"),
    )
    .where(DELIVERIES.c.target != HELD, DELIVERIES.c.next_try_at.is_not(None))
    .group_by(DELIVERIES.c.target)
    .subquery()
)
_MESSAGES_WAITING = (
    select(_COUNTED.c.receiver, _COUNTED.c.count, OUTBOX.c.created_at.label("oldest_at"))
    .join(OUTBOX, OUTBOX.c.id == _COUNTED.c.oldest)
    .order_by(_COUNTED.c.receiver)
)


def messages_waiting(connection: Connection) -> list[MessagesWaiting]:
    """Return how much waits for each receiver for which anything does, by its name."""
    with translated("reading the outbox"):
        rows = connection.execute(_MESSAGES_WAITING).all()
    return [MessagesWaiting(**row._mapping) for row in rows]  # noqa: SLF001  as above


_PARKED = (
    select(
        DELIVERIES.c.outbox_id,
        DELIVERIES.c.target.label("receiver"),
        OUTBOX.c.event,
        OUTBOX.c.key,
        OUTBOX.c.payload,
        OUTBOX.c.created_at,
        DELIVERIES.c.attempts,
        DELIVERIES.c.parked_at,
        DELIVERIES.c.parked_reason.label("reason"),
        DELIVERIES.c.last_error.label("said"),
    )
    .join(OUTBOX, OUTBOX.c.id == DELIVERIES.c.outbox_id)
    .where(DELIVERIES.c.parked_at.is_not(None))
    .order_by(
        DELIVERIES.c.parked_at.desc(), DELIVERIES.c.outbox_id.desc(), DELIVERIES.c.target.desc()
    )
)


def parked_messages(connection: Connection, limit: int) -> list[ParkedMessage]:
    """Return messages that are parked, those last parked first."""
    with translated("reading the outbox"):
        rows = connection.execute(_PARKED.limit(limit)).all()
    return [
        ParkedMessage(**{**row._mapping, "reason": ParkedReason(row.reason)})  # noqa: SLF001  as above
        for row in rows
    ]


_KEYS = select(OUTBOX.c.id, OUTBOX.c.key).where(OUTBOX.c.key.in_(bindparam("keys", expanding=True)))
_FATES = select(
    DELIVERIES.c.outbox_id,
    DELIVERIES.c.target.label("receiver"),
    DELIVERIES.c.attempts,
    DELIVERIES.c.next_try_at,
    DELIVERIES.c.delivered_at,
    DELIVERIES.c.parked_at,
).where(
    DELIVERIES.c.outbox_id.in_(bindparam("numbers", expanding=True)), DELIVERIES.c.target != HELD
)


def fates_of(connection: Connection, keys: Sequence[str]) -> list[MessageFate]:
    """Return what came of the messages of these keys, for each receiver, by key and name.

    Asked in two steps, because a join would let the database choose to walk over all deliveries.
    """
    with translated("reading the outbox"):
        found = {row.id: row.key for row in connection.execute(_KEYS, {"keys": list(keys)})}
        rows = connection.execute(_FATES, {"numbers": list(found)}).all() if found else []
    fates = [
        fate(
            found[row.outbox_id],
            row.receiver,
            attempts=row.attempts,
            waits=row.next_try_at is not None,
            delivered_at=row.delivered_at,
            parked_at=row.parked_at,
        )
        for row in rows
    ]
    return sorted(fates, key=lambda each: (each.key, each.receiver))


_PARKED_COUNTS = (
    select(DELIVERIES.c.target, func.count().label("number"))
    .where(DELIVERIES.c.parked_at.is_not(None))
    .group_by(DELIVERIES.c.target)
    .order_by(DELIVERIES.c.target)
)


def parked_counts(connection: Connection) -> dict[str, int]:
    """Return how many messages are parked, by receiver; only those with any."""
    with translated("reading the outbox"):
        rows = connection.execute(_PARKED_COUNTS).all()
    return {row.target: row.number for row in rows}
