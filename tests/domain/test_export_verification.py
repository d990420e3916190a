"""Verification of exported files: every change is found, and honest files pass."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redrabbit.domain import export_verification
from redrabbit.domain.checkpoint import (
    Checkpoint,
    checkpoint_of,
    checkpoint_text,
    sign_checkpoint,
)
from redrabbit.domain.erasable import StatedName
from redrabbit.domain.export_format import (
    FORMAT_1,
    FORMAT_2,
    Elsewhere,
    Header,
    Period,
    SealedBody,
    checkpoint_line,
    consistency_line,
    covering_range,
    elsewhere_line,
    entry_line,
    header_line,
    sealed,
    stream_line,
)
from redrabbit.domain.export_verification import ExportVerification, verify_records
from redrabbit.domain.exported_people import ExportedPerson
from redrabbit.domain.facts.codec import encode
from redrabbit.domain.facts.person import PersonLanguage
from redrabbit.domain.facts.plant import HistoryLost, PayloadsErased
from redrabbit.domain.facts.signature import SignatureGiven
from redrabbit.domain.facts.stream_heads import StreamHeads
from redrabbit.domain.findings import in_english
from redrabbit.domain.identity import AGENT, Actor, How, PersonId
from redrabbit.domain.ledger import SCHEMA, Appended, Event, LedgerContext, LogState, canonical_text
from redrabbit.domain.named_people import names_named
from redrabbit.domain.signed_note import sign_note, to_base64
from redrabbit.domain.signing import Meaning
from redrabbit.domain.subject import Subject
from tests.domain.schema_1_entries import appended_in_schema_1
from tests.fakes import ToyKey
from tests.logs import tree_over

T0 = datetime(2026, 11, 22, tzinfo=UTC)
KEY = ToyKey()
CONTEXT = LedgerContext(in_force="c0ffee", software="0.1.0")
OLD = 9
"""So many entries were written under schema 1."""
ANNA = StatedName(name="Anna Li 李娜", salt=bytes(range(16)))
ERASED = StatedName(name="somebody", salt=bytes(16))
"""A name that nobody keeps any more."""
ACTORS = (AGENT, Actor.stated(ANNA.id), Actor.stated(ERASED.id))
STREAMS = ("plant", "line-1", "line-2")


def hour(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


def verifier_of(text: str) -> ToyKey:
    if not text.startswith("key of "):
        raise ValueError("not a key")
    return ToyKey(name=text.removeprefix("key of "))


KEY_TEXT = f"key of {KEY.name}"


def said(number: int, log: LogState) -> tuple[str, dict[str, Any]]:
    """Return the type and the payload of an entry: notes, but for those that say something of others."""
    if number == ERASURE:
        return PayloadsErased.TYPE, dict(encode(ERASED_BY_RULE))
    if number == 0:
        adopted = {"digest": "c0ffee", "software": "0.1.0", "plan": "CP-7 rev 3", "files": {}}
        return "configuration_adopted", adopted
    if number == HEADS:
        return StreamHeads.TYPE, dict(encode(StreamHeads.of(log.heads)))
    return "noted", {"n": number, "é": 0.5}


def logged(count: int = 24) -> list[Appended]:
    """Return a log of both schemas with an entry each hour, the streams in turn."""
    log, appended = LogState(), []
    for number in range(count + 1):
        type_, payload = said(number, log)
        event = Event(
            type=type_,
            stream=STREAMS[number % 3],
            occurred_at=hour(number),
            actor=ACTORS[number // 3 % 3],
            payload=payload,
        )
        salt = bytes([number]) * 16
        appended.append(
            appended_in_schema_1(log, event, hour(number))
            if number < OLD
            else log.append(event, hour(number), CONTEXT, salt)
        )
        log = appended[-1].log
    return appended


HOLE = 13
"""The payload of this one was erased; the file says so by null."""
HEADS = 24
"""This one says where the streams stand."""
ERASURE = 23
"""This one says so: of another stream, and after the period."""
ERASED_BY_RULE = PayloadsErased(rule="ten years", entries=(HOLE,), names=(ERASED.id,), blobs=())
LOG = logged()
TREE = tree_over(one.leaf_hash for one in LOG)
PERIOD = Period(begins_at=hour(9), ends_at=hour(15))
HEADER = Header(plant="Suzhou 2", period=PERIOD, lines=None, made_at=hour(30), key=KEY_TEXT)


def line_of(place: int) -> str:
    appended = LOG[place]
    names = {named: ANNA if named == ANNA.id else None for named in names_named(appended.entry)}
    stored = appended.stored
    if place == HOLE:
        stored = stored._replace(salt=None, payload=None)
    return entry_line(place, stored, TREE.inclusion(place), names)


def lines_of(header: Header = HEADER) -> list[str]:
    """Return the lines of an honest file, without the seal."""
    note = sign_checkpoint(LOG[-1].log, KEY)
    lines = [header_line(header), checkpoint_line(note), elsewhere_line(Elsewhere.STREAM_HEADS)]
    lines.append(line_of(HEADS))
    held = []
    for stream in filter(header.asks_for, sorted(STREAMS)):
        own = [one.entry for one in LOG if one.entry.stream == stream]
        lines.append(stream_line(stream))
        chosen = [own[seq].index for seq in covering_range(own, header.period)]
        held += chosen
        lines += map(line_of, chosen)
    if 0 not in held:
        lines += [elsewhere_line(Elsewhere.IN_FORCE), line_of(0)]
    if ERASURE not in held:
        lines += [elsewhere_line(Elsewhere.PAYLOADS_ERASED), line_of(ERASURE)]
    return lines


def seal(lines: list[str], key: ToyKey = KEY) -> bytes:
    return b"".join(sealed(lines, key))


def verify(content: bytes, public_key: str | None = None) -> ExportVerification:
    return verify_records(BytesIO(content), verifier_of, public_key)


def codes(lines: list[str], key: ToyKey = KEY) -> list[str]:
    """Return what is found in a file that somebody with the key sealed."""
    return [finding.code for finding in verify(seal(lines, key)).findings]


HONEST = seal(lines_of(), KEY)
FOUND = [json.loads(line) for line in lines_of()]
OLD_ONE, NEW_ONE = (
    next(place for place, line in enumerate(FOUND) if line.get("entry", {}).get("schema") == schema)
    for schema in (1, SCHEMA)
)
NAMED_ONE = next(place for place, line in enumerate(FOUND) if ANNA.id in line.get("names", ()))
FIRST = lines_of().index(stream_line("line-1"))
PEOPLE_LINE = elsewhere_line(Elsewhere.PEOPLE)
ENTRIES = [place for place, line in enumerate(lines_of()) if line.startswith('{"entry"')]


def test_an_honest_file_passes_and_says_what_is_in_it() -> None:
    verification = verify(HONEST, KEY_TEXT)
    assert verification.sound
    assert verification.header == HEADER
    assert verification.checkpoint is not None
    assert verification.checkpoint.size == 25
    assert verification.complete_until == PERIOD.ends_at
    assert verification.by_stream == {"line-1": 2, "line-2": 2, "plant": 2}
    assert (verification.records, verification.entries, verification.erased) == (6, 15, 1)


def test_a_file_of_one_line_passes_without_the_others() -> None:
    header = Header(
        plant="Suzhou 2", period=PERIOD, lines=("line-1",), made_at=hour(30), key=KEY_TEXT
    )
    verification = verify(seal(lines_of(header), KEY))
    assert verification.sound
    assert set(verification.by_stream) == {"line-1", "plant"}


@pytest.mark.parametrize(("begins", "ends"), [(-9, -1), (-9, 99), (50, 60), (0, 1), (23, 24)])
def test_a_file_of_any_period_passes(begins: float, ends: float) -> None:
    period = Period(begins_at=hour(begins), ends_at=hour(ends))
    header = Header(plant="Suzhou 2", period=period, lines=None, made_at=hour(99), key=KEY_TEXT)
    verification = verify(seal(lines_of(header), KEY))
    assert verification.sound
    assert verification.records == sum(period.holds(one.entry) for one in LOG)


def test_the_export_of_an_empty_log_passes() -> None:
    lines = [header_line(HEADER), checkpoint_line(sign_checkpoint(LogState(), KEY))]
    assert verify(seal(lines, KEY)).sound


@given(st.data())
@settings(max_examples=400)
def test_any_changed_byte_is_found(data: st.DataObject) -> None:
    raw = bytearray(HONEST)
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    assert not verify(bytes(raw)).sound


@given(st.data())
def test_any_removed_added_or_exchanged_line_is_found(data: st.DataObject) -> None:
    lines = HONEST.splitlines(keepends=True)
    first = data.draw(st.integers(0, len(lines) - 1))
    second = data.draw(st.integers(0, len(lines) - 1).filter(lambda place: place != first))
    exchanged = list(lines)
    exchanged[first], exchanged[second] = lines[second], lines[first]
    assert not verify(b"".join(exchanged)).sound
    assert not verify(b"".join(lines[:first] + lines[first + 1 :])).sound
    assert not verify(b"".join([*lines[:first], lines[second], *lines[first:]])).sound


@given(st.integers(0, len(HONEST) - 1))
def test_a_file_cut_off_anywhere_is_found(end: int) -> None:
    assert not verify(HONEST[:end]).sound


@given(st.binary(max_size=300))
def test_any_other_file_is_told_from_records(content: bytes) -> None:
    assert not verify(content).sound


@pytest.mark.parametrize("place", ENTRIES)
def test_a_record_removed_is_found_even_if_the_file_is_sealed_again(place: int) -> None:
    lines = lines_of()
    del lines[place]
    told = {
        "chain_broken",
        "start_not_shown",
        "end_not_shown",
        "payload_missing",
        "in_force_missing",
    }
    verification = verify(seal(lines))
    found = {finding.code for finding in verification.findings}
    assert found & told or verification.complete_until is None


@pytest.mark.parametrize("place", ENTRIES)
def test_a_record_changed_is_named_even_if_the_file_is_sealed_again(place: int) -> None:
    lines = lines_of()
    lines[place] = lines[place].replace('"c0ffee"', '"decaff"')
    findings = verify(seal(lines, KEY)).findings
    assert findings[0].code == "not_in_log"
    assert f"ledger[{json.loads(lines[place])['index']}]" in in_english(findings[0])
    assert findings[0].place == f"line {place + 1}"


def test_a_record_of_another_stream_is_found() -> None:
    lines = lines_of()
    lines[ENTRIES[1]] = line_of(8)
    assert "wrong_stream" in codes(lines)


def test_a_stream_left_out_is_found() -> None:
    lines = lines_of()
    begin, end = lines.index(stream_line("line-1")), lines.index(stream_line("line-2"))
    assert codes(lines[:begin] + lines[end:]) == ["section_missing"]


def test_a_stream_without_its_entries_is_found() -> None:
    lines = lines_of()
    end = lines.index(stream_line("plant"))
    assert codes([*lines[: end + 1], *lines[-4:]]) == ["section_missing"]


@pytest.mark.parametrize(
    ("stream", "code"), [("line-1", "section_extra"), ("line-9", "section_missing")]
)
def test_a_stream_twice_or_unknown_is_found(stream: str, code: str) -> None:
    assert codes([*lines_of(), stream_line(stream)]) == [code]


def test_a_period_made_wider_than_its_records_is_found() -> None:
    wider = Period(begins_at=hour(2), ends_at=hour(22))
    header = Header(plant="Suzhou 2", period=wider, lines=None, made_at=hour(30), key=KEY_TEXT)
    found = codes([header_line(header), *lines_of()[1:]])
    assert set(found) == {"start_not_shown", "end_not_shown"}


def test_a_file_by_another_key_is_named() -> None:
    verification = verify(HONEST, "key of Suzhou-3")
    assert [finding.code for finding in verification.findings] == ["not_expected_key"]
    assert KEY_TEXT in in_english(verification.findings[0])


def test_a_checkpoint_of_another_key_is_not_believed() -> None:
    other = ToyKey(name="Suzhou-3/77aa")
    lines = lines_of()
    lines[1] = checkpoint_line(sign_checkpoint(LOG[-1].log, other))
    assert codes(lines) == ["line_unreadable"]
    lines[1] = checkpoint_line(sign_checkpoint(LOG[-1].log, ToyKey(key_id=b"key2")))
    assert codes(lines) == ["line_unreadable"]


def test_a_seal_of_another_key_is_not_believed() -> None:
    assert codes(lines_of(), ToyKey(key_id=b"key2")) == ["seal_wrong"]
    assert codes(lines_of(), ToyKey(name="Suzhou-3/77aa")) == ["seal_wrong"]


def test_a_file_without_seal_is_found() -> None:
    content = "".join(line + "\n" for line in lines_of()).encode()
    assert [finding.code for finding in verify(content).findings][-1] == "seal_missing"


def test_a_seal_that_is_no_note_is_found() -> None:
    content = "".join(line + "\n" for line in [*lines_of(), '{"seal":"signed: me"}']).encode()
    assert [finding.code for finding in verify(content).findings] == ["seal_missing"]


NOTHING: dict[str, object] = {"names": {}, "payload": None, "salt": None}


def edited(place: int, change: Callable[[dict[str, Any]], object]) -> list[str]:
    lines = lines_of()
    found = json.loads(lines[place])
    change(found)
    lines[place] = canonical_text(found)
    return lines


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(edited(0, lambda line: line.update(format="redrabbit records 4")), id="form"),
        pytest.param(edited(0, lambda line: line.update(extra=1)), id="header with more"),
        pytest.param(edited(0, lambda line: line.pop("plant")), id="header with less"),
        pytest.param(edited(0, lambda line: line.update(lines=[1])), id="line not a name"),
        pytest.param(edited(0, lambda line: line.update(until=line["from"])), id="no period"),
        pytest.param(edited(0, lambda line: line.update(made_at="today")), id="no instant"),
        pytest.param(edited(0, lambda line: line.update(key="none")), id="no key"),
        pytest.param(edited(1, lambda line: line.update(checkpoint=1)), id="checkpoint a number"),
        pytest.param(edited(1, lambda line: line.update(checkpoint="a")), id="checkpoint no note"),
        pytest.param(edited(1, lambda line: line.update(more="a")), id="checkpoint and more"),
        pytest.param(
            edited(ENTRIES[1], lambda line: line.update(index=True)), id="index not a number"
        ),
        pytest.param(
            edited(ENTRIES[1], lambda line: line["entry"].pop("type")), id="entry without type"
        ),
        pytest.param(
            edited(ENTRIES[1], lambda line: line.update(proof="a")), id="proof not a list"
        ),
        pytest.param(
            edited(ENTRIES[1], lambda line: line.update(proof=["a"])), id="proof not of hashes"
        ),
        pytest.param(edited(ENTRIES[1], lambda line: line.pop("proof")), id="entry without proof"),
        pytest.param(edited(OLD_ONE, lambda line: line.update(entry=[])), id="entry a list"),
        pytest.param(edited(OLD_ONE, lambda line: line.update(entry=None)), id="no entry"),
        pytest.param(edited(NEW_ONE, lambda line: line.update(entry=7)), id="entry a number"),
        pytest.param(edited(NEW_ONE, lambda line: line["entry"].pop("schema")), id="no schema"),
        pytest.param(edited(NEW_ONE, lambda line: line["entry"].update(schema=[2])), id="schemas"),
        pytest.param(edited(NEW_ONE, lambda line: line["entry"].update(schema="2")), id="a word"),
        pytest.param(edited(OLD_ONE, lambda line: line.update(NOTHING)), id="payload of schema 1"),
        pytest.param(edited(NEW_ONE, lambda line: line.pop("payload")), id="no payload"),
        pytest.param(edited(NEW_ONE, lambda line: line.pop("names")), id="no names"),
        pytest.param(edited(NEW_ONE, lambda line: line.update(payload=None)), id="payload gone"),
        pytest.param(edited(NEW_ONE, lambda line: line.update(salt=None)), id="salt gone"),
        pytest.param(edited(NEW_ONE, lambda line: line.update(salt=7)), id="salt a number"),
        pytest.param(edited(NEW_ONE, lambda line: line.update(salt="xy")), id="salt not hex"),
        pytest.param(edited(NEW_ONE, lambda line: line.update(salt="00" * 16)), id="other salt"),
        pytest.param(
            edited(NEW_ONE, lambda line: line["payload"].update(n=99)), id="other payload"
        ),
        pytest.param(edited(FIRST, lambda line: line.update(more=1)), id="stream and more"),
        pytest.param(
            [*lines_of()[:2], line_of(7), *lines_of()[2:]], id="entries before any stream"
        ),
        pytest.param([*lines_of(), '{"stream": "plant"}'], id="white space"),
        pytest.param([*lines_of(), "[]"], id="a list"),
        pytest.param([*lines_of(), "["], id="not JSON"),
        pytest.param([*lines_of(), "[" * 100_000], id="nested for ever"),
    ],
)
def test_a_line_of_another_form_is_not_read(lines: list[str]) -> None:
    found = codes(lines)
    assert found in (["line_unreadable"], ["file_unreadable"])


def test_bytes_that_are_no_text_are_found_by_their_line() -> None:
    lines = HONEST.splitlines(keepends=True)
    lines[4] = b"\xff\n"
    findings = verify(b"".join(lines)).findings
    assert [in_english(finding) for finding in findings] == [
        "line 5: the line can't be read: not UTF-8",
        f"line {len(lines)}: the seal does not fit the file: something in it was changed, added or removed",
    ]


def test_a_file_of_a_newer_version_is_told_as_that() -> None:
    """The seal is still verified; what the entries say can't be."""
    lines = lines_of()
    lines[ENTRIES[-1]] = lines[ENTRIES[-1]].replace(f'"schema":{SCHEMA}', '"schema":7')
    (found,) = verify(seal(lines, KEY)).findings
    assert "written by a newer version of Red Rabbit (schema 7;" in in_english(found)
    assert codes(lines, ToyKey(key_id=b"key2")) == ["written_by_newer", "seal_wrong"]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param({"name": "somebody else", "salt": ANNA.salt.hex()}, id="another name"),
        pytest.param({"name": ANNA.name, "salt": "00" * 16}, id="another salt"),
        pytest.param({"name": ANNA.name, "salt": "none"}, id="no salt"),
        pytest.param(
            {"name": ANNA.name, "salt": ANNA.salt.hex(), "more": 1}, id="more than a name"
        ),
        pytest.param(ANNA.name, id="a bare name"),
        pytest.param(7, id="a number"),
    ],
)
def test_a_name_that_does_not_stand_for_itself_is_found(name: object) -> None:
    """D51: even if the file was sealed again by somebody with the key."""
    lines = edited(NAMED_ONE, lambda line: line.update(names={ANNA.id: name}))
    (found,) = verify(seal(lines, KEY)).findings
    assert found.code == "name_differs"
    assert found.place == f"line {NAMED_ONE + 1}, ledger[{FOUND[NAMED_ONE]['index']}]"


def test_a_name_put_to_an_entry_of_somebody_else_is_found() -> None:
    names = FOUND[NAMED_ONE]["names"]
    others = [p for p, line in enumerate(FOUND) if line.get("names") not in (None, names)]
    for place in others:
        lines = edited(place, lambda line: line.update(names=names))
        assert codes(lines) == ["line_unreadable"]
        (named, *_) = FOUND[place]["names"] or [None]
        if named is not None:
            lines = edited(place, lambda line: line["names"].update({named: names[ANNA.id]}))  # noqa: B023  called at once
            assert codes(lines) == ["name_differs"]


def test_names_that_were_taken_out_are_missed_even_if_the_file_was_sealed_again() -> None:
    """D51: a name is gone only if an entry says that it was erased, as that of another actor here was."""
    found = [json.loads(line) for line in lines_of()]
    lines = [
        canonical_text(f | {"names": dict.fromkeys(f["names"])} if "names" in f else f)
        for f in found
    ]
    (missing,) = verify(seal(lines)).findings
    assert missing.code == "name_missing"
    assert missing.place == f"line {NAMED_ONE + 1}, ledger[{FOUND[NAMED_ONE]['index']}]"


def test_a_payload_that_no_entry_says_was_erased_is_found_and_the_others_are_counted() -> None:
    """D51: anybody could empty a column, and have the export signed."""
    lines = edited(NEW_ONE, lambda line: line.update(payload=None, salt=None))
    verification = verify(seal(lines, KEY))
    (found,) = verification.findings
    assert found.code == "payload_missing"
    assert found.place == f"line {NEW_ONE + 1}, ledger[{FOUND[NEW_ONE]['index']}]"
    assert verification.erased == 1


@given(st.sets(st.sampled_from([place for place in ENTRIES if "payload" in FOUND[place]])))
def test_a_file_with_a_payload_gone_that_nothing_covers_never_passes(places: set[int]) -> None:
    """Whichever are emptied, the entry that says so among them."""
    lines = lines_of()
    for place in places:
        emptied = FOUND[place] | {"payload": None, "salt": None}
        lines[place] = canonical_text(emptied)
    found = {f["index"] for f in map(json.loads, lines) if f.get("payload", 1) is None}
    covered = set() if len(lines) - 1 in places else {HOLE}
    verification = verify(seal(lines, KEY))
    nameless = (
        ["name_missing"] if len(lines) - 1 in places else []
    )  # it says of a name, too: erased
    assert [each.code for each in verification.findings] == [
        *["payload_missing"] * len(found - covered),
        *nameless,
    ]
    assert verification.erased == len(found & covered)


def test_what_says_that_payloads_were_erased_must_be_in_the_signed_log() -> None:
    lines = lines_of()
    lines[-1] = lines[-1].replace('"c0ffee"', '"decaff"')
    assert codes(lines) == ["not_in_log"]


def test_below_the_line_of_erasures_nothing_else_is_read() -> None:
    assert codes([*lines_of(), line_of(7)]) == ["line_unreadable"]


def test_an_entry_that_says_nonsense_of_what_was_erased_is_found() -> None:
    """Even signed: it can only be a mistake of ours, and it covers nothing."""
    event = Event(
        type="payloads_erased", stream="plant", occurred_at=T0, actor=AGENT, payload={"entries": 7}
    )
    one = LogState().append(event, T0, CONTEXT, bytes(16))
    lines = [
        header_line(HEADER),
        checkpoint_line(sign_checkpoint(one.log, KEY)),
        stream_line("plant"),
        entry_line(0, one.stored, ()),
    ]
    assert codes(lines) == ["entry_does_not_fold", "in_force_missing"]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(allow_nan=False)
    | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)


HOSTILE = st.sampled_from(
    [
        {"schema": 2},
        {"schema": 3},
        {"schema": True},
        {"schema": 2.0},
        10**30,
        "0001-01-01T00:00:00.000000+14:00",
        "9999-12-31T23:59:59.999999-14:00",
        "\x1b[8m\u202e",
    ]
)
DEEP = "@deep@"


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where each value stands that lies within another."""
    inner: Any = {}
    if isinstance(value, dict):
        inner = value
    elif isinstance(value, list):
        inner = dict(enumerate(value))
    below = [each for step, one in inner.items() for each in paths(one, (*path, step))]
    return ([path] if path else []) + below


@st.composite
def mutated_lines(draw: st.DrawFn) -> list[bytes]:
    """Return an honest file's lines, one of them changed: a field, some bytes, or nested deep."""
    lines = [line.encode() for line in lines_of()]
    place = draw(st.integers(0, len(lines) - 1))
    if draw(st.booleans()):
        raw = bytearray(lines[place])
        raw[draw(st.integers(0, len(raw) - 1))] ^= draw(st.integers(1, 255))
        lines[place] = bytes(raw)
        return lines
    fields = json.loads(lines[place])
    *way, last = draw(st.sampled_from(paths(fields)))
    inside = fields
    for step in way:
        inside = inside[step]
    value = draw(st.just(DEEP) | JSON | HOSTILE)
    if draw(st.booleans()):
        inside[last] = value
    else:
        del inside[last]
    depth = draw(st.integers(60, 70) | st.integers(100, 1100) | st.just(100_000))
    text = canonical_text(fields).replace(f'"{DEEP}"', "[" * depth + "]" * depth)
    lines[place] = text.encode()
    return lines


@given(mutated_lines())
@settings(max_examples=400)
def test_any_change_of_a_line_is_told_in_words_and_the_seal_is_judged(lines: list[bytes]) -> None:
    body = b"".join(line + b"\n" for line in lines)
    if body == HONEST[: len(body)]:
        return
    verification = verify(body + HONEST.splitlines(keepends=True)[-1])
    told = [in_english(finding) for finding in verification.findings]
    assert told
    if verification.header is not None and verification.findings[0].place != "line 1":
        # else no key is known
        assert verification.findings[-1].code in ("seal_wrong", "seal_missing")


@given(st.sampled_from([OLD_ONE, NEW_ONE, NAMED_ONE]), JSON, st.data())
def test_whatever_stands_in_a_line_is_told_and_never_a_crash(
    place: int, value: Any, data: st.DataObject
) -> None:
    """A file from a stranger: any JSON in any field, in the line or in the entry."""
    inside = data.draw(st.booleans())
    names = FOUND[place]["entry"] if inside else FOUND[place]
    name = data.draw(st.sampled_from(sorted(names)))

    def change(line: dict[str, Any]) -> None:
        (line["entry"] if inside else line)[name] = value

    lines = edited(place, change)
    if lines == lines_of() or (name == "names" and value == {}):
        return
    assert codes(lines) != []


def test_a_file_says_up_to_when_nothing_can_have_been_left_out() -> None:
    """D59: what was recorded after the streams' heads were said may be missing, and that is told."""
    period = Period(begins_at=hour(9), ends_at=hour(99))
    header = Header(plant="Suzhou 2", period=period, lines=None, made_at=hour(30), key=KEY_TEXT)
    verification = verify(seal(lines_of(header)))
    assert verification.sound
    assert verification.complete_until == hour(HEADS)


def test_without_where_the_streams_stand_nothing_is_proved_to_be_complete() -> None:
    lines = lines_of()
    verification = verify(seal(lines[:3] + lines[4:]))
    assert verification.sound
    assert verification.complete_until is None
    verification = verify(seal(lines[:2] + lines[4:]))
    assert verification.complete_until is None


def test_a_stream_that_began_after_the_heads_were_said_is_not_missed() -> None:
    event = Event(type="noted", stream="line-9", occurred_at=hour(26), actor=AGENT, payload={})
    young = LOG[-1].log.append(event, hour(26), CONTEXT, bytes(16))
    tree = tree_over([*(one.leaf_hash for one in LOG), young.leaf_hash])
    lines = lines_of()
    lines[1] = checkpoint_line(sign_checkpoint(young.log, KEY))
    for place in ENTRIES:
        index = json.loads(lines[place])["index"]
        lines[place] = canonical_text(
            json.loads(lines[place]) | {"proof": [to_base64(n) for n in tree.inclusion(index)]}
        )
    assert codes(lines) == []
    begin = lines.index(elsewhere_line(Elsewhere.IN_FORCE))
    own = [stream_line("line-9"), entry_line(25, young.stored, tree.inclusion(25))]
    assert codes([*lines[:begin], *own, *lines[begin:]]) == []


@pytest.mark.parametrize("size", [0, 1, 16, 24, 25])
def test_a_file_proves_that_the_ledger_begins_with_one_that_was_kept(size: int) -> None:
    kept = Checkpoint(origin=KEY.name, size=size, root=TREE.root(size))
    proof = consistency_line(kept, TREE.consistency(size))
    lines = lines_of()
    verification = verify(seal([*lines[:2], proof, *lines[2:]]))
    assert verification.sound
    assert verification.begins_with == {size: TREE.root(size)}
    other = consistency_line(replace(kept, root=bytes(32)), TREE.consistency(size))
    assert codes([*lines[:2], other, *lines[2:]]) == ["consistency_wrong"]


@pytest.mark.parametrize(
    "change",
    [
        {"size": True},
        {"size": "9"},
        {"consistency": 7},
        {"root": None},
        {"root": "AA"},
        {"size": -1},
    ],
)
def test_a_proof_of_consistency_of_another_form_is_told(change: dict[str, Any]) -> None:
    kept = Checkpoint(origin=KEY.name, size=9, root=TREE.root(9))
    fields = json.loads(consistency_line(kept, TREE.consistency(9))) | change
    lines = lines_of()
    found = codes([*lines[:2], canonical_text(fields), *lines[2:]])
    assert found in (["line_unreadable"], ["consistency_wrong"])


def test_what_was_in_force_stands_in_the_file() -> None:
    """T8: a reader sees by which rule was judged."""
    lines = lines_of()
    begin = lines.index(elsewhere_line(Elsewhere.IN_FORCE))
    assert codes([*lines[:begin], *lines[begin + 2 :]]) == ["in_force_missing"]


def test_under_a_heading_only_what_belongs_there_is_read() -> None:
    lines = lines_of()
    begin = lines.index(elsewhere_line(Elsewhere.IN_FORCE))
    assert codes([*lines[: begin + 1], line_of(7), *lines[begin + 1 :]]) == ["line_unreadable"]


def test_a_file_of_format_1_is_read_for_ever() -> None:
    """Its checkpoint listed the streams' heads, and nothing of what was in force had to stand in it."""
    log = LOG[-1].log
    checkpoint = replace(checkpoint_of(KEY.name, log), heads=log.heads)
    header = replace(HEADER, format=FORMAT_1)
    lines = [header_line(header), checkpoint_line(sign_note(checkpoint_text(checkpoint), KEY))]
    lines += as_of_format_2(lines_of()[FIRST:])
    begin = lines.index(elsewhere_line(Elsewhere.IN_FORCE))
    lines = lines[:begin] + lines[begin + 2 :]
    assert seal_of_format_1(lines).sound
    assert seal_of_format_1(lines).complete_until == PERIOD.ends_at
    second = lines.index(stream_line("line-2"))
    (missing,) = seal_of_format_1(lines[:2] + lines[second:]).findings
    assert missing.code == "section_missing"
    (extra,) = seal_of_format_1([*lines, stream_line("line-9")]).findings
    assert extra.code == "section_extra"


def as_of_format_2(lines: list[str]) -> list[str]:
    """Return the lines as they were before format 3: beside an entry only the name of who did it."""
    found = []
    for fields in map(json.loads, lines):
        if "names" in fields:
            names = fields.pop("names")
            fields["name"] = names.get(fields["entry"]["actor"]["id"])
        found.append(canonical_text(fields))
    return found


def sealed_in(form: str, lines: list[str]) -> ExportVerification:
    """Return what is told of a file of an earlier format that somebody with the key sealed."""
    body = SealedBody()
    content = b"".join(line.encode() + b"\n" for line in lines)
    body.add(content)
    note = sign_note(body.seal_text(form, KEY.name), KEY)
    return verify(content + canonical_text({"seal": note}).encode() + b"\n")


def test_a_file_of_format_2_is_read_for_ever() -> None:
    header = header_line(replace(HEADER, format=FORMAT_2))
    lines = [header, *as_of_format_2(lines_of()[1:])]
    assert sealed_in(FORMAT_2, lines).findings == []
    found = json.loads(lines[NAMED_ONE])
    assert sealed_in(FORMAT_2, lines).names == {ANNA.id: ANNA.name}
    other = canonical_text(found | {"name": {"name": "Li", "salt": "00"}})
    (differs, *_) = sealed_in(
        FORMAT_2, [*lines[:NAMED_ONE], other, *lines[NAMED_ONE + 1 :]]
    ).findings
    assert (differs.code, differs.params["expected"]) == ("name_differs", ANNA.id)
    (people, *_) = sealed_in(FORMAT_2, [*lines, PEOPLE_LINE]).findings
    assert people.code == "section_extra"
    (mixed, *_) = sealed_in(FORMAT_2, [header, *lines_of()[1:]]).findings
    assert mixed.code == "line_unreadable"


def seal_of_format_1(lines: list[str]) -> ExportVerification:
    return sealed_in(FORMAT_1, lines)


def test_a_file_of_format_1_lists_the_streams_in_its_checkpoint() -> None:
    """Else whoever has the key could seal an empty file as complete."""
    header = header_line(replace(HEADER, format=FORMAT_1))
    note = checkpoint_line(sign_checkpoint(LOG[-1].log, KEY))
    (found,) = seal_of_format_1([header, note]).findings
    assert (found.code, found.place) == ("line_unreadable", "line 2")


@given(st.data())
def test_sections_that_are_moved_never_show_more_than_an_honest_file(data: st.DataObject) -> None:
    """Sealed again with the key: an end that was cut is told, wherever the streams' heads were put."""
    lines = lines_of()
    heads, rest = lines[2:4], [*lines[:2], *lines[4:]]
    ends = [n for n, line in enumerate(rest) if line.startswith('{"entry"')]
    cut = data.draw(st.sets(st.sampled_from(ends)))
    kept = [line for n, line in enumerate(rest) if n not in cut]
    place = data.draw(st.integers(2, len(kept)))
    verification = verify(seal([*kept[:place], *heads, *kept[place:]]))
    if verification.sound and verification.complete_until is not None:
        assert verification.by_stream == verify(seal(lines)).by_stream


@pytest.mark.parametrize("kind", [Elsewhere.STREAM_HEADS, Elsewhere.IN_FORCE, Elsewhere.PEOPLE])
def test_what_format_1_did_not_have_is_not_read_in_it(kind: Elsewhere) -> None:
    log = LOG[-1].log
    checkpoint = replace(checkpoint_of(KEY.name, log), heads=log.heads)
    header = replace(HEADER, format=FORMAT_1)
    lines = [header_line(header), checkpoint_line(sign_note(checkpoint_text(checkpoint), KEY))]
    (found, *_) = seal_of_format_1([*lines, elsewhere_line(kind)]).findings
    assert (found.code, found.place) == ("section_extra", "line 3")


def test_so_much_that_is_wrong_is_not_all_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_verification, "MOST_FINDINGS", 3)
    lines = [line.replace('"0.1.0"', '"0.1.1"') for line in lines_of()]
    assert len(codes(lines)) < 6 < len(ENTRIES)


def test_a_file_tells_of_history_that_was_lost() -> None:
    """D62: the records are sound, and say themselves what is missing."""
    lost = HistoryLost(size=9, root="00" * 32, found_size=7, found_root="11" * 32)
    li = StatedName(name="Li Wei", salt=bytes(16))
    event = Event(
        type=lost.TYPE,
        stream="plant",
        occurred_at=hour(9),
        actor=Actor.stated(li.id),
        payload=encode(lost),
    )
    one = LogState().append(event, hour(9), replace(CONTEXT, in_force=""), bytes(16))
    lines = [header_line(HEADER), checkpoint_line(sign_checkpoint(one.log, KEY))]
    lines += [stream_line("plant"), entry_line(0, one.stored, (), {li.id: li})]
    verification = verify(seal(lines))
    assert verification.findings == []
    (told,) = verification.losses
    assert (told.lost, told.at, told.by) == (lost, hour(9), li.id)
    assert verification.names == {li.id: "Li Wei"}


# Registered people (B35)

LI_NA = StatedName(name="Li Na", salt=b"l" * 16)
WANG_NA = StatedName(name="Wang Na", salt=b"w" * 16)
CHEN = StatedName(name="Chen", salt=b"c" * 16)
KEPT = {each.id: each for each in (LI_NA, WANG_NA, CHEN)}


def told_of(person_id: str, name: StatedName) -> dict[str, Any]:
    return {
        "person_id": person_id,
        "name": name.id,
        "language": None,
        "employee_number": LI_NA.id,
        "kind": "person",
        "expires_at": None,
    }


def with_people(change: Callable[[list[str]], object] = lambda _: None) -> ExportVerification:
    """Return what is told of a line's file in which p-0002 acts, whom p-0001 registered and renamed."""
    chen, li_na = (Actor(id=f"p-000{number}", how=How.PASSWORD) for number in (1, 2))
    events = (
        ("person_registered", "plant", AGENT, told_of("p-0001", CHEN)),
        ("person_registered", "plant", chen, told_of("p-0002", LI_NA)),
        ("person_changed", "plant", chen, told_of("p-0002", WANG_NA)),
        ("noted", "line-1", li_na, {"n": 1}),
    )
    log, appended = LogState(), []
    for number, (type_, stream, actor, payload) in enumerate(events):
        event = Event(
            type=type_, stream=stream, occurred_at=hour(number), actor=actor, payload=payload
        )
        context = replace(CONTEXT, in_force="")
        appended.append(log.append(event, hour(number), context, bytes([number]) * 16))
        log = appended[-1].log
    tree = tree_over(one.leaf_hash for one in appended)

    def line(place: int) -> str:
        names = {named: KEPT[named] for named in names_named(appended[place].entry)}
        return entry_line(place, appended[place].stored, tree.inclusion(place), names)

    period = Period(begins_at=hour(2.5), ends_at=hour(9))
    header = replace(HEADER, period=period, lines=("line-1",))
    lines = [
        *(header_line(header), checkpoint_line(sign_checkpoint(log, KEY))),
        *(stream_line("line-1"), line(3), stream_line("plant"), line(2)),
        *(PEOPLE_LINE, line(0), line(1)),
    ]
    change(lines)
    return verify(seal(lines))


def test_a_file_says_who_the_people_are_whom_it_names_and_what_they_were_called_when() -> None:
    verification = with_people()
    assert verification.findings == []
    assert verification.people == (
        ExportedPerson(person_id="p-0001", names=((0, "Chen"),)),
        ExportedPerson(person_id="p-0002", names=((1, "Li Na"), (2, "Wang Na"))),
    )


@pytest.mark.parametrize(
    ("taken_out", "place"), [(7, "line 6, ledger[2]"), (8, "line 4, ledger[3]")]
)
def test_a_person_of_whom_nothing_says_who_they_are_is_missed(taken_out: int, place: str) -> None:
    (missed,) = with_people(lambda lines: lines.pop(taken_out)).findings
    assert (missed.code, missed.place) == ("person_missing", place)
    assert str(missed.params["person"]) in in_english(missed)


def test_a_persons_name_that_was_taken_out_or_exchanged_is_found() -> None:
    def exchange(name: StatedName | None) -> Callable[[list[str]], None]:
        def change(lines: list[str]) -> None:
            fields = json.loads(lines[8])
            said = None if name is None else {"name": name.name, "salt": name.salt.hex()}
            lines[8] = canonical_text(fields | {"names": {LI_NA.id: said}})

        return change

    for name, code in ((None, "name_missing"), (CHEN, "name_differs")):
        assert [each.code for each in with_people(exchange(name)).findings] == [code]


def test_the_number_of_an_employee_is_no_name_of_the_file() -> None:
    def change(lines: list[str]) -> None:
        assert LI_NA.id in lines[7]
        assert json.loads(lines[7])["names"].keys() == {CHEN.id}

    assert with_people(change).sound


# What people signed (R20)


def with_signature(leaf: str | None) -> ExportVerification:
    """Return what is told of a file in which somebody signed an entry by this leaf hash; None: by its own."""
    chen = Actor(id="p-0001", how=How.PASSWORD)
    log = LogState()
    first = log.append(
        Event(type="run_closed", stream="line-1", occurred_at=hour(9), actor=AGENT, payload={}),
        hour(9),
        replace(CONTEXT, in_force=""),
        b"1" * 16,
    )
    signature = SignatureGiven(
        entry=0,
        leaf_hash=leaf or first.leaf_hash.hex(),
        subject=Subject.RUN,
        subject_id="line-1-R-1",
        meaning=Meaning.REVIEWED,
        person_id=PersonId("p-0001"),
        how=How.PASSWORD,
        auth_at=hour(9),
        shown="cd" * 32,
        language=PersonLanguage.ZH,
    )
    event = Event(
        type=signature.TYPE,
        stream="line-1",
        occurred_at=hour(10),
        actor=chen,
        payload=encode(signature),
    )
    second = first.log.append(event, hour(10), replace(CONTEXT, in_force=""), b"2" * 16)
    tree = tree_over((first.leaf_hash, second.leaf_hash))
    header = replace(HEADER, lines=("line-1",))
    lines = [header_line(header), checkpoint_line(sign_checkpoint(second.log, KEY))]
    lines.append(stream_line("line-1"))
    for place, one in enumerate((first, second)):
        lines.append(entry_line(place, one.stored, tree.inclusion(place), {}))
    return verify(seal(lines))


def test_a_signature_over_another_leaf_than_that_of_its_entry_is_found() -> None:
    """Whoever has the file's key could put it there: the leaf says what the person had before them."""
    assert "signature_differs" not in {one.code for one in with_signature(None).findings}
    found = [one for one in with_signature("ab" * 32).findings if one.code == "signature_differs"]
    assert [(one.place, one.params) for one in found] == [("line 5, ledger[1]", {"of_entry": 0})]
