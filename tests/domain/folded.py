"""A tiny ledger for fold tests: events go in, records come out."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

from redrabbit.domain.erasable import SALT_BYTES
from redrabbit.domain.facts.catalogue import BY_TYPE, fold
from redrabbit.domain.facts.codec import decode, field_names, plain
from redrabbit.domain.facts.fact import event_of
from redrabbit.domain.identity import Actor
from redrabbit.domain.ledger import (
    Appended,
    Entry,
    Event,
    JsonValue,
    LedgerContext,
    LogState,
    StoredEntry,
    read_entry,
)
from redrabbit.domain.records import KEYS, Record

R = TypeVar("R", bound=Record)
T0 = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
ANNA = Actor.stated("name:anna")
CONTEXT = LedgerContext(in_force="c0ffee", software="test")
SALT = bytes(range(SALT_BYTES))
"""Fixed, so that a test tells the same story twice."""


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


class FoldedLedger:
    """Appends events and keeps the records they fold to."""

    def __init__(self) -> None:
        self.log = LogState()
        self.records: dict[tuple[type[Record], tuple[Any, ...]], Record] = {}
        self.entries: list[Entry] = []
        self.stored: list[StoredEntry] = []
        self.actor = ANNA

    def look(self, kind: type[R], *key: str | int) -> R | None:
        return cast("R | None", self.records.get((cast("type[Record]", kind), key)))

    def the(self, kind: type[R], *key: str | int) -> R:
        found = self.look(kind, *key)
        assert found is not None, (kind.__name__, key)
        return found

    def say(self, event_type: str, seconds: float = 0.0, /, **payload: object) -> Entry:
        """Append a fact of line1 by its type; what isn't given is null."""
        return self.say_on("line1", event_type, seconds, **payload)

    def say_on(
        self, stream: str, event_type: str, seconds: float = 0.0, /, **payload: object
    ) -> Entry:
        """Append a fact of a stream by its type; what isn't given is null."""
        kind = BY_TYPE[event_type]
        values = {name: plain(payload.get(name)) for name in field_names(kind)}
        assert payload.keys() <= values.keys(), (event_type, payload.keys() - values.keys())
        event = event_of(decode(kind, values), stream=stream, at=at(seconds), actor=self.actor)
        return self.take(self.log.append(event, at(seconds), CONTEXT, SALT))

    def take(self, appended: Appended) -> Entry:
        """Keep what an append gave, and fold it."""
        self.log = appended.log
        self.entries.append(appended.entry)
        self.stored.append(appended.stored)
        for change in fold(appended.entry, self.look):
            kind = type(change.record)
            key = tuple(getattr(change.record, name) for name in KEYS[kind])
            self.records[kind, key] = change.record
        return appended.entry

    def erase(self, index: int) -> None:
        """Take the payload away, as retention does; the records stay as they are."""
        self.stored[index] = self.stored[index]._replace(salt=None, payload=None)
        self.entries[index] = read_entry(self.stored[index], index)


def event(event_type: str, actor: Actor, /, **payload: JsonValue) -> Event:
    """Return an event of line1 with just this payload."""
    return Event(type=event_type, stream="line1", occurred_at=at(0), actor=actor, payload=payload)


def values(record: Record, *names: str) -> Mapping[str, Any]:
    wanted = names or tuple(field.name for field in fields(record))
    return {name: getattr(record, name) for name in wanted}


PLAN: dict[str, object] = {
    "number": "CP-1",
    "revision": "A",
    "line": "10",
    "pfmea": "12.4 rev C",
}
NAMES: dict[str, object] = {
    "line": {"en": "Line 1", "zh": "一线"},
    "operation": "OP20",
    "station": {"en": "Nutrunner", "zh": "拧紧机"},
    "device": {"en": "Torque controller", "zh": "扭矩控制器"},
}
CHECK: dict[str, object] = {
    "check_id": "torque",
    "line": "line1",
    "station": "op20",
    "device": "op20-torque",
    "plan": PLAN,
    "schedule": "every shift start",
}
PART: dict[str, object] = {
    "part_id": "RR-0001",
    "kind": "bolt-low",
    "name": {"en": "Bolt", "zh": "螺栓"},
    "category": "torque",
    "failure_mode": "torque_low",
    "storage": "drawer A1",
    "valid_until": T0.date(),
    "wear_limit_uses": None,
    "state": "released",
    "certified_on": T0.date() - timedelta(days=30),
    "measured": "18.2 N·m",
    "drawing_revision": "C",
}
OCCURRENCE: dict[str, object] = {
    "occurrence_id": "line1-O-1",
    "check_id": "torque",
    "trigger_key": "shift:2026-03-02:early",
    "line": "line1",
    "station": "op20",
    "device": "op20-torque",
    "plan": PLAN,
    "names": NAMES,
    "opens_at": at(-900),
    "due_at": at(0),
    "grace_ends_at": at(1200),
    "closes_at": at(3600),
}
RUN: dict[str, object] = {
    "run_id": "line1-R-1",
    "occurrence_id": "line1-O-1",
    "check_id": "torque",
    "purpose": "check",
    "containment_id": None,
    "line": "line1",
    "station": "op20",
    "device": "op20-torque",
    "plan": PLAN,
    "names": NAMES,
    "station_digest": "5" * 64,
    "parts": ["RR-0001"],
    "late_s": 60.0,
    "expires_at": at(960),
}
ISSUED: dict[str, object] = {
    "station": "op20",
    "device": "op20-torque",
    "run_id": "line1-R-1",
    "step": 0,
    "part_id": "RR-0001",
    "part_stream": "line1",
    "part_kind": "bolt-low",
    "part_name": {"en": "Bolt", "zh": "螺栓"},
    "certification": {
        "certified_on": T0.date() - timedelta(days=30),
        "valid_until": T0.date(),
        "measured": "18.2 N·m",
        "drawing_revision": "C",
    },
    "failure_mode": "torque_low",
    "failure_mode_name": {"en": "Torque too low", "zh": "扭矩过低"},
    "expected": "reject",
    "expected_code": "11",
    "use_number": 1,
}
VERDICT: dict[str, object] = {
    "station": "op20",
    "device": "op20-torque",
    "part_id": "RR-0001",
    "run_id": "line1-R-1",
    "step": 0,
    "attempt": 1,
    "verdict": "detected",
    "verdict_reason": None,
    "decides": True,
    "identity_disputed": False,
    "pictures": [],
    "elapsed_s": 1.5,
    "observed_code": "11",
    "measured": "18.2 N·m",
    "counter": 1214,
    "evidence": {"windows": {"count": 15}},
}


AT: dict[str, object] = {"station": "op20", "device": "op20-torque"}


def a_ledger() -> FoldedLedger:
    """Return a ledger with a check, a part and an open occurrence."""
    ledger = FoldedLedger()
    ledger.say("check_adopted", -1000, **CHECK)
    ledger.say("part_registered", -1000, **PART)
    ledger.say("occurrence_made", -900, **OCCURRENCE)
    return ledger


def a_running_ledger() -> FoldedLedger:
    """Return one whose run has its part before the device."""
    ledger = a_ledger()
    ledger.say("run_started", 60, **RUN)
    ledger.say("part_issued", 70, **ISSUED)
    ledger.say(
        "part_presented", 80, **AT, run_id="line1-R-1", step=0, attempt=1, presented_how="edge"
    )
    return ledger
