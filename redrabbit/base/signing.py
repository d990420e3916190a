"""The plant's signing key: an Ed25519 key in a file of its own, and its public half beside it.

Both files hold one line in the text forms of C2SP signed notes: `PRIVATE+KEY+<name>+<key id>+…`
(readable by its owner only) and `<name>+<key id>+…`, the verifier key that an auditor keeps. The
name is the origin of the log that the key signs. A damaged file is refused, never replaced: a new
key would silently start a new history.

Source: C2SP signed-note (key ids), Go's golang.org/x/mod/sumdb/note (text forms of keys).
"""

import base64
import binascii
import hashlib
import os
import re
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from redrabbit.base.bounded import KB, read_at_most
from redrabbit.base.kept_texts import NoText, read_kept_text
from redrabbit.base.private_files import (
    PRIVATE,
    ReadableByOthers,
    refuse_readable_by_others,
)
from redrabbit.base.sentence import sentence, words_of

_ED25519: Final = b"\x01"
"""Signature type of C2SP signed notes."""

_KEY_BYTES: Final = 32
_KEY_ID_BYTES: Final = 4
MOST_KEY_BYTES: Final = 16 * KB
"""A key is a line of some hundred characters; its log's name may be long."""
_ONE_KEY: Final = "a key of one line"
_PRIVATE: Final = "PRIVATE+KEY+"
_KEY_TEXT: Final = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)")


class DamagedKey(Exception):
    """A key file or key text that can't be used: what was found, what to do."""


class ExposedKey(DamagedKey):
    """A signing key that others on this machine can read: they could sign a false history."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """The public half of a key."""

    name: str
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """Return the first four bytes of SHA-256 over name, newline, type and key."""
        named = self.name.encode("utf-8") + b"\n" + _ED25519 + self.public_key
        return hashlib.sha256(named).digest()[:_KEY_ID_BYTES]

    @property
    def text(self) -> str:
        """Return the verifier key as text, to print and to keep."""
        return _key_text(self.name, self.key_id, self.public_key)

    def of_text(self, text: str) -> "Verifier":
        """Return the key that another text names; ValueError if it names none."""
        return verifier_of_text(text)

    def verify(self, content: bytes, signature: bytes) -> bool:
        """Tell whether the signature over the content is this key's."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, content)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key; its `repr` shows the name only."""

    name: str
    _seed: bytes = field(repr=False)
    _key: Ed25519PrivateKey = field(init=False, repr=False, compare=False)
    verifier: Verifier = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Derive the public half once."""
        key = Ed25519PrivateKey.from_private_bytes(self._seed)
        object.__setattr__(self, "_key", key)
        public = key.public_key().public_bytes_raw()
        object.__setattr__(self, "verifier", Verifier(self.name, public))

    @property
    def key_id(self) -> bytes:
        """Return the four bytes that, with the name, tell the key."""
        return self.verifier.key_id

    @property
    def private_text(self) -> str:
        """Return the private key as text, for its file and nothing else."""
        return _PRIVATE + _key_text(self.name, self.key_id, self._seed)

    def sign(self, content: bytes) -> bytes:
        """Return the signature over the content."""
        return self._key.sign(content)

    def secret_for(self, purpose: str) -> bytes:
        """Return 32 bytes that only who has the key can know, others for each purpose; the key can't be told from them."""
        return hashlib.blake2b(purpose.encode(), key=self._seed, digest_size=_KEY_BYTES).digest()


def random_log_id() -> str:
    """Return a new log's random id, so that no two logs ever share an origin (D12)."""
    return secrets.token_hex(8)


def new_signer(name: str) -> Signer:
    """Return a fresh key; ValueError if the name has white space or a plus sign."""
    if not re.fullmatch(r"[^\s+]+", name):
        raise ValueError(f"{name!r} can't name a key: white space or plus sign")
    return Signer(name, secrets.token_bytes(_KEY_BYTES))


def write_key_file(path: Path, signer: Signer) -> None:
    """Write a key (0600), whole or not at all; FileExistsError instead of replacing one."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(signer.private_text + "\n")
            file.flush()
            os.fsync(file.fileno())
        _publish(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def load_key_file(path: Path) -> Signer:
    """Return the key of a file.

    Raises DamagedKey if it is not whole, ExposedKey if not only its owner can read it, and
    FileNotFoundError if it is not there.
    """
    try:
        refuse_readable_by_others(path, "a signing key")
    except ReadableByOthers as error:
        raise ExposedKey(str(error)) from error
    found = _one_line(path)
    try:
        return _signer(found)
    except ValueError as error:
        raise DamagedKey(
            sentence(
                "{path}: damaged signing key: {problem}. Put the file back from a copy; without it the records "
                "can still be read and verified, but not continued.",
                path=path,
                problem=words_of(error),
            )
        ) from error


def write_public_key(path: Path, verifier: Verifier) -> None:
    """Write the verifier key's text, whole or not at all; only its owner may change it."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with draft.open("x", encoding="utf-8", newline="\n") as file:
            file.write(verifier.text + "\n")
            file.flush()
            os.fsync(file.fileno())  # else it may be there and empty after a loss of power
        draft.chmod(draft.stat().st_mode & ~(stat.S_IWGRP | stat.S_IWOTH))
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def load_public_key(path: Path) -> Verifier:
    """Return the verifier key of a file; DamagedKey if there is none in it."""
    try:
        return parse_verifier(read_kept_text(path, MOST_KEY_BYTES, _ONE_KEY).removesuffix("\n"))
    except NoText as error:
        raise DamagedKey(words_of(error)) from error
    except DamagedKey as error:
        raise DamagedKey(
            sentence("{path}: {problem}", path=path, problem=words_of(error))
        ) from error


def parse_verifier(text: str) -> Verifier:
    """Return the verifier key of its text `<name>+<key id>+<base64>`; DamagedKey otherwise."""
    try:
        return verifier_of_text(text)
    except ValueError as error:
        raise DamagedKey(words_of(error)) from error


def verifier_of_text(text: str) -> Verifier:
    """Return the verifier key of its text, where that is data and no file; ValueError otherwise."""
    try:
        return _verifier(text)
    except ValueError as error:
        raise ValueError(
            sentence(
                "not a public key of the form NAME+KEYID+KEY: {problem}", problem=words_of(error)
            )
        ) from error


def _signer(text: str) -> Signer:
    if not text.startswith(_PRIVATE):
        raise ValueError(sentence("it does not begin with {prefix}", prefix=_PRIVATE))
    name, key_id, seed = _parse_key(text.removeprefix(_PRIVATE))
    signer = Signer(name, seed)
    if signer.key_id != key_id:
        raise ValueError(sentence("the key does not belong to the key id in front of it"))
    return signer


def _verifier(text: str) -> Verifier:
    name, key_id, public = _parse_key(text)
    Ed25519PublicKey.from_public_bytes(public)
    verifier = Verifier(name, public)
    if verifier.key_id != key_id:
        raise ValueError(sentence("the key does not belong to the key id in front of it"))
    return verifier


def _publish(draft: Path, path: Path) -> None:
    """Give the finished draft its name, without ever replacing an older file."""
    try:
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if path.exists():
            raise FileExistsError(path) from None
        draft.rename(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the new name itself survive a loss of power, where folders can be opened."""
    if os.name == "nt":  # pragma: no cover  Windows has no such call
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _one_line(path: Path) -> str:
    try:
        text = read_at_most(path, MOST_KEY_BYTES, _ONE_KEY).decode("utf-8")
    except UnicodeDecodeError as error:
        raise DamagedKey(sentence("{path}: damaged key: not a text", path=path)) from error
    return text.removesuffix("\n").removesuffix("\r")


def _key_text(name: str, key_id: bytes, key: bytes) -> str:
    return f"{name}+{key_id.hex()}+{base64.b64encode(_ED25519 + key).decode('ascii')}"


def _parse_key(text: str) -> tuple[str, bytes, bytes]:
    """Return name, key id and key; ValueError, without showing the key, for another form."""
    match = _KEY_TEXT.fullmatch(text)
    if not match:
        raise ValueError(sentence("it is not NAME+KEYID+KEY on one line"))
    try:
        key = base64.b64decode(match[3], validate=True)
    except binascii.Error:
        raise ValueError(sentence("the key is not base64")) from None
    if len(key) != 1 + _KEY_BYTES or key[:1] != _ED25519:
        raise ValueError(sentence("the key is not an Ed25519 key"))
    if base64.b64encode(key).decode("ascii") != match[3]:
        raise ValueError(sentence("the key is not canonical base64"))
    return match[1], bytes.fromhex(match[2]), key[1:]
