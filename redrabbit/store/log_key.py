"""The key of one log: where it lies, how it is made, and what it signs.

A log's name (plant and random log id, D12) is the name of its key, so the two can't be mixed up.
While a database is being made its key lies beside its place (`.new`); putting it there is the
last step, and can be done by the next start. Its public half is there before, so that a database which
is in place can be verified at any moment. The forms of the files are `redrabbit.base.signing`'s.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from redrabbit.base.signing import (
    DamagedKey,
    ExposedKey,
    Signer,
    Verifier,
    load_key_file,
    new_signer,
    random_log_id,
    write_key_file,
    write_public_key,
)
from redrabbit.domain.checkpoint import log_origin, sign_checkpoint
from redrabbit.domain.ledger import LogState
from redrabbit.domain.row_sum import RowKey
from redrabbit.services.errors import DamagedDatabase, KeyMissing, StoreTrouble
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


def load_key(path: Path) -> LogKey:
    """Return the key, and renew its public half beside it; KeyMissing if it is not there."""
    try:
        with translated(f"reading the key {path}"):
            if not path.exists():
                raise KeyMissing(
                    f"the ledger's signing key {path} is missing. Put it back from a copy; a new "
                    "key would begin a new history. `redrabbit verify` works without it"
                )
            key = LogKey(load_key_file(path))
            if not _public(path).exists():
                write_public_key(_public(path), key.verifier)
    except ExposedKey as error:
        raise StoreTrouble(str(error)) from error
    except DamagedKey as error:
        raise DamagedDatabase(str(error)) from error
    return key


def _public(path: Path) -> Path:
    return path.with_suffix(".pub")


def _provisional(path: Path) -> Path:
    return path.with_name(path.name + ".new")
