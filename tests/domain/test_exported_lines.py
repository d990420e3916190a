"""Lines of an exported file are read in their one canonical form only, and told by their number."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from redrabbit.domain.checkpoint import sign_checkpoint
from redrabbit.domain.exported_lines import (
    UnreadableError,
    object_in,
    only_text,
    read_checkpoint,
    read_exported,
    read_header,
    read_path,
    verifier_of_key,
)
from redrabbit.domain.ledger import LogState, canonical_text
from tests.domain.test_export_verification import (
    FOUND,
    HEADER,
    KEY,
    KEY_TEXT,
    NEW_ONE,
    OLD_ONE,
    lines_of,
    verifier_of,
)
from tests.fakes import ToyKey


def refused(read: Callable[[], object]) -> tuple[str, str, object]:
    with pytest.raises(UnreadableError) as caught:
        read()
    found = caught.value.finding
    return found.code, found.place, next(iter(found.params.values()))


@pytest.mark.parametrize("line", ["[", "[]", '{"b":1,"a":2}', '{"a": 1}'])
def test_only_an_object_in_canonical_form_is_read(line: str) -> None:
    assert object_in('{"a":1}', 7) == {"a": 1}
    assert refused(lambda: object_in(line, 7))[:2] == ("line_unreadable", "line 7")


def test_the_first_line_says_what_the_file_is() -> None:
    assert read_header(lines_of()[0]) == HEADER


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"format": "redrabbit records 4"}, "line_unreadable"),
        ({"format": 7}, "file_unreadable"),
        ({"more": 1}, "file_unreadable"),
        ({"lines": [1]}, "file_unreadable"),
        ({"made_at": "today"}, "line_unreadable"),
        ({"until": FOUND[0]["from"]}, "line_unreadable"),
    ],
)
def test_another_first_line_is_told(change: dict[str, Any], code: str) -> None:
    line = canonical_text(FOUND[0] | change)
    assert refused(lambda: read_header(line))[:2] == (code, "line 1")


def test_a_key_that_is_none_is_told() -> None:
    assert verifier_of_key(KEY_TEXT, verifier_of).name == KEY.name
    assert refused(lambda: verifier_of_key("x", verifier_of))[2] == "not a key"


def test_a_checkpoint_counts_only_if_the_files_key_has_signed_it() -> None:
    note = sign_checkpoint(LogState(), KEY)
    assert read_checkpoint(note, KEY).size == 0
    for key in (ToyKey(name="Suzhou-3"), ToyKey(key_id=b"key2")):
        problem = refused(lambda key=key: read_checkpoint(note, key))[2]  # type: ignore[misc]  # because mypy can't infer a lambda with a default
        assert problem == "the checkpoint is not signed by the file's key"
    assert refused(lambda: read_checkpoint("x", KEY))[1] == "line 2"


def test_a_line_of_one_text_has_nothing_else() -> None:
    assert only_text('{"seal":"a"}', 9, "seal") == "a"
    for line in ('{"seal":1}', '{"more":1,"seal":"a"}', '{"a":"b"}'):
        assert refused(lambda line=line: only_text(line, 9, "seal"))[2] == "not a seal"  # type: ignore[misc]  # because mypy can't infer a lambda with a default


@pytest.mark.parametrize("place", [OLD_ONE, NEW_ONE])
def test_an_entry_is_read_as_it_was_signed(place: int) -> None:
    entry = read_exported(FOUND[place], 4)
    assert (entry.index, entry.type) == (FOUND[place]["index"], FOUND[place]["entry"]["type"])


@pytest.mark.parametrize(
    ("place", "change", "code"),
    [
        (NEW_ONE, {"index": True}, "line_unreadable"),
        (NEW_ONE, {"entry": []}, "line_unreadable"),
        (NEW_ONE, {"salt": 7}, "line_unreadable"),
        (NEW_ONE, {"salt": "xy"}, "line_unreadable"),
        (NEW_ONE, {"payload": None}, "line_unreadable"),
        (OLD_ONE, {"names": {}, "payload": None, "salt": None}, "line_unreadable"),
        (NEW_ONE, {"entry": FOUND[NEW_ONE]["entry"] | {"schema": 7}}, "written_by_newer"),
    ],
)
def test_another_entry_is_told(place: int, change: dict[str, Any], code: str) -> None:
    fields = json.loads(json.dumps(FOUND[place])) | change
    assert refused(lambda: read_exported(fields, 4))[:2] == (code, "line 4")


def test_a_proof_is_a_list_of_hashes() -> None:
    assert read_path(["AA=="], 3) == [b"\x00"]
    assert refused(lambda: read_path("AA==", 3))[2] == "the proof is not a list of hashes"
    assert refused(lambda: read_path(["a"], 3))[1] == "line 3"
