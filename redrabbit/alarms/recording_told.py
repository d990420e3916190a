"""Telling receivers that nothing is recorded, and that it works again: straight over their ways, past the outbox.

The outbox is in the database, and what can't be recorded can't be told by it. So these two messages are in no ledger and
in no list of messages; each says so (`beside_the_records`). Each receiver gets each of them once, by a task of its own,
and drops a second copy by its key. Who wants only some kinds of alarms gets them too: no alarm of any kind can come
meanwhile.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from redrabbit.alarms.delivery import Channel, DeliveryFailed
from redrabbit.alarms.receiver_queue import ATTEMPT_S
from redrabbit.base.clock import Clock
from redrabbit.services.recording_watch import LOOK_S, RecordingStopped, RecordingWatch

AGAIN_S: Final = 5.0
"""Between two tries to tell a receiver that did not take it."""
NOT_RECORDING: Final = "not_recording"
RECORDING_AGAIN: Final = "recording_again"

log = logging.getLogger("redrabbit.alarms")


def recording_told(
    channels: Mapping[str, Channel], watch: RecordingWatch, clock: Clock, plant: str
) -> Mapping[str, Callable[[], Awaitable[None]]]:
    """Return the tasks, one for each receiver, by their names."""
    tellers = {
        name: RecordingTeller(name, way, watch, clock, plant) for name, way in channels.items()
    }
    return {f"recording told to {name}": teller.run for name, teller in tellers.items()}


class RecordingTeller:
    """Tells one receiver."""

    def __init__(
        self, name: str, channel: Channel, watch: RecordingWatch, clock: Clock, plant: str
    ) -> None:
        self._name = name
        self._channel = channel
        self._watch = watch
        self._clock = clock
        self._plant = plant
        self._told: RecordingStopped | None = None
        """What the receiver knows, and is not over for it yet."""
        self._failed = ""
        """The message that it did not take, of which the log knows."""

    async def run(self) -> None:
        """Tell until cancelled."""
        while True:
            await self._clock.sleep(await self.step())

    async def step(self) -> float:
        """Tell what is to be told now; return how long to rest, in seconds."""
        stopped = self._watch.stopped()
        if stopped is not None and self._told is None:
            if not await self._send(NOT_RECORDING, stopped):
                return AGAIN_S
            self._told = stopped
        elif stopped is None and self._told is not None:
            if not await self._send(RECORDING_AGAIN, self._told):
                return AGAIN_S
            self._told = None
        return LOOK_S

    async def _send(self, event: str, about: RecordingStopped) -> bool:
        since = about.since.isoformat()
        key = f"{event}-{since}"
        body = {
            "key": key,
            "event": event,
            "plant": self._plant,
            "since": since,
            "why": about.why.value,
            "at": self._clock.now().isoformat(),
            "beside_the_records": True,
        }
        try:
            async with asyncio.timeout(ATTEMPT_S):
                await self._channel.send(key, json.dumps(body))
        except (DeliveryFailed, TimeoutError) as failure:
            if self._failed != key:
                extra = {"receiver": self._name, "event": event, "reason": str(failure)}
                log.warning("not told, is tried again", extra=extra)
            self._failed = key
            return False
        return True
