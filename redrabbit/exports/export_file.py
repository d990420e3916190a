"""`redrabbit export`: the records of a period in one file that proves itself, and its verification.

Reads one consistent snapshot, by index, and writes nothing but the file, line by line: memory does not grow with
the ledger or the period. A file that would not pass its own verification is never handed out: the ledger under it
is damaged, and `redrabbit verify` says where.
"""

import secrets
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Final, Self

from redrabbit.base.bounded import MB, size_text
from redrabbit.base.private_files import create_private
from redrabbit.base.signing import Signer, verifier_of_text
from redrabbit.domain.checkpoint import Checkpoint, parse_checkpoint
from redrabbit.domain.erasable import StatedName
from redrabbit.domain.erased_payloads import erasure_in
from redrabbit.domain.errors import Refusal
from redrabbit.domain.export_format import (
    TYPES_OF,
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
from redrabbit.domain.facts.plant import ConfigurationAdopted, InForceChanged, PayloadsErased
from redrabbit.domain.facts.stream_heads import StreamHeads
from redrabbit.domain.findings import Finding, Param, in_english, shown
from redrabbit.domain.ledger import Entry, JsonValue, StoredEntry, read_entry
from redrabbit.domain.merkle import Tree
from redrabbit.domain.named_people import names_named, persons_named
from redrabbit.domain.signed_note import parse_note
from redrabbit.services.log_keys import changes_of_key, keys_of
from redrabbit.services.ports import Reader

_CHUNK: Final = 500
"""Entries read at a time; each is a few kilobytes at most."""
_ADOPTIONS: Final = 20
"""Read at a time: each may have all files of a plant in it."""
_NODES: Final = 4_096
"""Nodes of the tree that are kept: proofs of entries that are near each other share most of theirs."""
MOST_LINE_BYTES: Final = 64 * MB
"""An entry's line holds its payload: the largest is a configuration with all its files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be exported."""

    plant: str
    period: Period
    line: str | None
    """None: all lines."""
    made_at: datetime
    kept: Checkpoint | None = None
    """A checkpoint that somebody kept: the file proves that the ledger begins with that one."""


def export_records(reader: Reader, signer: Signer, asked: Asked) -> Iterator[bytes]:
    """Yield the file line by line; Refusal for a line without records, and for a damaged ledger."""
    yield from sealed(_body(reader, signer, asked), signer)


def _body(reader: Reader, signer: Signer, asked: Asked) -> Iterator[str]:
    note, signed = _signed_head(reader, signer)
    streams = reader.streams()
    if asked.line is not None and asked.line not in streams:
        raise Refusal("line_has_no_records", line=asked.line, known=", ".join(streams))
    header = Header(
        plant=asked.plant,
        period=asked.period,
        lines=None if asked.line is None else (asked.line,),
        made_at=asked.made_at,
        key=signer.verifier.text,
    )
    lines = _Lines(reader, signed)
    yield header_line(header)
    yield checkpoint_line(note)
    if asked.kept is not None:
        yield consistency_line(asked.kept, _consistency(lines.tree, signed, asked.kept))
    heads = reader.entries_of(StreamHeads.TYPE, descending=True, limit=1)
    yield from lines.elsewhere(Elsewhere.STREAM_HEADS, map(_Place.of, heads))
    for stream in filter(header.asks_for, streams):
        yield stream_line(stream)
        yield from lines.of_stream(stream, reader.covering_range(stream, asked.period))
    yield from lines.elsewhere(Elsewhere.KEY_CHANGED, map(_Place.of, changes_of_key(reader)))
    yield from lines.elsewhere(Elsewhere.IN_FORCE, lines.in_force())
    yield from lines.rest()


def _consistency(tree: Tree, signed: Checkpoint, kept: Checkpoint) -> tuple[bytes, ...]:
    """Return the proof that the log begins with the one that was kept; Refusal where it does not."""
    if kept.origin != signed.origin:
        raise _other_history("origin_differs", found=kept.origin, expected=signed.origin)
    if kept.size > signed.size:
        raise _other_history("kept_beyond", found=kept.size, size=signed.size)
    if tree.root(kept.size) != kept.root:
        raise _other_history("kept_contradicts", size=kept.size)
    return tree.consistency(kept.size)


def _other_history(code: str, **params: Param) -> Refusal:
    found = Finding(code=code, place="kept checkpoint", params=params)
    return Refusal("kept_checkpoint_differs", found=in_english(found))


def _signed_head(reader: Reader, signer: Signer) -> tuple[str, Checkpoint]:
    """Return the signed checkpoint and what it says; Refusal where the head is not what was signed."""
    head = reader.head()
    try:
        parsed = parse_note(head.checkpoint)
        signed = parse_checkpoint(parsed.text)
    except ValueError as error:
        raise _damaged_head("head_unreadable", problem=str(error)) from error
    keys = keys_of(reader, signer.verifier)
    if not keys.signed(parsed, signed.size) or keys.newest != signer.verifier:
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


def write_export(path: Path, lines: Iterable[bytes], public_key: str) -> ExportVerification:
    """Write the file (0600), whole or not at all, and return what its verification says.

    Refusal where it does not pass; ValueError for a path where something else than a file is: it would be replaced.
    """
    if path.exists() and not path.is_file():
        raise ValueError(f"{path} is no file; expected the name of a file to write")
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        create_private(draft)
        with draft.open("wb") as file:
            file.writelines(lines)
        with draft.open("rb") as file:
            verification = verify_export(file, public_key)
        if not verification.sound:
            raise _damaged(verification.findings[0])
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return verification


def verify_export(file: BinaryIO, public_key: str | None = None) -> ExportVerification:
    """Verify an exported file; without a public key's text, the key that the file names counts.

    ValueError for a line that is longer than any of ours.
    """
    return verify_records(_lines_of(file), verifier_of_text, public_key)


def _lines_of(file: BinaryIO) -> Iterator[bytes]:
    number = 0
    while line := file.readline(MOST_LINE_BYTES + 1):
        number += 1
        if len(line) > MOST_LINE_BYTES:
            raise ValueError(
                f"line {number}: longer than {size_text(MOST_LINE_BYTES)}; expected an exported file of "
                "records: check that this is the right file"
            )
        yield line


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an entry stands, without what it says: that can be all files of a configuration."""

    index: int
    type: str
    stream: str
    stream_seq: int

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """Return the place of an entry."""
        return cls(entry.index, entry.type, entry.stream, entry.stream_seq)


def _adoptions(reader: Reader) -> Iterator[_Place]:
    """Return where each configuration was adopted, and each list of what is in force, in order."""
    types = (ConfigurationAdopted.TYPE, InForceChanged.TYPE)
    return map(_Place.of, _chunks(reader, *types, at_once=_ADOPTIONS))


class _People:
    """Where the entries stand that say who people are, and by what right they act."""

    def __init__(self, reader: Reader) -> None:
        self._of: dict[str, list[_Place]] = {}
        """By their numbers."""
        self._named_by: dict[int, tuple[str, ...]] = {}
        """By the entry whom it names itself: who registered somebody is somebody, too."""
        grants: dict[JsonValue, str] = {}
        for entry in _chunks(reader, *TYPES_OF[Elsewhere.PEOPLE], at_once=_CHUNK):
            payload = entry.payload or {}
            whom = payload.get("person_id") or grants.get(payload.get("grant_id"))
            if isinstance(whom, str):
                grants.setdefault(payload.get("grant_id"), whom)
                self._of.setdefault(whom, []).append(_Place.of(entry))
            self._named_by[entry.index] = persons_named(entry)

    def places(self, named: Iterable[str]) -> list[_Place]:
        """Return the places of those who are named, and of whom these entries name, in order."""
        found: dict[int, _Place] = {}
        known, wanted = set(named), list(named)
        while wanted:
            for place in self._of.get(wanted.pop(), ()):
                found[place.index] = place
                others = set(self._named_by[place.index]) - known
                known |= others
                wanted += others
        return [place for _, place in sorted(found.items())]


def _chunks(reader: Reader, *types: str, at_once: int) -> Iterator[Entry]:
    """Yield the entries of these types, in order, reading some at a time."""
    first = 0
    while some := reader.entries_of(*types, first=first, limit=at_once):
        yield from some
        first = some[-1].index + 1


class _Lines:
    """Makes the lines of entries of the log, and keeps in mind which were made."""

    def __init__(self, reader: Reader, signed: Checkpoint) -> None:
        self._reader = reader
        self._names = reader.names()
        self.tree = Tree(signed.size, lru_cache(_NODES)(reader.tree_node))
        if self.tree.root() != signed.root:
            raise _damaged(Finding(code="root_differs", place="ledger"))
        self._seqs: dict[str, range] = {}
        """Which entries of each stream were made."""
        self._adopted = list(_adoptions(reader))
        self._begins = [at.index for at in self._adopted if at.type == ConfigurationAdopted.TYPE]
        """Where each configuration was adopted."""
        self._used: set[int] = set()
        """The places in `_begins` of the configurations under which entries were made."""
        self._gone: set[int] = set()
        """Entries that were made and whose payload is not there."""
        self._nameless: set[str] = set()
        """Ids of stated names that are not there, of whom the entries name."""
        self._people: dict[str, None] = {}
        """Numbers of the people whom the entries name, in order."""
        self._known: _People | None = None
        """Read once, and only where anybody is named."""
        self._elsewhere: set[int] = set()
        """Entries that were made for what they say of others."""

    def of_stream(self, stream: str, seqs: range) -> Iterator[str]:
        """Yield the lines of a stream's entries at these places in it."""
        self._seqs[stream] = seqs
        seq = seqs.start
        while seq < seqs.stop:
            found = self._reader.stream_entries(stream, seq, min(_CHUNK, seqs.stop - seq))
            if not found:
                raise _damaged(
                    Finding(code="section_missing", place="ledger", params={"stream": stream})
                )
            for index, stored in found:
                # what adopts another one was itself recorded under the one before
                self._used |= {bisect_left(self._begins, at) - 1 for at in (index, index - 1)}
                yield self._of(index, stored)
            seq += len(found)

    def elsewhere(self, kind: Elsewhere, places: Iterable[_Place]) -> Iterator[str]:
        """Yield the lines of entries that say something of others, those that were not made yet."""
        missing = [place for place in places if not self._is_made(place)]
        if missing or kind is Elsewhere.STREAM_HEADS:
            yield elsewhere_line(kind)
        for place in missing:
            self._elsewhere.add(place.index)
            yield self._of(place.index, self._reader.stored_entry(place.index))

    def rest(self) -> Iterator[str]:
        """Yield who people are and what was erased: again, where what says the one needs the other."""
        made = -1
        while made < len(self._elsewhere):
            made = len(self._elsewhere)
            yield from self.elsewhere(Elsewhere.PEOPLE, self.people())
            yield from self.elsewhere(Elsewhere.PAYLOADS_ERASED, self.erasures())

    def people(self) -> list[_Place]:
        """Return what says who the people are whom the entries name that were made."""
        if not self._people:
            return []
        self._known = self._known or _People(self._reader)
        return self._known.places(self._people)

    def in_force(self) -> Iterator[_Place]:
        """Yield what says what was in force for the entries that were made."""
        for place in self._adopted:
            if bisect_right(self._begins, place.index) - 1 in self._used:
                yield place

    def erasures(self) -> list[_Place]:
        """Return the entries that say of a payload or a name that was not there: erased."""
        if not self._gone and not self._nameless:
            return []
        found = self._reader.entries_of(PayloadsErased.TYPE)
        return [_Place.of(entry) for entry in found if self._is_explained_by(entry)]

    def _is_explained_by(self, entry: Entry) -> bool:
        try:
            erasure = erasure_in(entry)
        except ValueError:
            return False  # one that makes no sense covers nothing
        if erasure is None:
            return False
        return not (
            self._gone.isdisjoint(erasure.entries) and self._nameless.isdisjoint(erasure.names)
        )

    def _is_made(self, place: _Place) -> bool:
        is_of_stream = place.stream_seq in self._seqs.get(place.stream, ())
        return is_of_stream or place.index in self._elsewhere

    def _of(self, index: int, stored: StoredEntry) -> str:
        """Return an entry's line, with its proof and the names behind the ids in it."""
        try:
            entry = read_entry(stored, index)
            if entry.payload is None:
                self._gone.add(index)
            proof, names = self.tree.inclusion(index), self._names_in(entry)
            return entry_line(index, stored, proof, names)
        except ValueError as error:
            params: dict[str, Param] = {"problem": str(error)}
            raise _damaged(
                Finding(code="entry_unreadable", place=f"ledger[{index}]", params=params)
            ) from error

    def _names_in(self, entry: Entry) -> Mapping[str, StatedName | None]:
        """Return the names that an entry names, and keep in mind whom it names besides."""
        self._people |= dict.fromkeys(persons_named(entry))
        names = {named: self._names.get(named) for named in names_named(entry)}
        self._nameless |= {named for named, name in names.items() if name is None}
        return names
