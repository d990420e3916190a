"""A checkpoint that was kept elsewhere, beside a file that holds part of a log (T2, D60)."""

import json
from dataclasses import replace

import pytest

from redrabbit.domain.checkpoint import Checkpoint, checkpoint_of, parse_checkpoint, sign_checkpoint
from redrabbit.domain.kept_checkpoint import kept_findings, note_in
from redrabbit.domain.log_keys import LogKeys
from redrabbit.domain.signed_note import parse_note
from tests.domain.test_database_verification import KEY, log_of, sound_rows
from tests.fakes import ToyKey

KEYS = LogKeys(trusted=KEY)
ROWS = sound_rows()
NOTE = sign_checkpoint(log_of(ROWS[:5]), KEY)
TOLD = checkpoint_of(KEY.name, log_of(ROWS[:5]))


@pytest.mark.parametrize("keys", [KEYS, None], ids=["with the key", "without"])
def test_the_same_checkpoint_shows_the_same_log(keys: LogKeys | None) -> None:
    assert kept_findings(NOTE, TOLD, keys) == ()


@pytest.mark.parametrize("keys", [KEYS, None], ids=["with the key", "without"])
@pytest.mark.parametrize(
    ("told", "code"),
    [
        (replace(TOLD, origin="elsewhere/00"), "origin_differs"),
        (checkpoint_of(KEY.name, log_of(ROWS[:4])), "kept_not_proved"),
        (checkpoint_of(KEY.name, log_of(ROWS[:6])), "kept_not_proved"),
        (replace(TOLD, root=bytes(32)), "kept_contradicts"),
    ],
)
def test_another_log_and_another_size_are_told_apart(
    told: Checkpoint, code: str, keys: LogKeys | None
) -> None:
    assert [each.code for each in kept_findings(NOTE, told, keys)] == [code]


def test_a_checkpoint_that_another_key_signed_is_not_believed() -> None:
    assert [each.code for each in kept_findings(NOTE.replace("size", "x"), TOLD, KEYS)] == []
    changed = NOTE.replace(NOTE.splitlines()[2], NOTE.splitlines()[2][::-1])
    (finding,) = kept_findings(changed, TOLD, KEYS)
    assert finding.code in {"kept_unreadable", "signature_wrong"}
    with pytest.raises(ValueError, match="note"):
        kept_findings("no note", TOLD, None)
    assert parse_checkpoint(parse_note(NOTE).text) == TOLD


@pytest.mark.parametrize(
    ("size", "code"), [(4, "signature_wrong"), (5, "signature_wrong"), (6, "kept_not_proved")]
)
def test_a_key_that_came_later_may_have_signed_a_longer_log_only(size: int, code: str) -> None:
    """The file can't know it; up to its own size it shows every change."""
    other = ToyKey(name=KEY.name, key_id=b"key2")
    note = sign_checkpoint(log_of(ROWS[:size]), other)
    assert [each.code for each in kept_findings(note, TOLD, KEYS)] == [code]
    elsewhere = sign_checkpoint(log_of(ROWS[:size]), replace(other, name="elsewhere/00"))
    assert [each.code for each in kept_findings(elsewhere, TOLD, KEYS)] == ["origin_differs"]


def test_a_longer_checkpoint_that_the_known_key_signed_wrongly_is_damage() -> None:
    longer = sign_checkpoint(log_of(ROWS[:6]), KEY)
    spoilt = longer.replace(longer.rsplit("\n\n", 1)[1], NOTE.rsplit("\n\n", 1)[1])
    assert [each.code for each in kept_findings(spoilt, TOLD, KEYS)] == ["signature_wrong"]
    assert [each.code for each in kept_findings("no note", TOLD, KEYS)] == ["kept_unreadable"]


def test_a_file_may_prove_that_its_log_begins_with_the_one_that_was_kept() -> None:
    longer = checkpoint_of(KEY.name, log_of(ROWS[:7]))
    assert kept_findings(NOTE, longer, KEYS, {5: TOLD.root}) == ()
    (finding,) = kept_findings(NOTE, longer, KEYS, {5: bytes(32)})
    assert finding.code == "kept_contradicts"
    (finding,) = kept_findings(NOTE, longer, KEYS, {4: bytes(32)})
    assert finding.code == "kept_not_proved"


def test_a_message_is_read_as_it_was_received() -> None:
    message = json.dumps({"event": "checkpoint", "text": {"zh": "请妥善保存"}, "checkpoint": NOTE})
    assert note_in(message) == note_in(NOTE) == NOTE
    assert note_in(json.dumps(json.loads(message), indent=2, ensure_ascii=False)) == NOTE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"event": "missed"}', "without a checkpoint"),
        ('{"checkpoint": 7}', "without a checkpoint"),
        ('{"checkpoint": "a"}\n{"checkpoint": "b"}', "Extra data.*expected one message"),
        ("{" * 100_000, "expected one message"),
    ],
)
def test_a_message_that_holds_none_is_told_in_words(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        note_in(text)
