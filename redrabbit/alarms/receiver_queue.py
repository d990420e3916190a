"""One receiver's messages, in order, by a task of its own: no receiver waits for another (D48).

A receiver that is away, that answers in drips or not at all delays nobody but itself: each attempt
has one deadline, from connecting to the end of the answer. What it did not take is tried again
later, and what stands behind it waits, so that order is kept.

But no message holds back those behind it for ever. One that is refused again and again is parked.
Of one that only fails, nobody can tell whether it or the receiver is the trouble; so after some
tries some behind it are tried as well: if one is taken and this one still not, this one is parked. What
is parked is shown, and sent again when a person says so.
"""

import asyncio
import json
import logging
import random
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import Final

from redrabbit.alarms.delivery import Channel, Delivery, DeliveryFailed, DeliveryRefused, Outbox
from redrabbit.base.clock import Clock
from redrabbit.services.deliveries import ParkedReason
from redrabbit.services.errors import StoreTrouble

ATTEMPT_S: Final = 10.0
"""From connecting to the end of the answer; who needs longer is tried again."""
POLL_S: Final = 0.5
LOOK_AHEAD: Final = 100
ASKED_IN_ORDER: Final = 3
"""So many messages behind one that fails are tried in their order, and then one of those behind them,
each time another: few enough for a receiver that lets each attempt run to its end."""
FIRST_RETRY_S: Final = 1.0
LONGEST_RETRY_S: Final = 60.0
"""So late at most does a receiver that is back get its alarms."""
REFUSED_TRIES: Final = 3
"""A receiver that is being set up may say 404 for a moment."""
FAILED_TRIES: Final = 6
"""After about half a minute it is asked whether the message is the trouble."""
KEPT_FOR: Final = timedelta(days=90)
"""So long does it stay known which message a receiver took, and when."""
FORGET_AGAIN_S: Final = 60.0
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
        self._refused: Counter[int] = Counter()
        """How often each message that still waits was refused."""
        self.is_empty = False
        """Whether nothing waited at the last look."""
        self.is_failing: bool | None = None
        """Whether something waits that the receiver does not take; None until that is known."""

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            await self.deliver_all()
            await self._clock.sleep(POLL_S)

    async def deliver_all(self) -> None:
        """Deliver until nothing waits, or until cancelled."""
        is_told, self.is_empty = False, False
        while not self.is_empty:
            try:
                rest_s = await self.step()
                is_told = False
            except StoreTrouble as trouble:
                if not is_told:
                    extra = {"receiver": self._name, "reason": str(trouble)}
                    log.error("messages not delivered", extra=extra)  # noqa: TRY400  because trouble is no bug: no traceback
                is_told, rest_s = True, POLL_S
            if not self.is_empty:
                await self._clock.sleep(rest_s)

    async def step(self) -> float:
        """Try what waits, in order, until one message stays; return how long to rest, in seconds.

        The rest is counted in steady time, never by the clock on the wall, which may be set (R46).
        """
        waiting = await self._outbox.waiting(self._name, LOOK_AHEAD)
        self.is_empty = not waiting
        if self.is_empty:
            self.is_failing = False
        for place, delivery in enumerate(waiting):
            failure = await self._attempt(delivery)
            rest_s = await self._note(delivery, failure) if failure is not None else None
            if failure is None or rest_s is None:
                continue
            if not failure.retry_after_s and await self._is_the_trouble(
                delivery, waiting[place + 1 :]
            ):
                return 0.0
            return rest_s  # those behind it wait their turn, so that order is kept
        return 0.0 if waiting else POLL_S

    async def _is_the_trouble(self, delivery: Delivery, behind: Sequence[Delivery]) -> bool:
        """Ask by messages behind one that failed which of them it is; True if the way is free now.

        The first one is tried once more when another was taken: the receiver may just be back.
        """
        tries = delivery.attempts + 1 - FAILED_TRIES
        if tries < 0 or not await self._takes_one_of(_asked(behind, tries)):
            return False
        again = await self._attempt(delivery)
        if again is not None:
            await self._park(delivery, ParkedReason.OTHERS_TAKEN, again)
        return True

    async def _takes_one_of(self, others: Iterable[Delivery]) -> bool:
        for other in others:
            failure = await self._attempt(other)
            if failure is None:
                return True
            await self._note(other, failure)
        return False

    async def _attempt(self, delivery: Delivery) -> DeliveryFailed | None:
        """Send a message and note that it was taken; return why it was not."""
        if self._taken != delivery.outbox_id:
            failure = await self._send(delivery)
            if failure is not None:
                if not isinstance(failure, DeliveryRefused):
                    self.is_failing = True
                return failure
            self._taken = delivery.outbox_id
            self.is_failing = False
        await self._outbox.delivered(delivery.outbox_id, self._name)
        del self._refused[delivery.outbox_id]
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

    async def _note(self, delivery: Delivery, failure: DeliveryFailed) -> float | None:
        """Note a failed attempt; return how long to rest before the next, None if there is none."""
        if isinstance(failure, DeliveryRefused):
            self._refused[delivery.outbox_id] += 1
            if self._refused[delivery.outbox_id] >= REFUSED_TRIES:
                await self._park(delivery, ParkedReason.REFUSED, failure)
                return None
        rest_s = min(FIRST_RETRY_S * 2.0 ** min(delivery.attempts, MOST_DOUBLINGS), LONGEST_RETRY_S)
        rest_s = max(rest_s * self._rng.uniform(0.8, 1.2), failure.retry_after_s)
        if delivery.attempts == 0:
            log.warning("message not delivered yet", extra=self._told(delivery, failure))
        next_try_at = self._clock.now() + timedelta(seconds=rest_s)
        await self._outbox.failed(delivery.outbox_id, self._name, str(failure), next_try_at)
        return rest_s

    async def _park(
        self, delivery: Delivery, reason: ParkedReason, failure: DeliveryFailed
    ) -> None:
        await self._outbox.parked(delivery.outbox_id, self._name, reason, str(failure))
        del self._refused[delivery.outbox_id]
        extra = self._told(delivery, failure) | {"why": reason.value}
        log.error("message parked: it is not tried any more", extra=extra)

    def _told(self, delivery: Delivery, failure: DeliveryFailed) -> dict[str, object]:
        return {
            "receiver": self._name,
            "event": delivery.event,
            "key": delivery.key,
            "reason": str(failure),
        }


def _asked(behind: Sequence[Delivery], tries: int) -> Sequence[Delivery]:
    """Return the messages by which to ask, in order."""
    further = behind[ASKED_IN_ORDER:]
    last = [further[tries % len(further)]] if further else []
    return [*behind[:ASKED_IN_ORDER], *last]


async def forget_delivered(outbox: Outbox, clock: Clock) -> None:
    """Forget each day the messages that were delivered long ago; the ledger keeps what they told of."""
    while True:
        wait_s = timedelta(days=1).total_seconds()
        try:
            forgotten = await outbox.forget_delivered(clock.now() - KEPT_FOR)
            if forgotten:
                log.info(
                    "messages forgotten that were delivered long ago", extra={"messages": forgotten}
                )
        except StoreTrouble:  # told by whoever else asks the database
            wait_s = FORGET_AGAIN_S
        await clock.sleep(wait_s)


async def park_removed(outbox: Outbox, receivers: Collection[str], clock: Clock) -> None:
    """Park what waits for receivers that the plant file does not name any more, and tell it."""
    while True:
        try:
            parked = await outbox.park_all_but(receivers)
        except StoreTrouble:  # told by whoever else asks the database
            await clock.sleep(POLL_S)
            continue
        for name, count in parked.items():
            extra = {"receiver": name, "messages": count}
            log.warning("messages parked: their receiver is not in the plant file", extra=extra)
        return
