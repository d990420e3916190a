"""The sign of life to an outside watcher: it comes only while the service really records and watches (B20, R12).

A service that is dead can tell nobody. So a watcher elsewhere, Healthchecks, Uptime Kuma or a switch of the plant's own,
expects a ping now and then, and tells people when none comes. What is true is what succeeded: without a commit for
seconds, or with a loop that stands still, there is no ping.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Final

from redrabbit.alarms.delivery import Channel, DeliveryFailed
from redrabbit.alarms.receiver_queue import ATTEMPT_S
from redrabbit.alarms.receiver_secrets import ReceiverSecrets, tls_of
from redrabbit.alarms.webhook import Webhook
from redrabbit.base.clock import Clock
from redrabbit.base.printable import visible
from redrabbit.domain.plant import NotificationTarget, TargetKind
from redrabbit.services.watched_from_outside import Watched

LOOK_AGAIN_S: Final = 5.0
"""After a ping that was not taken, or that nothing was true to tell by."""
ALIVE: Final = "alive"

log = logging.getLogger("redrabbit.alarms")


class Watcher:
    """Pings one watcher."""

    def __init__(
        self,
        channel: Channel,
        every_s: float,
        is_true: Callable[[], bool],
        clock: Clock,
        plant: str,
    ) -> None:
        self._channel = channel
        self._every_s = every_s
        self._is_true = is_true
        self._clock = clock
        self._plant = plant
        self.state = Watched(every_s=every_s)
        """How it stands, for the page."""

    async def run(self) -> None:
        """Ping until cancelled."""
        while True:
            await self._clock.sleep(await self.step())

    async def step(self) -> float:
        """Ping, if the service records and watches; return how long to rest, in seconds."""
        if not self._is_true():
            self.state = self.state.silent(self._clock.now())
            return LOOK_AGAIN_S
        now = self._clock.now()
        body = json.dumps({"event": ALIVE, "plant": self._plant, "at": now.isoformat()})
        try:
            async with asyncio.timeout(ATTEMPT_S):
                await self._channel.send(f"{ALIVE}-{now.isoformat()}", body)
        except (DeliveryFailed, TimeoutError) as failure:
            said = visible(str(failure)) or f"no whole answer within {ATTEMPT_S:g} s"
            if self.state.failed_at is None:
                log.warning("the watcher did not take a ping", extra={"reason": said})
            self.state = self.state.failed(self._clock.now())
            return LOOK_AGAIN_S
        self.state = self.state.taken(self._clock.now())
        return self._every_s


def make_watcher(
    address: str, every_s: float, is_true: Callable[[], bool], clock: Clock, plant: str
) -> Watcher:
    """Return the watcher that is pinged at an address."""
    target = NotificationTarget(name="watcher", kind=TargetKind.WEBHOOK, url=address)
    secrets = ReceiverSecrets(tls=tls_of(target), headers={})
    return Watcher(Webhook(target, secrets, clock), every_s, is_true, clock, plant)
