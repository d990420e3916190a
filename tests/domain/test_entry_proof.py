"""The proof of one entry, as the API gives it, is verified without the log (L8)."""

import json
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.checkpoint import proof_text, sign_checkpoint
from redrabbit.domain.entry_proof import ProofVerification, verify_proof
from redrabbit.domain.identity import AGENT
from redrabbit.domain.ledger import Entry, LogState, StoredEntry, canonical
from redrabbit.domain.merkle import leaf_hash
from redrabbit.domain.signed_note import parse_note, sign_note
from tests.domain.folded import CONTEXT, at, event
from tests.domain.keyed import STRANGER, KeyedLedger, key, parts_of
from tests.domain.keyed import proof_of as proof_of_keyed
from tests.domain.test_database_verification import RAWS
from tests.fakes import ToyKey
from tests.logs import tree_over

KEY = ToyKey()
OTHER = ToyKey(key_id=b"key2")
OLD: Final = len(RAWS)


def _logged() -> tuple[list[StoredEntry], dict[int, LogState]]:
    """Entries of schema 1, and of today's; the log at each size."""
    stored = [StoredEntry(raw=raw, salt=None, payload=None) for raw in RAWS]
    log = LogState()
    for raw in RAWS:
        log = log.with_leaf(json.loads(raw)["stream"], leaf_hash(raw))
    logs = {log.size: log}
    for number in range(5):
        happened = event("noted", AGENT, number=number)
        appended = log.append(happened, at(number), CONTEXT, bytes([number]) * 16)
        log = appended.log
        logs[log.size] = log
        stored.append(appended.stored)
    return stored, logs


STORED, LOGS = _logged()
SIZE: Final = len(STORED)


def note_at(size: int, key: ToyKey = KEY) -> str:
    return sign_checkpoint(LOGS[size], key)


def proof_of(index: int, **changed: Any) -> dict[str, Any]:
    """Return what the API gives."""
    kept = STORED[index]
    leaves = [leaf_hash(each.raw) for each in STORED]
    path = tree_over(leaves).inclusion(index)
    return {
        "index": index,
        "size": SIZE,
        "entry": kept.raw.decode(),
        "salt": kept.salt.hex() if kept.salt is not None else None,
        "payload": kept.payload.decode() if kept.payload is not None else None,
        "leaf_hash": leaves[index].hex(),
        "inclusion": [node.hex() for node in path],
        "root": LOGS[SIZE].root.hex(),
        "proof": proof_text(index, path, note_at(SIZE)),
    } | changed


def verified(proof: object, key: ToyKey | None = KEY, kept: str | None = None) -> ProofVerification:
    return verify_proof(json.dumps(proof), key, kept)


def codes(proof: object, key: ToyKey | None = KEY, kept: str | None = None) -> list[str]:
    return [each.code for each in verified(proof, key, kept).findings]


@pytest.mark.parametrize("index", [0, OLD - 1, OLD, SIZE - 1])
@pytest.mark.parametrize(
    ("key", "kept"), [(KEY, None), (None, note_at(SIZE)), (KEY, note_at(SIZE))]
)
def test_each_entry_is_proved_by_a_key_or_a_kept_checkpoint(
    index: int, key: ToyKey | None, kept: str | None
) -> None:
    told = verified(proof_of(index), key, kept)
    assert (told.findings, told.index) == ((), index)
    assert isinstance(told.entry, Entry)
    assert told.checkpoint is not None
    assert told.checkpoint.size == SIZE


def test_without_something_to_trust_nothing_is_proved() -> None:
    with pytest.raises(ValueError, match="key or a kept checkpoint"):
        verified(proof_of(OLD), None, None)


def test_what_another_key_signed_and_another_log_are_found() -> None:
    assert codes(proof_of(OLD), OTHER) == ["other_key"]
    assert codes(proof_of(OLD), OTHER, note_at(SIZE)) == ["other_key"]
    assert codes(proof_of(OLD), OTHER, note_at(SIZE - 1)) == ["other_key", "kept_not_proved"]
    assert codes(proof_of(OLD), ToyKey(name="Suzhou-3/5f0c")) == ["origin_differs"]
    assert codes(proof_of(OLD), None, note_at(SIZE - 1)) == ["kept_not_proved"]
    assert codes(proof_of(OLD), KEY, note_at(SIZE - 1)) == ["kept_not_proved"]
    assert codes(proof_of(OLD), KEY, note_at(SIZE, OTHER)) == ["signature_wrong"]


def test_a_wrong_signature_by_the_trusted_keys_id_is_damage() -> None:
    """Only a key id that nothing leads to may be of another time."""
    proof = proof_of(OLD)
    note = note_at(SIZE)
    wrong = sign_note(parse_note(note_at(SIZE - 1)).text, KEY).rsplit("\n\n", 1)[1]
    spoilt = proof["proof"].replace(note.rsplit("\n\n", 1)[1], wrong)
    assert spoilt != proof["proof"]
    assert codes(proof | {"proof": spoilt}) == ["signature_wrong"]
    stripped = proof_of_keyed(CHANGED, 0)
    assert codes(stripped, STRANGER) == ["other_key"]
    assert codes(stripped, ToyKey(name="Suzhou-3/5f0c")) == ["key_change_unproved"]


@pytest.mark.parametrize("index", [OLD - 1, OLD + 1])
@given(data=st.data())
def test_any_field_that_says_something_else_is_found(index: int, data: st.DataObject) -> None:
    proof, other = proof_of(index), proof_of((index + 3) % SIZE)
    field = data.draw(st.sampled_from(sorted(proof)))
    changed = data.draw(
        st.sampled_from([other[field], None, 7, "", "00", [], [[]], True, str(proof[field]) + "a"])
    )
    if changed == proof[field] and type(changed) is type(proof[field]):
        return
    assert codes(proof | {field: changed}) != []
    assert codes({name: value for name, value in proof.items() if name != field}) == [
        "proof_unreadable"
    ]


@given(st.data())
def test_a_changed_character_of_the_entry_or_its_payload_is_found(data: st.DataObject) -> None:
    proof = proof_of(OLD)
    field = data.draw(st.sampled_from(["entry", "payload", "salt", "proof"]))
    place = data.draw(st.integers(0, len(proof[field]) - 1))
    other = data.draw(st.sampled_from("0a{ \n"))
    changed = proof[field][:place] + other + proof[field][place + 1 :]
    if changed != proof[field]:
        assert codes(proof | {field: changed}) != []


def test_what_was_erased_is_proved_by_its_header() -> None:
    """D51."""
    told = verified(proof_of(OLD, salt=None, payload=None))
    assert told.findings == ()
    assert told.entry is not None
    assert told.entry.payload is None
    assert codes(proof_of(OLD, payload=None)) == ["entry_unreadable"]


def test_an_entry_of_a_newer_version_is_proved_and_not_read() -> None:
    raw = canonical({"schema": 99})
    leaf = leaf_hash(raw)
    log = LogState().with_leaf("plant", leaf)
    proof = proof_of(0) | {
        "size": 1,
        "entry": raw.decode(),
        "leaf_hash": leaf.hex(),
        "inclusion": [],
        "root": log.root.hex(),
        "proof": proof_text(0, [], sign_checkpoint(log, KEY)),
    }
    told = verified(proof)
    assert [each.code for each in told.findings] == ["written_by_newer"]
    assert told.entry is None


@pytest.mark.parametrize("text", ["", "[]", "{}", "nonsense", "[" * 100_000])
def test_what_is_no_proof_is_told_so(text: str) -> None:
    (finding,) = verify_proof(text, KEY, None).findings
    assert finding.code == "proof_unreadable"


CHANGED = KeyedLedger([2], 5)


def without(proof: dict[str, Any], name: str) -> dict[str, Any]:
    return {field: value for field, value in proof.items() if field != name}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ("x", "proof_unreadable"),
        (["x"], "proof_unreadable"),
        ([{}], "proof_unreadable"),
        ([proof_of_keyed(CHANGED, 2)], "proof_unreadable"),
        ([without(proof_of_keyed(CHANGED, 2)["key_changes"][0], "salt")], "proof_unreadable"),
        ([proof_of_keyed(CHANGED, 2)["key_changes"][0] | {"index": "2"}], "proof_unreadable"),
        ([proof_of_keyed(CHANGED, 2)["key_changes"][0] | {"entry": 7}], "proof_unreadable"),
        ([proof_of_keyed(CHANGED, 2)["key_changes"][0] | {"index": 3}], "key_change_unproved"),
        ([proof_of_keyed(CHANGED, 2)["key_changes"][0] | {"inclusion": []}], "key_change_unproved"),
        (proof_of_keyed(CHANGED, 2)["key_changes"] * 2, "key_change_unproved"),
        ([parts_of(CHANGED, 1)], "key_change_unproved"),
        ([], "other_key"),
    ],
)
def test_a_change_of_the_key_in_another_form_or_of_nothing_is_told(
    changes: object, code: str
) -> None:
    """Of the old key nothing is left that leads to the one that signed."""
    proof = proof_of_keyed(CHANGED, 0)
    assert codes(proof, key(0)) == []
    assert codes(proof, key(1)) == []
    assert codes(proof | {"key_changes": changes}, key(0)) == [code]


def test_without_a_key_the_changes_of_it_say_nothing() -> None:
    proof = proof_of_keyed(CHANGED, 0)
    told = verified(proof, None, CHANGED.note(5, key(1)))
    assert told.findings == ()
    assert told.keys is None
