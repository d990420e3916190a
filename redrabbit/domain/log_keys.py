"""The keys of one log, and for which of its sizes the signature of each counts (decision 0033).

A key is replaced by an entry, `key_changed`, which names both and holds a statement that both have signed:

    Suzhou-plant-2/5f0c1e9b7a3d2468       the origin, which stays: keys of one log differ by their key id (C2SP)
    red-rabbit key change 1
    20852                                 how many entries the log had before this one
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2…     the Merkle root over them
    the public key that signed them, as text
    the public key that signs from this entry on, as text

The rule: **a signature by a key counts for the sizes of its time only**, from the entry that brought it in until the
entry that replaces it. A log that holds that entry is signed by the new key; one of as many entries as stand before
it, or fewer, by the old one. So whoever has a key that was replaced signs nothing beyond that, and what it signed
before is believed as it was.

One of the keys is trusted, whichever: the chain of statements leads from it to all others, forwards and backwards.
Where the chain does not hold the trusted key, nothing that its keys sign is believed.

What it can't tell: a history in which somebody who had the old key replaced it by one of their own. It differs from
the true one in the new key, and from every checkpoint that was kept.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from redrabbit.domain.facts.codec import decode
from redrabbit.domain.facts.key_changed import KeyChanged
from redrabbit.domain.ledger import Entry, leaf_bytes
from redrabbit.domain.merkle import leaf_hash, root_before, verify_inclusion
from redrabbit.domain.signed_note import (
    NoteSigner,
    NoteVerifier,
    SignedNote,
    note_is_signed,
    parse_note,
    sign_note,
    to_base64,
)

HEADING: Final = "red-rabbit key change 1"
"""The statement's second line. That of a checkpoint is a number, that of the seal over the records another heading,
and what seals exports and acts begins with a line that has a space, as no origin has."""
_SIGNATURES: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChange:
    """One key was replaced by another, as both have signed."""

    index: int
    """Of the entry: so many entries the log had, and so many the old key signs at most."""
    recorded_at: datetime
    by: str
    """The id of who had it done."""
    old: NoteVerifier
    new: NoteVerifier


@dataclass(frozen=True, slots=True, kw_only=True)
class LogKeys:
    """One trusted key of a log, and the changes that lead from it to the others."""

    trusted: NoteVerifier
    changes: tuple[KeyChange, ...] = ()
    """In order, each of the key that the one before brought in."""

    @property
    def name(self) -> str:
        """The name of the log, which all its keys have."""
        return self.trusted.name

    @property
    def all(self) -> tuple[NoteVerifier, ...]:
        """The keys that sign at some size, in order."""
        if not self.changes:
            return (self.trusted,)
        return (self.changes[0].old, *(change.new for change in self.changes))

    @property
    def are_trusted(self) -> bool:
        """Tell whether the trusted key is one of them: else nothing that they sign counts."""
        return self.holds(self.trusted)

    def holds(self, key: NoteVerifier) -> bool:
        """Tell whether a key is one of them."""
        return key.text in {each.text for each in self.all}

    @property
    def newest(self) -> NoteVerifier:
        """The key that signs from now on."""
        return self.all[-1]

    def at(self, size: int) -> NoteVerifier:
        """Return the one key that signs a log of this size."""
        return self.all[sum(change.index < size for change in self.changes)]

    def signed(self, note: SignedNote, size: int) -> bool:
        """Tell whether the key of this size signed the note, and is to be believed."""
        return self.are_trusted and note_is_signed(note, self.at(size))

    def signer_in_vain(self, note: SignedNote) -> NoteVerifier | None:
        """Return a key of this log that signed the note, whatever its size; None: none of them did."""
        return next((key for key in self.all if note_is_signed(note, key)), None)

    def may_be_of_other_time(self, note: SignedNote) -> bool:
        """Tell whether a key signed the note under the name of this log that is none of those which lead to the trusted one.

        It may be one of before, or of later, that nothing here knows of, or nobody's: whoever asks can't tell.
        """
        known = {key.key_id for key in self.all} if self.are_trusted else {self.trusted.key_id}
        signers = {line.key_id for line in note.signatures if line.name == self.name}
        return bool(signers) and not signers & known

    def before(self, size: int) -> "LogKeys":
        """Return the keys as the first entries lead to them, as many as this size."""
        return replace(self, changes=tuple(each for each in self.changes if each.index < size))

    def with_change(self, change: KeyChange) -> "LogKeys":
        """Return the keys after one more change; ValueError unless it goes on from the last one."""
        if self.changes:
            last = self.changes[-1]
            if change.index <= last.index:
                raise ValueError(f"it does not come after the change of the key at {last.index}")
            if change.old.text != last.new.text:
                raise ValueError(
                    f"it replaces the key {change.old.text}; expected {last.new.text}, which signed by then"
                )
        used = {each.old.key_id for each in (*self.changes, change)}
        if change.new.key_id in used:
            raise ValueError(
                f"the key id {change.new.key_id.hex()} was used before: they could not be told apart"
            )
        return replace(self, changes=(*self.changes, change))

    def with_entry(self, entry: Entry, root: bytes) -> "LogKeys":
        """Return the keys after an entry, if it changes them; `root`: of the log before it.

        ValueError where the entry should change them, and does not prove it.
        """
        if entry.type != KeyChanged.TYPE:
            return self
        return self.with_change(change_in(entry, root, self.trusted))


def keys_in(
    entries: Iterable[Entry], root_before: Callable[[Entry], bytes], trusted: NoteVerifier
) -> LogKeys:
    """Return the keys of a log by its entries that change them, in order.

    ValueError, naming the entry, where one proves nothing.
    """
    keys = LogKeys(trusted=trusted)
    for entry in entries:
        try:
            keys = keys.with_entry(entry, root_before(entry))
        except ValueError as error:
            raise ValueError(f"ledger[{entry.index}]: {error}") from error
    return keys


def proved_root_before(entry: Entry, size: int, root: bytes, path: Sequence[bytes]) -> bytes:
    """Return the root of the log before an entry, by the proof that it is in the log of this size and root.

    ValueError where the proof does not lead there.
    """
    leaf = leaf_hash(leaf_bytes(entry))
    if not verify_inclusion(leaf, entry.index, size, path, root):
        raise ValueError("it is not in the signed log")
    return root_before(entry.index, size, path)


def statement_text(origin: str, size: int, root: bytes, old_key: str, new_key: str) -> str:
    """Return the text that both keys sign, over the log as it is before the entry."""
    return "\n".join([origin, HEADING, str(size), to_base64(root), old_key, new_key, ""])


def key_changed(size: int, root: bytes, old: NoteSigner, new: NoteSigner) -> KeyChanged:
    """Return the fact that a key is replaced, signed by both; of a log of this size and root."""
    old_key, new_key = old.verifier.text, new.verifier.text
    text = statement_text(old.name, size, root, old_key, new_key)
    by_new = sign_note(text, new).removeprefix(f"{text}\n")
    return KeyChanged(old_key=old_key, new_key=new_key, statement=f"{sign_note(text, old)}{by_new}")


def change_in(entry: Entry, root: bytes, of_log: NoteVerifier) -> KeyChange:
    """Return the change of keys that an entry proves; ValueError, in words, where it does not.

    `root` is that of the log before it, `of_log` any key of this log.
    """
    if entry.payload is None:
        raise ValueError("its payload is gone, so nobody can tell which key signs from there on")
    fact = decode(KeyChanged, entry.payload)
    old, new = of_log.of_text(fact.old_key), of_log.of_text(fact.new_key)
    for key in (old, new):
        if key.name != of_log.name:
            raise ValueError(f"the key {key.text} is of another log; expected one of {of_log.name}")
    note = parse_note(fact.statement)
    if note.text != statement_text(of_log.name, entry.index, root, old.text, new.text):
        raise ValueError("what was signed is not said of this place in this ledger and these keys")
    unsigned = [key.text for key in (old, new) if not note_is_signed(note, key)]
    if unsigned:
        raise ValueError(f"the change of the key is not signed by {' and '.join(unsigned)}")
    if len(note.signatures) != _SIGNATURES:
        raise ValueError(f"it has {len(note.signatures)} signatures; expected those of both keys")
    return KeyChange(
        index=entry.index, recorded_at=entry.recorded_at, by=entry.actor.id, old=old, new=new
    )
