"""What a newer version wrote is not damage (D12): it is told apart, by name, wherever it is met.

An entry of a higher schema, or of a type that no fold here knows, says nothing against the ledger:
its hash, its place in the chain and the signed head are verified like any other. Only what it
*means* this version can't tell; so nothing that is folded from there on can be judged either.
"""

from collections.abc import Container
from typing import Final

OLDER_SCHEMA: Final = "older_schema"
"""Code of the finding that only the ledger of a database was verified; no damage."""

WRITTEN_BY_NEWER: Final = "written_by_newer"
"""Code of the finding, which is no damage."""


class WrittenByNewer(ValueError):
    """An entry that only a newer version of Red Rabbit can read; `what` says what it is of."""

    def __init__(self, what: str) -> None:
        super().__init__(f"written by a newer version of Red Rabbit ({what})")
        self.what = what


def refuse_newer_schema(fields: object, known: int) -> None:
    """Raise WrittenByNewer if these fields of an entry say a higher schema than this version's."""
    schema = fields.get("schema") if isinstance(fields, dict) else None
    if type(schema) is int and schema > known:
        raise WrittenByNewer(f"schema {schema}; this version reads up to {known}")


def refuse_newer_type(entry_type: str, known: Container[str], software: str) -> None:
    """Raise WrittenByNewer if no fold of this version is for entries of this type."""
    if entry_type not in known:
        raise WrittenByNewer(f"entry type {entry_type}, by version {software}")
