"""`redrabbit verify`: a database, an exported file, or the proof of one entry; and what was trusted.

None of it writes to the database (D20). What ends with 0 says *unaltered* only where a public key or a checkpoint from
elsewhere was given (D60): the key that lies beside a database, or stands in a file, can be replaced by whoever replaced
the records. An option that is given is used, or the command says that it can't be.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from redrabbit.base.bounded import MB
from redrabbit.base.kept_texts import read_kept_text
from redrabbit.base.printable import complain, put_out
from redrabbit.base.signing import DamagedKey, load_public_key, parse_verifier
from redrabbit.domain.database_verification import damage_in
from redrabbit.domain.entry_proof import verify_proof
from redrabbit.domain.erasable import stands_for_a_name
from redrabbit.domain.export_format import Header
from redrabbit.domain.export_verification import ExportVerification
from redrabbit.domain.findings import Finding, in_english
from redrabbit.domain.kept_checkpoint import KEPT_NOT_PROVED, OTHER_KEY, kept_findings
from redrabbit.domain.ledger import Entry, canonical_text, instant_text
from redrabbit.domain.log_keys import LogKeys
from redrabbit.domain.newer import OLDER_SCHEMA, WRITTEN_BY_NEWER
from redrabbit.domain.recorded_loss import RecordedLoss
from redrabbit.exit_codes import FOUND, NOT_VERIFIED, WRONG_USE, in_words
from redrabbit.exports.export_file import verify_export
from redrabbit.services.errors import DamagedDatabase, KeyMissing, StoreTrouble
from redrabbit.store.verification import kept_note, verify_database

HEADS_NOT_SAID: Final = "heads_not_said"
"""Code of the finding that an exported file can't show its streams to be whole; no damage."""
MOST_PROOF_BYTES: Final = 64 * MB
"""The proof of one entry; its payload may be the text of a configuration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the person who verifies brought from elsewhere."""

    public_key: Path | None = None
    checkpoint: Path | None = None

    def note(self) -> str | None:
        """Return the kept checkpoint as it was signed; StoreTrouble if the file holds none."""
        return kept_note(self.checkpoint) if self.checkpoint is not None else None

    def verdict(self, key: str) -> str:
        """Return what may be said of what is sound."""
        if self.public_key is None and self.checkpoint is None:
            return f"consistent in itself with the key {key}"
        return "unaltered"

    def brought(self, key: str) -> Iterator[str]:
        """Yield the lines that name what was given; `key` is the key's text, where one was."""
        if self.checkpoint is not None:
            yield f"trusted: the checkpoint {self.checkpoint}"
        if self.public_key is not None:
            yield f"trusted: the key {self.public_key}: {key}"

    def trusted(self, key: str, where: str) -> Iterator[str]:
        """Yield the lines that say what the verdict rests on; `where` the key stands if it was not given."""
        yield from self.brought(key)
        if self.public_key is None and self.checkpoint is not None:
            yield f"the key {where}, or one that it goes on from, signed that checkpoint, too: {key}"
        elif self.public_key is None:
            yield (
                f"that key stands {where}: compare it with the one you were given, or give yours with "
                "--public-key, or with --checkpoint a checkpoint that was kept elsewhere"
            )


def verify_database_at(database_url: str, given: Given) -> int:
    """Verify a database: every row of the ledger and of every record table."""

    def work() -> int:
        told = verify_database(
            database_url, public_key=given.public_key, kept_checkpoint=given.checkpoint
        )
        if told.damage:
            code = _print_findings(_named(told.findings, told.names))
            put_out(*_losses(told.losses, told.names))
            return code
        part = "entries, chain and signature are " if told.findings else ""
        put_out(
            f"{part}{given.verdict(told.key)}: {told.size} entries, root {told.root}",
            *_losses(told.losses, told.names),
            *given.trusted(told.key, "beside the database"),
            *_changes(told.keys, told.names),
            *_erased(told.erased),
        )
        return _tell_rest(told.findings)

    return _exit_code_of(work)


def verify_file(path: Path, given: Given) -> int:
    """Verify an exported file on a machine that may never have seen the server."""

    def work() -> int:
        key = load_public_key(given.public_key).text if given.public_key is not None else None
        note = given.note()
        with path.open("rb") as file:
            told = verify_export(file, key)
        beside = _beside_kept(note, told)
        if damage_in((*told.findings, *beside)):
            code = _print_findings((*told.findings, *beside))
            put_out(*_erased(told.erased))
            return code
        if told.findings:
            return _tell_rest(told.findings)
        assert told.header is not None  # noqa: S101  because a sound file has one
        assert told.checkpoint is not None  # noqa: S101  because a sound file has one
        period = told.header.period
        assert told.keys is not None  # noqa: S101  because a sound file was read whole
        shown, trusted = (
            replace(given, checkpoint=None) if beside else given,
            told.keys.trusted.text,
        )
        put_out(
            f"{shown.verdict(trusted)}{_complete(told)}: {told.records} records of "
            f"{told.header.plant}, {instant_text(period.begins_at)} to {instant_text(period.ends_at)}",
            f"ledger of {told.checkpoint.size} entries; lines in the file: {_lines(told.header)}",
            *_losses(told.losses, told.names),
            *shown.trusted(trusted, "in the file"),
            *_changes(told.keys, told.names),
            *_erased(told.erased),
        )
        return _tell_rest((*beside, *_end_not_said(told)))

    return _exit_code_of(work)


def _lines(header: Header) -> str:
    if header.lines is None:
        return "all"
    return ", ".join(header.lines) or "none, the plant's own records only"


def _who(names: Mapping[str, str], actor: object) -> str:
    """Return the name of an id, or words and the id where none is there; under schema 1 the id is the name."""
    said = str(actor)
    if said not in names and stands_for_a_name(said):
        return f"somebody whose name is not there ({said})"
    return names.get(said, said)


def _named(findings: Sequence[Finding], names: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return the findings with names in place of the ids of those who accepted a loss."""
    return tuple(
        replace(each, params={**each.params, "by": _who(names, each.params["by"])})
        if "by" in each.params
        else each
        for each in findings
    )


def _losses(losses: Sequence[RecordedLoss], names: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines that tell of history that was lost, as the records themselves say (D62)."""
    for loss in losses:
        found, had = loss.lost.found_size, loss.lost.size
        missing = f", at least {had - found} are missing" if found < had else ""
        yield (
            f"the records say that a history of {had} entries was lost, and the ledger went on with {found}{missing}: "
            f"entry {loss.index}, recorded {instant_text(loss.at)}, accepted by {_who(names, loss.by)}; "
            "compare a checkpoint of that history with this"
        )


def _complete(told: ExportVerification) -> str:
    """Return up to when nothing can have been left out, as words behind the verdict (D25, D59)."""
    assert told.header is not None  # noqa: S101  because a sound file has one
    if told.complete_until is None:
        return ""
    if told.complete_until == told.header.period.ends_at:
        return " and complete"
    return f" and complete up to {instant_text(told.complete_until)}"


def _end_not_said(told: ExportVerification) -> tuple[Finding, ...]:
    """Return the finding that nothing shows whether records were left out, where that is so."""
    if told.complete_until is not None:
        return ()
    return (Finding(code=HEADS_NOT_SAID, place="file"),)


def _beside_kept(note: str | None, told: ExportVerification) -> tuple[Finding, ...]:
    """Return what a kept checkpoint says against the file, or why the file can't be laid beside it."""
    if note is None or told.header is None or told.checkpoint is None:
        return ()
    keys = told.keys or LogKeys(trusted=parse_verifier(told.header.key))
    return kept_findings(note, told.checkpoint, keys, told.begins_with)


def _changes(keys: LogKeys | None, names: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines that tell of changes of the key, by which the trusted key leads to the one that signs now."""
    for change in () if keys is None else keys.changes:
        yield (
            f"the key was changed at entry {change.index} on {instant_text(change.recorded_at)} by "
            f"{_who(names, change.by)}, from "
            f"{change.old.text} to {change.new.text}: both signed it, so the chain is proved"
        )


def verify_entry_proof(path: Path, given: Given) -> int:
    """Verify the proof of one entry, as the page of a run offers it, and print the entry."""

    def work() -> int:
        if given == Given():
            complain(
                "a proof holds no key: found neither --public-key nor --checkpoint; expected one of the two"
            )
            return WRONG_USE
        key = load_public_key(given.public_key) if given.public_key is not None else None
        told = verify_proof(
            read_kept_text(path, MOST_PROOF_BYTES, "the proof of an entry"), key, given.note()
        )
        if damage_in(told.findings):
            return _print_findings(told.findings)
        assert told.checkpoint is not None  # noqa: S101  because a sound proof has one
        if any(finding.code == OTHER_KEY for finding in told.findings):
            return _tell_rest(told.findings)
        is_beside = all(finding.code != KEPT_NOT_PROVED for finding in told.findings)
        if key is None and not is_beside:  # then nothing vouches for the root
            return _tell_rest(told.findings)
        shown = given if is_beside else replace(given, checkpoint=None)
        put_out(
            f"unaltered: entry {told.index} of a ledger of {told.checkpoint.size} entries",
            *shown.brought("" if key is None else key.text),
            *(() if told.entry is None else _entry_lines(told.entry)),
            *_changes(told.keys, {}),
        )
        return _tell_rest(told.findings)

    return _exit_code_of(work)


def _entry_lines(entry: Entry) -> Iterator[str]:
    yield (
        f"{entry.type} of stream {entry.stream}, happened {instant_text(entry.occurred_at)}, "
        f"recorded {instant_text(entry.recorded_at)}"
    )
    if entry.payload is None:
        yield "its payload is not in the file: it was erased, or left out"
    else:
        yield f"its payload: {canonical_text(entry.payload)}"


def _erased(count: int) -> tuple[str, ...]:
    """Return the line that says how many payloads are gone, as an entry says (D51); none for none."""
    if not count:
        return ()
    return (f"payloads erased under a rule of retention, their entries verified: {count}",)


_NOT_VERIFIED_WHAT: Final = {
    WRITTEN_BY_NEWER: (
        "what the entries from there on mean, and the records made of them; "
        "verify with that newer version, or a later one"
    ),
    OLDER_SCHEMA: (
        "the tables of records, which that version made; verify them with it, "
        "or start `redrabbit serve` once: it makes them again from the ledger"
    ),
    KEPT_NOT_PROVED: (
        "that its log goes on from the checkpoint that was kept; ask for a file that was exported with "
        "that checkpoint (`redrabbit export --checkpoint FILE`), or verify the database with it"
    ),
    OTHER_KEY: (
        "who signed it; where the ledger's key was never changed, or no earlier or later .pub that you were given fits, "
        "it is not from that ledger"
    ),
    HEADS_NOT_SAID: (
        "that no record was left out; export again after the next full hour of the service, or after it was stopped"
    ),
}


def _tell_rest(findings: Sequence[Finding]) -> int:
    """Say what can't be vouched for, which is no damage and not verified either; 0 where that is nothing."""
    put_out(
        *(in_english(finding) for finding in findings),
        *(
            f"not verified: {what}"
            for code, what in _NOT_VERIFIED_WHAT.items()
            if any(finding.code == code for finding in findings)
        ),
    )
    return NOT_VERIFIED if findings else 0


def _print_findings(findings: Sequence[Finding]) -> int:
    put_out(*(in_english(finding) for finding in findings), f"{len(findings)} found")
    return FOUND


def _exit_code_of(work: Callable[[], int]) -> int:
    """Run it; what a person can mend is told in words.

    What is no longer what was written ends with 1, what could not be read with 3: only then may something be
    wrong with the records that nobody has seen (D60).
    """
    try:
        return work()
    except DamagedDatabase as damage:
        complain(str(damage))
        return FOUND
    except KeyMissing as missing:
        complain(str(missing))
        return WRONG_USE
    except (StoreTrouble, OSError, DamagedKey) as trouble:
        complain(in_words(trouble))
        return NOT_VERIFIED
