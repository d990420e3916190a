"""The lines of an exported file, each read strictly: what is not in its one canonical form is not read."""

from collections.abc import Callable, Mapping
from typing import Final, cast

from redrabbit.domain.checkpoint import Checkpoint, parse_checkpoint
from redrabbit.domain.export_format import FORMAT, FORMATS, Header, Period, header_line
from redrabbit.domain.findings import Finding
from redrabbit.domain.ledger import (
    Entry,
    JsonValue,
    StoredEntry,
    canonical,
    canonical_text,
    from_json,
    instant,
    read_entry,
)
from redrabbit.domain.newer import WRITTEN_BY_NEWER, WrittenByNewer
from redrabbit.domain.signed_note import NoteVerifier, from_base64, note_is_signed, parse_note

VerifierOf = Callable[[str], NoteVerifier]
"""Makes a verifier of a public key's text; ValueError if it can't."""

KEYS_OF_SCHEMA_1: Final = frozenset({"entry", "index", "proof"})
KEYS_BEFORE: Final = KEYS_OF_SCHEMA_1 | {"name", "payload", "salt"}
"""Of the formats 1 and 2: only the actor's name stood beside an entry."""
KEYS: Final = KEYS_OF_SCHEMA_1 | {"names", "payload", "salt"}


_PARAMETERS: Final = {WRITTEN_BY_NEWER: "what", "section_extra": "stream"}
"""How findings name what was found, where that is not a problem in words."""


class UnreadableError(Exception):
    """Nothing behind this place can be judged."""

    def __init__(self, place: str, problem: object, code: str = "line_unreadable") -> None:
        super().__init__(f"{place}: {problem}")
        name = _PARAMETERS.get(code, "problem")
        self.finding = Finding(code=code, place=place, params={name: str(problem)})


def object_in(line: str, number: int) -> Mapping[str, JsonValue]:
    """Return the object of a line; only its one canonical form is read."""
    place = f"line {number}"
    try:
        fields = from_json(line)
        if canonical_text(fields) == line and isinstance(fields, dict):
            return cast("dict[str, JsonValue]", fields)
    except ValueError as error:
        raise UnreadableError(place, error) from error
    raise UnreadableError(place, "not an object in canonical form")


def read_header(line: str) -> Header:
    """Return what the first line says; UnreadableError where it is none of ours."""
    match object_in(line, 1):
        case {"format": str(form)} if form not in FORMATS:
            raise UnreadableError("line 1", f"format {form!r}; expected {FORMAT!r}")
        case {
            "format": str(form),
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
                    format=form,
                )
            except ValueError as error:
                raise UnreadableError("line 1", error) from error
            if header_line(header) == line:
                return header
    raise UnreadableError("line 1", "not the first line of exported records", "file_unreadable")


def verifier_of_key(key: str, verifier_of: VerifierOf) -> NoteVerifier:
    """Return the verifier of the key that the first line names; UnreadableError where it is no key."""
    try:
        return verifier_of(key)
    except ValueError as error:
        raise UnreadableError("line 1", error) from error


def read_checkpoint(note: str, verifier: NoteVerifier) -> Checkpoint:
    """Return the checkpoint in the second line, once it is known to be the key's."""
    try:
        parsed = parse_note(note)
        checkpoint = parse_checkpoint(parsed.text)
    except ValueError as error:
        raise UnreadableError("line 2", error) from error
    if checkpoint.origin != verifier.name or not note_is_signed(parsed, verifier):
        raise UnreadableError("line 2", "the checkpoint is not signed by the file's key")
    return checkpoint


def only_text(line: str, number: int, name: str) -> str:
    """Return the text of a line that has this one field; UnreadableError for any other."""
    fields = object_in(line, number)
    text = fields.get(name)
    if len(fields) == 1 and isinstance(text, str):
        return text
    raise UnreadableError(f"line {number}", f"not a {name}")


def read_exported(fields: Mapping[str, JsonValue], number: int) -> Entry:
    """Return the entry of a line; UnreadableError where it is none, or of a newer version."""
    index = fields["index"]
    if type(index) is not int:
        raise UnreadableError(f"line {number}", "the index is not a whole number")
    try:
        return read_entry(_stored(fields), index)
    except WrittenByNewer as newer:
        raise UnreadableError(f"line {number}", newer.what, WRITTEN_BY_NEWER) from newer
    except ValueError as error:
        raise UnreadableError(f"line {number}", error) from error


def _stored(fields: Mapping[str, JsonValue]) -> StoredEntry:
    """Return what was kept of the entry; ValueError where payload and salt are not as they must be."""
    raw = canonical(fields["entry"])
    has_payload = fields.keys() != KEYS_OF_SCHEMA_1
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


def read_path(proof: JsonValue, number: int) -> list[bytes]:
    """Return the hashes of a proof; UnreadableError where it is none."""
    if not isinstance(proof, list):
        raise UnreadableError(f"line {number}", "the proof is not a list of hashes")
    try:
        return [from_base64(str(node)) for node in proof]
    except ValueError as error:
        raise UnreadableError(f"line {number}", error) from error
