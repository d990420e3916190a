"""What a fact is, what a record is, and how the one changes the other (D22).

A fact is what one ledger entry says, as a frozen value with types: its fields are the entry's payload,
and every field is always there, null if unknown (D53). Folding it gives the changes that it makes in
the records; a fold depends on the entry and on the records before it, and on nothing else, because
verification folds the whole ledger again and compares (D13).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar, NewType, Protocol, TypeVar, overload

from redrabbit.domain.facts.codec import decode, encode, plain
from redrabbit.domain.identity import Actor, Letter, PlantLetter
from redrabbit.domain.ledger import Entry, Event, canonical_text

Json = NewType("Json", str)
"""Canonical JSON text: how a record keeps what has parts of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialIndex:
    """An index over those records only of which a field is None, or is not."""

    name: str
    """What these records are."""
    field: str
    is_none: bool
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What the ledger's entries come to, for one thing: a row of one table.

    Field types are limited to str, int, float, bool, aware datetime, date, enumerations of words,
    `None` unions of these, and `Json`.
    """

    TABLE: ClassVar[str]
    KEY: ClassVar[tuple[str, ...]]
    UNIQUE: ClassVar[tuple[str, ...]] = ()
    """Fields that no two records share as a whole, beside the key."""
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = ()
    """Each leads to few records, or to many in the order in which they are asked for (B30)."""
    PARTIAL_INDEXES: ClassVar[tuple[PartialIndex, ...]] = ()
    LETTER: ClassVar[Letter | PlantLetter | None] = None
    """What is numbered on its stream has a letter, and fields `number` and that of its stream."""
    STREAM: ClassVar[str] = "line"
    """The field that says which stream the record stands on (D50)."""


R = TypeVar("R", bound=Record)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Put:
    """Insert the record, or replace the one with its key."""

    record: Record


Changes = tuple[Put, ...]


class Look(Protocol):
    """Reads one record as it stands before the entry."""

    def __call__(self, kind: type[R], *key: str | int) -> R | None:
        """Return the record with this key, or None."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What one ledger entry says."""

    TYPE: ClassVar[str]
    """The entry's type: the name of the fact for ever."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Return what the fact changes in the records.

        Raises LookupError where it speaks of a record that isn't there: a ledger that was tampered
        with, or a bug. A fact that changes no record stands in the ledger only.
        """
        del entry, look
        return ()


Fold = Callable[[Entry, Look], Changes]
"""What an entry changes in the records, as they stand before it."""


def event_of(fact: Fact, *, stream: str, at: datetime, actor: Actor) -> Event:
    """Return the fact as it is handed to the ledger; `at` is when it happened (aware)."""
    return Event(type=fact.TYPE, stream=stream, occurred_at=at, actor=actor, payload=encode(fact))


def found(look: Look, kind: type[R], *key: str | int) -> R:
    """Return the record with this key; LookupError if the ledger never made it."""
    record = look(kind, *key)
    if record is None:
        raise LookupError(f"no {kind.__name__} {key}")
    return record


def made(kind: type[R], fact: Fact, /, **given: Any) -> R:
    """Return a new record: what isn't given comes from the fact's field of the same name."""
    names = _names(kind)
    own = {name: getattr(fact, name) for name in names if name not in given}
    return kind(**own, **given)


def did(what: str, entry: Entry) -> dict[str, Any]:
    """Return the fields of a record that say who did something, how that is known, when, and in which entry (D23)."""
    return {
        f"{what}_at": entry.occurred_at,
        f"{what}_by": entry.actor.id,
        f"{what}_how": entry.actor.how,
        f"{what}_entry": entry.index,
    }


def did_not(what: str) -> dict[str, Any]:
    """Return the same fields where nobody has done it."""
    return dict.fromkeys((f"{what}_at", f"{what}_by", f"{what}_how", f"{what}_entry"))


def changed(record: R, /, **given: Any) -> R:
    """Return the record with other values in some fields, as `dataclasses.replace` does in twice the time.

    For records of many fields that each second entry of a ledger changes. Records check nothing as they are made, so it is
    enough to set each field. TypeError for a field that the record doesn't have.
    """
    kind = type(record)
    names = _names(kind)
    if not given.keys() <= set(names):
        raise TypeError(
            f"{kind.__name__} has no field {', '.join(sorted(given.keys() - set(names)))}"
        )
    new, put = object.__new__(kind), object.__setattr__  # it is frozen
    for name in names:
        put(new, name, given[name] if name in given else getattr(record, name))
    return new


@overload
def json_of(value: None) -> None: ...
@overload
def json_of(value: object) -> Json: ...
def json_of(value: object) -> Json | None:
    """Return a value with parts of its own as a record keeps it; None for none."""
    return None if value is None else Json(canonical_text(plain(value)))


def read_json(kind: type[T], kept: Json | None) -> T | None:
    """Return the value of `kind` that a record keeps by `json_of`; None for none."""
    return None if kept is None else decode(kind, json.loads(kept))


_NAMES: dict[type[Any], tuple[str, ...]] = {}
"""The fields of a kind of record: worked out once, because a ledger has millions of entries."""


def _names(kind: type[Any]) -> tuple[str, ...]:
    if kind not in _NAMES:
        _NAMES[kind] = tuple(field.name for field in fields(kind))
    return _NAMES[kind]
