"""The ledger's checkpoint for those who keep it on another machine: when one is due, and what it says (D62).

What is sent is always the head as it is signed then. So nobody ever gets an older one after a newer, nothing waits in
a queue, and a service that was away makes good what it missed with one. Which receiver has which is kept beside
the ledger: it proves nothing, and only what the receiver itself kept does.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from redrabbit.base.messages import LANGUAGES, Message, catalogue
from redrabbit.domain.checkpoint_moments import last_moment
from redrabbit.domain.ledger import instant_text
from redrabbit.domain.plant import Plant
from redrabbit.services.deliveries import CheckpointsSent
from redrabbit.services.message_keys import after_loss
from redrabbit.services.ports import Database, LedgerHead, Reader, UnitOfWork
from redrabbit.services.verifying import VerificationState, damage_known

CHECKPOINT: str = "checkpoint"
"""The event word of its message; no alarm has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueCheckpoint:
    """The checkpoint that a receiver is to get now."""

    moment: datetime
    """The end of a shift or of a day for which it is."""
    head: LedgerHead
    at: datetime
    """When it was read."""
    key: str
    """Idempotency key: of a second copy it is the same (B21)."""

    def message(self, plant: Plant) -> dict[str, object]:
        """Return what is sent, JSON-able; `checkpoint` is the signed note, byte for byte."""
        values = {"plant": plant.name, "size": self.head.size, "at": self.at}
        said = Message("checkpoint.sent", values)
        return {
            "key": self.key,
            "event": CHECKPOINT,
            "plant": plant.name,
            "size": self.head.size,
            "at": instant_text(self.at),
            "text": {each: catalogue(each, plant.zone).render(said) for each in LANGUAGES},
            "checkpoint": self.head.checkpoint,
        }


class CheckpointSending:
    """Knows when each receiver is due, and notes what it got; StoreTrouble where the database can't."""

    def __init__(
        self,
        database: Database,
        plant: Callable[[], Plant],
        *,
        verification: Callable[[], VerificationState],
        heads_said_until: Callable[[], datetime | None],
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._plant = plant
        self._verification = verification
        self._heads_said_until = heads_said_until
        self._now = now

    @property
    def plant(self) -> Plant:
        """The plant in force."""
        return self._plant()

    async def expect(self, receiver: str) -> None:
        """Note from when on a receiver is to get checkpoints, once."""

        def note(uow: UnitOfWork) -> None:
            if receiver not in uow.checkpoints_sent():
                uow.keep_checkpoints_sent(CheckpointsSent(receiver=receiver, since=uow.now))

        await self._database.write(note)

    async def due(self, receiver: str) -> DueCheckpoint | None:
        """Return the checkpoint that a receiver is to get now; None: none.

        None, too, as long as the ledger doesn't say where its streams stood at that end of a shift, and while
        damage is known.
        """
        said_until, plant, now = self._heads_said_until(), self._plant(), self._now()
        if said_until is None:
            return None
        moment = last_moment(plant.calendars.values(), plant.zone, now)
        state = self._verification()

        def look(reader: Reader) -> DueCheckpoint | None:
            sent = reader.checkpoints_sent().get(receiver)
            if said_until < moment or not is_due(sent, moment, now) or damage_known(reader, state):
                return None
            head = reader.head()
            key = f"{CHECKPOINT}-{instant_text(moment)}-{head.size}{after_loss(reader, head.size)}"
            return DueCheckpoint(moment=moment, head=head, at=now, key=key)

        return await self._database.read(look)

    async def delivered(self, receiver: str, due: DueCheckpoint) -> None:
        """Note that a receiver has a checkpoint."""
        await self._change(
            receiver,
            lambda sent, now: replace(
                sent, moment=due.moment, size=due.head.size, delivered_at=now, said=None
            ),
        )

    async def failed(self, receiver: str, said: str) -> None:
        """Note what an attempt ended with."""
        await self._change(receiver, lambda sent, _: replace(sent, said=said))

    async def _change(
        self, receiver: str, change: Callable[[CheckpointsSent, datetime], CheckpointsSent]
    ) -> None:
        def note(uow: UnitOfWork) -> None:
            known = uow.checkpoints_sent().get(receiver)
            before = known or CheckpointsSent(receiver=receiver, since=uow.now)
            uow.keep_checkpoints_sent(change(before, uow.now))

        await self._database.write(note)


def is_due(sent: CheckpointsSent | None, moment: datetime, now: datetime) -> bool:
    """Tell whether a receiver has no checkpoint for this moment, which is the last one up to now.

    One for a moment that has not come yet is of a clock that was ahead; it counts for nothing.
    """
    return sent is None or sent.moment is None or not moment <= sent.moment <= now
