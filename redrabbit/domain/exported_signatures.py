"""Signatures in an exported file, laid beside the entries that they name: each holds the leaf hash of what was signed (R20).

A signature stands behind its entry in the same stream, and a file has a stream without a gap. So the leaf of whatever can be
signed is kept while its stream is read, 40 bytes each. An entry before the first one of the file is not there to be compared.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from redrabbit.domain.facts.approval_request import ApprovalRequested
from redrabbit.domain.facts.catalogue import fact_of
from redrabbit.domain.facts.challenge_part import PartRegistered, PartStateChanged
from redrabbit.domain.facts.containment import ContainmentClosed
from redrabbit.domain.facts.occurrence import OccurrenceDecided
from redrabbit.domain.facts.plan_revision import PlanRevisionApproved, PlanRevisionDiscarded
from redrabbit.domain.facts.presentation import VerdictContradicted
from redrabbit.domain.facts.run import RunClosed
from redrabbit.domain.facts.signature import SignatureGiven
from redrabbit.domain.findings import Finding
from redrabbit.domain.ledger import Entry

SIGNED: Final = frozenset(
    fact.TYPE
    for fact in (
        ApprovalRequested,
        ContainmentClosed,
        OccurrenceDecided,
        PartRegistered,
        PartStateChanged,
        PlanRevisionApproved,
        PlanRevisionDiscarded,
        RunClosed,
        VerdictContradicted,
    )
)
"""Types of the entries that are signed; a test holds them to `redrabbit.domain.signing`."""
_LEAF_BYTES: Final = 32


class ExportedSignatures:
    """Takes in the entries of one stream, in their order."""

    def __init__(self) -> None:
        self._first: int | None = None
        self._indexes = array("Q")
        self._leaves = bytearray()

    def add(self, entry: Entry, leaf: bytes, place: str) -> Iterator[Finding]:
        """Yield what is wrong with the next entry, if it is a signature; ValueError if it can't be understood."""
        if self._first is None:
            self._first = entry.index
        if entry.type in SIGNED:
            self._indexes.append(entry.index)
            self._leaves += leaf
        if entry.type != SignatureGiven.TYPE:
            return
        signature = fact_of(entry)  # None: its payload was erased
        if isinstance(signature, SignatureGiven) and signature.entry >= self._first:
            leaf_there = self._leaf(signature.entry)
            if leaf_there is None or leaf_there.hex() != signature.leaf_hash:
                params = {"of_entry": signature.entry}
                yield Finding(code="signature_differs", place=place, params=params)

    def _leaf(self, index: int) -> bytes | None:
        at = bisect_left(self._indexes, index)
        if at == len(self._indexes) or self._indexes[at] != index:
            return None
        return bytes(self._leaves[at * _LEAF_BYTES : (at + 1) * _LEAF_BYTES])
