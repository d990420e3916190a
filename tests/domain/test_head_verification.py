"""The one signed head of a ledger: what it says, or all that is wrong with it."""

from dataclasses import replace

import pytest

from redrabbit.domain.checkpoint import Checkpoint, checkpoint_of, checkpoint_text
from redrabbit.domain.head_verification import (
    agrees,
    checkpoint_in,
    contradiction,
    head_findings,
    signed_head,
)
from redrabbit.domain.ledger import LogState, StreamHead
from redrabbit.domain.ledger_scan import Scan, read_on
from redrabbit.domain.log_keys import LogKeys
from redrabbit.domain.record_digests import RecordSeal, seal_text
from redrabbit.domain.signed_note import sign_note
from tests.domain.test_database_verification import KEY, Row, head_of, log_of, sound_rows
from tests.fakes import ToyKey
from tests.logs import earlier_checkpoint

KEYS = LogKeys(trusted=KEY)


def scanned(rows: int, *wanted: int) -> Scan:
    scan = Scan(keys=KEYS)
    read_on(scan, sound_rows()[:rows], set(wanted), None)
    return scan


def checkpoint_at(size: int) -> Checkpoint:
    head = signed_head([head_of(sound_rows()[:size])], KEYS)
    assert isinstance(head, Checkpoint)
    return head


def test_a_head_says_the_log_that_was_signed() -> None:
    rows = sound_rows()
    head, log = checkpoint_at(len(rows)), log_of(rows)
    assert head == checkpoint_of(KEY.name, log)
    assert list(head_findings([head_of(rows)], scanned(len(rows)))) == []


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        ({"size": 1, "root": "00"}, ["column_differs", "column_differs"]),
        ({"checkpoint": None}, ["head_unreadable"]),
        ({"checkpoint": "x"}, ["head_unreadable"]),
    ],
)
def test_all_that_is_wrong_is_told(changed: dict[str, object], codes: list[str]) -> None:
    found = signed_head([head_of(sound_rows()) | changed], KEYS)
    assert isinstance(found, tuple)
    assert [each.code for each in found] == codes
    assert list(head_findings([head_of(sound_rows()) | changed], scanned(3))) == list(found)


@pytest.mark.parametrize(
    ("gone", "code"), [(1, "entry_missing"), (0, None)], ids=["one is gone", "all are there"]
)
def test_entries_are_laid_beside_it(gone: int, code: str | None) -> None:
    rows = sound_rows()
    scan = scanned(len(rows) - gone)
    found = [each.code for each in head_findings([head_of(rows)], scan)]
    assert found == ([code] if code else [])


def test_a_kept_checkpoint_agrees_contradicts_or_lies_beyond() -> None:
    scan = scanned(8, 5)
    old = checkpoint_at(5)
    assert agrees(old, scan)
    assert contradiction("kept", old, scan) is None
    other = Checkpoint(origin=old.origin, size=5, root=bytes(32), heads=old.heads)
    assert not agrees(other, scan)
    assert contradiction("kept", other, scan) is not None
    beyond = contradiction("kept", checkpoint_at(9), scan)
    assert beyond is not None
    assert beyond.code == "kept_beyond"


def test_a_note_with_more_than_one_signature_is_no_head() -> None:
    note = head_of(sound_rows())["checkpoint"]
    twice = note + note.splitlines()[-1] + "\n"
    found = checkpoint_in(twice, KEYS, "ledger_head", "head_unreadable", alone=True)
    assert not isinstance(found, Checkpoint)
    assert isinstance(checkpoint_in(note, KEYS, "kept", "kept_unreadable"), Checkpoint)


def rewritten() -> tuple[list[Row], Scan]:
    """Return a sound head, and entries of which the last of a stream was written anew."""
    rows = sound_rows()
    head = head_of(rows)
    scan = scanned(len(rows))
    stream = rows[-1]["stream"]
    last = StreamHead(scan.log.heads[stream].next_seq, bytes(32))
    tree = log_of(rows[:-1]).tree.append(bytes(32))
    scan.log = LogState(tree=tree, heads={**scan.log.heads, stream: last})
    return [head], scan


def test_the_last_entry_of_a_stream_that_was_written_anew_is_named_by_the_seal() -> None:
    heads, scan = rewritten()
    found = [each.code for each in head_findings(heads, scan)]
    assert found == ["stream_head_differs", "root_differs"]


@pytest.mark.parametrize("seal", ["none", "unsigned", "of another size", "of another log"])
def test_without_a_seal_that_can_be_believed_only_the_root_tells(seal: str) -> None:
    heads, scan = rewritten()
    made = RecordSeal(KEY.name, scan.log.size, bytes(32), log_of(sound_rows()).heads)
    short = RecordSeal(KEY.name, 3, bytes(32), log_of(sound_rows()[:3]).heads)
    notes = {
        "none": None,
        "unsigned": sign_note(seal_text(made), ToyKey(key_id=b"key2")),
        "of another size": sign_note(seal_text(short), KEY),
        "of another log": sign_note(seal_text(made._replace(origin="Suzhou-9/00")), KEY),
    }
    heads[0]["records"] = notes[seal]
    assert [each.code for each in head_findings(heads, scan)] == ["root_differs"]


def test_a_checkpoint_of_an_earlier_version_names_it_itself() -> None:
    heads, scan = rewritten()
    old = earlier_checkpoint(KEY.name, log_of(sound_rows()))
    heads[0] |= {"checkpoint": sign_note(checkpoint_text(old), KEY), "records": None}
    found = [each.code for each in head_findings(heads, scan)]
    assert found == ["stream_head_differs", "root_differs"]
    whole = scanned(5, 5)
    assert agrees(earlier_checkpoint(KEY.name, log_of(sound_rows()[:5])), whole)
    assert not agrees(replace(old, size=5), whole)
