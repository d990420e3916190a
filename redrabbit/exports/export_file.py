"""`redrabbit export`: the records of a period in one file that proves itself, and its verification.

Reads one consistent snapshot, writes nothing but the file. A file that would not pass its own
verification is never handed out: the ledger under it is damaged, and `redrabbit verify` says where.
"""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from redrabbit.base.private_files import write_private
from redrabbit.base.signing import DamagedKey, Signer, Verifier, parse_verifier
from redrabbit.domain.checkpoint import parse_checkpoint
from redrabbit.domain.errors import Refusal
from redrabbit.domain.export_format import (
    Header,
    Period,
    checkpoint_line,
    covering_range,
    entry_line,
    header_line,
    sealed,
    stream_line,
    streams_asked_for,
)
from redrabbit.domain.export_verification import ExportVerification, verify_records
from redrabbit.domain.findings import in_english
from redrabbit.domain.ledger import Entry
from redrabbit.domain.merkle import Tree
from redrabbit.domain.signed_note import parse_note
from redrabbit.services.ports import Reader

_CHUNK: Final = 2_000
"""Entries read at a time; each is a few kilobytes at most."""


@dataclass(frozen=True, slots=True)
class _Place:
    """As much of an entry as choosing needs, for a log of years."""

    index: int
    occurred_at: datetime
    recorded_at: datetime
    actor: str


def export_records(
    reader: Reader,
    signer: Signer,
    *,
    plant: str,
    period: Period,
    line: str | None,
    made_at: datetime,
) -> bytes:
    """Return the file; raises Refusal for a line without any record, and for a damaged ledger."""
    note = reader.head().checkpoint
    streams = parse_checkpoint(parse_note(note).text).heads
    if line is not None and line not in streams:
        raise Refusal("line_has_no_records", line=line, known=", ".join(sorted(streams)))
    chosen = None if line is None else (line,)
    header = Header(
        plant=plant, period=period, lines=chosen, made_at=made_at, key=signer.verifier.text
    )
    wanted = streams_asked_for(streams, chosen)
    body = [header_line(header), checkpoint_line(note), *_sections(reader, wanted, period)]
    content = sealed(body, signer)
    verification = verify_export(content, signer.verifier.text)
    if not verification.sound:
        raise Refusal("ledger_damaged", found=in_english(verification.findings[0]))
    return content


def write_export(path: Path, content: bytes) -> None:
    """Write the file (0600), whole or not at all."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        write_private(draft, content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def verify_export(content: bytes, public_key: str | None = None) -> ExportVerification:
    """Verify an exported file; without a public key's text, the key that the file names counts."""
    return verify_records(content, _verifier, public_key)


def _verifier(text: str) -> Verifier:
    try:
        return parse_verifier(text)
    except DamagedKey as error:
        raise ValueError(str(error)) from error


def _sections(reader: Reader, streams: Sequence[str], period: Period) -> Iterator[str]:
    places: dict[str, list[_Place]] = {stream: [] for stream in streams}
    for entry in _entries(reader):
        if entry.stream in places:
            place = _Place(entry.index, entry.occurred_at, entry.recorded_at, entry.actor.id)
            places[entry.stream].append(place)
    tree = Tree(reader.leaf_hashes())
    names = reader.names()
    for stream in streams:
        yield stream_line(stream)
        found = places[stream]
        for seq in covering_range(found, period):
            index = found[seq].index
            name = names.get(found[seq].actor)
            yield entry_line(index, reader.stored_entry(index), tree.inclusion(index), name)


def _entries(reader: Reader) -> Iterator[Entry]:
    first = 0
    while chunk := reader.entries(first, _CHUNK):
        yield from chunk
        first += len(chunk)
