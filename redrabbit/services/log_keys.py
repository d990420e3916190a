"""The keys of the ledger as its own entries tell them, looked up by index (decision 0033)."""

from typing import Final

from redrabbit.base.sentence import sentence, words_of
from redrabbit.domain.facts.key_changed import KeyChanged
from redrabbit.domain.ledger import Entry
from redrabbit.domain.log_keys import LogKeys, keys_in, proved_root_before
from redrabbit.domain.merkle import Tree
from redrabbit.domain.signed_note import NoteVerifier
from redrabbit.services.errors import DamagedDatabase
from redrabbit.services.ports import Reader

_AT_ONCE: Final = 50
"""A key is changed some times in twenty years."""


def changes_of_key(reader: Reader) -> tuple[Entry, ...]:
    """Return the entries that changed the key, in order: few, whatever the ledger's size."""
    changes: list[Entry] = []
    while True:
        first = changes[-1].index + 1 if changes else 0
        some = reader.entries_of(KeyChanged.TYPE, first=first, limit=_AT_ONCE)
        changes += some
        if len(some) < _AT_ONCE:
            return tuple(changes)


def keys_of(reader: Reader, trusted: NoteVerifier) -> LogKeys:
    """Return the keys to which the changes lead from the trusted one.

    Each change is proved to be in the log of the head as it stands in the database: whether that is signed, by the
    key that this returns for its size, the caller must ask. DamagedDatabase where a change is not proved.
    """
    changes = changes_of_key(reader)
    if not changes:
        return LogKeys(trusted=trusted)
    head = reader.head()
    tree = Tree(head.size, reader.tree_node)

    def root_before(entry: Entry) -> bytes:
        path = tree.inclusion(entry.index)
        return proved_root_before(entry, head.size, bytes.fromhex(head.root), path)

    try:
        return keys_in(changes, root_before, trusted)
    except ValueError as error:
        raise DamagedDatabase(
            sentence(
                "a change of the ledger's key is not proved: {problem}. `redrabbit verify` tells all",
                problem=words_of(error),
            )
        ) from error
