"""Sending the ledger's checkpoint to receivers that keep it: a task for each, beside its alarms and never before them.

It goes straight over the receiver's way, past the outbox: there is one at most, the one that is due now, and it is
asked for anew with each attempt. So one that could not be delivered is superseded by the next, is parked nowhere, and
holds back no alarm.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final

from redrabbit.alarms.delivery import Channel, DeliveryFailed
from redrabbit.alarms.receiver_queue import ATTEMPT_S
from redrabbit.base.clock import Clock
from redrabbit.services.errors import StoreTrouble
from redrabbit.services.sending_checkpoints import CheckpointSending, DueCheckpoint

LOOK_S: Final = 10.0
"""How often it is looked whether one is due: as often as whether a shift has ended."""
FIRST_RETRY_S: Final = 10.0
LONGEST_RETRY_S: Final = 600.0
"""So late at most does a receiver that is back get it; nobody waits for it on the line."""
MOST_DOUBLINGS: Final = 6

log = logging.getLogger("redrabbit.alarms")


def sending_checkpoints(
    channels: Mapping[str, Channel],
    receivers: Iterable[str],
    checkpoints: CheckpointSending,
    clock: Clock,
) -> Mapping[str, Callable[[], Awaitable[None]]]:
    """Return the tasks, one for each receiver of checkpoints, by their names."""
    return {
        f"checkpoints to {name}": CheckpointSender(name, channels[name], checkpoints, clock).run
        for name in receivers
    }


class CheckpointSender:
    """Sends checkpoints to one receiver."""

    def __init__(
        self, name: str, channel: Channel, checkpoints: CheckpointSending, clock: Clock
    ) -> None:
        self._name = name
        self._channel = channel
        self._checkpoints = checkpoints
        self._clock = clock
        self._is_expected = False
        """Whether it is noted that this receiver is to get them."""
        self._taken: DueCheckpoint | None = None
        """What the receiver has, if the database could not yet be told."""
        self._failures = 0
        """In a row."""
        self._said: str | None = None
        """What the last of them ended with, as it was noted."""

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            try:
                rest_s = await self.step()
            except StoreTrouble:  # told by whoever else asks the database
                rest_s = LOOK_S
            await self._clock.sleep(rest_s)

    async def step(self) -> float:
        """Send what is due; return how long to rest, in seconds."""
        if not self._is_expected:
            await self._checkpoints.expect(self._name)
            self._is_expected = True
        if self._taken is None:
            due = await self._checkpoints.due(self._name)
            if due is None:
                return LOOK_S
            failure = await self._send(due)
            if failure is not None:
                return await self._failed(due, failure)
            self._taken = due
        await self._checkpoints.delivered(self._name, self._taken)
        self._taken, self._failures, self._said = None, 0, None
        return LOOK_S

    async def _send(self, due: DueCheckpoint) -> DeliveryFailed | None:
        body = json.dumps(due.message(self._checkpoints.plant))
        try:
            async with asyncio.timeout(ATTEMPT_S):
                await self._channel.send(due.key, body)
        except DeliveryFailed as failure:
            return failure
        except TimeoutError:
            return DeliveryFailed(f"no whole answer within {ATTEMPT_S:g} s")
        return None

    async def _failed(self, due: DueCheckpoint, failure: DeliveryFailed) -> float:
        """Note a failed attempt, where it says something new; return how long to rest."""
        rest_s = min(FIRST_RETRY_S * 2.0 ** min(self._failures, MOST_DOUBLINGS), LONGEST_RETRY_S)
        if self._failures == 0:
            extra = {"receiver": self._name, "size": due.head.size, "reason": str(failure)}
            log.warning("checkpoint not delivered yet", extra=extra)
        self._failures += 1
        if str(failure) != self._said:
            await self._checkpoints.failed(self._name, str(failure))
            self._said = str(failure)
        return max(rest_s, failure.retry_after_s)
