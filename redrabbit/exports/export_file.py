"""`redrabbit export`: the records of a period in one file that proves itself, and its verification.

Reads one consistent snapshot, writes nothing but the file. A file that would not pass its own
verification is never handed out: the ledger under it is damaged, and `redrabbit verify` says where.
"""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from redrabbit.base.private_files import write_private
from redrabbit.base.signing import DamagedKey, Signer, Verifier, parse_verifier
from redrabbit.domain.checkpoint import Checkpoint, parse_checkpoint
from redrabbit.domain.erased_payloads import erased_by
from redrabbit.domain.errors import Refusal
from redrabbit.domain.export_format import (
    Header,
    Period,
    checkpoint_line,
    covering_range,
    entry_line,
    erasures_line,
    header_line,
    sealed,
    stream_line,
    streams_asked_for,
)
from redrabbit.domain.export_verification import ExportVerification, verify_records
from redrabbit.domain.findings import Finding, Param, in_english, shown
from redrabbit.domain.ledger import Entry
from redrabbit.domain.merkle import Tree
from redrabbit.domain.signed_note import note_is_signed, parse_note
from redrabbit.services.ports import Reader

_CHUNK: Final = 2_000
"""Entries read at a time; each is a few kilobytes at most."""
_NODES: Final = 4_096
"""Nodes of the tree that are kept: proofs of entries that are near each other share most of theirs."""


@dataclass(frozen=True, slots=True)
class _Place:
    """As much of an entry as choosing needs, for a log of years."""

    index: int
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    is_gone: bool
    """Its payload is not there."""


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
    note, signed = _signed_head(reader, signer)
    streams = signed.heads
    if line is not None and line not in streams:
        raise Refusal("line_has_no_records", line=line, known=", ".join(sorted(streams)))
    chosen = None if line is None else (line,)
    header = Header(
        plant=plant, period=period, lines=chosen, made_at=made_at, key=signer.verifier.text
    )
    wanted = streams_asked_for(streams, chosen)
    body = [header_line(header), checkpoint_line(note), *_sections(reader, signed, wanted, period)]
    content = sealed(body, signer)
    verification = verify_export(content, signer.verifier.text)
    if not verification.sound:
        raise _damaged(verification.findings[0])
    return content


def _signed_head(reader: Reader, signer: Signer) -> tuple[str, Checkpoint]:
    """Return the signed checkpoint and what it says; Refusal where the head is not what was signed."""
    head = reader.head()
    try:
        parsed = parse_note(head.checkpoint)
        signed = parse_checkpoint(parsed.text)
    except ValueError as error:
        raise _damaged_head("head_unreadable", problem=str(error)) from error
    if not note_is_signed(parsed, signer.verifier):
        raise _damaged_head("signature_wrong", key=signer.verifier.text)
    repeated = {"size": (head.size, signed.size), "root": (head.root, signed.root.hex())}
    for column, (found, expected) in repeated.items():
        if found != expected:
            raise _damaged_head(
                "column_differs", column=column, found=shown(found), expected=shown(expected)
            )
    return head.checkpoint, signed


def _damaged_head(code: str, **params: Param) -> Refusal:
    return _damaged(Finding(code=code, place="ledger_head", params=params))


def _damaged(finding: Finding) -> Refusal:
    """Return the refusal to export; a line of the file that is not made tells nobody anything."""
    place = finding.place.split(", ")[-1]
    told = in_english(replace(finding, place=place))
    if place.startswith("line "):
        told = told.removeprefix(f"{place}: ")
    return Refusal("ledger_damaged", found=told)


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


def _sections(
    reader: Reader, signed: Checkpoint, streams: Sequence[str], period: Period
) -> Iterator[str]:
    places: dict[str, list[_Place]] = {stream: [] for stream in streams}
    erasures: dict[_Place, frozenset[int]] = {}
    count = 0
    for count, entry in enumerate(_entries(reader), start=1):
        if entry.index != count - 1:
            raise _damaged(Finding(code="entry_missing", place=f"ledger[{count - 1}]"))
        place = _place(entry)
        if entry.stream in places:
            places[entry.stream].append(place)
        if erased := _erased_by(entry):
            erasures[place] = erased
    if count < signed.size:
        raise _damaged(Finding(code="entry_missing", place=f"ledger[{count}]"))
    if count > signed.size:
        extra: dict[str, Param] = {"size": signed.size}
        raise _damaged(Finding(code="entry_extra", place=f"ledger[{signed.size}]", params=extra))
    lines = _Lines(reader, signed)
    chosen: list[_Place] = []
    for stream in streams:
        yield stream_line(stream)
        found = places[stream]
        for seq in covering_range(found, period):
            chosen.append(found[seq])
            yield lines.of(found[seq])
    gone = {place.index for place in chosen if place.is_gone}
    held = {place.index for place in chosen}
    telling = [place for place, erased in erasures.items() if erased & gone]
    if elsewhere := [place for place in telling if place.index not in held]:
        yield erasures_line()
        yield from map(lines.of, elsewhere)


def _place(entry: Entry) -> _Place:
    return _Place(
        entry.index,
        entry.occurred_at,
        entry.recorded_at,
        entry.actor.id,
        is_gone=entry.payload is None,
    )


def _erased_by(entry: Entry) -> frozenset[int]:
    """Return what an entry says was erased; one that makes no sense covers nothing."""
    try:
        return erased_by(entry)
    except ValueError:
        return frozenset()


class _Lines:
    """Makes the line of any entry of the log."""

    def __init__(self, reader: Reader, signed: Checkpoint) -> None:
        self._reader = reader
        self._names = reader.names()
        self._tree = Tree(signed.size, lru_cache(_NODES)(reader.tree_node))
        if self._tree.root() != signed.root:
            raise _damaged(Finding(code="root_differs", place="ledger"))

    def of(self, place: _Place) -> str:
        """Return the entry's line, with its proof and the name behind its actor."""
        stored = self._reader.stored_entry(place.index)
        proof = self._tree.inclusion(place.index)
        return entry_line(place.index, stored, proof, self._names.get(place.actor))


def _entries(reader: Reader) -> Iterator[Entry]:
    first = 0
    while chunk := reader.entries(first, _CHUNK):
        yield from chunk
        first += len(chunk)
