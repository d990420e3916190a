"""The changes of the ledger's key that an exported file shows, each proved to be in the log (decision 0033).

Some stand among the records, the others below a heading of their own: so they come in any order.
"""

from collections.abc import Sequence

from redrabbit.domain.facts.key_changed import KeyChanged
from redrabbit.domain.findings import Finding
from redrabbit.domain.ledger import Entry
from redrabbit.domain.log_keys import LogKeys, proved_root_before
from redrabbit.domain.signed_note import NoteVerifier


class ExportedKeys:
    """Takes in the entries of a file."""

    def __init__(self) -> None:
        self.unproved: list[Finding] = []
        """Of changes that do not hold, once the keys were asked for."""
        self._found: dict[int, tuple[Entry, bytes, str]] = {}
        """By its index each change, with the root of the log before it, and where it stands."""

    def note(self, entry: Entry, proof: tuple[int, bytes, Sequence[bytes]], place: str) -> None:
        """Note an entry with its proof: size and root of the log, and the way there.

        ValueError for a change of the key that the proof does not lead to.
        """
        if entry.type != KeyChanged.TYPE:
            return
        self._found[entry.index] = (entry, proved_root_before(entry, *proof), place)

    def keys(self, trusted: NoteVerifier) -> LogKeys:
        """Return the keys as the changes lead from the trusted one; what does not hold is in `unproved`."""
        keys = LogKeys(trusted=trusted)
        for _, (entry, root, place) in sorted(self._found.items()):
            try:
                keys = keys.with_entry(entry, root)
            except ValueError as error:
                params = {"problem": str(error)}
                self.unproved.append(
                    Finding(code="key_change_unproved", place=place, params=params)
                )
        return keys
