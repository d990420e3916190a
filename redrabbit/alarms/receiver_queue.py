"""One receiver's messages, in order, by a task of its own: no receiver waits for another (D48).

A receiver that is away, that answers in drips or not at all delays nobody but itself: each attempt
has one deadline, from connecting to the end of the answer. What it did not take is tried again
later, and what stands behind it waits, so that order is kept.
"""

import asyncio
import json
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Final

from redrabbit.alarms.delivery import Channel, Delivery, DeliveryFailed, DeliveryRefused, Outbox
from redrabbit.base.clock import Clock
from redrabbit.services.errors import StoreTrouble

ATTEMPT_S: Final = 10.0
"""From connecting to the end of the answer; who needs longer is tried again."""
POLL_S: Final = 0.5
LOOK_AHEAD: Final = 100
FIRST_RETRY_S: Final = 1.0
LONGEST_RETRY_S: Final = 60.0
"""So late at most does a receiver that is back get its alarms."""
MOST_DOUBLINGS: Final = 10
"""Of the first pause: the longest is reached before, and no outage is too long to be counted."""

log = logging.getLogger("redrabbit.alarms")


class ReceiverQueue:
    """Empties what waits for one receiver, for as long as it runs."""

    def __init__(
        self, name: str, channel: Channel, outbox: Outbox, clock: Clock, rng: random.Random
    ) -> None:
        self._name = name
        self._channel = channel
        self._outbox = outbox
        self._clock = clock
        self._rng = rng
        self._taken: int | None = None
        """The message that the receiver has, if the database could not yet be told."""

    async def run(self) -> None:
        """Deliver until cancelled."""
        is_told = False
        while True:
            try:
                rest_s = await self.step()
                is_told = False
            except StoreTrouble as trouble:
                if not is_told:
                    extra = {"receiver": self._name, "reason": str(trouble)}
                    log.error("messages not delivered", extra=extra)  # noqa: TRY400  because trouble is no bug: no traceback
                is_told, rest_s = True, POLL_S
            await self._clock.sleep(rest_s)

    async def step(self) -> float:
        """Try what waits, in order, until one message stays; return how long to rest, in seconds.

        The rest is counted in steady time, never by the clock on the wall, which may be set (R46).
        """
        waiting = await self._outbox.waiting(self._name, LOOK_AHEAD)
        for delivery in waiting:
            failure = await self._attempt(delivery)
            if failure is not None:  # those behind it wait their turn, so that order is kept
                return await self._note(delivery, failure)
        return 0.0 if waiting else POLL_S

    async def _attempt(self, delivery: Delivery) -> DeliveryFailed | None:
        """Send a message and note that it was taken; return why it was not."""
        if self._taken != delivery.outbox_id:
            failure = await self._send(delivery)
            if failure is not None:
                return failure
            self._taken = delivery.outbox_id
        await self._outbox.delivered(delivery.outbox_id, self._name)
        return None

    async def _send(self, delivery: Delivery) -> DeliveryFailed | None:
        try:
            body = json.dumps({"key": delivery.key, **json.loads(delivery.payload)})
            async with asyncio.timeout(ATTEMPT_S):
                await self._channel.send(delivery.key, body)
        except DeliveryFailed as failure:
            return failure
        except TimeoutError:
            return DeliveryFailed(f"no whole answer within {ATTEMPT_S:g} s")
        except Exception as bug:  # because a bug in one way must not end the task
            log.exception("fault in a channel", extra={"receiver": self._name})
            return DeliveryRefused(f"a fault of this service: {type(bug).__name__}")
        return None

    async def _note(self, delivery: Delivery, failure: DeliveryFailed) -> float:
        """Note a failed attempt; return how long to rest before the next, in seconds."""
        rest_s = min(FIRST_RETRY_S * 2.0 ** min(delivery.attempts, MOST_DOUBLINGS), LONGEST_RETRY_S)
        rest_s = max(rest_s * self._rng.uniform(0.8, 1.2), failure.retry_after_s)
        if delivery.attempts == 0:
            log.warning(
                "message not delivered yet",
                extra={
                    "receiver": self._name,
                    "event": delivery.event,
                    "key": delivery.key,
                    "reason": str(failure),
                },
            )
        next_try_at = self._clock.now() + timedelta(seconds=rest_s)
        await self._outbox.failed(delivery.outbox_id, self._name, str(failure), next_try_at)
        return rest_s


def deliveries(
    channels: Mapping[str, Channel], outbox: Outbox, clock: Clock, rng: random.Random
) -> Mapping[str, Callable[[], Awaitable[None]]]:
    """Return a task for each receiver, by the task's name."""
    queues = {name: ReceiverQueue(name, channels[name], outbox, clock, rng) for name in channels}
    return {f"deliveries to {name}": queue.run for name, queue in queues.items()}
