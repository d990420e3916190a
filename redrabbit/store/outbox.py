"""Messages to be delivered at least once: what is due, what went through, what failed.

A message and one row for each target that wants its event are written in the transaction of what
it tells of; so a target added to the plant file later gets what happens from then on. Whoever
delivers asks `pending`, sends, and says `delivered` or `failed`; if it dies in between, the
message is sent again, with the same key (B21). Nothing here sends, and nothing here is told by
the ledger.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from sqlalchemy import Connection, bindparam, insert, select, update

from redrabbit.store.engine import translated
from redrabbit.store.tables import DELIVERIES, OUTBOX

T = TypeVar("T")


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


class DeliveryReader(Protocol):
    """What both stores' readers know of deliveries."""

    def waiting_deliveries(self, target: str, limit: int) -> list[Delivery]:
        """Return what waits for one receiver, oldest message first."""
        ...


class DeliveryWork(Protocol):
    """What both stores' units of work can note of deliveries."""

    def mark_delivered(self, outbox_id: int, target: str) -> None:
        """Note that the target has the message."""
        ...

    def mark_failed(
        self, outbox_id: int, target: str, error: str, next_try_at: datetime | None
    ) -> None:
        """Note a failed attempt, and when to try again; None gives up."""
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

    async def failed(
        self, outbox_id: int, target: str, error: str, next_try_at: datetime | None
    ) -> None:
        """Note a failed attempt, and when to try again; None gives up."""
        await self._database.write(
            lambda work: work.mark_failed(outbox_id, target, error, next_try_at)
        )


def wanting(targets: Iterable[Target], event: str) -> list[str]:
    """Return the names of the targets that want this event; no event words: they want all."""
    return [target.name for target in targets if not target.events or event in target.events]


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


_THIS = (DELIVERIES.c.outbox_id == bindparam("o")) & (DELIVERIES.c.target == bindparam("t"))


def mark_delivered(connection: Connection, outbox_id: int, target: str, at: datetime) -> None:
    """Note that the target has the message."""
    changed = {"delivered_at": at, "next_try_at": None, "attempts": DELIVERIES.c.attempts + 1}
    with translated("writing deliveries"):
        connection.execute(
            update(DELIVERIES).where(_THIS).values(changed), {"o": outbox_id, "t": target}
        )


def mark_failed(
    connection: Connection,
    outbox_id: int,
    target: str,
    error: str,
    next_try_at: datetime | None,
) -> None:
    """Note a failed attempt, and when to try again; None gives up."""
    changed = {
        "last_error": error,
        "next_try_at": next_try_at,
        "attempts": DELIVERIES.c.attempts + 1,
    }
    with translated("writing deliveries"):
        connection.execute(
            update(DELIVERIES).where(_THIS).values(changed), {"o": outbox_id, "t": target}
        )
