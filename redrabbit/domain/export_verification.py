"""Verification of an exported file of records by someone who has nothing but the file and a key.

Reads the forms of `redrabbit.domain.export_format` strictly, line by line, in memory that grows only with what was
erased, and a little with what can be signed: a line that is not canonical is not read. Findings come in the order of the file, the seal's last; behind a line that
can't be read nothing is judged but the seal.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, cast

from redrabbit.domain.checkpoint import Checkpoint
from redrabbit.domain.erased_payloads import ErasedPayloads
from redrabbit.domain.export_format import (
    FORMAT,
    FORMAT_1,
    TYPES_OF,
    Elsewhere,
    Header,
    SealedBody,
    elsewhere_line,
)
from redrabbit.domain.exported_keys import ExportedKeys
from redrabbit.domain.exported_lines import (
    KEYS,
    KEYS_BEFORE,
    KEYS_OF_SCHEMA_1,
    UnreadableError,
    VerifierOf,
    object_in,
    only_text,
    read_checkpoint,
    read_exported,
    read_header,
    read_path,
    verifier_of_key,
)
from redrabbit.domain.exported_names import ExportedNames, names_beside
from redrabbit.domain.exported_people import ExportedPeople, ExportedPerson
from redrabbit.domain.exported_signatures import ExportedSignatures
from redrabbit.domain.exported_stream import ExportedStream
from redrabbit.domain.facts.codec import decode
from redrabbit.domain.facts.stream_heads import StreamHeads
from redrabbit.domain.findings import Finding, Param
from redrabbit.domain.head_verification import checkpoint_in
from redrabbit.domain.kept_checkpoint import OTHER_KEY
from redrabbit.domain.ledger import Entry, JsonValue, StreamHead, leaf_bytes
from redrabbit.domain.log_keys import LogKeys
from redrabbit.domain.merkle import leaf_hash, verify_consistency, verify_inclusion
from redrabbit.domain.named_in_force import NamedInForce
from redrabbit.domain.recorded_loss import RecordedLoss, loss_in
from redrabbit.domain.signed_note import NoteVerifier, note_is_signed, parse_note

MOST_FINDINGS: Final = 1_000
"""Behind so many nothing more is judged but the seal."""
_FEWEST_LINES: Final = 3
"""Header, checkpoint, seal: the export of an empty log."""

_ELSEWHERE: Final = {elsewhere_line(kind): kind for kind in Elsewhere}


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
    complete_until: datetime | None = None
    """Nothing recorded in the period before this instant was left out; None: not proved for any."""
    begins_with: dict[int, bytes] = field(default_factory=dict)
    """Sizes of earlier ledgers that this one is proved to begin with, each with its root."""
    keys: LogKeys | None = None
    """Whose signatures count: the trusted key, and those to which the file leads from it; None if it was not read whole."""
    names: dict[str, str] = field(default_factory=dict)
    """By their ids, as the file has them, proved; none if it was not read whole."""
    people: tuple[ExportedPerson, ...] = ()
    """The registered people of whom the file says who they are; none if it was not read whole."""
    losses: list[RecordedLoss] = field(default_factory=list)
    """History that the records in the file say was lost (D62)."""
    payloads: ErasedPayloads = field(default_factory=ErasedPayloads)
    by_stream: dict[str, int] = field(default_factory=dict)
    """Records in the period for each stream."""
    plant_file: str | None = None
    """The plant's file, as the last configuration in the file has it: it names the zone of the plant's clock."""

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
    lines: Iterable[bytes], verifier_of: VerifierOf, public_key: str | None = None
) -> ExportVerification:
    """Verify an exported file; without `public_key` the key that it names is believed.

    With one that was replaced since, or came later, the file must show the changes that lead from it to its own.

    `lines`: each with its end, as a file opened for reading bytes yields them.
    """
    reading = _Reading(verifier_of, public_key)
    last = b""
    for content in lines:
        if last:
            reading.add(last)
        last = content
    reading.end(last)
    return reading.verification


class _Reading:
    """A file as it is read, line by line."""

    def __init__(self, verifier_of: VerifierOf, public_key: str | None) -> None:
        self.verification = ExportVerification()
        self._verifier_of = verifier_of
        self._public_key = public_key
        self._verifier: NoteVerifier | None = None
        self._body = SealedBody()
        self._number = 0
        """Of the line that was read last."""
        self._is_readable = True
        self._section: ExportedStream | Elsewhere | None = None
        self._heads: Mapping[str, StreamHead] | None = None
        """Where the streams stand by the file; None until that is read."""
        self._in_force = NamedInForce()
        self._names = ExportedNames()
        self._people = ExportedPeople()
        self._keys = ExportedKeys()
        self._signatures = ExportedSignatures()
        self._note = ""
        """The signed checkpoint."""
        self._places: dict[int, int] = {}
        """The line of each entry without payload."""

    def add(self, content: bytes) -> None:
        """Read the next line, which is not the last."""
        self._body.add(content)
        self._number += 1
        if self._is_readable:
            self._judge(self._line, content)

    def end(self, last: bytes) -> None:
        """Read the last line, the seal, and judge what the file lacks."""
        self._number += 1
        if not last.endswith(b"\n") or self._number < _FEWEST_LINES:
            params: dict[str, Param] = {"problem": "it was cut off"}
            cut_off = Finding(code="file_unreadable", place="file", params=params)
            self.verification.findings.append(cut_off)
            return
        if self._is_readable:
            self._judge(self._whole)
        if self._verifier is not None:
            self.verification.findings += self._seal(last, self._verifier)

    def _judge(self, read: Callable[..., Iterable[Finding]], *args: bytes) -> None:
        found = self.verification.findings
        try:
            found.extend(read(*args))
        except UnreadableError as error:
            found.append(error.finding)
            self._is_readable = False
        if len(found) >= MOST_FINDINGS:
            self._is_readable = False

    def _line(self, content: bytes) -> Iterator[Finding]:
        try:
            line = content.decode("utf-8").removesuffix("\n")
        except UnicodeDecodeError as error:
            raise UnreadableError(f"line {self._number}", "not UTF-8") from error
        if self._number == 1:
            self._first(line)
        elif self._number == 2:  # noqa: PLR2004  the second line
            self._note = only_text(line, 2, "checkpoint")
            checkpoint = read_checkpoint(self._note, cast("NoteVerifier", self._verifier))
            self.verification.checkpoint = checkpoint
            header = self._header
            if header.format == FORMAT_1 and checkpoint.size and not checkpoint.heads:
                raise UnreadableError("line 2", "the checkpoint does not list the streams")
            if header.format == FORMAT_1 or not checkpoint.size:
                self._heads = checkpoint.heads
                self.verification.complete_until = min(header.made_at, header.period.ends_at)
        else:
            yield from self._further(line, object_in(line, self._number))

    def _first(self, line: str) -> None:
        self.verification.header = header = read_header(line)
        self._verifier = verifier_of_key(header.key, self._verifier_of)

    @property
    def _header(self) -> Header:
        return cast("Header", self.verification.header)

    @property
    def _checkpoint(self) -> Checkpoint:
        return cast("Checkpoint", self.verification.checkpoint)

    def _further(self, line: str, fields: Mapping[str, JsonValue]) -> Iterator[Finding]:
        if fields.keys() == {"consistency", "root", "size"} and self._may_come_first:
            yield from self._consistency(fields)
        elif line in _ELSEWHERE:
            yield from self._section_end()
            self._section = self._elsewhere(_ELSEWHERE[line])
        elif fields.keys() == {"stream"}:
            yield from self._section_end()
            self._section = self._begun(str(fields["stream"]))
        elif self._section is not None and fields.keys() in (KEYS_OF_SCHEMA_1, self._keys_of_line):
            yield from self._entry(fields)
        else:
            raise UnreadableError(f"line {self._number}", "neither a stream nor an entry of one")

    @property
    def _keys_of_line(self) -> frozenset[str]:
        return KEYS if self._header.format == FORMAT else KEYS_BEFORE

    @property
    def _may_come_first(self) -> bool:
        """Whether what stands above all sections since format 2 may still come."""
        return self._section is None and self._header.format != FORMAT_1

    def _elsewhere(self, kind: Elsewhere) -> Elsewhere:
        """Return the section, where the format has it; by where streams stand all others are judged."""
        is_late = kind is Elsewhere.STREAM_HEADS and not self._may_come_first
        if is_late or not self._header.has(kind):
            raise UnreadableError(f"line {self._number}", kind.value, "section_extra")
        return kind

    def _begun(self, stream: str) -> ExportedStream:
        is_first = stream not in self.verification.by_stream and self._header.asks_for(stream)
        if not is_first or (self._header.format == FORMAT_1 and stream not in self._listed):
            raise UnreadableError(f"line {self._number}", stream, "section_extra")
        self.verification.by_stream[stream] = 0
        self._signatures = ExportedSignatures()
        return ExportedStream(stream, self._header.period, self._listed.get(stream))

    @property
    def _listed(self) -> Mapping[str, StreamHead]:
        return self._heads or {}

    def _consistency(self, fields: Mapping[str, JsonValue]) -> Iterator[Finding]:
        size, path = fields["size"], read_path(fields["consistency"], self._number)
        (root,) = read_path([fields["root"]], self._number)
        if type(size) is not int:
            raise UnreadableError(f"line {self._number}", "the size is not a whole number")
        if verify_consistency(size, root, self._checkpoint.size, self._checkpoint.root, path):
            self.verification.begins_with[size] = root
        else:
            place = f"line {self._number}"
            yield Finding(code="consistency_wrong", place=place, params={"size": size})

    def _entry(self, fields: Mapping[str, JsonValue]) -> Iterator[Finding]:
        number, section = self._number, self._section
        entry = read_exported(fields, number)
        leaf = leaf_hash(leaf_bytes(entry))
        path = read_path(fields["proof"], number)
        signed = self._checkpoint
        if not verify_inclusion(leaf, entry.index, signed.size, path, signed.root):
            params: dict[str, Param] = {"stream": entry.stream, "index": entry.index}
            yield Finding(code="not_in_log", place=f"line {number}", params=params)
        if entry.payload is None:
            self._places[entry.index] = number
        self.verification.entries += 1
        try:
            names = names_beside(entry, fields)
        except ValueError as error:
            raise UnreadableError(f"line {number}", error) from error
        place = f"line {number}, ledger[{entry.index}]"
        try:
            yield from self._names.note(entry, names, place)
            self._keys.note(entry, (signed.size, signed.root, path), place)
            self.verification.payloads.note(entry)
            self._in_force.give(entry, leaf, place)
            self._people.note(entry, place)
            self._note_said(entry)
            if isinstance(section, ExportedStream):
                yield from self._signatures.add(entry, leaf, place)
        except ValueError as error:
            yield Finding(code="entry_does_not_fold", place=place, params={"problem": str(error)})
        if isinstance(section, ExportedStream):
            yield from section.add(entry, leaf, number)
            self._in_force.name(entry, place)
            self.verification.by_stream[section.stream] += self._header.period.holds(entry)
        elif section is not None and entry.type not in TYPES_OF[section]:
            expected = ", ".join(sorted(TYPES_OF[section]))
            raise UnreadableError(f"line {number}", f"an entry of another type than {expected}")

    def _note_said(self, entry: Entry) -> None:
        """Take in where the streams stand, if this entry says it for the file, and a loss of history."""
        loss = loss_in(entry)
        if loss is not None:
            self.verification.losses.append(loss)
        if self._section is Elsewhere.STREAM_HEADS and entry.payload is not None:
            self._heads = decode(StreamHeads, entry.payload).heads
            self.verification.complete_until = min(entry.recorded_at, self._header.period.ends_at)

    def _section_end(self) -> Iterator[Finding]:
        if isinstance(self._section, ExportedStream):
            yield from self._section.end()

    def _whole(self) -> Iterator[Finding]:
        """Yield what the file lacks."""
        yield from self._section_end()
        yield from self._signers()
        for stream in self._listed:
            if self._header.asks_for(stream) and stream not in self.verification.by_stream:
                yield Finding(code="section_missing", place="file", params={"stream": stream})
        for index in self.verification.payloads.missing:
            place = f"line {self._places[index]}, ledger[{index}]"
            yield Finding(code="payload_missing", place=place)
        if self._header.format != FORMAT_1:
            yield from self._names.missing()
            yield from self._in_force.missing()
        if self._header.has(Elsewhere.PEOPLE):
            yield from self._people.missing()

    def _signers(self) -> Iterator[Finding]:
        """Yield why the key that signed is none that counts: by the changes in the file, and by who trusts which."""
        keys = self._keys.keys(cast("NoteVerifier", self._verifier))
        yield from self._keys.unproved
        signed = checkpoint_in(self._note, keys, "line 2", "line_unreadable")
        if isinstance(signed, Finding):
            yield signed
        if self._public_key not in {None, self._header.key}:
            trusted = self._trusted(str(self._public_key))
            if trusted is not None and keys.holds(trusted):
                keys = replace(keys, trusted=trusted)
            else:
                yield self._not_trusted(trusted, keys)
        self.verification.keys, self.verification.names = keys, self._names.given
        self.verification.people = self._people.people(self._names.given)
        self.verification.plant_file = self._in_force.plant_file

    def _trusted(self, public_key: str) -> NoteVerifier | None:
        try:
            return self._verifier_of(public_key)
        except ValueError:
            return None

    def _not_trusted(self, trusted: NoteVerifier | None, keys: LogKeys) -> Finding:
        """Return that the changes in the file do not lead from the trusted key to the file's own."""
        if trusted is not None and trusted.name == keys.name:
            found, expected = keys.trusted.key_id.hex(), trusted.key_id.hex()
            told: dict[str, Param] = {"found": found, "expected": expected}
            return Finding(code=OTHER_KEY, place="line 1", params=told)
        params: dict[str, Param] = {"found": self._header.key, "expected": str(self._public_key)}
        return Finding(code="not_expected_key", place="line 1", params=params)

    def _seal(self, line: bytes, verifier: NoteVerifier) -> Iterator[Finding]:
        """Yield what is wrong with the last line, or with any other line as it was sealed."""
        place = f"line {self._number}"
        try:
            text = line.decode("utf-8").removesuffix("\n")
            note = parse_note(only_text(text, self._number, "seal"))
        except (ValueError, UnreadableError):
            yield Finding(code="seal_missing", place=place)
            return
        expected = self._body.seal_text(self._header.format, verifier.name)
        is_whole = note.text == expected and len(note.signatures) == 1
        if not is_whole or not note_is_signed(note, verifier):
            yield Finding(code="seal_wrong", place=place)
