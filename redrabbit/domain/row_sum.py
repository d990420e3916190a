"""A sum over all rows of the record tables, which only whoever has the log's key can make (D26).

Laying every row beside the digests that anybody can check (`record_digests`) takes 36 µs a row; this takes a
tenth of that, so it is done before anything is written, up to a million entries.

Each row gives 64 bytes by a hash with a secret key; the sum of all, modulo 2^512, is kept up as rows come and go.
Such a sum is easily forged by whoever knows what single rows give: so no sum is ever shown as it is. What is stored
has another secret number added to it, which is another one with each head that is signed. Without the key nothing
can be told from it, and none of before fits a later head.

Source: Clarke, Devadas, van Dijk, Gassend and Suh, "Incremental multiset hash functions and their application to memory
integrity checking" (2003), MSet-Add-Hash.
"""

import hashlib
import marshal
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

SUM_BYTES: Final = 64

_MODULUS: Final = 1 << 8 * SUM_BYTES
_FORM: Final = 2
"""Of Python's own form of values, which it writes ten times as quickly as JSON: the last in which one value has one form.
Should a later Python write it otherwise, no sum fits, and rows are laid beside their digests instead."""

Values = tuple[int | float | str | None, ...]
"""A row as the database keeps it, column by column in the table's order."""


@dataclass(frozen=True)
class RowKey:
    """The secret with which rows are added up; its `repr` does not show it."""

    secret: bytes = field(repr=False)
    """32 bytes."""

    def total(self, table: str, rows: Iterable[Values]) -> int:
        """Return the sum of some rows of a table."""
        begun, total = self._begun_for(table), 0
        for values in rows:
            hashed = begun.copy()
            hashed.update(marshal.dumps(values, _FORM))
            total += int.from_bytes(hashed.digest(), "little")
        return total

    def masked(self, total: int, head: str) -> bytes:
        """Return a sum as it may be shown, with the head of which this is the text; no two heads have the same."""
        return ((total + self._mask(head)) % _MODULUS).to_bytes(SUM_BYTES, "little")

    def unmasked(self, masked: bytes, head: str) -> int:
        """Return the sum that was masked so."""
        return int.from_bytes(masked, "little") - self._mask(head)

    def _mask(self, head: str) -> int:
        return int.from_bytes(self._hash(f"head\n{head}").digest(), "little")

    def _begun_for(self, table: str) -> Any:
        if table not in self._begun:
            self._begun[table] = self._hash(f"rows of {table}\n")
        return self._begun[table]

    @cached_property
    def _begun(self) -> dict[str, Any]:
        return {}

    def _hash(self, text: str) -> Any:
        return hashlib.blake2b(text.encode(), key=self.secret, digest_size=SUM_BYTES)
