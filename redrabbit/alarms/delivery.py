"""Delivering outgoing messages to the receivers named in the plant file, at least once (B21).

The outbox says what is due; each receiver gets its messages in order of their making, and a
receiver that is away delays no other. Whoever receives drops a second copy by its `key`. Nothing
is ever sent to an address that isn't in the plant file.
"""

import asyncio
import json
import logging
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from redrabbit.base.clock import Clock
from redrabbit.domain.plant import NotificationTarget
from redrabbit.services.errors import StoreTrouble

POLL_S = 0.5
BATCH = 100
FIRST_RETRY_S = 1.0
LONGEST_RETRY_S = 300.0

log = logging.getLogger("redrabbit.alarms")


class Delivery(Protocol):
    """One message that is still to reach one target."""

    @property
    def outbox_id(self) -> int:
        """Its number."""
        ...

    @property
    def target(self) -> str:
        """The receiver's name in the plant file."""
        ...

    @property
    def event(self) -> str:
        """What happened."""
        ...

    @property
    def key(self) -> str:
        """Idempotency key."""
        ...

    @property
    def payload(self) -> str:
        """JSON text."""
        ...

    @property
    def attempts(self) -> int:
        """How often it was tried already."""
        ...


class Outbox(Protocol):
    """What the database offers to whoever delivers."""

    async def pending(self, now: datetime, limit: int) -> Sequence[Delivery]:
        """Return deliveries that are due, oldest first; none behind one that waits to be tried."""
        ...

    async def delivered(self, outbox_id: int, target: str) -> None:
        """Note that the target has the message."""
        ...

    async def failed(
        self, outbox_id: int, target: str, error: str, next_try_at: datetime | None
    ) -> None:
        """Note a failed attempt."""
        ...


class DeliveryFailed(Exception):
    """The receiver did not take the message; the text says why."""


Channel = Callable[[NotificationTarget, str, str], Awaitable[None]]
"""Sends one body under one key to one receiver; raises DeliveryFailed."""


class Courier:
    """Empties the outbox for as long as it runs."""

    def __init__(
        self,
        outbox: Outbox,
        targets: Sequence[NotificationTarget],
        channels: Mapping[str, Channel],
        clock: Clock,
        rng: random.Random,
    ) -> None:
        self._outbox = outbox
        self._targets = {target.name: target for target in targets}
        self._channels = channels
        self._clock = clock
        self._rng = rng
        self._told = False

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            sent = 0
            try:
                sent = await self.step()
                self._told = False
            except StoreTrouble as trouble:
                self._tell(trouble)
            if not sent:
                await self._clock.sleep(POLL_S)

    async def step(self) -> int:
        """Try everything that is due once; return how many messages got through."""
        due: dict[str, list[Delivery]] = defaultdict(list)
        for delivery in await self._outbox.pending(self._clock.now(), BATCH):
            due[delivery.target].append(delivery)
        sent = await asyncio.gather(
            *(self._deliver(name, due[name]) for name in sorted(due)), return_exceptions=True
        )
        for each in sent:
            if isinstance(each, BaseException):
                raise each
        return sum(each for each in sent if isinstance(each, int))

    def _tell(self, trouble: StoreTrouble) -> None:
        if not self._told:
            log.error("messages not delivered", extra={"reason": str(trouble)})
        self._told = True

    async def _deliver(self, name: str, deliveries: Sequence[Delivery]) -> int:
        for count, delivery in enumerate(deliveries):
            target = self._targets.get(name)
            if target is None:
                await self._outbox.failed(
                    delivery.outbox_id, name, "no longer in the plant file", next_try_at=None
                )
                continue
            try:
                body = json.dumps({"key": delivery.key, **json.loads(delivery.payload)})
                await self._channels[target.kind.value](target, delivery.key, body)
            except DeliveryFailed as failure:
                await self._note_failure(delivery, str(failure))
                return count  # those behind it wait their turn, so that order is kept
            except Exception as bug:  # because a bug in one channel must not stop the others
                log.exception("fault in a channel", extra={"target": name})
                await self._note_failure(delivery, f"{type(bug).__name__}: {bug}")
                return count
            await self._outbox.delivered(delivery.outbox_id, name)
        return len(deliveries)

    async def _note_failure(self, delivery: Delivery, error: str) -> None:
        pause_s = min(FIRST_RETRY_S * 2.0**delivery.attempts, LONGEST_RETRY_S)
        pause_s *= self._rng.uniform(0.8, 1.2)
        next_try_at = self._clock.now() + timedelta(seconds=pause_s)
        if delivery.attempts == 0:
            log.warning(
                "message not delivered yet",
                extra={"target": delivery.target, "event": delivery.event, "reason": error},
            )
        await self._outbox.failed(delivery.outbox_id, delivery.target, error, next_try_at)
