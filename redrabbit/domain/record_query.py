"""How records are asked for: by conditions on their fields. There is no other query language."""

from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from redrabbit.domain.facts.fact import Record

R = TypeVar("R", bound=Record)

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "in"]


@dataclass(frozen=True, slots=True)
class Where:
    """One condition on a field. `=` and `!=` with None ask for (not) NULL; `in` takes a tuple."""

    field: str
    operator: Operator
    value: object


def equals(field: str, value: object) -> Where:
    """Return the commonest condition."""
    return Where(field, "=", value)


class RecordReader(Protocol):
    """Reads records as committed (or, within a command, as changed so far)."""

    def get(self, kind: type[R], *key: str | int) -> R | None:
        """Return the record with this key, or None."""
        ...

    def find(
        self,
        kind: type[R],
        *where: Where,
        order_by: str | None = None,
        descending: bool = False,
        limit: int | None = None,
    ) -> list[R]:
        """Return the records that meet every condition, by key unless `order_by` says else."""
        ...


def recorded(reader: RecordReader, kind: type[R], *key: str | int) -> R:
    """Return a record that must be there, because what made it was recorded before."""
    record = reader.get(kind, *key)
    assert record is not None, (kind.TABLE, key)  # noqa: S101  a bug otherwise
    return record


def latest(reader: RecordReader, kind: type[R], *where: Where, by: str) -> R | None:
    """Return the record that meets every condition and has the greatest `by`; None: there is none."""
    records = reader.find(kind, *where, order_by=by, descending=True, limit=1)
    return records[0] if records else None
