"""Telling people: what waits for each of their ways, by a task of its own that lives as long as anything waits.

How somebody is reached is looked up for each message, so what they change holds at once. A plant has hundreds of people
and few of them are told anything, so no task waits for what may never come.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Final

from redrabbit.alarms.apprise_way import AppriseWay, mailed_by
from redrabbit.alarms.delivery import DeliveryFailed, DeliveryRefused, Outbox
from redrabbit.alarms.message_words import MessageWords
from redrabbit.alarms.receiver_queue import ReceiverQueue
from redrabbit.base.clock import Clock
from redrabbit.domain.way import Way, WayKind, person_of_way
from redrabbit.services.errors import StoreTrouble

LOOK_S: Final = 1.0

log = logging.getLogger("redrabbit.alarms")

FindWay = Callable[[str], Awaitable[tuple[Way, str | None] | None]]
"""Returns a way as it is now, with the language of whose it is; None: it was removed. StoreTrouble if it can't."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleReached:
    """What reaching people takes."""

    find: FindWay
    waiting: Callable[[], Awaitable[Collection[str]]]
    """Returns for whom anything waits, and who is said not to be reached; StoreTrouble if it can't."""
    mail_server: str | None
    """The Apprise address of the plant's own; None: mail reaches nobody."""
    words: MessageWords


class WayChannel:
    """The way to one person."""

    def __init__(self, way_id: str, people: PeopleReached, clock: Clock) -> None:
        self._way_id = way_id
        self._people = people
        self._clock = clock
        self._address = ""
        self._sender = AppriseWay("", clock)

    async def send(self, key: str, body: str) -> None:
        """Send a message in the person's language; DeliveryFailed unless it was taken."""
        try:
            found = await self._people.find(self._way_id)
        except StoreTrouble as trouble:
            raise DeliveryFailed("the address could not be read") from trouble
        if found is None:
            raise DeliveryRefused("there is no such way any more")
        way, language = found
        address = self._address_of(way)
        if address != self._address:
            self._address, self._sender = address, AppriseWay(address, self._clock)
        await self._sender.send(key, self._people.words.with_words(body, language))

    def _address_of(self, way: Way) -> str:
        if way.kind is WayKind.APPRISE:
            return way.address
        if self._people.mail_server is None:
            raise DeliveryRefused("the plant file names no mail server")
        return mailed_by(self._people.mail_server, way.address)


class PeopleTold:
    """Empties what waits for people, for as long as it runs."""

    def __init__(
        self,
        people: PeopleReached,
        outbox: Outbox,
        clock: Clock,
        queues: dict[str, ReceiverQueue],
    ) -> None:
        """`queues` is where the queues are put, for whoever watches them."""
        self._people = people
        self._outbox = outbox
        self._clock = clock
        self._queues = queues
        self._rng = random.Random()  # noqa: S311  because it only spreads retries in time
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Tell until cancelled."""
        is_told = False
        async with asyncio.TaskGroup() as group:
            while True:
                try:
                    await self.look(group)
                    is_told = False
                except StoreTrouble as trouble:
                    if not is_told:
                        log.error("people not told", extra={"reason": str(trouble)})  # noqa: TRY400  because trouble is no bug: no traceback
                    is_told = True
                await self._clock.sleep(LOOK_S)

    async def look(self, group: asyncio.TaskGroup) -> None:
        """Begin to tell everybody for whom something waits, and whom nobody tells yet."""
        for name in await self._people.waiting():
            task = self._tasks.get(name)
            if person_of_way(name) is not None and (task is None or task.done()):
                self._tasks[name] = group.create_task(self._queue(name).deliver_all())

    def _queue(self, name: str) -> ReceiverQueue:
        if name not in self._queues:
            way = WayChannel(name, self._people, self._clock)
            self._queues[name] = ReceiverQueue(name, way, self._outbox, self._clock, self._rng)
        return self._queues[name]
