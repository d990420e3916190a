"""The one signed head of a ledger: what it says, or all that is wrong with it."""

import pytest

from redrabbit.domain.checkpoint import Checkpoint
from redrabbit.domain.head_verification import (
    agrees,
    checkpoint_in,
    contradiction,
    head_findings,
    signed_head,
)
from redrabbit.domain.ledger_scan import Scan, read_on
from tests.domain.test_database_verification import KEY, head_of, log_of, sound_rows


def scanned(rows: int, *wanted: int) -> Scan:
    scan = Scan()
    read_on(scan, sound_rows()[:rows], set(wanted), None)
    return scan


def checkpoint_at(size: int) -> Checkpoint:
    head = signed_head([head_of(sound_rows()[:size])], KEY)
    assert isinstance(head, Checkpoint)
    return head


def test_a_head_says_the_log_that_was_signed() -> None:
    rows = sound_rows()
    head, log = checkpoint_at(len(rows)), log_of(rows)
    assert (head.size, head.root, head.heads) == (log.size, log.root, log.heads)
    assert list(head_findings([head_of(rows)], KEY, scanned(len(rows)))) == []


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        ({"size": 1, "root": "00"}, ["column_differs", "column_differs"]),
        ({"checkpoint": None}, ["head_unreadable"]),
        ({"checkpoint": "x"}, ["head_unreadable"]),
    ],
)
def test_all_that_is_wrong_is_told(changed: dict[str, object], codes: list[str]) -> None:
    found = signed_head([head_of(sound_rows()) | changed], KEY)
    assert isinstance(found, tuple)
    assert [each.code for each in found] == codes
    assert list(head_findings([head_of(sound_rows()) | changed], KEY, scanned(3))) == list(found)


@pytest.mark.parametrize(
    ("gone", "code"), [(1, "entry_missing"), (0, None)], ids=["one is gone", "all are there"]
)
def test_entries_are_laid_beside_it(gone: int, code: str | None) -> None:
    rows = sound_rows()
    scan = scanned(len(rows) - gone)
    found = [each.code for each in head_findings([head_of(rows)], KEY, scan)]
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
    found = checkpoint_in(twice, KEY, "ledger_head", "head_unreadable", alone=True)
    assert not isinstance(found, Checkpoint)
    assert isinstance(checkpoint_in(note, KEY, "kept", "kept_unreadable"), Checkpoint)
