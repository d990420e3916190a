"""Keys of messages: of a second copy the same, of another message never, though history was lost (B21, D62).

Numbers go on from what is left when an older database was put back. So what is numbered after a loss has a part of
that loss's hash in its key: the same copy, put back twice, has another one each time.
"""

from typing import Final

from redrabbit.domain.facts.plant import HistoryLost
from redrabbit.domain.identity import AlarmId
from redrabbit.domain.ledger import Entry
from redrabbit.domain.merkle import leaf_hash
from redrabbit.services.ports import Reader

_DIGITS: Final = 12


def alarm_key(reader: Reader, alarm_id: AlarmId, raised_entry: int) -> str:
    """Return the key of the message about an alarm that this entry raised."""
    return f"alarm-{alarm_id}{after_loss(reader, raised_entry)}"


def after_loss(reader: Reader, size: int) -> str:
    """Return what keys end with, once the ledger has so many entries: "" where it records no loss among them."""
    last = reader.entries_of(HistoryLost.TYPE, before=size, descending=True, limit=1)
    return "".join(f"-{_hash(reader, loss)[:_DIGITS]}" for loss in last)


def _hash(reader: Reader, entry: Entry) -> str:
    return leaf_hash(reader.stored_entry(entry.index).raw).hex()
