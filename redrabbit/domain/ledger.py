"""The ledger's entries: what an event is, and the one form of bytes in which it is kept.

An `Event` is what a command says happened; an `Entry` is that event as recorded: numbered and
chained within its stream (one per line, one for the plant), with the instants, the actor, and the
configuration, plan and software in force (D11). Its canonical bytes are the leaf of the Merkle
log, so there must be exactly one form: `from_bytes` refuses bytes that `to_bytes` would not write.
An entry's index is its place in the log and not part of its bytes.

`LogState` is a value: the store keeps the last one, and after a rollback simply keeps the old one.
Nothing here stores, signs or reads a clock.

Source: RFC 8785 (canonical JSON) as far as sensible: keys are sorted by code point instead of
UTF-16 unit, and numbers are written as Python's shortest repr, so that 1.0 stays a float.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, NamedTuple, TypeAlias, cast

from redrabbit.domain.identity import Actor, Identified
from redrabbit.domain.merkle import Frontier, leaf_hash
from redrabbit.domain.newer import refuse_newer_schema

JsonValue: TypeAlias = (
    bool | int | float | str | Sequence["JsonValue"] | Mapping[str, "JsonValue"] | None
)

PLANT_STREAM: Final = "plant"
"""The stream of what concerns no single line; so no line may have this id."""

SCHEMA: Final = 1
"""Version of the entry's form; old ones stay readable for ever (D12)."""

STREAM_NAME: Final = re.compile(r"[^\s\x00-\x1f\x7f]+")
"""A stream is one word, because checkpoints list streams one a line."""

_HEX_HASH_OR_NONE: Final = re.compile(r"(?:[0-9a-f]{64})?")

_FIELDS: Final = frozenset(
    {
        "actor",
        "configuration",
        "occurred_at",
        "payload",
        "plan",
        "previous",
        "recorded_at",
        "schema",
        "software",
        "stream",
        "stream_seq",
        "type",
    }
)


def canonical(value: JsonValue) -> bytes:
    """Return the one canonical form of a JSON value; ValueError for NaN, infinities, lone halves.

    Raises TypeError for what JSON has no word for.
    """
    return canonical_text(value).encode("utf-8")


def canonical_text(value: JsonValue) -> str:
    """Return the canonical form as text: sorted keys, no white space."""
    return _ENCODER.encode(value)


_ENCODER: Final = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
)


def instant_text(instant: datetime) -> str:
    """Return an aware instant as `2026-11-22T14:03:12.000123Z`; ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError(f"an instant without time zone: {instant.isoformat()}")
    with_offset = instant.astimezone(UTC).isoformat(timespec="microseconds")
    return with_offset.removesuffix("+00:00") + "Z"


def instant(text: str) -> datetime:
    """Return the instant of such a text; ValueError for any other form."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None or instant_text(found) != text:
        raise ValueError(f"{text!r} is not of the form 2026-11-22T14:03:12.000123Z")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, as a command says it."""

    type: str
    stream: str
    """A line's id, or "plant"."""
    occurred_at: datetime
    actor: Actor
    payload: Mapping[str, JsonValue]
    """Codes, ids, numbers and ISO instants; never sentences."""

    def __post_init__(self) -> None:
        """Refuse a naive instant, an empty type, and a stream that is not one word."""
        if self.occurred_at.tzinfo is None:
            raise ValueError(f"{self.type}: occurred_at needs a time zone")
        if not self.type:
            raise ValueError("an event needs a type")
        if not STREAM_NAME.fullmatch(self.stream):
            raise ValueError(f"{self.type}: {self.stream!r} can't name a stream")


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerContext:
    """What is in force while entries are recorded."""

    configuration: str
    """Digest of the configuration."""
    plan: str
    """Control plan and revision."""
    software: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event as recorded (D11)."""

    index: int
    """Place in the log, from 0."""
    type: str
    schema: int
    stream: str
    stream_seq: int
    """Place in the stream, from 0, without gaps."""
    previous: str
    """Leaf hash (hex) of the stream's previous entry; "" for the first."""
    occurred_at: datetime
    recorded_at: datetime
    actor: Actor
    configuration: str
    plan: str
    software: str
    payload: Mapping[str, JsonValue]


def to_bytes(entry: Entry) -> bytes:
    """Return the entry's canonical bytes: the content of its leaf."""
    return canonical(
        {
            "actor": {"identified": entry.actor.identified.value, "name": entry.actor.name},
            "configuration": entry.configuration,
            "occurred_at": instant_text(entry.occurred_at),
            "payload": entry.payload,
            "plan": entry.plan,
            "previous": entry.previous,
            "recorded_at": instant_text(entry.recorded_at),
            "schema": entry.schema,
            "software": entry.software,
            "stream": entry.stream,
            "stream_seq": entry.stream_seq,
            "type": entry.type,
        }
    )


def from_bytes(raw: bytes, index: int) -> Entry:
    """Return the entry of these bytes; ValueError unless they are exactly what it would write.

    WrittenByNewer, a ValueError, where they say a higher schema than this version reads.
    """
    try:
        return _entry(raw, index)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _entry(raw: bytes, index: int) -> Entry:
    found = json.loads(raw.decode("utf-8"))
    refuse_newer_schema(found, SCHEMA)
    if not isinstance(found, dict) or found.keys() != _FIELDS:
        raise ValueError("not an entry: its fields are not those of schema version 1")
    entry = Entry(
        index=index,
        type=_text(found, "type"),
        schema=_whole(found, "schema"),
        stream=_text(found, "stream"),
        stream_seq=_whole(found, "stream_seq"),
        previous=_text(found, "previous"),
        occurred_at=datetime.fromisoformat(_text(found, "occurred_at")),
        recorded_at=datetime.fromisoformat(_text(found, "recorded_at")),
        actor=_actor(found["actor"]),
        configuration=_text(found, "configuration"),
        plan=_text(found, "plan"),
        software=_text(found, "software"),
        payload=_object(found["payload"]),
    )
    if entry.schema != SCHEMA:
        raise ValueError(f"schema version {entry.schema}; this software reads {SCHEMA}")
    if not entry.type or not STREAM_NAME.fullmatch(entry.stream):
        raise ValueError("an entry needs a type and a stream of one word")
    if not _HEX_HASH_OR_NONE.fullmatch(entry.previous):
        raise ValueError("`previous` is not a hash")
    if to_bytes(entry) != raw:  # this holds instants to their form too
        raise ValueError("not in canonical form")
    return entry


class StreamHead(NamedTuple):
    """Where a stream stands."""

    next_seq: int
    """Number of entries in the stream so far."""
    leaf: bytes
    """Leaf hash of its last entry."""


class Appended(NamedTuple):
    """What one append gives: the log after it, and what is to be stored."""

    log: "LogState"
    entry: Entry
    raw: bytes
    leaf_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LogState:
    """All that appending needs to know of the log: the tree's frontier and each stream's head."""

    tree: Frontier = field(default_factory=Frontier)
    heads: Mapping[str, StreamHead] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Return how many entries there are."""
        return self.tree.size

    @property
    def root(self) -> bytes:
        """Return the Merkle root over all entries."""
        return self.tree.root

    def append(self, event: Event, recorded_at: datetime, context: LedgerContext) -> Appended:
        """Record an event as the next entry; ValueError if its payload has no canonical form.

        The entry returned is read back from its bytes, so what is folded now is what
        verification will fold later: a tuple in the payload has become a list.
        """
        head = self.heads.get(event.stream)
        entry = Entry(
            index=self.size,
            type=event.type,
            schema=SCHEMA,
            stream=event.stream,
            stream_seq=head.next_seq if head else 0,
            previous=head.leaf.hex() if head else "",
            occurred_at=event.occurred_at,
            recorded_at=recorded_at,
            actor=event.actor,
            configuration=context.configuration,
            plan=context.plan,
            software=context.software,
            payload=event.payload,
        )
        raw = to_bytes(entry)
        leaf = leaf_hash(raw)
        return Appended(
            log=self.with_leaf(event.stream, leaf),
            entry=from_bytes(raw, entry.index),
            raw=raw,
            leaf_hash=leaf,
        )

    def with_leaf(self, stream: str, leaf: bytes) -> "LogState":
        """Return the log after one more entry of this stream; O(log n) and one small dict."""
        head = self.heads.get(stream)
        seq = head.next_seq if head else 0
        return LogState(
            tree=self.tree.append(leaf),
            heads={**self.heads, stream: StreamHead(next_seq=seq + 1, leaf=leaf)},
        )


def rebuild(rows: Iterable[tuple[str, bytes]]) -> LogState:
    """Return the log over stored rows (stream, leaf hash), in order of index."""
    log = LogState()
    for stream, leaf in rows:
        log = log.with_leaf(stream, leaf)
    return log


def _text(found: dict[str, object], name: str) -> str:
    value = found[name]
    if not isinstance(value, str):
        raise ValueError(f"`{name}` is not a text")  # noqa: TRY004  damaged bytes, not a wrong call
    return value


def _whole(found: dict[str, object], name: str) -> int:
    value = found[name]
    if type(value) is not int or value < 0:
        raise ValueError(f"`{name}` is not a whole number")
    return value


def _object(value: object) -> Mapping[str, JsonValue]:
    if not isinstance(value, dict):
        raise ValueError("`payload` is not an object")  # noqa: TRY004  damaged bytes, not a wrong call
    return cast("dict[str, JsonValue]", value)


def _actor(value: object) -> Actor:
    if not isinstance(value, dict) or value.keys() != {"identified", "name"}:
        raise ValueError("`actor` is not name and identified")
    return Actor(name=_text(value, "name"), identified=Identified(_text(value, "identified")))
