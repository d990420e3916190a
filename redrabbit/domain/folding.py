"""How an entry's payload becomes record fields: what every fold is made of.

Payload fields carry the names of the record fields that they become.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any, Protocol, TypeVar, get_args, get_type_hints

from redrabbit.domain.ledger import Entry, JsonValue, canonical_text, instant, instant_text
from redrabbit.domain.records import (
    TABLES,
    ChallengePartRecord,
    Json,
    PresentationRecord,
    Record,
    RunRecord,
)

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Put:
    """Insert the record, or replace the one with its key."""

    record: Record


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove the record with this key."""

    kind: type[Record]
    key: tuple[str | int, ...]


Change = Put | Remove
Changes = tuple[Change, ...]


class Look(Protocol):
    """Reads one record as it stands before the entry."""

    def __call__(self, kind: type[R], *key: str | int) -> R | None:
        """Return the record with this key, or None."""
        ...


def payload_of(**values: object) -> dict[str, JsonValue]:
    """Return values as a payload: instants and dates as text, tuples as lists."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: object) -> JsonValue:
    if value is None or isinstance(value, (str, float, int)):  # first, because most values are
        return value
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    assert isinstance(value, Mapping), value  # noqa: S101  because a command with a bug wrote it
    return {str(name): _plain(item) for name, item in value.items()}


def _types_of(kind: type[Any]) -> Mapping[str, frozenset[type]]:
    hints = get_type_hints(kind)
    return {
        field.name: frozenset(get_args(hints[field.name]) or (hints[field.name],))
        for field in fields(kind)
    }


_FIELD_TYPES = {kind: _types_of(kind) for kind in TABLES}
"""What each field of each record may hold."""


def _read(kind: type[Any], name: str, value: JsonValue) -> Any:
    types = _FIELD_TYPES[kind][name]
    if value is None:
        return None
    if isinstance(value, str) and datetime in types:
        return instant(value)
    if isinstance(value, str) and date in types:
        return date.fromisoformat(value)
    if Json in types:
        return Json(canonical_text(value))
    return value


def made(kind: type[R], entry: Entry, /, **given: Any) -> R:
    """Return a new record: what isn't given comes from the payload field of the same name."""
    names = [field.name for field in fields(kind)]
    values: dict[str, Any] = {n: given.get(n) for n in names if n in given}
    values |= {n: _read(kind, n, entry.payload[n]) for n in names if n not in given}
    return kind(**values)


def changed(record: R, entry: Entry, /, *names: str, **given: Any) -> R:
    """Return the record with these payload fields and these values."""
    kind = type(record)
    values = {name: _read(kind, name, entry.payload[name]) for name in names}
    return replace(record, **values, **given)


def found(look: Look, kind: type[R], *key: str | int) -> R:
    """Return the record with this key; LookupError if the ledger never made it."""
    record = look(kind, *key)
    if record is None:
        raise LookupError(f"no {kind.__name__} {key}")
    return record


def number(entry: Entry, name: str) -> int:
    """Return a whole number of the payload."""
    value = entry.payload[name]
    if not isinstance(value, int):
        raise LookupError(f"{entry.type}: {name} is not a number")  # noqa: TRY004  because the ledger is wrong, not the call
    return value


def text(entry: Entry, name: str) -> str:
    """Return a text of the payload."""
    return str(entry.payload[name])


def run_of(entry: Entry, look: Look) -> RunRecord:
    """Return the run that the entry speaks of."""
    return found(look, RunRecord, number(entry, "run_id"))


def presentation_of(entry: Entry, look: Look) -> PresentationRecord:
    """Return the presentation that the entry speaks of."""
    attempt = int(str(entry.payload.get("attempt", 1)))
    return found(look, PresentationRecord, number(entry, "run_id"), number(entry, "step"), attempt)


def part_of(entry: Entry, look: Look) -> ChallengePartRecord:
    """Return the part that the entry speaks of."""
    return found(look, ChallengePartRecord, text(entry, "part_id"))
