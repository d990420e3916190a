"""How a fact becomes the payload of an entry, and a payload the fact again.

One type has one set of fields: writing names every field, null if unknown; reading refuses one that the
type doesn't have, a missing one, and a value of another kind (D53). So a reader in ten years need
not ask the data what a type may hold.
"""

import types
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

from redrabbit.domain.ledger import JsonValue, instant, instant_text

F = TypeVar("F")

Read = Callable[[JsonValue], Any]
"""Turns one JSON value into what the field holds; ValueError if it is none."""


def encode(value: object) -> dict[str, JsonValue]:
    """Return the fields of a fact, or of a part of one, as a payload: instants as text, by name."""
    return {name: plain(getattr(value, name)) for name in _reads(type(value))}


def plain(value: object) -> JsonValue:
    """Return a value as JSON has it: instants and days as text, words for enumerations."""
    if isinstance(value, Enum):  # before str: a word of an enumeration is a str, too
        return str(value.value)
    if value is None or isinstance(value, (str, float, int)):
        return value
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    assert is_dataclass(value), value  # noqa: S101  a command with a bug wrote it
    return encode(value)


def decode(kind: type[F], payload: Mapping[str, JsonValue]) -> F:
    """Return the fact of a payload; ValueError names the field that is not as the type says."""
    reads = _reads(kind)
    if payload.keys() != reads.keys():
        raise ValueError(_differs(kind, payload.keys(), reads.keys()))
    return kind(**{name: _read(name, read, payload[name]) for name, read in reads.items()})


def field_names(kind: type[Any]) -> Collection[str]:
    """Return the names of a fact's fields, or of a part of one."""
    return _reads(kind).keys()


def _differs(kind: type[Any], given: Collection[str], wanted: Collection[str]) -> str:
    strange, missing = sorted(set(given) - set(wanted)), sorted(set(wanted) - set(given))
    if strange:
        return f"{kind.__name__} has no field {', '.join(strange)}"
    return f"{kind.__name__} lacks {', '.join(missing)}"


def _read(name: str, read: Read, value: JsonValue) -> Any:
    try:
        return read(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: {error}") from error


_READS: dict[type[Any], Mapping[str, Read]] = {}
"""How each field of a kind is read: worked out once, because a ledger has millions of entries."""


def _reads(kind: type[Any]) -> Mapping[str, Read]:
    if kind not in _READS:
        hints = get_type_hints(kind)
        _READS[kind] = {field.name: _read_of(hints[field.name]) for field in fields(kind)}
    return _READS[kind]


def _read_of(hint: Any) -> Read:
    if get_origin(hint) in (types.UnionType, Union):
        (some,) = (choice for choice in get_args(hint) if choice is not types.NoneType)
        read = _read_of(some)
        return lambda value: None if value is None else read(value)
    if isinstance(hint, NewType):
        return _read_of(hint.__supertype__)
    if get_origin(hint) is tuple:
        read = _read_of(get_args(hint)[0])
        return lambda value: tuple(read(item) for item in _a_list(value))
    if get_origin(hint) is not None:  # Mapping[str, JsonValue]: what has no type of its own
        return _a_map
    if is_dataclass(hint):
        return lambda value: decode(hint, _a_map(value))  # type: ignore[arg-type]  # a class, not a value of it
    if issubclass(hint, Enum):
        words: Read = hint
        return words
    return _SIMPLE[hint]


def _a_list(value: JsonValue) -> list[JsonValue]:
    if not isinstance(value, list):
        raise ValueError(f"{value!r} is no list")  # noqa: TRY004  damaged bytes, not a wrong call
    return value


def _a_map(value: JsonValue) -> Mapping[str, JsonValue]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{value!r} is no object")  # noqa: TRY004  damaged bytes, not a wrong call
    return value


def _a_text(value: JsonValue) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no text")  # noqa: TRY004  damaged bytes, not a wrong call
    return value


def _a_truth(value: JsonValue) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")  # noqa: TRY004  damaged bytes
    return value


def _a_whole_number(value: JsonValue) -> int:
    if type(value) is not int:
        raise ValueError(f"{value!r} is no whole number")
    return value


def _a_number(value: JsonValue) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{value!r} is no number")  # noqa: TRY004  damaged bytes, not a wrong call
    return float(value)


_SIMPLE: Mapping[type, Read] = {
    str: _a_text,
    bool: _a_truth,
    int: _a_whole_number,
    float: _a_number,
    datetime: lambda value: instant(_a_text(value)),
    date: lambda value: date.fromisoformat(_a_text(value)),
}
