"""The key of one log: where it lies, how it is made and changed, and what it signs.

A log's name (plant and random log id, D12) is the name of its key, so the two can't be mixed up.
While a database is being made its key lies beside its place (`.new`); putting it there is the
last step, and can be done by the next start. Its public half is there before, so that a database which
is in place can be verified at any moment. The forms of the files are `redrabbit.base.signing`'s.

Where the key is changed, the new one lies beside as `….KEYID.key` before the ledger names it, and the old one as
`….KEYID.key` before the new one takes its place. So whichever the ledger says that signs is there at every moment, and
the next start puts it in place (`signing_now`, `put_in_place`). Nothing here ever deletes a key.
"""

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from redrabbit.base.sentence import sentence, words_of
from redrabbit.base.signing import (
    DamagedKey,
    ExposedKey,
    Signer,
    Verifier,
    load_key_file,
    load_public_key,
    new_signer,
    random_log_id,
    write_key_file,
    write_public_key,
)
from redrabbit.domain.checkpoint import log_origin, sign_checkpoint
from redrabbit.domain.ledger import LogState
from redrabbit.domain.log_keys import LogKeys
from redrabbit.domain.row_sum import RowKey
from redrabbit.domain.signed_note import NoteVerifier
from redrabbit.services.errors import DamagedDatabase, KeyMissing, StoreTrouble
from redrabbit.store.database_files import is_there, sync
from redrabbit.store.engine import translated


@dataclass(frozen=True)
class LogKey:
    """What signs the log's checkpoints."""

    signer: Signer

    @property
    def origin(self) -> str:
        """Return the log's name."""
        return self.signer.name

    @property
    def verifier(self) -> Verifier:
        """Return the public half."""
        return self.signer.verifier

    @cached_property
    def rows(self) -> RowKey:
        """Return the secret with which the rows of the records are added up."""
        return RowKey(self.signer.secret_for("rows"))

    def seal(self, log: LogState) -> str:
        """Return the signed checkpoint over the log."""
        return sign_checkpoint(log, self.signer)


class PlacedKey(NamedTuple):
    """The key that lies in its place; by the ledger another one may sign now."""

    path: Path
    key: LogKey


def new_key(plant: str) -> LogKey:
    """Return a fresh key for a new log of this plant; it is nowhere written."""
    return LogKey(new_signer(log_origin(plant, random_log_id())))


def make_key(path: Path, plant: str) -> LogKey:
    """Write a fresh key beside its place and return it; `finish_key` puts it there.

    Its public half takes the place of one that an earlier ledger left.
    """
    key = new_key(plant)
    with translated(f"writing the key {path}"):
        _provisional(path).unlink(missing_ok=True)
        write_key_file(_provisional(path), key.signer)
        write_public_key(_public(path), key.verifier)
    return key


def finish_key(path: Path) -> None:
    """Put the key of a database that was just made in its place, if that is still to be done."""
    with translated(f"writing the key {path}"):
        if not path.exists() and _provisional(path).exists():
            _provisional(path).replace(path)


def key_aside(path: Path, key: NoteVerifier) -> Path:
    """Return where a key lies that is not in its place, yet or any more; its public half has the ending `.pub`."""
    return path.with_suffix(f".{key.key_id.hex()}.key")


def next_key(path: Path, keys: LogKeys) -> LogKey:
    """Make a key that can replace the newest one, and write it beside its place.

    Its key id is of no other key of the log: the four bytes are all by which signatures tell keys apart.
    """
    used = {key.key_id for key in keys.all}
    key = LogKey(new_signer(keys.name))
    while key.verifier.key_id in used:
        key = LogKey(new_signer(keys.name))
    with translated(f"writing the key {key_aside(path, key.verifier)}"):
        write_key_file(key_aside(path, key.verifier), key.signer)
    return key


def signing_now(path: Path, in_place: LogKey, keys: LogKeys) -> LogKey:
    """Return the key that signs by the ledger's entries: the one in place, or the one beside it that replaced that.

    KeyMissing where it is neither. `keys` are those to which the ledger leads from the one in place.
    """
    newest = keys.newest
    if newest.text == in_place.verifier.text:
        return in_place
    if not keys.are_trusted:
        raise KeyMissing(
            sentence(
                "the key {path} ({id}) is none of those that sign this ledger by its own entries; expected "
                "{id_2}. Put that key back from a copy, or the database that belongs to this one",
                path=path,
                id=_id(in_place.verifier),
                id_2=_id(newest),
            )
        )
    beside = key_aside(path, newest)
    if is_there(beside):
        found = _loaded(beside)
        if found.verifier.text == newest.text:
            return found
    raise KeyMissing(
        sentence(
            "the key {path} ({id}) was replaced at entry {index} of the ledger by {id_2}, and that key is "
            "not there ({beside}). Put it back from a copy; `redrabbit verify` works without it",
            path=path,
            id=_id(in_place.verifier),
            index=keys.changes[-1].index,
            id_2=_id(newest),
            beside=beside,
        )
    )


def put_in_place(path: Path, key: LogKey, keys: LogKeys) -> None:
    """Put the key that signs now in its place, with its public half; what lay there is kept beside.

    Each step leaves files from which the next start goes on, and does nothing where it is done already.
    """
    public = _public(path)
    with translated(f"putting the key {path} in place"):
        if public.exists():
            before = _public_in(public)
            if before is not None and before.text != key.verifier.text and before.name == keys.name:
                write_public_key(key_aside(path, before).with_suffix(".pub"), before)
                write_public_key(public, key.verifier)
        in_place = _loaded(path)
        if in_place.verifier.text != key.verifier.text:
            with suppress(FileExistsError):
                write_key_file(key_aside(path, in_place.verifier), in_place.signer)
            key_aside(path, key.verifier).replace(path)
            sync(path.parent)


def _public_in(path: Path) -> Verifier | None:
    with suppress(DamagedKey):
        return load_public_key(path)
    return None


def _id(key: NoteVerifier) -> str:
    return f"{key.name}+{key.key_id.hex()}"


def load_key(path: Path) -> LogKey:
    """Return the key, and renew its public half beside it; KeyMissing if it is not there."""
    with translated(f"reading the key {path}"):
        if not path.exists():
            raise KeyMissing(
                sentence(
                    "the ledger's signing key {path} is missing. Put it back from a copy; a new key would begin a "
                    "new history. `redrabbit verify` works without it",
                    path=path,
                )
            )
    key = _loaded(path)
    public = _public(path)
    with translated(f"writing the public key {public}"):
        if not public.exists():
            write_public_key(public, key.verifier)
    return key


def _loaded(path: Path) -> LogKey:
    try:
        with translated(f"reading the key {path}"):
            return LogKey(load_key_file(path))
    except ExposedKey as error:
        raise StoreTrouble(words_of(error)) from error
    except DamagedKey as error:
        raise DamagedDatabase(words_of(error)) from error


def _public(path: Path) -> Path:
    return path.with_suffix(".pub")


def _provisional(path: Path) -> Path:
    return path.with_name(path.name + ".new")
