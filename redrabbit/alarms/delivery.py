"""What delivering needs: messages that wait, ways to their receivers, and words for what goes wrong.

The outbox says what waits; each receiver has a queue of its own (`receiver_queue`) and a way of its
own (`channels`). Whoever receives drops a second copy by its `key` (B21).
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from redrabbit.services.deliveries import ParkedReason


class Delivery(Protocol):
    """One message that is still to reach one receiver."""

    @property
    def outbox_id(self) -> int:
        """Its number."""
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

    async def waiting(self, target: str, limit: int) -> Sequence[Delivery]:
        """Return the oldest messages that wait for one receiver, in order."""
        ...

    async def delivered(self, outbox_id: int, target: str) -> None:
        """Note that the receiver has the message."""
        ...

    async def failed(self, outbox_id: int, target: str, error: str, next_try_at: datetime) -> None:
        """Note a failed attempt, and when the next is made."""
        ...

    async def parked(self, outbox_id: int, target: str, reason: ParkedReason, error: str) -> None:
        """Note a failed attempt after which the message is not tried any more."""
        ...

    async def park_all_but(self, targets: Collection[str]) -> Mapping[str, int]:
        """Park what waits for receivers that are none any more; return how many messages of each."""
        ...

    async def forget_delivered(self, before: datetime) -> int:
        """Forget all messages from before an instant that nobody waits for; return how many."""
        ...


class DeliveryFailed(Exception):
    """The receiver did not take the message now; the text says why."""

    def __init__(self, said: str, *, retry_after_s: float = 0.0) -> None:
        super().__init__(said)
        self.retry_after_s = retry_after_s
        """How long the receiver asked to be left alone."""


class DeliveryRefused(DeliveryFailed):
    """The receiver will never take this message, however often it is tried."""


class Channel(Protocol):
    """The way to one receiver."""

    async def send(self, key: str, body: str) -> None:
        """Send one body under one key; DeliveryFailed unless the receiver has taken it.

        It may take as long as it likes: whoever calls sets the deadline, and cancels.
        """
        ...
