"""What tests of the store share: a fold that can make any record, events for it, sample records.

The store folds whatever it is given; with this fold one event type puts any record, so that
every table can be filled without a plant.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from redrabbit.domain.facts.catalogue import BY_TYPE, fold
from redrabbit.domain.facts.fact import Changes, Look, Put
from redrabbit.domain.identity import Actor
from redrabbit.domain.ledger import Entry, Event, JsonValue, LedgerContext, instant, instant_text
from redrabbit.domain.records import (
    KEYS,
    KINDS,
    TABLES,
    Json,
    OccurrenceRecord,
    PauseRecord,
    Record,
)
from redrabbit.store.types import FIELD_TYPES, enumeration, field_types
from redrabbit.store.unit_of_work import Recording

START = datetime(2026, 11, 22, 5, 30, 0, 123456, tzinfo=UTC)

CONTEXT = LedgerContext(in_force="c" * 64, software="0.1.0")


def any_fold(entry: Entry, look: Look) -> Changes:
    """Put what the entry says; a real fact is folded as ever."""
    payload: Any = entry.payload
    if entry.type == "noted" or payload is None:
        return ()
    if entry.type in BY_TYPE:
        return fold(entry, look)
    kind = KINDS[payload["kind"]]
    record = record_of_payload(kind, payload["values"])
    if entry.type == "put_if_absent":
        key = tuple(getattr(record, name) for name in KEYS[kind])
        return () if look(kind, *key) else (Put(record),)
    return (Put(record),)


RECORDING = Recording(fold=any_fold, software="0.1.0")


class SteppingClock:
    """Each reading is one second after the last; nobody waits."""

    def __init__(self) -> None:
        self.read = START

    def now(self) -> datetime:
        self.read += timedelta(seconds=1)
        return self.read

    def steady_s(self) -> float:
        return self.read.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.read += timedelta(seconds=seconds)

    async def sleep_until(self, instant: datetime) -> None:
        self.read = max(self.read, instant)

    def drift(self) -> timedelta:
        return timedelta(0)

    def reanchor(self) -> timedelta:
        return timedelta(0)

    def is_synchronised(self) -> bool:
        return False


def happened(type_: str, stream: str = "plant", **payload: JsonValue) -> Event:
    """Return an event by a stated person."""
    return Event(
        type=type_,
        stream=stream,
        occurred_at=START,
        actor=Actor.stated("4711"),
        payload=payload,
    )


def put(record: Record, stream: str = "plant", type_: str = "put") -> Event:
    """Return the event that makes this record."""
    values = {name: _payload_value(getattr(record, name)) for name in FIELD_TYPES[type(record)]}
    return happened(type_, stream, kind=TABLES[type(record)], values=values)


def _payload_value(value: Any) -> JsonValue:
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    plain: JsonValue = value
    return plain


def record_of_payload(kind: type[Any], values: Mapping[str, Any]) -> Any:
    """Return the record that an event made of `put` carries."""
    read: dict[object, Any] = {datetime: instant, date: date.fromisoformat}
    types = FIELD_TYPES[kind]
    read |= {type_: words for type_, _ in types.values() if (words := enumeration(type_))}
    return kind(
        **{
            name: value if value is None else read.get(types[name][0], lambda v: v)(value)
            for name, value in values.items()
        }
    )


def sample(kind: type[Any], number: int = 1, /, **given: Any) -> Any:
    """Return a record of this kind with a value of its own in each field; none is None."""
    values = {
        name: _sample_value(type_, number, place)
        for place, (name, (type_, _)) in enumerate(FIELD_TYPES[kind].items())
    }
    return kind(**{**values, **given})


def _sample_value(type_: object, number: int, place: int) -> Any:
    words = enumeration(type_)
    if words is not None:
        return list(words)[(number + place) % len(words)]
    choices: dict[object, Any] = {
        str: f"值 {number}.{place}",
        Json: f'["{number}.{place}"]',
        int: 1000 * number + place,
        float: number + place / 8,
        bool: (number + place) % 2 == 0,
        datetime: START + timedelta(days=number, microseconds=place),
        date: START.date() + timedelta(days=number + 31 * place),
    }
    return choices[type_]


def bare(kind: type[Any], number: int = 1, /, **given: Any) -> Any:
    """Return a record of this kind in which everything that may be None is None."""
    nothing = {name: None for name, (_, may) in FIELD_TYPES[kind].items() if may}
    return sample(kind, number, **{**nothing, **given})


def sample_beside(
    kind: type[Any], number: int = 1, /, *, is_bare: bool = False, **given: Any
) -> Any:
    """Return a row beside the ledger whose every field has a value; None where it may be, if asked."""
    values = {
        name: None if may_be_none and is_bare else _sample_value(type_, number, place)
        for place, (name, (type_, may_be_none)) in enumerate(field_types(kind).items())
    }
    return kind(**{**values, **given})


def pause(number: int, **given: Any) -> PauseRecord:
    """Return a pause, the smallest numbered record."""
    usual = {"line": "line1", "number": number, "pause_id": f"line1-P-{number}"}
    record: PauseRecord = sample(PauseRecord, number, **(usual | given))
    return record


def occurrence(number: int, **given: Any) -> OccurrenceRecord:
    """Return an occurrence with a trigger key of its own."""
    usual = {"line": "line1", "number": number, "occurrence_id": f"line1-O-{number}"}
    record: OccurrenceRecord = sample(OccurrenceRecord, number, **(usual | given))
    return record
