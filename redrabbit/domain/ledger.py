"""The ledger's entries: what an event is, and the one form of bytes in which it is kept.

An `Event` is what a command says happened; an `Entry` is that event as recorded: numbered and
chained within its stream (one per line, one for the plant), with the instants, the actor, and what
was in force (D11, D23). The canonical bytes of its header are the leaf of the Merkle log; the payload
stands beside them and the leaf holds its salted digest, so that it can be erased while the log still
verifies (D51). There is exactly one form: `read_entry` refuses bytes that `leaf_bytes` would not
write. An entry's index is its place in the log and not part of its bytes.

Schema 1 had the payload inside the leaf and the actor's name in clear; it is read for ever (D12) and
not written any more.

`LogState` is a value: the store keeps the last one, and after a rollback simply keeps the old one.
Nothing here stores, signs, draws a salt or reads a clock.

Source: RFC 8785 (canonical JSON) as far as sensible: keys are sorted by code point instead of
UTF-16 unit, and numbers are written as Python's shortest repr, so that 1.0 stays a float.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, NamedTuple, TypeAlias, cast

from redrabbit.domain.erasable import payload_digest
from redrabbit.domain.identity import Actor, How
from redrabbit.domain.merkle import Frontier, leaf_hash
from redrabbit.domain.newer import refuse_newer_schema

JsonValue: TypeAlias = (
    bool | int | float | str | Sequence["JsonValue"] | Mapping[str, "JsonValue"] | None
)

PLANT_STREAM: Final = "plant"
"""The stream of what concerns no single line; so no line may have this id."""

SCHEMA: Final = 3
"""Version of the entry's form that is written; old ones stay readable for ever (D12)."""

STREAM_NAME: Final = re.compile(r"[^\s\x00-\x1f\x7f]+")
"""A stream is one word, because checkpoints list streams one a line."""

REPEATED: Final = (
    "type",
    "schema",
    "stream",
    "stream_seq",
    "previous",
    "occurred_at",
    "recorded_at",
)
"""Columns of the table `ledger` that repeat what is inside `raw`, each named as the entry's field."""

MOST_NESTED: Final = 64
"""Levels of lists and objects within each other that are written and read: more than any fact has,
and few enough for every reader, however deep in its own calls it stands."""

_HEX_HASH_OR_NONE: Final = re.compile(r"(?:[0-9a-f]{64})?")
_HEX_HASH: Final = re.compile(r"[0-9a-f]{64}")

_FIELDS_OF_ALL: Final = frozenset(
    {
        "actor",
        "occurred_at",
        "payload",
        "previous",
        "recorded_at",
        "schema",
        "software",
        "stream",
        "stream_seq",
        "type",
    }
)
_FIELDS: Final = {
    1: _FIELDS_OF_ALL | {"configuration", "plan"},
    2: _FIELDS_OF_ALL | {"in_force"},
    3: _FIELDS_OF_ALL | {"in_force"},
}


def canonical(value: JsonValue) -> bytes:
    """Return the one canonical form of a JSON value; ValueError for NaN, infinities, lone halves.

    Raises TypeError for what JSON has no word for.
    """
    return canonical_text(value).encode("utf-8")


def canonical_text(value: JsonValue) -> str:
    """Return the canonical form as text: sorted keys, no white space; ValueError as `canonical`."""
    try:
        return _ENCODER.encode(value)
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error


def from_json(content: bytes | str) -> JsonValue:
    """Return the value of a JSON text; ValueError if it is none, or nested beyond `MOST_NESTED`.

    Everything that was kept is read through this: what a vandal left there is bad input, told in
    words, and no crash.
    """
    text = content if isinstance(content, str) else content.decode("utf-8")
    try:
        value: JsonValue = json.loads(text)
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    if text.count("[") + text.count("{") > MOST_NESTED and _is_too_deep(value):
        raise ValueError(_TOO_DEEP)
    return value


_TOO_DEEP: Final = f"nested more than {MOST_NESTED} levels deep"


def _is_too_deep(value: JsonValue) -> bool:
    level = [value]
    for _ in range(MOST_NESTED + 1):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return False
    return True


def _inside(value: JsonValue) -> Iterable[JsonValue]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


_ENCODER: Final = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
)


def instant_text(instant: datetime) -> str:
    """Return an aware instant as `2026-11-22T14:03:12.000123Z`.

    ValueError for a naive one, and for one that in UTC lies outside the years 1 to 9999.
    """
    if instant.tzinfo is None:
        raise ValueError(f"an instant without time zone: {instant.isoformat()}")
    try:
        with_offset = instant.astimezone(UTC).isoformat(timespec="microseconds")
    except OverflowError as error:
        raise ValueError(f"an instant out of range: {instant.isoformat()}") from error
    return with_offset.removesuffix("+00:00") + "Z"


def instant(text: str) -> datetime:
    """Return the instant of such a text; ValueError for any other form."""
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None or instant_text(parsed) != text:
        raise ValueError(f"{text!r} is not of the form 2026-11-22T14:03:12.000123Z")
    return parsed


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
    """Under what entries are recorded."""

    in_force: str
    """Digest of what an `in_force_changed` fact wrote out; "" before the first (D52)."""
    software: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event as recorded (D11, D23)."""

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
    in_force: str
    """Digest of what was in force; in schema 1 that of the configuration."""
    plan: str | None
    """Schema 1 only: control plan and revision. Schema 2 says it in the facts about a check."""
    software: str
    payload: Mapping[str, JsonValue] | None
    """None: erased (D51)."""
    payload_digest: str | None
    """What the leaf holds of the payload; None in schema 1, whose leaf holds the payload itself."""


class StoredEntry(NamedTuple):
    """What is kept of an entry."""

    raw: bytes
    """Canonical bytes: the content of the leaf."""
    salt: bytes | None
    """None in schema 1, and where the payload was erased."""
    payload: bytes | None
    """Canonical bytes of the payload; None in schema 1, and where it was erased."""


def schema_of(stored: StoredEntry) -> int:
    """Return which schema an entry is of: only the first had its payload inside.

    ValueError for bytes that say none.
    """
    match from_json(stored.raw):
        case {"schema": int(schema)} if type(schema) is int:
            return schema
    raise ValueError("not an entry: it does not say its schema version")


def leaf_bytes(entry: Entry) -> bytes:
    """Return the canonical bytes of the entry's leaf."""
    fields: dict[str, JsonValue] = {
        "occurred_at": instant_text(entry.occurred_at),
        "previous": entry.previous,
        "recorded_at": instant_text(entry.recorded_at),
        "schema": entry.schema,
        "software": entry.software,
        "stream": entry.stream,
        "stream_seq": entry.stream_seq,
        "type": entry.type,
    }
    if entry.schema == 1:
        actor: JsonValue = {"identified": entry.actor.how.value, "name": entry.actor.id}
        return canonical(
            fields
            | {
                "actor": actor,
                "configuration": entry.in_force,
                "payload": entry.payload,
                "plan": entry.plan,
            }
        )
    actor = {
        "how": entry.actor.how.value,
        "id": entry.actor.id,
        "station": entry.actor.station,
        "token": entry.actor.token,
    }
    return canonical(
        fields | {"actor": actor, "in_force": entry.in_force, "payload": entry.payload_digest}
    )


def read_entry(stored: StoredEntry, index: int) -> Entry:
    """Return the entry of what is kept; ValueError unless it is exactly what it would write.

    WrittenByNewer, a ValueError, where it says a higher schema than this version reads.
    """
    fields = _header(stored.raw)
    schema = fields["schema"]
    payload = _object(fields["payload"]) if schema == 1 else _payload(stored, fields["payload"])
    entry = _entry(fields, index, payload)
    if schema == 1 and (stored.salt is not None or stored.payload is not None):
        raise ValueError("an entry of schema version 1 has its payload inside, and no salt")
    if not entry.type or not STREAM_NAME.fullmatch(entry.stream):
        raise ValueError("an entry needs a type and a stream of one word")
    if not _HEX_HASH_OR_NONE.fullmatch(entry.previous):
        raise ValueError("`previous` is not a hash")
    if leaf_bytes(entry) != stored.raw:  # this holds instants to their form too
        raise ValueError("not in canonical form")
    return entry


def entry_as_told(stored: StoredEntry, index: int) -> Entry:
    """Return the entry of what is kept, which somebody else holds to its one form and to what was signed.

    Half the time of `read_entry`. ValueError as there, for what can't be understood at all.
    """
    fields = _header(stored.raw)
    if fields["schema"] == 1:
        return _entry(fields, index, _object(fields["payload"]))
    payload = None if stored.payload is None else _object(from_json(stored.payload))
    return _entry(fields, index, payload)


def _header(raw: bytes) -> Mapping[str, JsonValue]:
    """Return the fields of a leaf; ValueError unless they are those of a schema that is known."""
    fields = from_json(raw)
    refuse_newer_schema(fields, SCHEMA)
    if not isinstance(fields, dict):
        raise ValueError("not an entry: it is no object")  # noqa: TRY004  damaged bytes, not a wrong call
    schema = fields.get("schema")
    if type(schema) is not int or schema not in _FIELDS or fields.keys() != _FIELDS[schema]:
        raise ValueError(f"not an entry: its fields are not those of schema version {schema}")
    return fields


def _entry(
    fields: Mapping[str, JsonValue], index: int, payload: Mapping[str, JsonValue] | None
) -> Entry:
    read, schema = _Fields(fields), fields["schema"]
    return Entry(
        index=index,
        type=read.text("type"),
        schema=read.whole("schema"),
        stream=read.text("stream"),
        stream_seq=read.whole("stream_seq"),
        previous=read.text("previous"),
        occurred_at=datetime.fromisoformat(read.text("occurred_at")),
        recorded_at=datetime.fromisoformat(read.text("recorded_at")),
        actor=_actor_of_schema_1(fields["actor"]) if schema == 1 else _actor(fields["actor"]),
        in_force=read.text("configuration" if schema == 1 else "in_force"),
        plan=read.text("plan") if schema == 1 else None,
        software=read.text("software"),
        payload=payload,
        payload_digest=None if schema == 1 else read.text("payload"),
    )


def _payload(stored: StoredEntry, digest: object) -> Mapping[str, JsonValue] | None:
    if not isinstance(digest, str) or not _HEX_HASH.fullmatch(digest):
        raise ValueError("`payload` is not the digest of one")
    if stored.payload is None and stored.salt is None:
        return None
    if stored.payload is None or stored.salt is None:
        raise ValueError("payload and salt are erased together, or not at all")
    if payload_digest(stored.salt, stored.payload) != digest:
        raise ValueError("the payload is not the one that was signed: it, or its salt, was changed")
    payload = _object(from_json(stored.payload))
    if canonical(payload) != stored.payload:
        raise ValueError("the payload is not in canonical form")
    return payload


class StreamHead(NamedTuple):
    """Where a stream stands."""

    next_seq: int
    """Number of entries in the stream so far."""
    leaf: bytes
    """Leaf hash of its last entry."""


def stored_nodes(nodes: Sequence[bytes]) -> bytes | None:
    """Return the subtrees' roots that an entry completes as they are stored; None where there are none."""
    return b"".join(nodes) or None


class Appended(NamedTuple):
    """What one append gives: the log after it, and what is to be stored."""

    log: "LogState"
    entry: Entry
    stored: StoredEntry
    leaf_hash: bytes
    nodes: tuple[bytes, ...]
    """The roots of the subtrees that it completes, smallest first: proofs are read off them."""


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

    def append(
        self, event: Event, recorded_at: datetime, context: LedgerContext, salt: bytes
    ) -> Appended:
        """Record an event as the next entry; ValueError if its payload has no canonical form.

        `salt` is random, of `SALT_BYTES`, and used for nothing else. The entry returned is as it will
        be read, so what is folded now is what verification will fold later: a tuple in the payload
        has become a list, an instant is in UTC.
        """
        head = self.heads.get(event.stream)
        payload = canonical(event.payload)
        entry = Entry(
            index=self.size,
            type=event.type,
            schema=SCHEMA,
            stream=event.stream,
            stream_seq=head.next_seq if head else 0,
            previous=head.leaf.hex() if head else "",
            occurred_at=event.occurred_at.astimezone(UTC),
            recorded_at=recorded_at.astimezone(UTC),
            actor=event.actor,
            in_force=context.in_force,
            plan=None,
            software=context.software,
            payload=_object(from_json(payload)),
            payload_digest=payload_digest(salt, payload),
        )
        stored = StoredEntry(raw=leaf_bytes(entry), salt=salt, payload=payload)
        leaf = leaf_hash(stored.raw)
        nodes = self.tree.completed_by(leaf)
        return Appended(
            log=self._joined(event.stream, leaf, self.tree.joined(leaf, nodes)),
            entry=entry,
            stored=stored,
            leaf_hash=leaf,
            nodes=nodes,
        )

    def with_leaf(self, stream: str, leaf: bytes) -> "LogState":
        """Return the log after one more entry of this stream; O(log n) and one small dict."""
        return self._joined(stream, leaf, self.tree.append(leaf))

    def _joined(self, stream: str, leaf: bytes, tree: Frontier) -> "LogState":
        head = self.heads.get(stream)
        seq = head.next_seq if head else 0
        heads = {**self.heads, stream: StreamHead(next_seq=seq + 1, leaf=leaf)}
        return LogState(tree=tree, heads=heads)


class _Fields:
    """Reads the fields of an entry, each as what it must be."""

    def __init__(self, fields: Mapping[str, object]) -> None:
        self._fields = fields

    def text(self, name: str) -> str:
        value = self._fields[name]
        if not isinstance(value, str):
            raise ValueError(f"`{name}` is not a text")  # noqa: TRY004  damaged bytes, not a wrong call
        return value

    def text_or_none(self, name: str) -> str | None:
        return None if self._fields[name] is None else self.text(name)

    def whole(self, name: str) -> int:
        value = self._fields[name]
        if type(value) is not int or value < 0:
            raise ValueError(f"`{name}` is not a whole number")
        return value


def _object(value: object) -> Mapping[str, JsonValue]:
    if not isinstance(value, dict):
        raise ValueError("`payload` is not an object")  # noqa: TRY004  damaged bytes, not a wrong call
    return cast("dict[str, JsonValue]", value)


def _actor(value: object) -> Actor:
    if not isinstance(value, dict) or value.keys() != {"how", "id", "station", "token"}:
        raise ValueError("`actor` is not id, how, station and token")
    read = _Fields(value)
    return Actor(
        id=read.text("id"),
        how=How(read.text("how")),
        station=read.text_or_none("station"),
        token=read.text_or_none("token"),
    )


def _actor_of_schema_1(value: object) -> Actor:
    if not isinstance(value, dict) or value.keys() != {"identified", "name"}:
        raise ValueError("`actor` is not name and identified")
    read = _Fields(value)
    return Actor(id=read.text("name"), how=How(read.text("identified")))
