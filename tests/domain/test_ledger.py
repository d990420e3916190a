"""Entries and their one form of bytes; the log as a value."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.base.signing import parse_verifier
from redrabbit.domain.checkpoint import checkpoint_of, parse_checkpoint
from redrabbit.domain.identity import AGENT, Actor
from redrabbit.domain.ledger import (
    PLANT_STREAM,
    Entry,
    Event,
    JsonValue,
    LedgerContext,
    LogState,
    canonical,
    canonical_text,
    from_bytes,
    instant,
    instant_text,
    rebuild,
    to_bytes,
)
from redrabbit.domain.merkle import Tree, leaf_hash
from redrabbit.domain.signed_note import note_is_signed, parse_note

NOW = datetime(2026, 11, 22, 14, 3, 12, 123, tzinfo=UTC)
CONTEXT = LedgerContext(configuration="c0ffee", plan="CP-7 rev 3", software="0.1.0")
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
        actor=Actor.stated("B-1207"),
        payload={"run_id": 20871} if payload is None else payload,
    )


def entry_and_raw() -> tuple[Entry, bytes]:
    appended = LogState().append(event(), NOW, CONTEXT)
    return appended.entry, appended.raw


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


def test_an_entry_is_read_back_from_its_bytes() -> None:
    entry, raw = entry_and_raw()
    assert from_bytes(raw, 0) == entry
    assert to_bytes(entry) == raw


def test_the_index_is_not_part_of_the_bytes() -> None:
    entry, raw = entry_and_raw()
    assert from_bytes(raw, 7).index == 7
    assert b"index" not in raw
    assert entry.index == 0


def changed(**fields: object) -> bytes:
    _, raw = entry_and_raw()
    return json.dumps({**json.loads(raw), **fields}, sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff", id="not UTF-8"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"[" * 100_000, id="nested for ever"),
        pytest.param(b'{"type":"a"}', id="fields missing"),
        pytest.param(changed(extra=1), id="field too many"),
        pytest.param(changed(type=1), id="type not a text"),
        pytest.param(changed(type=""), id="no type"),
        pytest.param(changed(stream="two words"), id="stream of two words"),
        pytest.param(changed(schema=True), id="schema not a number"),
        pytest.param(changed(schema=2), id="schema of the future"),
        pytest.param(changed(stream_seq=-1), id="negative number"),
        pytest.param(changed(stream_seq=0.0), id="float for a number"),
        pytest.param(changed(previous="A" * 64), id="hash in capitals"),
        pytest.param(changed(occurred_at="2026-11-22T14:03:12Z"), id="short instant"),
        pytest.param(changed(actor="B-1207"), id="actor not an object"),
        pytest.param(changed(actor={"name": "B-1207"}), id="actor of unknown kind"),
        pytest.param(changed(actor={"name": "a", "identified": "guessed"}), id="actor guessed"),
        pytest.param(changed(payload=[]), id="payload not an object"),
        pytest.param(changed(payload={"a": float("nan")}), id="not a number"),
        pytest.param(changed(payload={"a": float("inf")}), id="infinity"),
        pytest.param(changed(payload={"a": "é"}), id="escaped without need"),
    ],
)
def test_bytes_that_are_no_entry_are_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_bytes(raw, 0)


@given(st.data())
def test_any_changed_byte_gives_another_entry_or_none(data: st.DataObject) -> None:
    entry, raw = entry_and_raw()
    damaged = bytearray(raw)
    damaged[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = from_bytes(bytes(damaged), 0)
    except ValueError:
        return
    assert found != entry


def test_white_space_and_repeated_keys_are_refused() -> None:
    _, raw = entry_and_raw()
    with pytest.raises(ValueError, match="canonical"):
        from_bytes(raw.replace(b",", b", ", 1), 0)
    with pytest.raises(ValueError, match="canonical"):
        from_bytes(raw.replace(b'"schema":1', b'"schema":1,"schema":1'), 0)


def test_entries_are_numbered_and_chained_within_their_streams() -> None:
    log = LogState()
    appended = []
    for stream in ("plant", "line-1", "plant", "line-1"):
        appended.append(log.append(event(stream), NOW, CONTEXT))
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
    assert log.heads["line-1"].leaf == appended[3].leaf_hash == leaf_hash(appended[3].raw)


def test_an_entry_says_what_was_in_force_and_both_its_instants() -> None:
    later = NOW + timedelta(hours=3)
    entry = LogState().append(event(PLANT_STREAM), later, CONTEXT).entry
    assert (entry.occurred_at, entry.recorded_at) == (NOW, later)
    assert (entry.configuration, entry.plan, entry.software) == ("c0ffee", "CP-7 rev 3", "0.1.0")
    assert entry.schema == 1


def test_the_entry_returned_is_what_will_be_read_later() -> None:
    appended = LogState().append(event(payload={"parts": ("RR-7", "GM-1")}), NOW, CONTEXT)
    assert appended.entry.payload == {"parts": ["RR-7", "GM-1"]}
    assert appended.entry == from_bytes(appended.raw, 0)


def test_a_rolled_back_append_leaves_the_log_as_it_was() -> None:
    before = LogState().append(event(), NOW, CONTEXT).log
    root, heads = before.root, dict(before.heads)
    before.append(event("line-2"), NOW, CONTEXT)
    assert (before.root, before.heads, before.size) == (root, heads, 1)


def test_an_event_without_canonical_form_is_not_appended() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        LogState().append(event(payload={"torque": float("nan")}), NOW, CONTEXT)


@given(st.lists(st.sampled_from(["plant", "line-1", "line-2"]), max_size=20))
def test_a_log_is_rebuilt_from_streams_and_leaf_hashes(streams: list[str]) -> None:
    log = LogState()
    rows = []
    for stream in streams:
        appended = log.append(event(stream), NOW, CONTEXT)
        rows.append((stream, appended.leaf_hash))
        log = appended.log
    assert rebuild(rows) == log
    assert log.root == Tree(leaf for _, leaf in rows).root()
    assert log.size == len(streams)


def test_the_sample_ledger_of_schema_1_is_read_for_ever() -> None:
    """D12: entries, hashes and signature of each schema version stay readable."""
    raws = (SAMPLES / "ledger_schema_1.jsonl").read_bytes().splitlines()
    entries = [from_bytes(raw, index) for index, raw in enumerate(raws)]
    log = rebuild((entry.stream, leaf_hash(to_bytes(entry))) for entry in entries)
    note = parse_note((SAMPLES / "ledger_schema_1.checkpoint").read_text(encoding="utf-8"))
    public = (SAMPLES / "ledger_schema_1.pub").read_text(encoding="utf-8").strip()
    verifier = parse_verifier(public)
    assert note_is_signed(note, verifier)
    assert parse_checkpoint(note.text) == checkpoint_of(verifier.name, log)
    assert {entry.schema for entry in entries} == {1}
