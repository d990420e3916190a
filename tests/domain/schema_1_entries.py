"""Entries as schema 1 wrote them: today's code reads them and writes none, so tests make their own."""

from datetime import datetime

from redrabbit.domain.ledger import (
    Appended,
    Entry,
    Event,
    LogState,
    StoredEntry,
    leaf_bytes,
    read_entry,
)
from redrabbit.domain.merkle import leaf_hash


def appended_in_schema_1(
    log: LogState, event: Event, recorded_at: datetime, in_force: str = "c0ffee"
) -> Appended:
    """Return what appending gave when the payload stood in the leaf and the name in clear."""
    head = log.heads.get(event.stream)
    entry = Entry(
        index=log.size,
        type=event.type,
        schema=1,
        stream=event.stream,
        stream_seq=head.next_seq if head else 0,
        previous=head.leaf.hex() if head else "",
        occurred_at=event.occurred_at,
        recorded_at=recorded_at,
        actor=event.actor,
        in_force=in_force,
        plan="CP-7 rev 3",
        software="0.1.0",
        payload=event.payload,
        payload_digest=None,
    )
    stored = StoredEntry(raw=leaf_bytes(entry), salt=None, payload=None)
    leaf = leaf_hash(stored.raw)
    return Appended(
        log=log.with_leaf(event.stream, leaf),
        entry=read_entry(stored, entry.index),
        stored=stored,
        leaf_hash=leaf,
        nodes=log.tree.completed_by(leaf),
    )
