"""Payloads that are gone, and whether the ledger itself says that they were erased (R23, D51).

Anybody could empty a column. So a payload is erased only if a `payloads_erased` entry names it, and
that entry is in the signed log like any other; gone without one, it was removed.
"""

from dataclasses import dataclass, field

from redrabbit.domain.facts.codec import decode
from redrabbit.domain.facts.plant import PayloadsErased
from redrabbit.domain.ledger import Entry


@dataclass(kw_only=True)
class ErasedPayloads:
    """What was met so far, by index; entries may come in any order."""

    gone: set[int] = field(default_factory=set)
    """Entries whose payload is not there."""
    named: set[int] = field(default_factory=set)
    """Entries of which another says that their payload was erased."""

    def note(self, entry: Entry) -> None:
        """Note an entry; ValueError if it should say what was erased and can't be understood."""
        if entry.payload is None:
            self.gone.add(entry.index)
        else:
            self.named |= erased_by(entry)

    @property
    def missing(self) -> list[int]:
        """Return the entries whose payload is gone and that none says was erased."""
        return sorted(self.gone - self.named)


def erasure_in(entry: Entry) -> PayloadsErased | None:
    """Return what an entry says was erased; None if it is of another type, or erased itself.

    ValueError if its payload is not that of its type.
    """
    if entry.type != PayloadsErased.TYPE or entry.payload is None:
        return None
    return decode(PayloadsErased, entry.payload)


def erased_by(entry: Entry) -> frozenset[int]:
    """Return the indexes that an entry says were erased; none, and raises, as `erasure_in`."""
    erasure = erasure_in(entry)
    return frozenset() if erasure is None else frozenset(erasure.entries)
