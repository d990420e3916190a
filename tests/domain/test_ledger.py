"""Entries and their one form of bytes; the log as a value."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.base.signing import parse_verifier
from redrabbit.domain.checkpoint import parse_checkpoint
from redrabbit.domain.erasable import SALT_BYTES, payload_digest
from redrabbit.domain.identity import AGENT, Actor, How
from redrabbit.domain.ledger import (
    MOST_NESTED,
    PLANT_STREAM,
    SCHEMA,
    Entry,
    Event,
    JsonValue,
    LedgerContext,
    LogState,
    StoredEntry,
    canonical,
    canonical_text,
    entry_as_told,
    from_json,
    instant,
    instant_text,
    leaf_bytes,
    read_entry,
    schema_of,
)
from redrabbit.domain.merkle import leaf_hash
from redrabbit.domain.signed_note import note_is_signed, parse_note
from tests.logs import earlier_checkpoint, log_over, tree_over

NOW = datetime(2026, 11, 22, 14, 3, 12, 123, tzinfo=UTC)
CONTEXT = LedgerContext(in_force="c0ffee", software="0.1.0")
SALT = bytes(range(SALT_BYTES))
SAMPLES = Path(__file__).parent / "samples"

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def event(stream: str = "line-1", payload: Mapping[str, JsonValue] | None = None) -> Event:
    return Event(
        type="verdict_reached",
        stream=stream,
        occurred_at=NOW,
        actor=Actor(id="p-0042", how=How.BADGE, station="op20", token="t-7"),
        payload={"run_id": 20871} if payload is None else payload,
    )


def entry_and_stored() -> tuple[Entry, StoredEntry]:
    appended = LogState().append(event(), NOW, CONTEXT, SALT)
    return appended.entry, appended.stored


@given(JSON)
def test_canonical_json_has_one_form_and_loses_nothing(value: Any) -> None:
    raw = canonical(value)
    assert canonical(json.loads(raw)) == raw
    assert json.loads(raw) == value


def test_canonical_json_sorts_keys_and_wastes_no_space() -> None:
    assert (
        canonical_text({"b": [1, 2.5, True, None], "a": "é"}) == '{"a":"é","b":[1,2.5,true,null]}'
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), "\ud800"])
def test_what_has_no_canonical_form_is_refused(value: JsonValue) -> None:
    with pytest.raises(ValueError, match=r"JSON compliant|surrogates"):
        canonical({"value": value})


def test_an_instant_is_written_in_utc_with_all_its_microseconds() -> None:
    assert instant_text(NOW) == "2026-11-22T14:03:12.000123Z"
    shanghai = timezone(timedelta(hours=8))
    assert instant_text(datetime(2026, 1, 1, 7, tzinfo=shanghai)) == "2025-12-31T23:00:00.000000Z"


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_instant_is_read_back(moment: datetime) -> None:
    assert instant(instant_text(moment)) == moment


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="without time zone"):
        instant_text(NOW.replace(tzinfo=None))
    with pytest.raises(ValueError, match="time zone"):
        Event(type="a", stream="b", occurred_at=datetime(2026, 1, 1), actor=AGENT, payload={})  # noqa: DTZ001  the naive instant is what is tested


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T14:03:12.000123",
        "2026-11-22T14:03:12Z",
        "2026-11-22T14:03:12.000123+00:00",
        "2026-11-22 14:03:12.000123Z",
        "20261122T140312.000123Z",
        "soon",
    ],
)
def test_another_form_of_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"form|format"):
        instant(text)


@pytest.mark.parametrize("stream", ["", "two words", "line\n1", "line\x7f"])
def test_a_stream_is_one_word(stream: str) -> None:
    with pytest.raises(ValueError, match="stream"):
        event(stream)


def test_an_event_needs_a_type() -> None:
    with pytest.raises(ValueError, match="type"):
        Event(type="", stream="plant", occurred_at=NOW, actor=AGENT, payload={})


def test_an_entry_is_read_back_from_what_is_kept() -> None:
    entry, stored = entry_and_stored()
    assert read_entry(stored, 0) == entry
    assert leaf_bytes(entry) == stored.raw
    assert schema_of(stored) == SCHEMA


def test_what_is_told_is_taken_as_it_is_where_somebody_else_verifies_it() -> None:
    entry, stored = entry_and_stored()
    assert entry_as_told(stored, 0) == entry
    other = entry_as_told(stored._replace(payload=b'{ "run_id": 1 }', salt=None), 0)
    assert other.payload == {"run_id": 1}
    erased = entry_as_told(stored._replace(payload=None, salt=None), 0)
    assert erased == read_entry(stored._replace(payload=None, salt=None), 0)
    with pytest.raises(ValueError, match="not an object"):
        entry_as_told(stored._replace(payload=b"[]"), 0)


def test_the_index_is_not_part_of_the_bytes() -> None:
    entry, stored = entry_and_stored()
    assert read_entry(stored, 7).index == 7
    assert b"index" not in stored.raw
    assert entry.index == 0


def test_the_leaf_holds_the_salted_digest_of_the_payload_and_nothing_of_it() -> None:
    """D51: so that it can be erased, and nobody can try payloads out."""
    entry, stored = entry_and_stored()
    assert stored == StoredEntry(raw=stored.raw, salt=SALT, payload=b'{"run_id":20871}')
    assert json.loads(stored.raw)["payload"] == payload_digest(SALT, b'{"run_id":20871}')
    assert entry.payload_digest == payload_digest(SALT, b'{"run_id":20871}')
    assert b"20871" not in stored.raw
    other = LogState().append(event(), NOW, CONTEXT, bytes(SALT_BYTES))
    assert other.entry.payload_digest != entry.payload_digest
    assert other.leaf_hash != leaf_hash(stored.raw)


def test_an_erased_payload_is_none_and_the_leaf_stays_what_it_was() -> None:
    """D51."""
    entry, stored = entry_and_stored()
    erased = read_entry(StoredEntry(raw=stored.raw, salt=None, payload=None), 0)
    assert erased == replace(entry, payload=None)
    assert leaf_bytes(erased) == stored.raw


def test_an_entry_says_who_and_how_and_from_where() -> None:
    """D23."""
    _, stored = entry_and_stored()
    assert json.loads(stored.raw)["actor"] == {
        "how": "badge",
        "id": "p-0042",
        "station": "op20",
        "token": "t-7",
    }


def changed(**fields: object) -> bytes:
    _, stored = entry_and_stored()
    found = {**json.loads(stored.raw), **fields}
    return json.dumps(found, sort_keys=True, separators=(",", ":")).encode()


ACTOR = {"how": "badge", "id": "p-0042", "station": None, "token": None}


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff", id="not UTF-8"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"[" * 100_000, id="nested for ever"),
        pytest.param(b'{"type":"a"}', id="fields missing"),
        pytest.param(changed(extra=1), id="field too many"),
        pytest.param(changed(plan="CP-7"), id="field of schema 1"),
        pytest.param(changed(type=1), id="type not a text"),
        pytest.param(changed(type=""), id="no type"),
        pytest.param(changed(stream="two words"), id="stream of two words"),
        pytest.param(changed(schema=True), id="schema not a number"),
        pytest.param(changed(schema=[2]), id="schema a list"),
        pytest.param(changed(schema={}), id="schema an object"),
        pytest.param(changed(schema=2.0), id="schema with a point"),
        pytest.param(changed(schema=1), id="schema of the past"),
        pytest.param(changed(schema=0), id="schema that never was"),
        pytest.param(changed(schema=SCHEMA + 1), id="schema of the future"),
        pytest.param(changed(stream_seq=-1), id="negative number"),
        pytest.param(changed(stream_seq=0.0), id="float for a number"),
        pytest.param(changed(previous="A" * 64), id="hash in capitals"),
        pytest.param(changed(occurred_at="2026-11-22T14:03:12Z"), id="short instant"),
        pytest.param(changed(actor="B-1207"), id="actor not an object"),
        pytest.param(changed(actor={"name": "a", "identified": "stated"}), id="actor of schema 1"),
        pytest.param(changed(actor=ACTOR | {"id": None}), id="actor without id"),
        pytest.param(changed(actor=ACTOR | {"how": "guessed"}), id="actor guessed"),
        pytest.param(changed(actor=ACTOR | {"token": 7}), id="token not a text"),
        pytest.param(changed(in_force=None), id="nothing in force"),
        pytest.param(changed(payload={"run_id": 1}), id="payload inside"),
        pytest.param(changed(payload="9f" * 31), id="payload's digest too short"),
        pytest.param(changed(payload="9F" * 32), id="payload's digest in capitals"),
        pytest.param(changed(payload="00" * 32), id="another payload's digest"),
        pytest.param(changed(software="é"), id="escaped without need"),
    ],
)
def test_bytes_that_are_no_entry_are_refused(raw: bytes) -> None:
    _, stored = entry_and_stored()
    with pytest.raises(ValueError, match=r"."):
        read_entry(stored._replace(raw=raw), 0)


def signed_payload(payload: bytes) -> StoredEntry:
    """Return an entry whose leaf holds the digest of just this payload."""
    raw = changed(payload=payload_digest(SALT, payload))
    return StoredEntry(raw=raw, salt=SALT, payload=payload)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param({"payload": b'{"run_id":20872}'}, "not the one that was signed", id="other"),
        pytest.param({"payload": b""}, "not the one that was signed", id="empty"),
        pytest.param({"salt": bytes(16)}, "not the one that was signed", id="salt"),
        pytest.param({"salt": None}, "erased together", id="salt alone gone"),
        pytest.param({"payload": None}, "erased together", id="payload alone gone"),
    ],
)
def test_a_payload_or_salt_that_was_changed_is_refused(change: dict[str, Any], told: str) -> None:
    _, stored = entry_and_stored()
    with pytest.raises(ValueError, match=told):
        read_entry(stored._replace(**change), 0)


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        pytest.param(b"[]", "not an object", id="a list"),
        pytest.param(b'{"a": 1}', "canonical", id="white space"),
        pytest.param(b'{"b":1,"a":1}', "canonical", id="unsorted"),
        pytest.param(b'{"a":NaN}', "JSON compliant", id="not a number"),
        pytest.param(b"{", "Expecting", id="cut off"),
        pytest.param(b"\xff", "utf-8", id="not UTF-8"),
    ],
)
def test_a_signed_payload_has_its_one_form_too(payload: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read_entry(signed_payload(payload), 0)


@given(st.data())
def test_any_changed_byte_gives_another_entry_or_none(data: st.DataObject) -> None:
    entry, stored = entry_and_stored()
    name = data.draw(st.sampled_from(StoredEntry._fields))
    damaged = bytearray(getattr(stored, name))
    damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = read_entry(stored._replace(**{name: bytes(damaged)}), 0)
    except ValueError:
        return
    assert found != entry
    assert name == "raw", "salt and payload are held by the digest"


def test_white_space_and_repeated_keys_are_refused() -> None:
    _, stored = entry_and_stored()
    with pytest.raises(ValueError, match="canonical"):
        read_entry(stored._replace(raw=stored.raw.replace(b",", b", ", 1)), 0)
    twice = stored.raw.replace(b'"schema":3', b'"schema":3,"schema":3')
    with pytest.raises(ValueError, match="canonical"):
        read_entry(stored._replace(raw=twice), 0)


def test_entries_are_numbered_and_chained_within_their_streams() -> None:
    log = LogState()
    appended = []
    for stream in ("plant", "line-1", "plant", "line-1"):
        appended.append(log.append(event(stream), NOW, CONTEXT, SALT))
        log = appended[-1].log
    assert [one.entry.index for one in appended] == [0, 1, 2, 3]
    assert [one.entry.stream_seq for one in appended] == [0, 0, 1, 1]
    assert [one.entry.previous for one in appended] == [
        "",
        "",
        appended[0].leaf_hash.hex(),
        appended[1].leaf_hash.hex(),
    ]
    assert log.heads["line-1"].next_seq == 2
    assert log.heads["line-1"].leaf == appended[3].leaf_hash == leaf_hash(appended[3].stored.raw)


def test_an_entry_says_what_was_in_force_and_both_its_instants() -> None:
    later = NOW + timedelta(hours=3)
    entry = LogState().append(event(PLANT_STREAM), later, CONTEXT, SALT).entry
    assert (entry.occurred_at, entry.recorded_at) == (NOW, later)
    assert (entry.in_force, entry.plan, entry.software) == ("c0ffee", None, "0.1.0")
    assert entry.schema == SCHEMA


@given(
    st.dictionaries(st.text(), JSON),
    st.timezones().map(NOW.astimezone),
)
def test_the_entry_returned_is_what_will_be_read_later(
    payload: dict[str, Any], moment: datetime
) -> None:
    """It is not read back when it is appended, so it has to be the same by construction."""
    told = replace(event(payload=payload | {"tuple": (1, 2)}), occurred_at=moment)
    appended = LogState().append(told, moment, CONTEXT, SALT)
    assert appended.entry == read_entry(appended.stored, 0)
    assert appended.entry == entry_as_told(appended.stored, 0)
    assert type(appended.entry.payload["tuple"]) is list  # type: ignore[index]  # it is there


def test_a_rolled_back_append_leaves_the_log_as_it_was() -> None:
    before = LogState().append(event(), NOW, CONTEXT, SALT).log
    root, heads = before.root, dict(before.heads)
    before.append(event("line-2"), NOW, CONTEXT, SALT)
    assert (before.root, before.heads, before.size) == (root, heads, 1)


def test_an_event_without_canonical_form_is_not_appended() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        LogState().append(event(payload={"torque": float("nan")}), NOW, CONTEXT, SALT)


@given(st.lists(st.sampled_from(["plant", "line-1", "line-2"]), max_size=20))
def test_a_log_is_rebuilt_from_streams_and_leaf_hashes(streams: list[str]) -> None:
    log = LogState()
    rows = []
    for stream in streams:
        appended = log.append(event(stream), NOW, CONTEXT, SALT)
        rows.append((stream, appended.leaf_hash))
        log = appended.log
    assert log_over(rows) == log
    assert log.root == tree_over(leaf for _, leaf in rows).root()
    assert log.size == len(streams)


RAWS = (SAMPLES / "ledger_schema_1.jsonl").read_bytes().splitlines()


def of_schema_1(raw: bytes) -> StoredEntry:
    return StoredEntry(raw=raw, salt=None, payload=None)


def test_the_sample_ledger_of_schema_1_is_read_for_ever() -> None:
    """D12: entries, hashes and signature of each schema version stay readable."""
    entries = [read_entry(of_schema_1(raw), index) for index, raw in enumerate(RAWS)]
    assert [leaf_bytes(entry) for entry in entries] == RAWS
    log = log_over((entry.stream, leaf_hash(leaf_bytes(entry))) for entry in entries)
    note = parse_note((SAMPLES / "ledger_schema_1.checkpoint").read_text(encoding="utf-8"))
    public = (SAMPLES / "ledger_schema_1.pub").read_text(encoding="utf-8").strip()
    verifier = parse_verifier(public)
    assert note_is_signed(note, verifier)
    assert parse_checkpoint(note.text) == earlier_checkpoint(verifier.name, log)
    assert {entry.schema for entry in entries} == {1}
    assert {schema_of(of_schema_1(raw)) for raw in RAWS} == {1}


def test_schema_1_has_payload_and_name_inside_and_no_digest() -> None:
    entry = read_entry(of_schema_1(RAWS[0]), 0)
    inside = json.loads(RAWS[0])
    assert entry.payload == inside["payload"]
    assert entry.payload_digest is None
    assert entry.actor == Actor(id=inside["actor"]["name"], how=How(inside["actor"]["identified"]))
    assert (entry.in_force, entry.plan) == (inside["configuration"], inside["plan"])


@pytest.mark.parametrize("beside", [{"salt": SALT}, {"payload": b"{}"}])
def test_schema_1_has_nothing_beside_it(beside: dict[str, bytes]) -> None:
    with pytest.raises(ValueError, match="payload inside, and no salt"):
        read_entry(of_schema_1(RAWS[0])._replace(**beside), 0)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"actor": "B-1207"}, id="actor not an object"),
        pytest.param({"actor": {"name": "B-1207"}}, id="actor of unknown kind"),
        pytest.param({"actor": {"name": "a", "identified": "guessed"}}, id="actor guessed"),
        pytest.param({"payload": []}, id="payload not an object"),
        pytest.param({"payload": "9f" * 32}, id="payload outside"),
        pytest.param({"payload": {"a": float("nan")}}, id="not a number"),
        pytest.param({"payload": {"a": float("inf")}}, id="infinity"),
        pytest.param({"in_force": "c0ffee"}, id="field of schema 2"),
        pytest.param({"schema": 2}, id="schema of another time"),
        pytest.param({"plan": None}, id="no plan"),
    ],
)
def test_bytes_that_are_no_entry_of_schema_1_are_refused(fields: dict[str, object]) -> None:
    found = {**json.loads(RAWS[0]), **fields}
    raw = json.dumps(found, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    with pytest.raises(ValueError, match=r"."):
        read_entry(of_schema_1(raw), 0)


@given(st.integers(0, len(RAWS) - 1), st.data())
def test_any_changed_byte_of_schema_1_gives_another_entry_or_none(
    index: int, data: st.DataObject
) -> None:
    damaged = bytearray(RAWS[index])
    damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = read_entry(of_schema_1(bytes(damaged)), 0)
    except ValueError:
        return
    assert found != read_entry(of_schema_1(RAWS[index]), 0)


def test_schema_2_is_chained_behind_schema_1_in_one_log() -> None:
    """D12, D23: a plant goes on with the ledger that it has."""
    entries = [read_entry(of_schema_1(raw), index) for index, raw in enumerate(RAWS)]
    log = log_over((entry.stream, leaf_hash(raw)) for entry, raw in zip(entries, RAWS, strict=True))
    stream = entries[-1].stream
    before = [entry for entry in entries if entry.stream == stream]
    appended = log.append(event(stream), NOW, CONTEXT, SALT)
    assert appended.entry.index == len(RAWS)
    assert appended.entry.stream_seq == len(before)
    assert appended.entry.previous == leaf_hash(RAWS[before[-1].index]).hex()
    assert appended.log.size == len(RAWS) + 1


@pytest.mark.parametrize("shape", ["[{}]", '{{"a":{}}}'])
def test_nesting_is_read_up_to_its_bound_and_refused_beyond(shape: str) -> None:
    """In words at any depth, wherever the reader stands in its own calls."""
    text = "1"
    for _ in range(MOST_NESTED):
        text = shape.format(text)
    assert canonical(from_json(text)) == text.encode()
    for deeper in (shape.format(text), "[" * 990 + "]" * 990, "[" * 100_000):
        with pytest.raises(ValueError, match=r"nested more than|Expecting"):
            from_json(deeper)


def test_what_could_not_be_read_again_is_not_recorded() -> None:
    deep: JsonValue = []
    for _ in range(MOST_NESTED):
        deep = [deep]
    event = Event(
        type="noted", stream="plant", occurred_at=NOW, actor=AGENT, payload={"deep": deep}
    )
    with pytest.raises(ValueError, match="nested more than"):
        LogState().append(event, NOW, CONTEXT, bytes(16))


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_an_instant_beyond_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="out of range"):
        instant_text(datetime.fromisoformat(text))


@pytest.mark.parametrize("raw", [b"[]", b"{}", b'{"schema":null}', b'{"schema":true}', b"\xff"])
def test_bytes_that_say_no_schema_are_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"schema version|utf-8"):
        schema_of(StoredEntry(raw=raw, salt=None, payload=None))


@pytest.mark.parametrize("index", range(len(RAWS)))
def test_an_entry_of_schema_1_as_told_is_the_one_that_is_read(index: int) -> None:
    stored = StoredEntry(raw=RAWS[index], salt=None, payload=None)
    assert entry_as_told(stored, index) == read_entry(stored, index)
