"""Column types: one for each type that a record's field may have, the same in both databases.

Instants are kept as microseconds since 1970 in UTC, because SQLite would drop the offset of a
time and give it back two hours wrong; naive ones are refused. Values come back exactly or not at
all: a date, truth value or number that no writer of ours could have left there raises ValueError,
which readers see as a damaged database and verification as a finding.
"""

import math
import types
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

from sqlalchemy import BigInteger, Boolean, Dialect, Double, Integer, LargeBinary, Text
from sqlalchemy.dialects.sqlite import INTEGER, REAL
from sqlalchemy.types import TypeDecorator, TypeEngine

from redrabbit.domain.records import TABLES, Json

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

Whole = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite keeps 64 bits in any INTEGER, and STRICT knows no other word for it."""

Words = Text().with_variant(Text(collation="C"), "postgresql")
"""Sorted by code point in both, as Python and SQLite do, whatever the server's locale."""

Raw = LargeBinary()


class UtcMicroseconds(TypeDecorator[datetime]):
    """An aware instant, kept as a whole number of microseconds since 1970 UTC."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the whole number of this database."""
        return dialect.type_descriptor(INTEGER() if dialect.name == "sqlite" else BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Return what is kept; ValueError for an instant without time zone."""
        del dialect
        if value is None:
            return None
        refuse_naive(value)
        return (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return the instant, aware UTC."""
        del dialect
        if value is None:
            return None
        if type(value) is not int:
            raise ValueError(f"{value!r} is no instant in microseconds")
        try:
            return EPOCH + value * MICROSECOND
        except OverflowError as error:
            raise ValueError(f"{value} microseconds are no instant") from error


class IsoDate(TypeDecorator[date]):
    """A plant-local day, kept as `2026-11-22`."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the text of this database."""
        return dialect.type_descriptor(Words)

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        """Return what is kept; ValueError for an instant, which is no day."""
        del dialect
        if isinstance(value, datetime):
            raise ValueError(f"{value} is an instant, not a day")  # noqa: TRY004  because every wrong value is a ValueError here
        return None if value is None else value.isoformat()

    def process_result_value(self, value: Any, dialect: Dialect) -> date | None:
        """Return the day."""
        del dialect
        if value is None:
            return None
        found = date.fromisoformat(str(value))
        if found.isoformat() != value:
            raise ValueError(f"{value!r} is not a date of the form 2026-11-22")
        return found


class Truth(TypeDecorator[bool]):
    """A truth value; SQLite keeps 0 or 1."""

    impl = Boolean
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the truth value of this database."""
        return dialect.type_descriptor(INTEGER() if dialect.name == "sqlite" else Boolean())

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> Any:
        """Return what is kept."""
        if value is None or dialect.name != "sqlite":
            return value
        return int(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> bool | None:
        """Return the truth value; ValueError for a third one."""
        del dialect
        if value is None or isinstance(value, bool):
            return value
        if type(value) is not int or value not in (0, 1):
            raise ValueError(f"{value!r} is neither 0 nor 1")
        return bool(value)


class Real(TypeDecorator[float]):
    """A finite number; SQLite would keep a NaN as NULL without a word."""

    impl = Double
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the double of this database."""
        return dialect.type_descriptor(REAL() if dialect.name == "sqlite" else Double())

    def process_bind_param(self, value: float | None, dialect: Dialect) -> float | None:
        """Return what is kept; ValueError for NaN and the infinities."""
        del dialect
        if value is not None and not math.isfinite(value):
            raise ValueError(f"{value} is not a number that can be kept")
        return value

    def process_result_value(self, value: Any, dialect: Dialect) -> float | None:
        """Return the number."""
        del dialect
        if value is not None and type(value) is not float:
            raise ValueError(f"{value!r} is no floating-point number")
        return value


def refuse_naive(value: datetime) -> None:
    """Raise ValueError for an instant without time zone."""
    if value.tzinfo is None:
        raise ValueError(f"an instant without time zone: {value.isoformat()}")


COLUMN_TYPES: dict[object, TypeEngine[Any]] = {
    bool: Truth(),
    date: IsoDate(),
    datetime: UtcMicroseconds(),
    float: Real(),
    int: Whole,
    Json: Words,
    str: Words,
}
"""Field type → column type: the one place that says how a record is kept."""


def column_type(type_: object) -> TypeEngine[Any]:
    """Return how a field of this type is kept; words of an enumeration are kept as words."""
    return COLUMN_TYPES[type_] if enumeration(type_) is None else Words


def enumeration(type_: object) -> type[StrEnum] | None:
    """Return a field's type if it is an enumeration of words, else None."""
    return type_ if isinstance(type_, type) and issubclass(type_, StrEnum) else None


def _plain(hint: object) -> tuple[object, bool]:
    if get_origin(hint) in (types.UnionType, Union):
        some = [choice for choice in get_args(hint) if choice is not types.NoneType]
        assert len(some) == 1, f"{hint} is more than a type or None"  # noqa: S101  because it is a bug of a record
        return _plain(some[0])[0], True
    if isinstance(hint, NewType) and hint is not Json:
        return hint.__supertype__, False
    return hint, False


def field_types(kind: type[Any]) -> dict[str, tuple[object, bool]]:
    """Return of each field of a kind of row its own type, and whether it may be None."""
    hints = get_type_hints(kind)
    return {field.name: _plain(hints[field.name]) for field in fields(kind)}


FIELD_TYPES: dict[type[Any], dict[str, tuple[object, bool]]] = {
    kind: field_types(kind) for kind in TABLES
}
"""Kind of record → field, in the order of the record → its own type, and whether it may be None."""
