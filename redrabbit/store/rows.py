"""Records as rows and back, and how conditions of the port are asked of a table or a record.

One function each way, for both databases; the memory store asks the same conditions of values.
"""

import operator
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, bindparam

from redrabbit.base.sentence import sentence
from redrabbit.domain.limits import fits_in_64_bits
from redrabbit.domain.records import KEYS, TABLES, Json, Record
from redrabbit.domain.row_sum import Values
from redrabbit.services.errors import NotRecordable
from redrabbit.services.ports import Where
from redrabbit.store.tables import RECORD_TABLES
from redrabbit.store.types import EPOCH, FIELD_TYPES, MICROSECOND, enumeration, refuse_naive

R = TypeVar("R", bound=Record)

FIELDS: dict[type[Any], tuple[str, ...]] = {kind: tuple(FIELD_TYPES[kind]) for kind in TABLES}

_KEPT_AS: dict[type[Any], tuple[tuple[str, Any, bool], ...]] = {
    kind: tuple(
        (name, str if type_ is Json else type_, may_be_none)
        for name, (type_, may_be_none) in FIELD_TYPES[kind].items()
    )
    for kind in TABLES
}


_ENUMERATIONS: dict[type[Any], tuple[tuple[str, type[StrEnum]], ...]] = {
    kind: tuple(
        (name, words)
        for name, (type_, _) in FIELD_TYPES[kind].items()
        if (words := enumeration(type_)) is not None
    )
    for kind in TABLES
}
"""Fields that hold words of an enumeration: kept as text, read back as words."""


def row_of(record: Record) -> dict[str, object]:
    """Return the record's values by column name."""
    return {name: getattr(record, name) for name in FIELDS[type(record)]}


def kept_values(record: Record) -> Values:
    """Return the record's values as the database keeps them, in the order of its columns."""
    return tuple(_kept(getattr(record, name)) for name in FIELDS[type(record)])


def _kept(value: Any) -> int | float | str | None:
    match value:
        case bool():
            return int(value)
        case StrEnum():
            return value.value
        case datetime():
            return (value - EPOCH) // MICROSECOND
        case date():
            return value.isoformat()
        case float():
            return value + 0.0  # SQLite gives -0.0 back as 0.0
    return value  # type: ignore[no-any-return]  # of the types that a record may have: a text, a number, None


def record_of(kind: type[R], row: Sequence[Any]) -> R:
    """Return the record of a row whose columns are the fields in their order."""
    values = dict(zip(FIELDS[kind], row, strict=True))
    for name, words in _ENUMERATIONS[kind]:
        if values[name] is not None:
            values[name] = words(values[name])
    return kind(**values)


def key_of(record: Record) -> tuple[Any, ...]:
    """Return the record's key."""
    return tuple(getattr(record, name) for name in KEYS[type(record)])


def order_of(kind: type[Record]) -> tuple[str, ...]:
    """Return the fields by which records come in order: their key, or their number on its stream."""
    return KEYS[kind] if kind.LETTER is None else (kind.STREAM, "number")


def refuse_unfit(record: Record) -> None:
    """Raise for what would not come back as it was put: a wrong type, an instant without zone.

    TypeError for an int where a float is kept: SQLite would return 1.0 for 1, and verification
    would then name a record that nobody has touched. NotRecordable for a whole number that no database
    holds: it came from outside, and no command can know that it would.
    """
    for name, type_, may_be_none in _KEPT_AS[type(record)]:
        value = getattr(record, name)
        if value is None and may_be_none:
            continue
        if type(value) is not type_:
            raise TypeError(f"{type(record).__name__}.{name} is {value!r}, not {type_.__name__}")
        if type_ is datetime:
            refuse_naive(value)
        elif type_ is int and not fits_in_64_bits(value):
            raise NotRecordable(
                sentence(
                    "{table}.{name}: {value} has no place in 64 bits",
                    table=type(record).TABLE,
                    name=name,
                    value=value,
                )
            )


Asked = tuple[str, str, bool]
"""What decides a condition's SQL: field, operator, and whether the value is None."""


def asked(where: Where) -> Asked:
    """Return a condition without its value; ValueError for `in` with anything but a tuple."""
    if where.operator == "in":
        _choices(where)
    return where.field, where.operator, where.value is None


def condition(kind: type[Any], asked_for: Asked, name: str) -> ColumnElement[bool]:
    """Return the condition as SQL, its value the parameter `name`.

    `!=` counts NULL as different from any value, as people and Python do, and SQL does not.
    ValueError for a field that the record doesn't have.
    """
    field, asked_how, is_none = asked_for
    known(kind, field)
    column: Column[Any] = RECORD_TABLES[kind].c[field]
    parameter = bindparam(name, type_=column.type, expanding=asked_how == "in")
    value: object = None if is_none else parameter
    match asked_how:
        case "in":
            return column.in_(parameter)
        case "!=":
            return column.is_distinct_from(value)
        case "=":
            return column == value
        case _:
            return _COMPARISONS[asked_how](column, value)  # type: ignore[no-any-return]  # because operators are untyped


def meeting(kind: type[R], conditions: Sequence[Where], records: Iterable[R]) -> list[R]:
    """Return those of the records that meet the same conditions, in order; ValueError for an unknown field.

    One condition after another, over all that is left: several times quicker than all of them of each record.
    """
    left = list(records)
    for test in [_test(kind, where) for where in conditions]:
        left = list(filter(test, left))
    return left


def known(kind: type[Any], name: str) -> None:
    """Raise ValueError unless records of this kind have such a field."""
    if name not in FIELDS[kind]:
        raise ValueError(f"{kind.__name__} has no field {name}")


def _test(kind: type[Any], where: Where) -> Callable[[Record], bool]:
    known(kind, where.field)
    field, value = where.field, where.value
    for instant in (value,) if where.operator != "in" else _choices(where):
        if isinstance(instant, datetime):
            refuse_naive(instant)
    match where.operator:
        case "in":
            choices = _choices(where)
            return lambda record: getattr(record, field) in choices
        case "=":
            return lambda record: bool(getattr(record, field) == value)
        case "!=":
            return lambda record: bool(getattr(record, field) != value)
        case "<" | "<=" | ">" | ">=":
            compare = _COMPARISONS[where.operator]
            return lambda record: (
                getattr(record, field) is not None and compare(getattr(record, field), value)
            )


def _choices(where: Where) -> tuple[object, ...]:
    if not isinstance(where.value, tuple):
        raise ValueError(f"`in` takes a tuple, not {where.value!r}")  # noqa: TRY004  because a wrong condition is a ValueError in any form
    return where.value


_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
