"""The keys of a log: one chain of statements, and for each size one key whose signature counts (issue 7, U5)."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redrabbit.domain.checkpoint import checkpoint_of, parse_checkpoint
from redrabbit.domain.database_verification import verify_ledger
from redrabbit.domain.export_format import sealed
from redrabbit.domain.export_verification import verify_records
from redrabbit.domain.facts.key_changed import KeyChanged
from redrabbit.domain.kept_checkpoint import kept_findings
from redrabbit.domain.log_keys import (
    HEADING,
    LogKeys,
    key_changed,
    keys_in,
    proved_root_before,
)
from redrabbit.domain.record_digests import parse_seal
from redrabbit.domain.signed_note import parse_note
from tests.domain.keyed import (
    NAME,
    STRANGER,
    KeyedLedger,
    codes,
    file_lines,
    file_verified,
    key,
    proof_of,
    proof_verified,
    verified,
)
from tests.domain.test_database_verification import head_of
from tests.fakes import ToyKey
from tests.logs import kept_at

SIZES = st.integers(1, 14)


@st.composite
def ledgers(draw: st.DrawFn, fewest: int = 1) -> KeyedLedger:
    """Draw ledgers whose key was changed at some entries, or at none."""
    size = draw(st.integers(max(4, fewest), 14))
    places = st.sets(st.integers(0, size - 1), min_size=fewest, max_size=4)
    return KeyedLedger(sorted(draw(places)), size)


def test_each_key_signs_the_sizes_of_its_time() -> None:
    ledger = KeyedLedger([2, 5], 8)
    keys = verified(ledger, key(1)).keys
    assert [keys.at(size) for size in range(9)] == [key(0)] * 3 + [key(1)] * 3 + [key(2)] * 3
    assert keys.newest == key(2)
    assert keys.name == ledger.key.name
    assert [(change.index, change.by) for change in keys.changes] == [(2, NAME.id), (5, NAME.id)]
    assert [change.recorded_at for change in keys.changes] == [
        ledger.entries[index].recorded_at for index in (2, 5)
    ]


def test_without_a_change_the_one_key_signs_all() -> None:
    keys = LogKeys(trusted=key(0))
    assert (keys.all, keys.newest, keys.at(0)) == ((key(0),), key(0), key(0))


@given(ledgers(fewest=0), st.data())
def test_an_honest_ledger_is_verified_with_any_of_its_keys(
    ledger: KeyedLedger, data: st.DataObject
) -> None:
    trusted = key(data.draw(st.integers(0, ledger.signs)))
    sizes = data.draw(st.lists(st.integers(0, ledger.log.size), max_size=3))
    kept = [ledger.note(size, ledger.key_at(size)) for size in sizes]
    told = verified(ledger, trusted, *kept)
    assert told.findings == ()
    assert told.last_good == max(sizes, default=None)
    assert [change.index for change in told.keys.changes] == [each.index for each in ledger.changes]


@given(ledgers(), st.data())
def test_a_key_counts_at_no_size_but_of_its_time(ledger: KeyedLedger, data: st.DataObject) -> None:
    """A thief with an old key signs nothing beyond the change; the new one vouches for nothing before it."""
    size = data.draw(st.integers(0, ledger.log.size))
    signer = key(data.draw(st.integers(0, ledger.signs)))
    trusted = key(data.draw(st.integers(0, ledger.signs)))
    note = ledger.note(size, signer)
    expected = [] if signer == ledger.key_at(size) else ["signature_out_of_time"]
    assert codes(ledger, trusted, note) == expected
    head = [] if signer == ledger.key else ["signature_out_of_time"]
    assert codes(ledger, trusted, signed_by=signer) == head


@given(ledgers(fewest=0))
def test_a_foreign_key_is_never_accepted(ledger: KeyedLedger) -> None:
    foreign = "key_foreign" if ledger.changes else "signature_wrong"
    assert codes(ledger, STRANGER) == [foreign]
    assert codes(ledger, key(0), signed_by=STRANGER) == ["signature_wrong"]
    # not even where the stranger signs the head: by its own entries it is none of this ledger's keys
    found = codes(ledger, STRANGER, signed_by=STRANGER)
    assert found == (["key_foreign"] if ledger.changes else [])


Forger = Callable[[KeyedLedger], KeyChanged]


def honest(ledger: KeyedLedger, to: int = 1) -> KeyChanged:
    return key_changed(ledger.log.size, ledger.log.root, key(0), key(to))


def signed_by_one(ledger: KeyedLedger, kept: int) -> KeyChanged:
    text, signatures = honest(ledger).statement.split("\n\n")
    line = signatures.splitlines()[kept]
    return replace(honest(ledger), statement=f"{text}\n\n{line}\n")


def with_another_line(ledger: KeyedLedger) -> KeyChanged:
    fact = honest(ledger)
    other = key_changed(ledger.log.size, ledger.log.root, key(0), STRANGER)
    return replace(fact, statement=fact.statement + other.statement.splitlines()[-1] + "\n")


FORGED: list[tuple[str, Forger, str]] = [
    ("by the old key only", lambda on: signed_by_one(on, 0), "is not signed by"),
    ("by the new key only", lambda on: signed_by_one(on, 1), "is not signed by"),
    (
        "by a stranger in place of the old key",
        lambda on: replace(honest(on), statement=_by(on, STRANGER, key(1))),
        "is not said of this place",
    ),
    (
        "by a stranger under the same words",
        lambda on: replace(
            honest(on),
            statement=honest(on).statement.replace(
                honest(on).statement.splitlines()[-2],
                key_changed(on.log.size, on.log.root, STRANGER, key(1)).statement.splitlines()[-2],
            ),
        ),
        "is not signed by",
    ),
    ("with a third signature", with_another_line, "3 signatures"),
    (
        "of another size",
        lambda on: key_changed(on.log.size + 1, on.log.root, key(0), key(1)),
        "is not said of this place",
    ),
    (
        "of another root",
        lambda on: key_changed(on.log.size, bytes(32), key(0), key(1)),
        "is not said of this place",
    ),
    (
        "of another origin",
        lambda on: key_changed(
            on.log.size, on.log.root, ToyKey(name="Other/1"), ToyKey(name="Other/1", key_id=b"key9")
        ),
        "is of another log",
    ),
    ("to the same key", lambda on: honest(on, 0), "was used before"),
    ("without a statement", lambda on: replace(honest(on), statement=""), "not a signed note"),
    ("of no key", lambda on: replace(honest(on), new_key="x"), "is no key"),
]


def _by(ledger: KeyedLedger, old: ToyKey, new: ToyKey) -> str:
    return key_changed(ledger.log.size, ledger.log.root, old, new).statement


@pytest.mark.parametrize(
    ("forge", "problem"), [row[1:] for row in FORGED], ids=[row[0] for row in FORGED]
)
@pytest.mark.parametrize("trusted", [key(0), key(1)], ids=["old key", "new key"])
def test_a_forged_change_is_named_at_its_entry(
    forge: Forger, problem: str, trusted: ToyKey
) -> None:
    ledger = KeyedLedger(size=3)
    ledger.change(forge(ledger))
    ledger.append()
    (finding,) = verified(ledger, trusted).findings
    assert (finding.code, finding.place) == ("entry_does_not_fold", "ledger[3]")
    assert problem in str(finding.params["problem"])
    with pytest.raises(ValueError, match=problem):
        keys_in(ledger.entries, lambda entry: ledger.log_at(entry.index).root, trusted)


def test_a_change_that_was_copied_to_another_place_is_named() -> None:
    ledger = KeyedLedger(size=2)
    fact = honest(ledger)
    ledger.append()
    ledger.change(fact)
    assert codes(ledger, key(0)) == ["entry_does_not_fold"]


def test_a_change_whose_payload_is_gone_proves_nothing() -> None:
    ledger = KeyedLedger([2], 4)
    ledger.erase(2)
    told = verified(ledger, key(1))
    assert [finding.code for finding in told.findings][:1] == ["entry_does_not_fold"]
    assert "its payload is gone" in str(told.findings[0].params["problem"])


def test_a_change_must_go_on_from_the_last_one() -> None:
    """Two keys of one id could not be told apart, and nobody goes back to a key that was replaced."""
    ledger = KeyedLedger([1], 3)
    for old, new, problem in [
        (key(0), key(2), "it replaces the key"),
        (key(1), key(0), "was used before"),
        (key(1), key(1), "was used before"),
    ]:
        forged = KeyedLedger([1], 3)
        forged.change(key_changed(3, forged.log.root, old, new))
        (finding,) = verified(forged, key(1)).findings
        assert problem in str(finding.params["problem"])
    keys = verified(ledger, key(1)).keys
    with pytest.raises(ValueError, match="does not come after"):
        keys.with_change(keys.changes[0])


def test_a_ledger_without_its_last_entries_is_not_what_the_new_key_signed() -> None:
    """History with the change in it was lost, or a backup from before was put back."""
    lost = KeyedLedger(size=3)
    assert codes(lost, key(1)) == ["signature_wrong"]  # the new key is in place
    assert codes(lost, key(0)) == []  # the old one, too: only what was kept elsewhere tells
    kept = KeyedLedger([3], 6).note(6, key(1))
    assert codes(lost, key(0), kept) == ["signature_wrong"]
    assert codes(lost, key(1), kept) == ["signature_wrong", "kept_beyond"]


def test_behind_damage_nothing_is_said_of_signatures() -> None:
    """Which key signs there is not known: the checkpoint that somebody kept may be right."""
    ledger = KeyedLedger([3], 6)
    rows = ledger.rows
    heads = [
        {"id": 1, "size": 6, "root": ledger.log.root.hex(), "checkpoint": ledger.note(6, key(1))}
    ]
    rows[1]["raw"] = b"{}"
    told = verify_ledger(rows, heads, key(0), kept=kept_at(ledger.note(5, key(1))))
    assert [each.code for each in told.findings] == ["leaf_hash_differs"]


def test_what_both_sign_is_taken_for_no_other_signature() -> None:
    ledger = KeyedLedger(size=3)
    note = parse_note(honest(ledger).statement)
    assert note.text.splitlines()[1] == HEADING
    with pytest.raises(ValueError, match="whole number"):
        parse_checkpoint(note.text)
    with pytest.raises(ValueError, match="seal"):
        parse_seal(note.text)


@given(ledgers(fewest=0))
def test_the_keys_are_those_that_the_entries_tell_by_their_proofs(ledger: KeyedLedger) -> None:
    tree, size, root = ledger.tree, ledger.log.size, ledger.log.root
    keys = keys_in(
        ledger.entries,
        lambda entry: proved_root_before(entry, size, root, tree.inclusion(entry.index)),
        key(0),
    )
    assert keys == verified(ledger, key(0)).keys
    for entry in ledger.entries:
        path = tree.inclusion(entry.index)
        assert proved_root_before(entry, size, root, path) == ledger.log_at(entry.index).root
        with pytest.raises(ValueError, match="not in the signed log"):
            proved_root_before(entry, size, bytes(32), path)


@given(ledgers(), st.data())
@settings(max_examples=200)
def test_a_file_and_a_proof_bring_what_a_reader_with_any_key_needs(
    ledger: KeyedLedger, data: st.DataObject
) -> None:
    trusted = key(data.draw(st.integers(0, ledger.signs)))
    told = file_verified(file_lines(ledger), ledger.key, trusted.text)
    assert told.findings == []
    assert told.keys is not None
    assert told.keys.trusted == trusted
    assert [change.index for change in told.keys.changes] == [each.index for each in ledger.changes]
    assert told.names == {NAME.id: NAME.name}
    index = data.draw(st.integers(0, ledger.log.size - 1))
    proved = proof_verified(proof_of(ledger, index), trusted)
    assert proved.findings == ()
    assert proved.keys is not None
    assert proved.keys.changes == told.keys.changes
    kept = data.draw(st.integers(1, ledger.log.size))
    told = file_verified(file_lines(ledger, kept=kept), ledger.key, trusted.text)
    assert told.checkpoint is not None
    for signer in map(key, range(ledger.signs + 1)):
        found = kept_findings(
            ledger.note(kept, signer), told.checkpoint, told.keys, told.begins_with
        )
        expected = [] if signer == ledger.key_at(kept) else ["signature_out_of_time"]
        assert [each.code for each in found] == expected


@given(ledgers(), st.data())
@settings(max_examples=200)
def test_a_file_or_a_proof_by_any_other_key_is_found(
    ledger: KeyedLedger, data: st.DataObject
) -> None:
    """Also by one that was replaced, for a log beyond its time; and a chain with a gap leads nowhere."""
    wrong = data.draw(st.sampled_from([*map(key, range(ledger.signs)), STRANGER]))
    trusted = data.draw(st.sampled_from([None, *map(key, range(ledger.signs + 1)), wrong]))
    public = None if trusted is None else trusted.text
    assert file_verified(file_lines(ledger, wrong), wrong, public).findings
    if trusted is not None:
        index = data.draw(st.integers(0, ledger.log.size - 1))
        assert proof_verified(proof_of(ledger, index, wrong), trusted).findings
    assert file_verified(file_lines(ledger), ledger.key, STRANGER.text).findings
    assert file_verified(file_lines(ledger), ledger.key, "no key").findings
    assert proof_verified(proof_of(ledger, 0), STRANGER).findings


def test_a_file_without_one_of_the_changes_does_not_lead_back() -> None:
    ledger = KeyedLedger([4, 6, 8], 10)
    for missing in range(3):
        changes = [entry for n, entry in enumerate(ledger.changes) if n != missing]
        lines = file_lines(ledger, changes=changes)
        assert file_verified(lines, ledger.key, key(0).text).findings
    assert checkpoint_of(ledger.key.name, ledger.log).size == 10


@given(ledgers(), st.data())
@settings(max_examples=200)
def test_whatever_is_tampered_with_is_found_with_any_key(
    ledger: KeyedLedger, data: st.DataObject
) -> None:
    """One byte of a ledger, of an exported file, of a change in a proof; or one entry less, or at another place."""
    trusted = key(data.draw(st.integers(0, ledger.signs)))
    rows, heads = ledger.rows, [head_of(ledger.rows, ledger.key)]
    place = data.draw(st.integers(0, len(rows) - 1))
    match data.draw(st.sampled_from(["raw", "payload", "salt", "head", "gone", "moved"])):
        case "head":
            heads[0]["checkpoint"] = _flipped(data, heads[0]["checkpoint"].encode()).decode(
                "latin-1"
            )
        case "gone":
            del rows[place]
        case "moved":
            other = (place + data.draw(st.integers(1, len(rows) - 1))) % len(rows)
            rows[place], rows[other] = rows[other], rows[place]
        case column:
            rows[place][column] = _flipped(data, rows[place][column])
    assert verify_ledger(rows, heads, trusted).findings

    content = _flipped(data, b"".join(sealed(file_lines(ledger), ledger.key)))
    assert verify_records(BytesIO(content), ToyKey().of_text, trusted.text).findings

    proof = proof_of(ledger, data.draw(st.integers(0, ledger.log.size - 1)))
    changes = proof["key_changes"]
    change = changes[data.draw(st.integers(0, len(changes) - 1))]
    name = data.draw(st.sampled_from(["entry", "payload", "salt"]))
    change[name] = _flipped(data, change[name].encode()).decode("latin-1")
    assert proof_verified(proof, trusted).findings


def _flipped(data: st.DataObject, content: bytes) -> bytes:
    place = data.draw(st.integers(0, len(content) - 1))
    changed = bytearray(content)
    changed[place] ^= data.draw(st.sampled_from([1, 2, 4, 8]))
    return bytes(changed)


@given(st.lists(st.sampled_from(["append", "change", "keep", "export"]), max_size=14), st.data())
def test_whatever_a_plant_does_each_of_its_keys_verifies_all_that_it_ever_handed_out(
    doings: list[str], data: st.DataObject
) -> None:
    ledger = KeyedLedger(size=3)  # a file has something of the plant
    kept: list[str] = []
    files: list[tuple[list[str], ToyKey, int]] = []
    for doing in doings:
        if doing == "append":
            ledger.append()
        elif doing == "change":
            ledger.change()
        elif doing == "keep":
            kept.append(ledger.note(ledger.log.size, ledger.key))
        else:
            files.append((file_lines(ledger), ledger.key, ledger.signs))
    assert codes(ledger, key(data.draw(st.integers(0, ledger.signs))), *kept) == []
    for lines, signer, signs in files:
        trusted = key(data.draw(st.integers(0, signs)))
        told = file_verified(lines, signer, trusted.text)
        assert told.findings == []
        later = key(ledger.signs + 1)  # a key that the file can't know of yet leads nowhere in it
        assert file_verified(lines, signer, later.text).findings


@given(ledgers(), st.data())
def test_only_a_key_id_that_nothing_leads_to_may_be_of_another_time(
    ledger: KeyedLedger, data: st.DataObject
) -> None:
    size = data.draw(st.integers(0, ledger.log.size))
    number = data.draw(st.integers(0, ledger.signs + 2))
    keys = verified(ledger, key(data.draw(st.integers(0, ledger.signs)))).keys
    note = parse_note(ledger.note(size, key(number)))
    assert keys.may_be_of_other_time(note) is (number > ledger.signs)
    elsewhere = replace(note.signatures[0], name="elsewhere/00")
    assert not keys.may_be_of_other_time(replace(note, signatures=(elsewhere,)))
    later = replace(keys, trusted=STRANGER)  # to which nothing leads
    assert later.may_be_of_other_time(note)
    assert not later.may_be_of_other_time(parse_note(ledger.note(size, STRANGER)))
