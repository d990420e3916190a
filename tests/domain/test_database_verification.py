"""Verification finds every change, and names the first place (D13, L8)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redrabbit.domain.checkpoint import sign_checkpoint
from redrabbit.domain.database_verification import (
    DatabaseVerification,
    Finding,
    LedgerPass,
    verify_ledger,
    verify_rows,
)
from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.findings import in_english
from redrabbit.domain.identity import AGENT
from redrabbit.domain.ledger import (
    SCHEMA,
    Entry,
    Event,
    LedgerContext,
    LogState,
    StoredEntry,
    canonical,
    leaf_bytes,
    read_entry,
)
from redrabbit.domain.log_keys import LogKeys
from redrabbit.domain.merkle import leaf_hash
from redrabbit.domain.record_comparison import Folded, as_row, compare_records
from redrabbit.domain.record_digests import RecordSeal, seal_text
from redrabbit.domain.records import (
    AgentRecord,
    AlarmRecord,
    OccurrenceRecord,
    PauseRecord,
    PresentationRecord,
    Record,
    RunRecord,
    StationRecord,
)
from redrabbit.domain.signed_note import NoteVerifier, sign_note
from tests.domain.folded import CONTEXT, VERDICT, FoldedLedger, a_running_ledger, at, event
from tests.fakes import ToyKey
from tests.logs import kept_at, log_over

RAWS = tuple(
    (Path(__file__).parent / "samples" / "ledger_schema_1.jsonl").read_bytes().splitlines()
)
KEY = ToyKey()
KEYS = LogKeys(trusted=KEY)
SALT = bytes(range(16))
COLUMNS = (
    "index",
    "type",
    "schema",
    "stream",
    "stream_seq",
    "previous",
    "occurred_at",
    "recorded_at",
    "raw",
    "leaf_hash",
    "salt",
    "payload",
)

Row = dict[str, Any]


def row_of(index: int, raw: bytes, salt: bytes | None = None, payload: bytes | None = None) -> Row:
    entry = read_entry(StoredEntry(raw=raw, salt=salt, payload=payload), index)
    row = {column: getattr(entry, column) for column in COLUMNS[:-4]}
    return {
        **row,
        "raw": raw,
        "leaf_hash": leaf_hash(raw),
        "salt": salt,
        "payload": payload,
    }


def entry_of(row: Row) -> Entry:
    stored = StoredEntry(raw=row["raw"], salt=row["salt"], payload=row["payload"])
    return read_entry(stored, row["index"])


def log_of(rows: list[Row]) -> LogState:
    return log_over((row["stream"], row["leaf_hash"]) for row in rows)


def head_of(rows: list[Row], key: ToyKey = KEY) -> Row:
    log = log_of(rows)
    return {
        "id": 1,
        "size": log.size,
        "root": log.root.hex(),
        "checkpoint": sign_checkpoint(log, key),
        "records": sign_note(seal_text(RecordSeal(key.name, log.size, bytes(32), log.heads)), key),
    }


def records_of(rows: list[Row]) -> dict[type[Any], list[Row]]:
    folded = Folded(fold)
    for row in rows:
        folded.add(entry_of(row))
    return {kind: [as_row(one) for one in kept.values()] for kind, kept in folded.records.items()}


def sound_rows() -> list[Row]:
    return [row_of(index, raw) for index, raw in enumerate(RAWS)]


@dataclass
class Stored:
    """What a database holds; each test damages its own."""

    rows: list[Row] = field(default_factory=sound_rows)
    heads: list[Row] = field(default_factory=lambda: [head_of(sound_rows())])
    records: dict[type[Any], list[Row]] = field(default_factory=lambda: records_of(sound_rows()))

    def verify_rows(
        self, kept: tuple[str, ...] = (), verifier: NoteVerifier = KEY
    ) -> DatabaseVerification:
        return verify_rows(
            self.rows, self.heads, self.records, verifier=verifier, fold=fold, kept=kept_at(*kept)
        )

    def found(self, *kept: str) -> list[tuple[str, str]]:
        return [(finding.place, finding.code) for finding in self.verify_rows(kept).findings]

    def renumber(self, rows: list[Row]) -> None:
        """Give rows new places as a careful vandal would, hashes and columns included."""
        self.rows = [
            row_of(index, row["raw"], row["salt"], row["payload"]) for index, row in enumerate(rows)
        ]


def other(value: object) -> object:
    """Return another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, bytes):
        return value[:-1] + bytes([value[-1] ^ 1])
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1)
    assert value is None
    return "something"


def rewritten(raw: bytes, **fields: Any) -> bytes:
    return leaf_bytes(replace(read_entry(StoredEntry(raw, None, None), 0), **fields))


def test_a_sound_database_gives_no_finding() -> None:
    result = Stored().verify_rows()
    assert result.sound
    assert (result.size, result.root) == (11, log_of(sound_rows()).root.hex())
    assert result.last_good is None


def test_the_empty_ledger_is_sound() -> None:
    assert Stored(rows=[], heads=[head_of([])], records={}).verify_rows().sound


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("index", range(len(RAWS)))
def test_any_changed_column_of_the_ledger_is_named(index: int, column: str) -> None:
    stored = Stored()
    stored.rows[index][column] = other(stored.rows[index][column])
    places = [place for place, _ in stored.found()]
    assert places[0] == f"ledger[{index}]"


NOT_OF_ITS_TYPE = [
    (column, value)
    for column in COLUMNS
    for value in (None, "", b"", 1.5, True)
    if value is not None or column not in {"salt", "payload"}  # None is what schema 1 has there
]


@pytest.mark.parametrize(("column", "value"), NOT_OF_ITS_TYPE)
def test_a_column_of_another_type_is_named(column: str, value: object) -> None:
    stored = Stored()
    stored.rows[4][column] = value
    assert stored.found()[0][0] == "ledger[4]"


def test_a_column_that_is_gone_is_named() -> None:
    stored = Stored()
    del stored.rows[3]["recorded_at"]
    assert [in_english(finding) for finding in stored.verify_rows().findings] == [
        "ledger[3]: column recorded_at is not there; the entry says 2026-11-22T06:00:01.000097+00:00"
    ]


@pytest.mark.parametrize("index", range(len(RAWS)))
def test_a_removed_row_is_named(index: int) -> None:
    stored = Stored()
    del stored.rows[index]
    assert stored.found() == [(f"ledger[{index}]", "entry_missing")]


@pytest.mark.parametrize("index", range(len(RAWS) - 1))
def test_a_removed_row_is_found_when_the_rest_was_renumbered(index: int) -> None:
    stored = Stored()
    stored.renumber(stored.rows[:index] + stored.rows[index + 1 :])
    assert stored.found()[0][1] in {
        "chain_broken",
        "stream_begins_late",
        "entry_missing",
        "entry_does_not_fold",
    }


def test_a_row_twice_is_named() -> None:
    stored = Stored()
    stored.rows.insert(6, stored.rows[5])
    assert stored.found() == [("ledger[6]", "row_out_of_place")]


def test_a_row_added_at_the_end_is_named() -> None:
    stored = Stored()
    event = Event(
        type="agent_started",
        stream="plant",
        occurred_at=datetime(2026, 11, 22, 9, tzinfo=UTC),
        actor=AGENT,
        payload={"agent_id": 2, "software": "0.1.0"},
    )
    context = LedgerContext(in_force="", software="")
    added = log_of(stored.rows).append(event, event.occurred_at, context, SALT)
    stored.rows.append(row_of(added.entry.index, *added.stored))
    assert stored.found() == [("ledger[11]", "entry_extra")]


def test_two_rows_exchanged_with_their_indexes_are_found() -> None:
    stored = Stored()
    stored.renumber([*stored.rows[:2], stored.rows[3], stored.rows[2], *stored.rows[4:]])
    assert stored.found() == [("ledger", "root_differs")]


def test_a_changed_entry_with_its_hash_breaks_the_chain_behind_it() -> None:
    stored = Stored()
    stored.rows[2] = row_of(2, rewritten(RAWS[2], software="0.1.1"))
    finding = stored.verify_rows().findings[0]
    assert (finding.place, finding.code) == ("ledger[4]", "chain_broken")
    assert finding.params["previous"] == 2
    assert "ledger[2]" in in_english(finding)


def test_a_changed_last_entry_of_a_stream_is_named_by_the_signed_head() -> None:
    stored = Stored()
    stored.rows[6] = row_of(6, rewritten(RAWS[6], software="0.1.1"))
    assert stored.found() == [
        ("ledger[6]", "stream_head_differs"),
        ("ledger", "root_differs"),
    ]


def test_a_stream_that_does_not_begin_at_its_beginning_is_named() -> None:
    stored = Stored()
    stored.rows[2] = row_of(2, rewritten(RAWS[2], stream_seq=1))
    assert stored.found()[0] == ("ledger[2]", "stream_begins_late")


def test_a_rewritten_history_contradicts_the_signature() -> None:
    stored = Stored()
    log, rows = LogState(), []
    for index, raw in enumerate(RAWS):
        entry = read_entry(StoredEntry(raw, None, None), index)
        payload = {**(entry.payload or {}), "kind": "overdue"} if index == 7 else entry.payload
        head = log.heads.get(entry.stream)
        again = replace(entry, payload=payload, previous=head.leaf.hex() if head else "")
        rows.append(row_of(index, leaf_bytes(again)))
        log = log.with_leaf(entry.stream, leaf_hash(leaf_bytes(again)))
    stored.rows, stored.records = rows, records_of(rows)
    assert stored.found() == [("ledger[8]", "stream_head_differs"), ("ledger", "root_differs")]

    thief = stored.heads[0] = head_of(rows)  # somebody with the key
    assert stored.found() == []
    kept = sign_checkpoint(log_of(sound_rows()[:9]), KEY)
    assert stored.found(kept) == [("kept checkpoint", "kept_contradicts")]
    assert thief["size"] == 11


def test_bytes_with_a_right_hash_that_are_no_entry_are_named() -> None:
    stored = Stored()
    raw = RAWS[5].replace(b'"schema":1', b'"schema":0')
    stored.rows[5].update(raw=raw, leaf_hash=leaf_hash(raw))
    assert stored.found() == [("ledger[5]", "entry_unreadable")]


def test_an_entry_that_makes_no_sense_is_named() -> None:
    rows = [row_of(0, rewritten(RAWS[0], type="agent_stopped", payload={"agent_id": 9}))]
    found = Stored(rows=rows, heads=[head_of(rows)], records={}).verify_rows().findings
    assert [(one.place, one.code) for one in found] == [("ledger[0]", "entry_does_not_fold")]
    assert "LookupError" in in_english(found[0])


@pytest.mark.parametrize("column", ["id", "size", "root", "checkpoint"])
@pytest.mark.parametrize("value", ["other", None, True, ""])
def test_any_changed_column_of_the_head_is_found(column: str, value: object) -> None:
    stored = Stored()
    head = stored.heads[0]
    head[column] = other(head[column]) if value == "other" else value
    assert {place for place, _ in stored.found()} == {"ledger_head"}


@pytest.mark.parametrize("count", [0, 2])
def test_there_is_exactly_one_head(count: int) -> None:
    stored = Stored()
    stored.heads = stored.heads * count
    assert stored.found() == [("ledger_head", "head_rows")]


def test_a_head_signed_by_another_key_is_found() -> None:
    stored = Stored()
    stored.heads = [head_of(stored.rows, ToyKey(key_id=b"key2"))]
    assert stored.found() == [("ledger_head", "signature_wrong")]


def test_a_head_of_another_log_is_found() -> None:
    stored = Stored()
    stored.heads = [head_of(stored.rows, ToyKey(name="Suzhou-3/77aa"))]
    assert stored.found() == [("ledger_head", "origin_differs")]


def test_a_signature_added_to_the_head_is_found() -> None:
    stored = Stored()
    note = stored.heads[0]["checkpoint"]
    text = note.partition("\n\n")[0] + "\n"
    stored.heads[0]["checkpoint"] = note + sign_note(text, ToyKey(key_id=b"key2"))[len(text) + 1 :]
    assert stored.found() == [("ledger_head", "signatures_extra")]


def test_an_old_head_put_back_is_found() -> None:
    stored = Stored()
    stored.heads = [head_of(stored.rows[:8])]
    assert stored.found() == [("ledger[8]", "entry_extra")]


def test_the_last_entries_cut_off_are_found() -> None:
    stored = Stored()
    del stored.rows[8:]
    assert stored.found() == [("ledger[8]", "entry_missing")]


def test_a_head_is_not_compared_with_a_damaged_ledger() -> None:
    stored = Stored()
    stored.rows[2]["type"] = "x"
    stored.heads[0]["size"] = 3
    assert stored.found() == [("ledger[2]", "column_differs"), ("ledger_head", "column_differs")]


@pytest.mark.parametrize("size", range(12))
def test_every_checkpoint_ever_kept_agrees_with_the_log(size: int) -> None:
    kept = sign_checkpoint(log_of(sound_rows()[:size]), KEY)
    result = Stored().verify_rows((kept,))
    assert result.sound
    assert result.last_good == size


def test_a_checkpoint_that_others_cosigned_is_still_good() -> None:
    kept = sign_checkpoint(log_of(sound_rows()[:4]), KEY)
    text = kept.partition("\n\n")[0] + "\n"
    cosigned = kept + sign_note(text, ToyKey(name="witness", key_id=b"w1w1"))[len(text) + 1 :]
    assert Stored().verify_rows((cosigned,)).last_good == 4


def test_a_log_shorter_than_a_kept_checkpoint_was_cut() -> None:
    stored = Stored()
    kept = sign_checkpoint(log_of(stored.rows), KEY)
    stored.rows = stored.rows[:8]
    stored.heads, stored.records = [head_of(stored.rows)], records_of(stored.rows)
    assert stored.found() == []
    assert stored.found(kept) == [("kept checkpoint", "kept_beyond")]


def test_damage_is_bounded_by_the_last_good_checkpoint() -> None:
    stored = Stored()
    kept = tuple(sign_checkpoint(log_of(stored.rows[:size]), KEY) for size in (3, 6, 9))
    stored.rows[7]["type"] = "x"
    result = stored.verify_rows(kept)
    assert [finding.code for finding in result.findings] == ["column_differs"]
    assert result.last_good == 6


def test_kept_checkpoints_that_prove_nothing_are_named() -> None:
    strange = sign_checkpoint(log_of(sound_rows()), ToyKey(key_id=b"key2"))
    assert Stored().found("nonsense", strange) == [
        ("kept checkpoint 1", "kept_unreadable"),
        ("kept checkpoint 2", "signature_wrong"),
    ]


SAMPLE_RECORDS = [
    (kind, column)
    for kind in (AgentRecord, StationRecord, PauseRecord, AlarmRecord)
    for column in (field.name for field in fields(kind))
]


@pytest.mark.parametrize(("kind", "column"), SAMPLE_RECORDS)
def test_any_changed_column_of_a_record_is_named(kind: type[Record], column: str) -> None:
    stored = Stored()
    row = stored.records[kind][0]
    row[column] = other(row[column])
    result = stored.verify_rows()
    assert not result.sound
    codes = {finding.code for finding in result.findings}
    assert codes in ({"record_differs"}, {"record_missing", "record_extra"})
    if codes == {"record_differs"}:
        assert [finding.params["column"] for finding in result.findings] == [column]


def test_a_removed_record_is_named() -> None:
    stored = Stored()
    del stored.records[StationRecord][0]
    assert stored.found() == [("stations[line-1, op20]", "record_missing")]


def test_a_table_that_is_gone_is_named() -> None:
    stored = Stored()
    del stored.records[PauseRecord]
    assert stored.found() == [("pauses[P-1]", "record_missing")]


@pytest.mark.parametrize("key", ["A-2", "A-1"])
def test_an_added_record_is_named(key: str) -> None:
    stored = Stored()
    stored.records[AlarmRecord].append({**stored.records[AlarmRecord][0], "alarm_id": key})
    assert stored.found() == [(f"alarms[{key}]", "record_extra")]


def test_whole_numbers_of_a_float_column_are_no_difference() -> None:
    """Databases give 5.0 back where 5 was put into a column of floats."""
    now = datetime(2026, 11, 22, tzinfo=UTC)
    record = AgentRecord(agent_id=1, started_at=now, stopped_at=None, software="0.1.0")
    for found, differs in ((1.0, False), (True, True)):
        rows: Mapping[type[Record], list[Row]] = {
            AgentRecord: [{**as_row(record), "agent_id": found}]
        }
        findings = list(compare_records({AgentRecord: {(1,): record}}, rows))
        assert bool(findings) is differs


def test_the_ledger_can_be_verified_alone() -> None:
    result = verify_ledger(sound_rows(), [head_of(sound_rows())], KEY)
    assert result.findings == ()
    assert result.log == log_of(sound_rows())


def test_long_values_are_shortened() -> None:
    stored = Stored()
    stored.rows[0]["type"] = "x" * 10_000
    assert len(in_english(stored.verify_rows().findings[0])) < 250


def test_a_finding_is_a_value() -> None:
    assert Finding(code="head_rows", place="ledger_head", params={"found": 0}) == Finding(
        code="head_rows", place="ledger_head", params={"found": 0}
    )


def told_rows() -> tuple[FoldedLedger, int]:
    """Return a small ledger of schema 2, and the index at which its run was started."""
    ledger = a_running_ledger()
    ledger.say("verdict_reached", 82, **VERDICT)
    ledger.say("run_closed", 99, run_id="line1-R-1", outcome="passed", confirmed=True)
    return ledger, next(e.index for e in ledger.entries if e.type == "run_started")


def stored_of(ledger: FoldedLedger) -> Stored:
    """Return what a database would hold: its records made of what is left."""
    rows = [row_of(index, *stored) for index, stored in enumerate(ledger.stored)]
    folded = Folded(fold)
    verify_ledger(rows, [head_of(rows)], KEY, visit=folded.add)
    records = {
        kind: [as_row(one) for one in found.values()] for kind, found in folded.records.items()
    }
    return Stored(rows=rows, heads=[head_of(rows)], records=records)


def test_a_payload_that_is_gone_without_a_word_was_removed() -> None:
    ledger, started = told_rows()
    ledger.erase(started)
    assert (f"ledger[{started}]", "payload_missing") in stored_of(ledger).found()


def erased_by_rule(ledger: FoldedLedger, *indexes: int) -> None:
    for index in indexes:
        ledger.erase(index)
    ledger.say_on("plant", "payloads_erased", rule="r", entries=indexes, names=[], blobs=[])


def test_what_was_erased_by_a_rule_verifies_is_counted_and_folds_to_nothing() -> None:
    """Entries that speak of what is gone are passed over."""
    ledger, started = told_rows()
    erased_by_rule(ledger, started)
    stored = stored_of(ledger)
    result = stored.verify_rows()
    assert result.sound
    assert result.erased == 1
    assert stored.records[RunRecord] == stored.records[PresentationRecord] == []
    assert len(stored.records[OccurrenceRecord]) == 1


@given(st.sets(st.integers(0, 7)))
def test_whatever_was_erased_by_a_rule_the_rest_is_sound(indexes: set[int]) -> None:
    ledger, _ = told_rows()
    assert len(ledger.entries) == 8
    erased_by_rule(ledger, *sorted(indexes))
    result = stored_of(ledger).verify_rows()
    assert result.sound
    assert result.erased == len(indexes)


def test_a_hole_in_one_stream_excuses_nothing_in_another() -> None:
    ledger = FoldedLedger()
    ledger.say("clock_stepped", step_s=1.0)
    erased_by_rule(ledger, 0)
    nonsense = event("agent_stopped", AGENT, agent_id=9)
    appended = ledger.log.append(replace(nonsense, stream="plant"), at(0), CONTEXT, SALT)
    ledger.log = appended.log
    ledger.stored.append(appended.stored)
    assert stored_of(ledger).found()[0] == ("ledger[2]", "entry_does_not_fold")


def test_a_payload_put_back_is_the_one_that_was_signed_or_damage() -> None:
    ledger, started = told_rows()
    erased_by_rule(ledger, started)
    stored = stored_of(ledger)
    stored.rows[started].update(salt=SALT, payload=b"{}")
    assert stored.found() == [(f"ledger[{started}]", "entry_unreadable")]


def test_nobody_is_accused_while_an_entry_that_may_say_it_was_erased_can_not_be_read() -> None:
    ledger, started = told_rows()
    erased_by_rule(ledger, started)
    stored = stored_of(ledger)
    stored.rows[-1]["type"] = "x"
    assert [code for _, code in stored.found()] == ["column_differs"]


def test_names_and_blobs_are_told_only_where_the_whole_ledger_could_be_read() -> None:
    ledger, _ = told_rows()
    stored = stored_of(ledger)
    erasable = stored.verify_rows().erasable
    assert erasable is not None
    assert set(erasable.names) == {"name:anna"}
    stored.rows[-1]["type"] = "x"
    assert stored.verify_rows().erasable is None


def test_a_payload_missing_behind_a_newer_entry_is_found_all_the_same() -> None:
    ledger, _ = told_rows()
    newer = event("bypass_approved", AGENT, x=1)
    log = ledger.log
    appended = log.append(newer, at(100), CONTEXT, SALT)
    stored = [*ledger.stored, appended.stored]
    late = appended.log.append(event("clock_stepped", AGENT, step_s=1.0), at(101), CONTEXT, SALT)
    stored.append(late.stored._replace(salt=None, payload=None))
    rows = [row_of(index, *one) for index, one in enumerate(stored)]
    result = verify_rows(rows, [head_of(rows)], {}, verifier=KEY, fold=fold)
    assert [finding.code for finding in result.findings] == ["payload_missing", "written_by_newer"]


NEWER = {"schema": SCHEMA + 1, "answer": 42}


def with_a_newer_entry(**columns: object) -> Stored:
    """Return a small ledger to which a version of a higher schema has added an entry."""
    ledger, _ = told_rows()
    stored = stored_of(ledger)
    raw = canonical({**json.loads(stored.rows[-1]["raw"]), **NEWER})
    head = log_of(stored.rows).heads["line1"]
    link = {"stream": "line1", "stream_seq": head.next_seq, "previous": head.leaf.hex()}
    row = {"index": len(stored.rows), "raw": raw, "leaf_hash": leaf_hash(raw)} | link | columns
    stored.rows.append(row)
    stored.heads = [head_of(stored.rows)]
    return stored


def test_what_a_newer_version_wrote_is_told_and_is_no_damage() -> None:
    result = with_a_newer_entry().verify_rows()
    assert [finding.code for finding in result.findings] == ["written_by_newer"]
    assert (result.sound, result.damage, result.erasable) == (False, (), None)


def test_the_place_of_what_a_newer_version_wrote_is_still_verified() -> None:
    assert with_a_newer_entry(previous="0" * 64).found()[0] == ("ledger[8]", "chain_broken")
    assert with_a_newer_entry(stream_seq="x").found()[0] == ("ledger[8]", "entry_unreadable")


INSTANTS = st.sampled_from(
    [
        "0001-01-01T00:00:00.000000+14:00",
        "9999-12-31T23:59:59.999999-14:00",
        "2026-11-22T00:00:00.000000",
    ]
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([10**30, 2.0, "", "x"])
    | INSTANTS,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["schema", "id", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)
FOUND_IN_COLUMNS = (
    st.none()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=5)
    | JSON.map(canonical)
    | st.sampled_from([b"{", b'{"schema":2}', b"[" * 100_000, at(0), at(0).replace(tzinfo=None)])
    | st.integers(60, 1100).map(lambda depth: b"[" * depth + b"]" * depth)
)


@st.composite
def damaged_rows(draw: st.DrawFn) -> tuple[list[Row], list[Row]]:
    """Return rows of which one was changed as a vandal would: a column, or a field inside."""
    stored = TOLD_ROWS if draw(st.booleans()) else Stored()
    rows = [dict(row) for row in stored.rows]
    row = rows[draw(st.integers(0, len(rows) - 1))]
    column = draw(st.sampled_from([*COLUMNS, *["raw"] * 6, "payload", "payload"]))
    kept = row[column]
    if not isinstance(kept, bytes) or column not in ("raw", "payload") or draw(st.booleans()):
        row[column] = draw(FOUND_IN_COLUMNS)
    else:
        fields = json.loads(kept)
        name = draw(st.sampled_from(sorted(fields))) if fields else "more"
        fields[name] = draw(INSTANTS if name.endswith("_at") else JSON)
        depth = draw(st.sampled_from([0, 0, 0, 60, 65, 900, 990, 1000]))
        if depth:
            fields[name] = "@"
        text = canonical(fields).replace(b'"@"', b"[" * depth + b"]" * depth)
        row[column] = text
        if column == "raw":
            row["leaf_hash"] = leaf_hash(text)
    return rows, stored.rows


TOLD_ROWS = stored_of(told_rows()[0])


@given(damaged_rows())
@settings(max_examples=300)
def test_any_change_of_a_row_is_told_in_words(damaged: tuple[list[Row], list[Row]]) -> None:
    """Never an exception: rows come as a vandal left them."""
    rows, honest = damaged
    if rows == honest:
        return
    result = verify_rows(rows, [head_of(honest)], {}, verifier=KEY, fold=fold)
    assert [in_english(finding) for finding in result.findings]


@given(FOUND_IN_COLUMNS, st.sampled_from(["id", "size", "root", "checkpoint"]))
def test_any_change_of_the_head_is_told_in_words(value: object, column: str) -> None:
    honest = sound_rows()
    head = head_of(honest) | {column: value}
    if head == head_of(honest):
        return
    result = verify_rows(honest, [head], {}, verifier=KEY, fold=fold)
    assert [in_english(finding) for finding in result.findings]


@given(st.integers(0, len(sound_rows())))
def test_a_ledger_that_is_read_in_two_parts_ends_as_one_that_is_read_at_once(first: int) -> None:
    """What the entries of a part name is handed over with that part, and forgotten."""
    rows = sound_rows()
    parts = LedgerPass(KEYS)
    parts.read(rows[:first])
    gone, named = parts.met()
    later = LedgerPass(KEYS, parts.log)
    later.read(rows[first:])
    assert (later.size, later.log) == (len(rows), log_of(rows))
    assert later.damage is None
    assert later.ended([head_of(rows)]) == ()
    whole = LedgerPass(KEYS)
    whole.read(rows)
    assert whole.ended([head_of(rows)]) == ()
    all_gone, all_named = whole.met()
    more_gone, more_named = later.met()
    assert gone.gone | more_gone.gone == all_gone.gone
    assert named.names.keys() | more_named.names.keys() == all_named.names.keys()
    assert whole.met()[1].names == {}
