"""The proof of one entry as the API gives it and the page of a run offers it, verified without the log.

The object holds the entry's header, which is the leaf, what was salted beside it, and a C2SP tlog-proof; the rest repeats
what these say, and must repeat it exactly. A public key proves the signature of the checkpoint in the proof; a
checkpoint that was kept elsewhere proves the root where it is of the same size. A proof holds no key, so one of the two
is needed.

Where the ledger's key was changed, the object brings each change (`key_changes`) with its own proof in the same tree:
so any key of the log proves it, of whatever time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from redrabbit.domain.checkpoint import Checkpoint, RecordProof, parse_checkpoint, parse_proof
from redrabbit.domain.facts.key_changed import KeyChanged
from redrabbit.domain.findings import Finding
from redrabbit.domain.head_verification import checkpoint_in
from redrabbit.domain.kept_checkpoint import OTHER_KEY, kept_findings
from redrabbit.domain.ledger import Entry, JsonValue, StoredEntry, from_json, read_entry
from redrabbit.domain.ledger_scan import differing
from redrabbit.domain.log_keys import LogKeys, proved_root_before
from redrabbit.domain.merkle import leaf_hash, verify_inclusion
from redrabbit.domain.newer import WRITTEN_BY_NEWER, WrittenByNewer
from redrabbit.domain.signed_note import NoteVerifier, parse_note

PLACE: Final = "proof"
_FIELDS: Final = frozenset(
    {
        "entry",
        "inclusion",
        "index",
        "leaf_hash",
        "payload",
        "proof",
        "root",
        "salt",
        "size",
    }
)
_KEY_CHANGES: Final = "key_changes"
_FIELDS_OF_CHANGE: Final = frozenset({"entry", "inclusion", "index", "payload", "salt"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofVerification:
    """What verification of a proof tells."""

    findings: tuple[Finding, ...]
    index: int | None = None
    """Which entry it is; None where the proof could not be read."""
    checkpoint: Checkpoint | None = None
    """The one in the proof; None where it could not be read."""
    entry: Entry | None = None
    """None where it could not be read."""
    keys: LogKeys | None = None
    """Whose signatures count; None without a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Proof:
    """The parts of a proof as they were read; nothing is believed yet."""

    fields: Mapping[str, object]
    stored: StoredEntry
    record: RecordProof
    checkpoint: Checkpoint
    key_changes: Sequence[tuple[Entry, tuple[bytes, ...]]]
    """The entries that changed the key, each with its proof."""


def verify_proof(text: str, verifier: NoteVerifier | None, kept: str | None) -> ProofVerification:
    """Verify a proof with a key, a kept checkpoint, or both.

    ValueError without either, and where what was kept is no checkpoint.

    Findings come in the order in which trust is built: the checkpoint, what was kept, the leaf, the entry.
    """
    if verifier is None and kept is None:
        raise ValueError("a proof is verified with a public key or a kept checkpoint")
    try:
        proof = _read(text)
    except (TypeError, ValueError) as error:
        params = {"problem": str(error)}
        return ProofVerification(
            findings=(Finding(code="proof_unreadable", place=PLACE, params=params),)
        )
    try:
        keys = None if verifier is None else _keys(proof, verifier)
    except ValueError as error:
        return ProofVerification(
            findings=(
                Finding(code="key_change_unproved", place=PLACE, params={"problem": str(error)}),
            )
        )
    signature = tuple(_signature(proof.record.note, keys))
    is_other = any(each.code == OTHER_KEY for each in signature)
    found = [
        *signature,
        *(
            ()
            if kept is None
            else kept_findings(kept, proof.checkpoint, None if is_other else keys)
        ),
        *_leaf(proof),
    ]
    entry = _entry(proof)
    if isinstance(entry, Finding):
        found.append(entry)
    return ProofVerification(
        findings=tuple(found),
        index=proof.record.index,
        checkpoint=proof.checkpoint,
        entry=entry if isinstance(entry, Entry) else None,
        keys=keys,
    )


def _read(text: str) -> _Proof:
    """Return the parts; TypeError or ValueError where they are not those of a proof."""
    fields = from_json(text)
    if not isinstance(fields, dict) or fields.keys() - {_KEY_CHANGES} != _FIELDS:
        raise ValueError("not the proof of an entry, as the API gives it")
    match fields:
        case {"proof": str(proof)}:
            record = parse_proof(proof)
            return _Proof(
                fields=cast("dict[str, object]", fields),
                stored=_stored(fields),
                record=record,
                checkpoint=parse_checkpoint(parse_note(record.note).text),
                key_changes=_key_changes(fields.get(_KEY_CHANGES, [])),
            )
    raise TypeError("its proof is not a text")


def _stored(fields: Mapping[str, JsonValue]) -> StoredEntry:
    match fields:
        case {
            "entry": str(entry),
            "salt": (str() | None) as salt,
            "payload": (str() | None) as payload,
        }:
            return StoredEntry(
                raw=entry.encode("utf-8"),
                salt=None if salt is None else bytes.fromhex(salt),
                payload=None if payload is None else payload.encode("utf-8"),
            )
    raise TypeError("its entry, salt or payload is not a text")


def _key_changes(found: JsonValue) -> list[tuple[Entry, tuple[bytes, ...]]]:
    if not isinstance(found, list):
        raise TypeError("the changes of the key are not a list")
    changes = []
    for each in found:
        if not isinstance(each, dict) or each.keys() != _FIELDS_OF_CHANGE:
            raise ValueError("a change of the key is not an entry with its proof")
        match each:
            case {"index": int(index), "inclusion": list(inclusion)}:
                path = tuple(bytes.fromhex(str(node)) for node in inclusion)
                changes.append((read_entry(_stored(each), index), path))
            case _:
                raise TypeError("a change of the key has no index and no proof")
    return changes


def _keys(proof: _Proof, trusted: NoteVerifier) -> LogKeys:
    """Return the keys of the log, as the proof's changes of them lead from the trusted one; ValueError if they don't."""
    keys, told = LogKeys(trusted=trusted), proof.checkpoint
    for entry, path in proof.key_changes:
        if entry.type != KeyChanged.TYPE:
            raise ValueError(f"ledger[{entry.index}] is of type {entry.type}")
        keys = keys.with_entry(entry, proved_root_before(entry, told.size, told.root, path))
    return keys


def _signature(note: str, keys: LogKeys | None) -> Iterator[Finding]:
    if keys is None:
        return
    found = checkpoint_in(note, keys, PLACE, "proof_unreadable")
    if not isinstance(found, Finding):
        return
    parsed = parse_note(note)
    if found.code in {"key_foreign", "signature_wrong"} and keys.may_be_of_other_time(parsed):
        signers = ", ".join(line.key_id.hex() for line in parsed.signatures)
        params = {"found": signers, "expected": keys.trusted.key_id.hex()}
        found = Finding(code=OTHER_KEY, place=PLACE, params=params)
    yield found


def _leaf(proof: _Proof) -> Iterator[Finding]:
    """Yield where the entry is not the leaf that the proof leads from, or something is repeated wrongly."""
    leaf, path, told = leaf_hash(proof.stored.raw), proof.record.path, proof.checkpoint
    repeated = {
        "index": proof.record.index,
        "size": told.size,
        "leaf_hash": leaf.hex(),
        "inclusion": [node.hex() for node in path],
        "root": told.root.hex(),
    }
    yield from differing("field_differs", PLACE, proof.fields, repeated)
    if not verify_inclusion(leaf, proof.record.index, told.size, path, told.root):
        yield Finding(code="proof_fails", place=PLACE)


def _entry(proof: _Proof) -> Entry | Finding:
    try:
        return read_entry(proof.stored, proof.record.index)
    except WrittenByNewer as newer:
        return Finding(code=WRITTEN_BY_NEWER, place=PLACE, params={"what": newer.what})
    except ValueError as error:
        return Finding(code="entry_unreadable", place=PLACE, params={"problem": str(error)})
