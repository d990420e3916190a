"""The one secret of an installation, in a file of its own beside the ledger's key; made once, never shown.

With it passwords and badges are hashed (the *pepper*) and forms signed: whoever has the database and not this file can try out
no password and no badge. Each use has a part of its own, so that none tells anything of another. It stays when the
ledger's key is changed. Where it is lost, passwords and badges are given anew; no record is concerned.
"""

import hmac
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from redrabbit.base.bounded import KB, read_at_most
from redrabbit.base.private_files import refuse_readable_by_others, write_private

SECRET_BYTES: Final = 32
_FORM: Final = f"{2 * SECRET_BYTES} digits 0-9a-f in one line"


class DamagedSecret(Exception):
    """A file that does not hold the secret that was written into it: what was found, what to do."""


@dataclass(frozen=True, slots=True)
class LocalSecret:
    """The secret."""

    value: bytes = field(repr=False)

    def part(self, use: str) -> bytes:
        """Return the secret of one use."""
        return hmac.digest(self.value, f"Red Rabbit {use}".encode(), "sha256")


def new_local_secret() -> LocalSecret:
    """Return a fresh secret that is nowhere kept."""
    return LocalSecret(secrets.token_bytes(SECRET_BYTES))


def local_secret(path: Path) -> LocalSecret:
    """Return the secret that this file holds; where there is none yet, make it.

    Raises ReadableByOthers, DamagedSecret, or OSError.
    """
    with suppress(FileExistsError):  # two that start at once read the same one
        if not path.exists():
            write_private(path, f"{new_local_secret().value.hex()}\n".encode())
    refuse_readable_by_others(path, "the secret of passwords and badges")
    text = read_at_most(path, KB, _FORM).decode("ascii", "replace").strip()
    with suppress(ValueError):
        value = bytes.fromhex(text)
        if len(value) == SECRET_BYTES:
            return LocalSecret(value)
    raise DamagedSecret(
        f"{path} does not hold {_FORM}. Put it back from a copy; where there is none, remove the file: then all "
        "passwords, PINs and badges are to be given anew"
    )
