"""How outgoing messages stand with their receivers, for pages and figures (D48).

None of it is told by the ledger: the ledger says what happened, not who has heard of it (D13).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ParkedReason(StrEnum):
    """Why a message is not tried any more, until a person says so."""

    REFUSED = "refused"
    """The receiver refused it again and again, or nothing of its kind can be sent there."""
    OTHERS_TAKEN = "others_taken"
    """The receiver takes the messages behind it, and this one not."""
    RECEIVER_REMOVED = "receiver_removed"
    """The plant file does not name the receiver any more."""


class FateState(StrEnum):
    """What came of a message for one receiver."""

    DELIVERED = "delivered"
    WAITING = "waiting"
    """It was not tried yet."""
    FAILING = "failing"
    """It was not taken yet, and is tried again."""
    PARKED = "parked"
    DROPPED = "dropped"
    """A person gave it up."""
    FORGOTTEN = "forgotten"
    """It was delivered so long ago that only the ledger still knows who was told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFate:
    """How one message stands with one receiver."""

    key: str
    receiver: str
    state: FateState
    at: datetime | None = None
    """When it was delivered, or parked."""


def fate(
    key: str,
    receiver: str,
    *,
    attempts: int,
    waits: bool,
    delivered_at: datetime | None,
    parked_at: datetime | None,
) -> MessageFate:
    """Return what came of a message, from what is kept of its delivery."""
    if delivered_at is not None:
        state, at = FateState.DELIVERED, delivered_at
    elif parked_at is not None:
        state, at = FateState.PARKED, parked_at
    elif not waits:
        return MessageFate(key=key, receiver=receiver, state=FateState.DROPPED)
    else:
        state = FateState.FAILING if attempts else FateState.WAITING
        return MessageFate(key=key, receiver=receiver, state=state)
    return MessageFate(key=key, receiver=receiver, state=state, at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesWaiting:
    """What waits for one receiver."""

    receiver: str
    count: int
    oldest_at: datetime
    """When the first of them was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointsSent:
    """How one receiver stands with the ledger's checkpoints, which it is sent to keep (D62).

    None waits anywhere: what is sent is the head as it is then. So nothing old is ever sent, and there is no queue.
    """

    receiver: str
    since: datetime
    """When it was first to get them."""
    moment: datetime | None = None
    """For which moment it got one last: see `redrabbit.domain.checkpoint_moments`; None: it never did."""
    size: int | None = None
    """Of the ledger in that one."""
    delivered_at: datetime | None = None
    said: str | None = None
    """What the last attempt since then ended with, a machine's words; None: none has failed since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedMessage:
    """A message that did not reach a receiver and is not tried any more."""

    outbox_id: int
    receiver: str
    event: str
    key: str
    payload: str
    """JSON text."""
    created_at: datetime
    attempts: int
    parked_at: datetime
    reason: ParkedReason
    said: str | None
    """What the last attempt ended with: a machine's words."""
