"""Messages and their deliveries in memory: the same answers as `redrabbit.store.outbox`.

Every change returns what undoes it, for the command that is taken back.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from redrabbit.services.deliveries import (
    CheckpointsSent,
    MessageFate,
    MessagesWaiting,
    ParkedMessage,
    ParkedReason,
    fate,
)
from redrabbit.services.ports import OutgoingMessage
from redrabbit.store.outbox import Delivery, Target, of_steps, payload_text, wanting

Undo = Callable[[], object]
Place = tuple[int, str]
"""Number of a message, name of its receiver."""


def restore(table: dict[Any, Any], key: Any, before: Any) -> None:
    """Put back what stood under a key; None: nothing did."""
    if before is None:
        table.pop(key, None)
    else:
        table[key] = before


@dataclass(frozen=True, slots=True)
class _Kept:
    """One delivery, and how it stands."""

    delivery: Delivery
    next_try_at: datetime | None
    parked_at: datetime | None = None
    parked_reason: ParkedReason | None = None
    delivered_at: datetime | None = None


@dataclass(slots=True)
class MemoryOutbox:
    """All messages that were ever sent."""

    messages: int = 0
    checkpoints_sent: dict[str, CheckpointsSent] = field(default_factory=dict)
    """How each receiver stands that was ever to get checkpoints."""
    held: dict[str, OutgoingMessage] = field(default_factory=dict)
    """Those that grow still, by their events."""
    _kept: dict[Place, _Kept] = field(default_factory=dict)

    def send(
        self, message: OutgoingMessage, targets: Iterable[Target], now: datetime
    ) -> Sequence[Undo]:
        """Keep a delivery of the message for each target that wants it, due at once."""
        self.messages += 1
        return [
            self._add(
                Delivery(
                    outbox_id=self.messages,
                    target=target,
                    event=message.event,
                    key=message.key,
                    payload=payload_text(message),
                    created_at=now,
                    attempts=0,
                    last_error=None,
                )
            )
            for target in wanting(targets, message)
        ]

    def hold(self, message: OutgoingMessage) -> Undo:
        """Hold a message, in place of the one that is held for its event."""
        payload_text(message)  # refused here, too
        before = dict(self.held)
        self.held[message.event] = message
        return lambda: setattr(self, "held", before)

    def release(self, targets: Sequence[Target], now: datetime) -> Sequence[Undo]:
        """Send all messages that are held, in the order in which they began."""
        before, self.held = self.held, {}
        sent = [undo for each in before.values() for undo in self.send(each, targets, now)]
        return [lambda: setattr(self, "held", before), *sent]

    def _add(self, delivery: Delivery) -> Undo:
        place = (delivery.outbox_id, delivery.target)
        self._kept[place] = _Kept(delivery, delivery.created_at)
        return lambda: self._kept.pop(place)

    def waiting(self, target: str, limit: int | None = None) -> list[Delivery]:
        """Return what waits for one receiver, oldest message first."""
        waiting = [
            kept.delivery
            for (_, name), kept in sorted(self._kept.items(), key=lambda each: each[0])
            if name == target and kept.next_try_at is not None
        ]
        return waiting[:limit]

    def messages_waiting(self) -> Sequence[MessagesWaiting]:
        """Return how much waits for each receiver for which anything does, by its name."""
        names = sorted({name for (_, name), kept in self._kept.items() if kept.next_try_at})
        found = [(name, self.waiting(name)) for name in names]
        return [
            MessagesWaiting(receiver=name, count=len(waits), oldest_at=waits[0].created_at)
            for name, waits in found
        ]

    def parked_messages(self, limit: int | None = None) -> Sequence[ParkedMessage]:
        """Return messages that are parked, those last parked first."""
        found = [_parked(kept) for kept in self._kept.values() if kept.parked_at is not None]
        found.sort(key=lambda one: (one.parked_at, one.outbox_id, one.receiver), reverse=True)
        return found[:limit]

    def parked_counts(self) -> Mapping[str, int]:
        """Return how many messages are parked, by receiver; only those with any."""
        return dict(sorted(Counter(one.receiver for one in self.parked_messages()).items()))

    def fates_of(self, keys: Sequence[str]) -> Sequence[MessageFate]:
        """Return what came of the messages of these keys, for each receiver."""
        return [
            fate(
                kept.delivery.key,
                receiver,
                attempts=kept.delivery.attempts,
                waits=kept.next_try_at is not None,
                delivered_at=kept.delivered_at,
                parked_at=kept.parked_at,
            )
            for (_, receiver), kept in sorted(
                self._kept.items(), key=lambda each: (each[1].delivery.key, each[0][1])
            )
            if kept.delivery.key in keys
        ]

    def tried(
        self,
        place: Place,
        error: str | None,
        *,
        next_try_at: datetime | None = None,
        parked_at: datetime | None = None,
        parked_reason: ParkedReason | None = None,
        delivered_at: datetime | None = None,
    ) -> Undo:
        """Note an attempt and how the delivery stands now; nothing where there is none of it."""
        before = self._kept.get(place)
        if before is None:
            return lambda: None
        old = before.delivery
        after = replace(old, attempts=old.attempts + 1, last_error=error or old.last_error)
        return self._put(place, _Kept(after, next_try_at, parked_at, parked_reason, delivered_at))

    def park(self, delivery: Delivery, reason: ParkedReason, at: datetime) -> Undo:
        """Park a delivery without an attempt."""
        return self._put((delivery.outbox_id, delivery.target), _Kept(delivery, None, at, reason))

    def settle(self, key: str, target: str, next_try_at: datetime | None) -> Sequence[Undo]:
        """Let a parked message wait, as new, or drop it; nothing to undo if it is not parked."""
        places = [
            (place, kept.delivery)
            for place, kept in self._kept.items()
            if place[1] == target
            and (kept.delivery.key == key or kept.delivery.key.startswith(of_steps(key)))
            and kept.parked_at is not None
        ]
        return [
            self._put(
                place,
                _Kept(replace(one, attempts=0) if next_try_at is not None else one, next_try_at),
            )
            for place, one in places
        ]

    def forget_delivered(self, before: datetime, limit: int) -> tuple[int, Undo]:
        """Forget the oldest messages from before an instant that nobody waits for; return how many."""
        waits = {n for (n, _), kept in self._kept.items() if kept.next_try_at or kept.parked_at}
        old = {n for (n, _), kept in self._kept.items() if kept.delivery.created_at < before}
        chosen = sorted(old - waits)[:limit]
        gone = {place: kept for place, kept in self._kept.items() if place[0] in chosen}
        for place in gone:
            del self._kept[place]
        return len(chosen), lambda: self._kept.update(gone)

    def keep_checkpoints_sent(self, sent: CheckpointsSent) -> Undo:
        """Keep how a receiver stands with checkpoints, in place of what was kept of it before."""
        before = dict(self.checkpoints_sent)
        self.checkpoints_sent[sent.receiver] = sent

        def restore() -> None:
            self.checkpoints_sent.clear()
            self.checkpoints_sent.update(before)

        return restore

    def _put(self, place: Place, after: _Kept) -> Undo:
        before = self._kept[place]
        self._kept[place] = after
        return lambda: self._kept.__setitem__(place, before)


class MemoryDeliveries:
    """What a reader in memory knows of messages and their receivers."""

    def __init__(self, outbox: MemoryOutbox) -> None:
        self._outbox = outbox

    def waiting_deliveries(self, target: str, limit: int) -> list[Delivery]:
        """Return what waits for one receiver, oldest message first."""
        return self._outbox.waiting(target, limit)

    def messages_waiting(self) -> Sequence[MessagesWaiting]:
        """Return how much waits for each receiver for which anything does, by its name."""
        return self._outbox.messages_waiting()

    def parked_messages(self, limit: int) -> Sequence[ParkedMessage]:
        """Return messages that are parked, those last parked first."""
        return self._outbox.parked_messages(limit)

    def parked_counts(self) -> Mapping[str, int]:
        """Return how many messages are parked, by receiver; only those with any."""
        return self._outbox.parked_counts()

    def fates_of(self, keys: Sequence[str]) -> Sequence[MessageFate]:
        """Return what came of the messages of these keys, for each receiver."""
        return self._outbox.fates_of(keys)

    def checkpoints_sent(self) -> Mapping[str, CheckpointsSent]:
        """Return how each receiver stands that was ever to get checkpoints, by its name."""
        return dict(sorted(self._outbox.checkpoints_sent.items()))


def _parked(kept: _Kept) -> ParkedMessage:
    one = kept.delivery
    assert kept.parked_at is not None  # noqa: S101  because only parked ones are asked for
    assert kept.parked_reason is not None  # noqa: S101  because it comes with the instant
    return ParkedMessage(
        outbox_id=one.outbox_id,
        receiver=one.target,
        event=one.event,
        key=one.key,
        payload=one.payload,
        created_at=one.created_at,
        attempts=one.attempts,
        parked_at=kept.parked_at,
        reason=kept.parked_reason,
        said=one.last_error,
    )
