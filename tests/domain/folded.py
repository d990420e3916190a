"""A tiny ledger for fold tests: events go in, records come out."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

from redrabbit.domain.facts.catalogue import BY_TYPE, fold
from redrabbit.domain.facts.codec import decode, plain
from redrabbit.domain.facts.fact import event_of
from redrabbit.domain.identity import Actor
from redrabbit.domain.ledger import Entry, LedgerContext, LogState
from redrabbit.domain.records import KEYS, Record

R = TypeVar("R", bound=Record)
T0 = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
ANNA = Actor.stated("anna")
CONTEXT = LedgerContext(configuration="c0ffee", plan="CP-1 rev A", software="test")


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


class FoldedLedger:
    """Appends events and keeps the records they fold to."""

    def __init__(self) -> None:
        self.log = LogState()
        self.records: dict[tuple[type[Record], tuple[Any, ...]], Record] = {}
        self.entries: list[Entry] = []

    def look(self, kind: type[R], *key: str | int) -> R | None:
        return cast("R | None", self.records.get((cast("type[Record]", kind), key)))

    def the(self, kind: type[R], *key: str | int) -> R:
        found = self.look(kind, *key)
        assert found is not None, (kind.__name__, key)
        return found

    def say(self, event_type: str, seconds: float = 0.0, /, **payload: object) -> Entry:
        """Append a fact by its type; what isn't given is null, where the type allows it."""
        values = {name: plain(value) for name, value in payload.items()}
        fact = decode(BY_TYPE[event_type], values)
        event = event_of(fact, stream="line1", at=at(seconds), actor=ANNA)
        appended = self.log.append(event, at(seconds), CONTEXT)
        self.log = appended.log
        self.entries.append(appended.entry)
        for change in fold(appended.entry, self.look):
            kind = type(change.record)
            key = tuple(getattr(change.record, name) for name in KEYS[kind])
            self.records[kind, key] = change.record
        return appended.entry


def values(record: Record, *names: str) -> Mapping[str, Any]:
    wanted = names or tuple(field.name for field in fields(record))
    return {name: getattr(record, name) for name in wanted}


CHECK: dict[str, object] = {
    "check_id": "torque",
    "line": "line1",
    "station": "op20",
    "device": "op20-torque",
    "plan": "CP-1 rev A",
    "plan_line": "10",
    "pfmea": "12.4 rev C",
    "schedule": "every shift start",
}
PART: dict[str, object] = {
    "part_id": "RR-0001",
    "name": {"en": "Bolt", "zh": "螺栓"},
    "category": "torque",
    "failure_mode": "torque_low",
    "storage": "drawer A1",
    "valid_until": T0.date(),
    "wear_limit_uses": None,
    "state": "released",
    "state_reason": None,
}
OCCURRENCE: dict[str, object] = {
    "occurrence_id": 1,
    "check_id": "torque",
    "trigger_key": "shift:2026-03-02:early",
    "line": "line1",
    "station": "op20",
    "device": "op20-torque",
    "plan": "CP-1 rev A",
    "opens_at": at(-900),
    "due_at": at(0),
    "grace_ends_at": at(1200),
    "closes_at": at(3600),
}
RUN: dict[str, object] = {
    "run_id": 1,
    "occurrence_id": 1,
    "check_id": "torque",
    "purpose": "check",
    "containment_id": None,
    "line": "line1",
    "station": "op20",
    "device": "op20-torque",
    "parts": ["RR-0001"],
    "late_s": 60.0,
    "expires_at": at(960),
}
ISSUED: dict[str, object] = {
    "station": "op20",
    "device": "op20-torque",
    "run_id": 1,
    "step": 0,
    "part_id": "RR-0001",
    "failure_mode": "torque_low",
    "expected": "reject",
    "expected_code": "11",
    "use_number": 1,
}
VERDICT: dict[str, object] = {
    "station": "op20",
    "device": "op20-torque",
    "part_id": "RR-0001",
    "run_id": 1,
    "step": 0,
    "attempt": 1,
    "verdict": "detected",
    "verdict_reason": None,
    "decides": True,
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
    ledger.say("part_presented", 80, **AT, run_id=1, step=0, attempt=1, presented_how="edge")
    return ledger
