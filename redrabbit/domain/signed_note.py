"""Signed notes: a text, and under it lines that say who signed it.

A note has exactly one form of bytes for what it says: base64 must be canonical and control
characters are refused, so that a changed byte is either a damaged note or a wrong signature.
Signing and checking are passed in (D16); nothing here knows a key.

Source: C2SP signed-note.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

KEY_ID_BYTES: Final = 4

MAX_SIGNATURES: Final = 16
"""C2SP asks for a limit of at least so many."""

_KEY_NAME: Final = re.compile(r"[^\s+]+")
_SIGNATURE_LINE: Final = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+=*)")
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")


class NoteSigner(Protocol):
    """One key that signs."""

    @property
    def name(self) -> str:
        """Return the key's name: the log's origin."""
        ...

    @property
    def key_id(self) -> bytes:
        """Return the four bytes that, with the name, tell the key."""
        ...

    @property
    def verifier(self) -> "NoteVerifier":
        """Return the public half."""
        ...

    def sign(self, content: bytes) -> bytes:
        """Return the signature over the content."""
        ...


class NoteVerifier(Protocol):
    """One key that checks."""

    @property
    def name(self) -> str:
        """Return the key's name: the log's origin."""
        ...

    @property
    def key_id(self) -> bytes:
        """Return the four bytes that, with the name, tell the key."""
        ...

    @property
    def text(self) -> str:
        """Return the public key as text; two keys are one if their texts are."""
        ...

    def of_text(self, text: str) -> "NoteVerifier":
        """Return the key that another text names; ValueError if it names none."""
        ...

    def verify(self, content: bytes, signature: bytes) -> bool:
        """Tell whether the signature over the content is this key's."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSignature:
    """One signature line."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedNote:
    """A text with its signatures."""

    text: str
    """Ends in a newline."""
    signatures: tuple[NoteSignature, ...]


def to_base64(content: bytes) -> str:
    """Return standard base64 with padding."""
    return base64.b64encode(content).decode("ascii")


def from_base64(text: str) -> bytes:
    """Return what the text encodes; ValueError unless it is the one canonical form of it."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"{text!r} is not base64") from error
    if to_base64(content) != text:
        raise ValueError(f"{text!r} is not canonical base64")
    return content


def key_name(words: str) -> str:
    """Return the words as a key name: white space and plus signs become hyphens."""
    name = re.sub(r"[\s+\x00-\x1f]+", "-", words).strip("-")
    return name or "plant"


def sign_note(text: str, signer: NoteSigner) -> str:
    """Return the note over this text; ValueError if the text can't be a note's."""
    _refuse_unfit(text)
    if not text.endswith("\n") or not _KEY_NAME.fullmatch(signer.name):
        raise ValueError("a note needs a text that ends in a newline, and a key name of one word")
    signature = signer.sign(text.encode("utf-8"))
    return f"{text}\n— {signer.name} {to_base64(signer.key_id + signature)}\n"


def parse_note(note: str) -> SignedNote:
    """Return the note's parts; ValueError for any other form. Nothing is believed yet."""
    _refuse_unfit(note)
    text, blank, below = note.rpartition("\n\n")
    if not blank or not text or not below.endswith("\n"):
        raise ValueError("not a signed note: no text, blank line and signatures")
    lines = below[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise ValueError(f"a note with {len(lines)} signatures; at most {MAX_SIGNATURES} are read")
    return SignedNote(text=text + "\n", signatures=tuple(_signature(line) for line in lines))


def note_is_signed(note: SignedNote, verifier: NoteVerifier) -> bool:
    """Tell whether the key signed the note; a wrong signature in its name spoils the note."""
    own = _own(note.signatures, verifier)
    content = note.text.encode("utf-8")
    return bool(own) and all(verifier.verify(content, line.signature) for line in own)


def _own(signatures: Sequence[NoteSignature], verifier: NoteVerifier) -> list[NoteSignature]:
    key = (verifier.name, verifier.key_id)
    return [line for line in signatures if (line.name, line.key_id) == key]


def _signature(line: str) -> NoteSignature:
    match = _SIGNATURE_LINE.fullmatch(line)
    if not match:
        raise ValueError(f"{line!r} is not a signature line")
    content = from_base64(match[2])
    if len(content) <= KEY_ID_BYTES:
        raise ValueError(f"{line!r} holds no signature")
    return NoteSignature(
        name=match[1], key_id=content[:KEY_ID_BYTES], signature=content[KEY_ID_BYTES:]
    )


def _refuse_unfit(text: str) -> None:
    if _CONTROL.search(text):
        raise ValueError("a note can't hold control characters")
