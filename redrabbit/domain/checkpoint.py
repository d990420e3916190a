"""Checkpoints: what the log was at one size, in few lines that fit on a printed page.

    Suzhou-plant-2/5f0c1e9b7a3d2468       the origin: plant and random log id (D12)
    20852                                 how many entries
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2…     the Merkle root over them

A later log either begins with this one or contradicts the signature. Earlier versions wrote a line for each
stream below (`stream NAME NEXT HASH`, C2SP extension lines); such checkpoints are read for ever (D25). Where
each stream stands, which lets part of the records be proved complete, is now an entry: `stream_heads`.

Source: C2SP tlog-checkpoint, tlog-proof.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from redrabbit.domain.ledger import STREAM_NAME, LogState, StreamHead
from redrabbit.domain.merkle import HASH_BYTES
from redrabbit.domain.signed_note import (
    NoteSigner,
    from_base64,
    key_name,
    parse_note,
    sign_note,
    to_base64,
)

PROOF_HEADING: Final = "c2sp.org/tlog-proof@v1"

_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_FIXED_LINES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The log at one size."""

    origin: str
    size: int
    root: bytes
    heads: Mapping[str, StreamHead] = field(default_factory=dict)
    """Where each stream stands, in checkpoints of an earlier version; later ones list none."""


def log_origin(plant: str, log_id: str) -> str:
    """Return the name of a plant's log, which is also its key's name (D12)."""
    return f"{key_name(plant)}/{log_id}"


def checkpoint_of(origin: str, log: LogState) -> Checkpoint:
    """Return the checkpoint of a log as it stands."""
    return Checkpoint(origin=origin, size=log.size, root=log.root)


def checkpoint_text(checkpoint: Checkpoint) -> str:
    """Return the checkpoint as the text of a note; streams, if any, are sorted by name."""
    lines = [checkpoint.origin, str(checkpoint.size), to_base64(checkpoint.root)]
    return "\n".join(lines + stream_lines(checkpoint.heads)) + "\n"


def stream_lines(heads: Mapping[str, StreamHead]) -> list[str]:
    """Return a line for each stream: its name, its next number, the hash of its last entry."""
    return [
        f"stream {stream} {head.next_seq} {to_base64(head.leaf)}"
        for stream, head in sorted(heads.items())
    ]


def parse_stream_lines(lines: Sequence[str], size: int) -> dict[str, StreamHead]:
    """Return what such lines say; ValueError for another form, or if they do not add up to the size."""
    heads = dict(_stream(line) for line in lines)
    if stream_lines(heads) != list(lines):
        raise ValueError("the streams are not sorted, or one is listed twice")
    if sum(head.next_seq for head in heads.values()) != size:
        raise ValueError("the streams do not add up to the size")
    return heads


def sign_checkpoint(log: LogState, signer: NoteSigner) -> str:
    """Return the signed checkpoint of a log; the signer's name is the origin."""
    return sign_note(checkpoint_text(checkpoint_of(signer.name, log)), signer)


def parse_checkpoint(text: str) -> Checkpoint:
    """Return what the text of a note says; ValueError unless it has exactly this form."""
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < _FIXED_LINES or not all(lines) or not text.endswith("\n"):
        raise ValueError("a checkpoint has an origin, a size, a root, and no empty line")
    size, streams = _number(lines[1]), lines[_FIXED_LINES:]
    return Checkpoint(
        origin=lines[0],
        size=size,
        root=_hash(lines[2]),
        heads=parse_stream_lines(streams, size) if streams else {},
    )


def proof_text(index: int, proof: Sequence[bytes], note: str) -> str:
    """Return the proof of one record for other people's tools; `note`: the signed checkpoint.

    The record's canonical bytes are the leaf; they are handed over beside the proof.
    """
    lines = [PROOF_HEADING, f"index {index}", *(to_base64(node) for node in proof)]
    return "\n".join(lines) + "\n\n" + note


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordProof:
    """One record's proof as read from its text."""

    index: int
    path: tuple[bytes, ...]
    note: str
    """The signed checkpoint."""


def parse_proof(text: str) -> RecordProof:
    """Return the parts of a tlog-proof without extra content; ValueError for another form."""
    above, blank, note = text.partition("\n\n")
    heading, *lines = above.split("\n")
    if not blank or heading != PROOF_HEADING or not lines or not lines[0].startswith("index "):
        raise ValueError(f"not a {PROOF_HEADING} with an index and a checkpoint")
    parse_note(note)
    return RecordProof(
        index=_number(lines[0].removeprefix("index ")),
        path=tuple(_hash(line) for line in lines[1:]),
        note=note,
    )


def _stream(line: str) -> tuple[str, StreamHead]:
    match line.split(" "):
        case ["stream", name, next_seq, leaf] if STREAM_NAME.fullmatch(name):
            return name, StreamHead(next_seq=_number(next_seq), leaf=_hash(leaf))
    raise ValueError(f"{line!r} is not `stream NAME NEXT HASH`")


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is not a whole number")
    return int(text)


def _hash(text: str) -> bytes:
    content = from_base64(text)
    if len(content) != HASH_BYTES:
        raise ValueError(f"{text!r} is not a hash of {HASH_BYTES} bytes")
    return content
