"""Verification of an exported file of records by someone who has nothing but the file and a key.

Reads the form of `redrabbit.domain.export_format` strictly: a line that is not canonical is not
read. Findings come in the order of the file, the seal's last; behind a line that can't be read
nothing is judged but the seal.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from redrabbit.domain.checkpoint import Checkpoint, parse_checkpoint
from redrabbit.domain.erasable import name_id
from redrabbit.domain.erased_payloads import ErasedPayloads
from redrabbit.domain.export_format import (
    FORMAT,
    Header,
    Period,
    erasures_line,
    header_line,
    seal_text,
    streams_asked_for,
)
from redrabbit.domain.facts.plant import PayloadsErased
from redrabbit.domain.findings import Finding, Param
from redrabbit.domain.ledger import (
    Entry,
    JsonValue,
    StoredEntry,
    canonical,
    canonical_text,
    from_json,
    instant,
    leaf_bytes,
    read_entry,
)
from redrabbit.domain.merkle import leaf_hash, verify_inclusion
from redrabbit.domain.newer import WRITTEN_BY_NEWER, WrittenByNewer
from redrabbit.domain.signed_note import NoteVerifier, from_base64, note_is_signed, parse_note

_FEWEST_LINES: Final = 3
"""Header, checkpoint, seal: the export of an empty log."""

_KEYS_OF_SCHEMA_1: Final = {"entry", "index", "proof"}
_KEYS: Final = _KEYS_OF_SCHEMA_1 | {"name", "payload", "salt"}

VerifierOf = Callable[[str], NoteVerifier]
"""Makes a verifier of a public key's text; ValueError if it can't."""


@dataclass(kw_only=True)
class ExportVerification:
    """What verification of a file tells."""

    findings: list[Finding] = field(default_factory=list)
    header: Header | None = None
    """None if it could not be read."""
    checkpoint: Checkpoint | None = None
    """None if it could not be read, or is not signed."""
    entries: int = 0
    """How many entries the file holds, with those before and after the period."""
    payloads: ErasedPayloads = field(default_factory=ErasedPayloads)
    by_stream: dict[str, int] = field(default_factory=dict)
    """Records in the period for each stream."""

    @property
    def records(self) -> int:
        """Return how many records are in the period."""
        return sum(self.by_stream.values())

    @property
    def erased(self) -> int:
        """Return how many entries have no payload, and a proved entry says it was erased (D51)."""
        return len(self.payloads.gone & self.payloads.named)

    @property
    def sound(self) -> bool:
        """Tell whether nothing was found."""
        return not self.findings


def verify_records(
    content: bytes, verifier_of: VerifierOf, public_key: str | None = None
) -> ExportVerification:
    """Verify an exported file; without `public_key` the key that it names is believed."""
    verification = ExportVerification()
    try:
        lines = _lines(content)
        verification.header = _header(lines[0])
        verifier = _verifier(verification.header.key, verifier_of)
    except _UnreadableError as error:
        verification.findings.append(error.finding)
        return verification
    if public_key is not None and public_key != verification.header.key:
        params: dict[str, Param] = {"found": verification.header.key, "expected": public_key}
        verification.findings.append(
            Finding(code="not_expected_key", place="line 1", params=params)
        )
    try:
        verification.checkpoint = _checkpoint(lines[1], verifier)
        verification.findings += _sections(
            lines, verification.header, verification.checkpoint, verification
        )
    except _UnreadableError as error:
        verification.findings.append(error.finding)
    verification.findings += _seal(content, lines, verifier)
    return verification


class _UnreadableError(Exception):
    """Nothing behind this place can be judged."""

    def __init__(self, place: str, problem: object, code: str = "line_unreadable") -> None:
        super().__init__(f"{place}: {problem}")
        params = {"what" if code == WRITTEN_BY_NEWER else "problem": str(problem)}
        self.finding = Finding(code=code, place=place, params=params)


def _lines(content: bytes) -> list[str]:
    try:
        lines = content.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        number = content[: error.start].count(b"\n") + 1
        raise _UnreadableError(f"line {number}", "not UTF-8") from error
    if lines.pop() or len(lines) < _FEWEST_LINES:
        raise _UnreadableError("file", "it was cut off", "file_unreadable")
    return lines


def _object(line: str, number: int) -> Mapping[str, JsonValue]:
    """Return the object of a line; only its one canonical form is read."""
    place = f"line {number}"
    try:
        fields = from_json(line)
        if canonical_text(fields) == line and isinstance(fields, dict):
            return cast("dict[str, JsonValue]", fields)
    except ValueError as error:
        raise _UnreadableError(place, error) from error
    raise _UnreadableError(place, "not an object in canonical form")


def _header(line: str) -> Header:
    match _object(line, 1):
        case {"format": str(form)} if form != FORMAT:
            raise _UnreadableError("line 1", f"format {form!r}; expected {FORMAT!r}")
        case {
            "from": str(begins),
            "key": str(key),
            "lines": (list() | None) as chosen,
            "made_at": str(made),
            "plant": str(plant),
            "until": str(ends),
        }:
            try:
                header = Header(
                    plant=plant,
                    period=Period(begins_at=instant(begins), ends_at=instant(ends)),
                    lines=None if chosen is None else tuple(str(name) for name in chosen),
                    made_at=instant(made),
                    key=key,
                )
            except ValueError as error:
                raise _UnreadableError("line 1", error) from error
            if header_line(header) == line:
                return header
    raise _UnreadableError("line 1", "not the first line of exported records", "file_unreadable")


def _verifier(key: str, verifier_of: VerifierOf) -> NoteVerifier:
    try:
        return verifier_of(key)
    except ValueError as error:
        raise _UnreadableError("line 1", error) from error


def _checkpoint(line: str, verifier: NoteVerifier) -> Checkpoint:
    """Return the checkpoint in the second line, once it is known to be the key's."""
    note = _only(line, 2, "checkpoint")
    try:
        parsed = parse_note(note)
        checkpoint = parse_checkpoint(parsed.text)
    except ValueError as error:
        raise _UnreadableError("line 2", error) from error
    if checkpoint.origin != verifier.name or not note_is_signed(parsed, verifier):
        raise _UnreadableError("line 2", "the checkpoint is not signed by the file's key")
    return checkpoint


def _seal(content: bytes, lines: Sequence[str], verifier: NoteVerifier) -> Iterator[Finding]:
    """Yield what is wrong with the last line, or with any other line as it was sealed."""
    place = f"line {len(lines)}"
    try:
        note = parse_note(_only(lines[-1], len(lines), "seal"))
    except (ValueError, _UnreadableError):
        yield Finding(code="seal_missing", place=place)
        return
    body = content[: -len(lines[-1].encode("utf-8")) - 1]
    is_whole = note.text == seal_text(body, verifier.name) and len(note.signatures) == 1
    if not is_whole or not note_is_signed(note, verifier):
        yield Finding(code="seal_wrong", place=place)


def _only(line: str, number: int, name: str) -> str:
    fields = _object(line, number)
    text = fields.get(name)
    if len(fields) == 1 and isinstance(text, str):
        return text
    raise _UnreadableError(f"line {number}", f"not a {name}")


def _sections(
    lines: Sequence[str], header: Header, checkpoint: Checkpoint, verification: ExportVerification
) -> Iterator[Finding]:
    """Yield what is wrong with the streams' entries; count them."""
    awaited = list(streams_asked_for(checkpoint.heads, header.lines))
    places: dict[int, int] = {}
    section: _Section | _Erasures | None = None
    for number, line in enumerate(lines[2:-1], start=3):
        fields = _object(line, number)
        if line == erasures_line():
            yield from section.end() if section else ()
            section = _Erasures(checkpoint)
        elif fields.keys() == {"stream"}:
            yield from section.end() if section else ()
            stream = str(fields["stream"])
            if stream not in awaited:
                params: dict[str, Param] = {"stream": stream}
                yield Finding(code="section_extra", place=f"line {number}", params=params)
                return
            awaited.remove(stream)
            section = _Section(stream, header.period, checkpoint)
            verification.by_stream[stream] = 0
        elif section and fields.keys() in (_KEYS_OF_SCHEMA_1, _KEYS):
            entry = _entry(fields, number)
            places[entry.index] = number
            yield from section.add(entry, _path(fields["proof"], number), number)
            yield from _name_findings(entry, fields.get("name"), number)
            yield from _note(entry, verification, number)
            if isinstance(section, _Section):
                verification.by_stream[section.stream] += header.period.holds(entry)
        else:
            raise _UnreadableError(f"line {number}", "neither a stream nor an entry of one")
    yield from section.end() if section else ()
    for stream in awaited:
        yield Finding(code="section_missing", place="file", params={"stream": stream})
    for index in verification.payloads.missing:
        yield Finding(code="payload_missing", place=f"line {places[index]}, ledger[{index}]")


def _note(entry: Entry, verification: ExportVerification, number: int) -> Iterator[Finding]:
    """Count the entry; yield it where it should say what was erased and can't be understood."""
    verification.entries += 1
    try:
        verification.payloads.note(entry)
    except ValueError as error:
        place = f"line {number}, ledger[{entry.index}]"
        yield Finding(code="entry_does_not_fold", place=place, params={"problem": str(error)})


def _entry(fields: Mapping[str, JsonValue], number: int) -> Entry:
    index = fields["index"]
    if type(index) is not int:
        raise _UnreadableError(f"line {number}", "the index is not a whole number")
    try:
        return read_entry(_stored(fields), index)
    except WrittenByNewer as newer:
        raise _UnreadableError(f"line {number}", newer.what, WRITTEN_BY_NEWER) from newer
    except ValueError as error:
        raise _UnreadableError(f"line {number}", error) from error


def _stored(fields: Mapping[str, JsonValue]) -> StoredEntry:
    """Return what was kept of the entry; ValueError where payload and salt are not as they must be."""
    raw = canonical(fields["entry"])
    has_payload = fields.keys() == _KEYS
    match fields["entry"]:
        case {"schema": int(schema)} if has_payload is (schema > 1):
            pass
        case _:
            raise ValueError("the payload stands beside an entry from schema 2 on, and only there")
    salt, payload = fields.get("salt"), fields.get("payload")
    if not isinstance(salt, str | None):
        raise ValueError("the salt is not a text of hex digits")  # noqa: TRY004  a damaged file
    return StoredEntry(
        raw=raw,
        salt=None if salt is None else bytes.fromhex(salt),
        payload=None if payload is None else canonical(payload),
    )


def _name_findings(entry: Entry, name: JsonValue, number: int) -> Iterator[Finding]:
    """Yield where a name is not the one that stands for itself in the entry (D51)."""
    match name:
        case None:
            return
        case {"name": str(said), "salt": str(salt), **more} if not more:
            try:
                stands_for = name_id(bytes.fromhex(salt), said)
            except ValueError:
                stands_for = ""
            if stands_for == entry.actor.id:
                return
    place = f"line {number}, ledger[{entry.index}]"
    yield Finding(code="name_differs", place=place, params={"expected": entry.actor.id})


def _path(proof: JsonValue, number: int) -> list[bytes]:
    if not isinstance(proof, list):
        raise _UnreadableError(f"line {number}", "the proof is not a list of hashes")
    try:
        return [from_base64(str(node)) for node in proof]
    except ValueError as error:
        raise _UnreadableError(f"line {number}", error) from error


def _is_in(checkpoint: Checkpoint, entry: Entry, leaf: bytes, path: Sequence[bytes]) -> bool:
    return verify_inclusion(leaf, entry.index, checkpoint.size, path, checkpoint.root)


class _Erasures:
    """Entries of any stream that say which payloads were erased."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint

    def add(self, entry: Entry, path: Sequence[bytes], number: int) -> Iterator[Finding]:
        """Yield what is wrong with the next entry; it raises _UnreadableError for another type."""
        place = f"line {number}"
        if entry.type != PayloadsErased.TYPE:
            raise _UnreadableError(place, f"an entry of another type than {PayloadsErased.TYPE}")
        if not _is_in(self._checkpoint, entry, leaf_hash(leaf_bytes(entry)), path):
            params: dict[str, Param] = {"stream": entry.stream, "index": entry.index}
            yield Finding(code="not_in_log", place=place, params=params)

    def end(self) -> Iterator[Finding]:
        """Yield nothing: what is left out here shows as a payload that is missing."""
        return iter(())


class _Section:
    """The entries of one stream, as they are read."""

    def __init__(self, stream: str, period: Period, checkpoint: Checkpoint) -> None:
        self.stream = stream
        self._period = period
        self._checkpoint = checkpoint
        self._last: Entry | None = None
        self._last_leaf = b""

    def add(self, entry: Entry, path: Sequence[bytes], number: int) -> Iterator[Finding]:
        """Yield what is wrong with the next entry."""
        place = f"line {number}"
        leaf = leaf_hash(leaf_bytes(entry))
        if not _is_in(self._checkpoint, entry, leaf, path):
            yield self._at("not_in_log", place, index=entry.index)
        if entry.stream != self.stream:
            yield self._at("wrong_stream", place, index=entry.index, found=entry.stream)
        if self._last is None:
            if entry.stream_seq and entry.recorded_at >= self._period.begins_at:
                yield self._at("start_not_shown", place, index=entry.index)
        elif (entry.stream_seq - 1, entry.previous) != (
            self._last.stream_seq,
            self._last_leaf.hex(),
        ):
            place = f"{place}, ledger[{entry.index}]"
            yield self._at("chain_broken", place, previous=self._last.index)
        self._last, self._last_leaf = entry, leaf

    def end(self) -> Iterator[Finding]:
        """Yield what is wrong with where the stream ends."""
        if self._last is None:
            yield self._at("section_missing", "file")
        elif (
            self._last_leaf != self._checkpoint.heads[self.stream].leaf
            and self._last.recorded_at < self._period.ends_at
        ):
            yield self._at("end_not_shown", "file", index=self._last.index)

    def _at(self, code: str, place: str, **params: Param) -> Finding:
        return Finding(code=code, place=place, params={"stream": self.stream, **params})
