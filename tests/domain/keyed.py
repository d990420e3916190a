"""Ledgers whose key was changed, as far as the domain sees them: entries, head, exported file, proof."""

import json
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from typing import Any

from redrabbit.domain.checkpoint import Checkpoint, checkpoint_of, proof_text, sign_checkpoint
from redrabbit.domain.database_verification import LedgerVerification, verify_ledger
from redrabbit.domain.entry_proof import ProofVerification, verify_proof
from redrabbit.domain.erasable import StatedName
from redrabbit.domain.export_format import (
    Elsewhere,
    Header,
    Period,
    checkpoint_line,
    consistency_line,
    elsewhere_line,
    entry_line,
    header_line,
    sealed,
    stream_line,
)
from redrabbit.domain.export_verification import ExportVerification, verify_records
from redrabbit.domain.facts.codec import encode
from redrabbit.domain.facts.key_changed import KeyChanged
from redrabbit.domain.identity import Actor
from redrabbit.domain.ledger import Entry, LedgerContext, LogState
from redrabbit.domain.log_keys import key_changed
from redrabbit.domain.merkle import Tree, leaf_hash
from tests.domain.folded import SALT, FoldedLedger, at, event
from tests.domain.test_database_verification import Row, head_of, row_of
from tests.fakes import ToyKey
from tests.logs import kept_at, tree_over

OF_KEY = KeyChanged.TYPE
NAME = StatedName(name="Li Wei", salt=bytes(range(16)))
STRANGER = ToyKey(key_id=b"?key")


def key(number: int) -> ToyKey:
    """Return the key that signs after so many changes."""
    return ToyKey(key_id=f"key{number}".encode())


class KeyedLedger(FoldedLedger):
    """A ledger that the n-th key signs after n changes."""

    def __init__(self, changes: Sequence[int] = (), size: int = 0) -> None:
        super().__init__()
        self.signs = 0
        self.actor = Actor.stated(NAME.id)
        for index in range(size):
            if index in changes:
                self.change()
            else:
                self.append()

    @property
    def key(self) -> ToyKey:
        return key(self.signs)

    def say_on(
        self, stream: str, event_type: str, seconds: float = 0.0, /, **payload: Any
    ) -> Entry:
        happened = event(event_type, self.actor, **payload)
        happened = replace(happened, stream=stream)
        nothing = LedgerContext(in_force="", software="test")
        return self.take(self.log.append(happened, at(seconds), nothing, SALT))

    def append(self) -> Entry:
        stream = ("line1", "line2", "plant")[self.log.size % 3]
        return self.say_on(stream, "clock_stepped", self.log.size, step_s=1.0)

    def change(self, fact: KeyChanged | None = None) -> Entry:
        """Change the key, honestly unless another fact is given."""
        old, new = self.key, key(self.signs + 1)
        fact = fact or key_changed(self.log.size, self.log.root, old, new)
        self.signs += 1
        return self.say_on("plant", OF_KEY, self.log.size, **encode(fact))

    @property
    def rows(self) -> list[Row]:
        return [row_of(index, *stored) for index, stored in enumerate(self.stored)]

    def log_at(self, size: int) -> LogState:
        log = LogState()
        for entry, stored in zip(self.entries[:size], self.stored, strict=False):
            log = log.with_leaf(entry.stream, leaf_hash(stored.raw))
        return log

    def note(self, size: int, signed_by: ToyKey) -> str:
        return sign_checkpoint(self.log_at(size), signed_by)

    def key_at(self, size: int) -> ToyKey:
        """Return the key that signed then, told by counting."""
        return key(sum(entry.type == OF_KEY for entry in self.entries[:size]))

    @property
    def tree(self) -> Tree:
        return tree_over(leaf_hash(stored.raw) for stored in self.stored)

    @property
    def changes(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.type == OF_KEY]


def verified(
    ledger: KeyedLedger, trusted: ToyKey, *kept: str, signed_by: ToyKey | None = None
) -> LedgerVerification:
    """Verify the ledger as a database holds it."""
    heads = [head_of(ledger.rows, signed_by or ledger.key)]
    return verify_ledger(ledger.rows, heads, trusted, kept=kept_at(*kept))


def codes(*args: Any, **kwargs: Any) -> list[str]:
    return [finding.code for finding in verified(*args, **kwargs).findings]


def header_by(signed_by: ToyKey, begins: int = 0, ends: int = 1) -> Header:
    period = Period(begins_at=at(begins), ends_at=at(ends))
    return Header(plant="P", period=period, lines=(), made_at=at(10_000), key=signed_by.text)


def file_lines(
    ledger: KeyedLedger,
    signed_by: ToyKey | None = None,
    *,
    changes: Sequence[Entry] | None = None,
    kept: int | None = None,
) -> list[str]:
    """Return the lines of a file that shows the plant's first entries, and all changes of the key."""
    signer = signed_by or ledger.key
    note, tree = ledger.note(ledger.log.size, signer), ledger.tree
    lines = [header_line(header_by(signer)), checkpoint_line(note)]
    if kept is not None:
        begin = checkpoint_at(ledger, kept)
        lines.append(consistency_line(begin, tree.consistency(kept)))
    own = [entry for entry in ledger.entries if entry.stream == "plant"]
    shown = own[: next((n for n, entry in enumerate(own) if entry.recorded_at >= at(1)), 9) + 1]
    lines += [stream_line("plant"), *(_line(ledger, entry, tree) for entry in shown)]
    more = [each for each in (ledger.changes if changes is None else changes) if each not in shown]
    if more:
        lines.append(elsewhere_line(Elsewhere.KEY_CHANGED))
        lines += [_line(ledger, entry, tree) for entry in more]
    return lines


def checkpoint_at(ledger: KeyedLedger, size: int) -> Checkpoint:
    return checkpoint_of(ledger.key.name, ledger.log_at(size))


def _line(ledger: KeyedLedger, entry: Entry, tree: Tree) -> str:
    return entry_line(
        entry.index, ledger.stored[entry.index], tree.inclusion(entry.index), {NAME.id: NAME}
    )


def file_verified(lines: list[str], signed_by: ToyKey, public: str | None) -> ExportVerification:
    content = b"".join(sealed(lines, signed_by))
    return verify_records(BytesIO(content), ToyKey().of_text, public)


def proof_of(ledger: KeyedLedger, index: int, signed_by: ToyKey | None = None) -> dict[str, Any]:
    """Return what the API gives of an entry."""
    stored, path = ledger.stored[index], ledger.tree.inclusion(index)
    proof = parts_of(ledger, index) | {
        "size": ledger.log.size,
        "leaf_hash": leaf_hash(stored.raw).hex(),
        "root": ledger.log.root.hex(),
        "proof": proof_text(index, path, ledger.note(ledger.log.size, signed_by or ledger.key)),
    }
    changes = [parts_of(ledger, entry.index) for entry in ledger.changes]
    return proof | ({"key_changes": changes} if changes else {})


def parts_of(ledger: KeyedLedger, index: int) -> dict[str, Any]:
    """Return an entry with its proof."""
    stored = ledger.stored[index]
    return {
        "index": index,
        "entry": stored.raw.decode(),
        "salt": None if stored.salt is None else stored.salt.hex(),
        "payload": None if stored.payload is None else stored.payload.decode(),
        "inclusion": [node.hex() for node in ledger.tree.inclusion(index)],
    }


def proof_verified(
    proof: dict[str, Any], trusted: ToyKey | None, kept: str | None = None
) -> ProofVerification:
    return verify_proof(json.dumps(proof), trusted, kept)
