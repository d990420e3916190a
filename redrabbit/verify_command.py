"""`redrabbit verify`: a database, an exported file, or the proof of one entry; and what was trusted.

None of it writes to the database (D20). What ends with 0 says *unaltered* only where a public key or a checkpoint from
elsewhere was given (D60): the key that lies beside a database, or stands in a file, can be replaced by whoever replaced
the records. An option that is given is used, or the command says that it can't be.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from redrabbit.adopted_plant import plant_in_force
from redrabbit.base.bounded import MB
from redrabbit.base.kept_texts import read_kept_text
from redrabbit.base.messages import zoned
from redrabbit.base.printable import complain, put_out
from redrabbit.base.sentence import Sentence, sentence, words_of
from redrabbit.base.signing import DamagedKey, load_public_key, parse_verifier
from redrabbit.config.problem import ConfigurationProblems
from redrabbit.domain.checkpoint import parse_checkpoint
from redrabbit.domain.database_verification import DatabaseVerification, damage_in
from redrabbit.domain.entry_proof import verify_proof
from redrabbit.domain.erasable import stands_for_a_name
from redrabbit.domain.export_format import Header
from redrabbit.domain.export_verification import ExportVerification
from redrabbit.domain.exported_people import ExportedPerson
from redrabbit.domain.findings import Finding
from redrabbit.domain.head_verification import REMEMBERED
from redrabbit.domain.kept_checkpoint import KEPT_NOT_PROVED, OTHER_KEY, kept_findings
from redrabbit.domain.ledger import Entry, canonical_text
from redrabbit.domain.log_keys import LogKeys
from redrabbit.domain.newer import OLDER_SCHEMA, WRITTEN_BY_NEWER
from redrabbit.domain.recorded_loss import RecordedLoss
from redrabbit.domain.signed_note import parse_note, to_base64
from redrabbit.exit_codes import FOUND, NOT_VERIFIED, WRONG_USE, in_words
from redrabbit.exports.export_file import verify_export
from redrabbit.services.errors import DamagedDatabase, KeyMissing, StoreTrouble
from redrabbit.services.finding_words import finding_words
from redrabbit.store.reading_database import open_for_reading
from redrabbit.store.verification import kept_note, verify_database

HEADS_NOT_SAID: Final = "heads_not_said"
OF_ANOTHER_HISTORY: Final = frozenset(
    {"kept_beyond", "kept_contradicts", "kept_lost", "kept_perhaps_lost", "signature_out_of_time"}
)
"""Findings of the remembered head that a person may answer with `accept-loss`; others are of the file."""
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

    def verdict(self, key: str) -> Sentence:
        """Return what may be said of what is sound."""
        if self.public_key is None and self.checkpoint is None:
            return sentence("consistent in itself with the key {key}", key=key)
        return sentence("unaltered")

    def brought(self, key: str) -> Iterator[Sentence]:
        """Yield the lines that name what was given; `key` is the key's text, where one was."""
        if self.checkpoint is not None:
            yield sentence("trusted: the checkpoint {file}", file=self.checkpoint)
        if self.public_key is not None:
            yield sentence("trusted: the key {file}: {key}", file=self.public_key, key=key)

    def trusted(self, key: str, where: Sentence) -> Iterator[Sentence]:
        """Yield the lines that say what the verdict rests on; `where` the key stands if it was not given."""
        yield from self.brought(key)
        if self.public_key is None and self.checkpoint is not None:
            yield sentence(
                "the key {where}, or one that it goes on from, signed that checkpoint, too: {key}",
                where=where,
                key=key,
            )
        elif self.public_key is None:
            yield sentence(
                "that key stands {where}: compare it with the one you were given, or give yours with --public-key, or "
                "with --checkpoint a checkpoint that was kept elsewhere",
                where=where,
            )


def verify_database_at(database_url: str, given: Given) -> int:
    """Verify a database: every row of the ledger and of every record table."""

    def work() -> int:
        told = verify_database(
            database_url, public_key=given.public_key, kept_checkpoint=given.checkpoint
        )
        if told.damage:
            code = _print_findings(_named(told.findings, told.names))
            put_out(
                *_losses(told.losses, told.names, zone_of(database_url)),
                *_what_to_do(told.damage),
            )
            return code
        zone = zone_of(database_url) if told.losses or (told.keys and told.keys.changes) else UTC
        verdict = given.verdict(told.key)
        if told.findings:
            verdict = sentence("entries, chain and signature are {verdict}", verdict=verdict)
        put_out(
            sentence(
                "{verdict}: {size} entries, root {root}",
                verdict=verdict,
                size=told.size,
                root=to_base64(bytes.fromhex(told.root)),
            ),
            *_losses(told.losses, told.names, zone),
            *given.trusted(told.key, sentence("beside the database")),
            *_nothing_beside(told, given),
            *_changes(told.keys, told.names, zone),
            *_erased(told.erased),
        )
        return _tell_rest(told.findings)

    return _exit_code_of(work)


def _nothing_beside(told: DatabaseVerification, given: Given) -> Iterator[Sentence]:
    """Yield that nothing from outside says how long the ledger was, where that is so (D62)."""
    if told.size and not told.is_beside_remembered and given.checkpoint is None:
        yield sentence(
            "no remembered head was beside it to compare: whether its last entries are missing, only a checkpoint that was "
            "kept elsewhere can tell (--checkpoint FILE)"
        )


def _what_to_do(damage: Sequence[Finding]) -> Iterator[Sentence]:
    """Yield what to do where the ledger is not the one whose head the service has remembered (D62)."""
    if any(each.place == REMEMBERED and each.code in OF_ANOTHER_HISTORY for each in damage):
        yield sentence(
            "the head that is remembered beside the key is of another history than this ledger: an older copy was put in "
            "place, or what was written last was lost. Put the right database back; if it is gone for good, "
            "`redrabbit accept-loss` records the loss, and the service starts again"
        )


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
            put_out(*_erased(told.erased), *_checkpoint_instead(path, told))
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
        zone = _zone_in(told.plant_file)
        put_out(
            sentence(
                "{verdict}: {records} records of {plant}, {begins_at} to {ends_at}",
                verdict=_complete(shown.verdict(trusted), told, zone),
                records=told.records,
                plant=told.header.plant,
                begins_at=zoned(period.begins_at, zone),
                ends_at=zoned(period.ends_at, zone),
            ),
            sentence(
                "ledger of {size} entries; lines in the file: {lines}",
                size=told.checkpoint.size,
                lines=_lines(told.header),
            ),
            *_losses(told.losses, told.names, zone),
            *shown.trusted(trusted, sentence("in the file")),
            *_changes(told.keys, told.names, zone),
            *_erased(told.erased),
            *_people(told.people),
        )
        return _tell_rest((*beside, *_end_not_said(told)))

    return _exit_code_of(work)


def _checkpoint_instead(path: Path, told: ExportVerification) -> tuple[Sentence, ...]:
    """Return what to do where the file is no export, and a checkpoint that was kept, or a message with one."""
    if told.header is not None:
        return ()
    try:
        parse_checkpoint(parse_note(kept_note(path)).text)
    except (StoreTrouble, ValueError, OSError):
        return ()
    return (
        sentence(
            "{file} holds a checkpoint and no records: give it with --checkpoint, beside --database URL or an exported "
            "file",
            file=path,
        ),
    )


def _lines(header: Header) -> str:
    if header.lines is None:
        return sentence("all")
    return ", ".join(header.lines) or sentence("none, the plant's own records only")


def _who(names: Mapping[str, str], actor: object) -> str:
    """Return the name of an id, or words and the id where none is there; under schema 1 the id is the name."""
    said = str(actor)
    if said not in names and stands_for_a_name(said):
        return sentence("somebody whose name is not there ({id})", id=said)
    return names.get(said, said)


def _named(findings: Sequence[Finding], names: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return the findings with names in place of the ids of those who accepted a loss."""
    return tuple(
        replace(each, params={**each.params, "by": _who(names, each.params["by"])})
        if "by" in each.params
        else each
        for each in findings
    )


def _losses(
    losses: Sequence[RecordedLoss], names: Mapping[str, str], zone: tzinfo
) -> Iterator[Sentence]:
    """Yield the lines that tell of history that was lost, as the records themselves say (D62)."""
    for loss in losses:
        found, had = loss.lost.found_size, loss.lost.size
        yield sentence(
            "the records say that a history of {had} entries was lost, and the ledger went on with {found}{missing}: "
            "entry {entry}, recorded {at}, accepted by {who}; compare a checkpoint of that history with this",
            had=had,
            found=found,
            missing=sentence(", at least {n} are missing", n=had - found) if found < had else "",
            entry=loss.index,
            at=zoned(loss.at, zone),
            who=_who(names, loss.by),
        )


def _complete(verdict: Sentence, told: ExportVerification, zone: tzinfo) -> Sentence:
    """Return the verdict with up to when nothing can have been left out (D25, D59)."""
    assert told.header is not None  # noqa: S101  because a sound file has one
    if told.complete_until is None:
        return verdict
    if told.complete_until == told.header.period.ends_at:
        return sentence("{verdict} and complete", verdict=verdict)
    return sentence(
        "{verdict} and complete up to {at}", verdict=verdict, at=zoned(told.complete_until, zone)
    )


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


def _changes(keys: LogKeys | None, names: Mapping[str, str], zone: tzinfo) -> Iterator[Sentence]:
    """Yield the lines that tell of changes of the key, by which the trusted key leads to the one that signs now."""
    for change in () if keys is None else keys.changes:
        yield sentence(
            "the key was changed at entry {entry} on {at} by {who}, from {old} to {new}: both signed it, so the chain is "
            "proved",
            entry=change.index,
            at=zoned(change.recorded_at, zone),
            who=_who(names, change.by),
            old=change.old.text,
            new=change.new.text,
        )


def verify_entry_proof(path: Path, given: Given) -> int:
    """Verify the proof of one entry, as the page of a run offers it, and print the entry."""

    def work() -> int:
        if given == Given():
            complain(
                sentence(
                    "a proof holds no key: found neither --public-key nor --checkpoint; expected one of the two"
                )
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
            sentence(
                "unaltered: entry {entry} (counted from 0) of a ledger of {size} entries",
                entry=told.index,
                size=told.checkpoint.size,
            ),
            *shown.brought("" if key is None else key.text),
            *(() if told.entry is None else _entry_lines(told.entry)),
            *_changes(told.keys, {}, UTC),
        )
        return _tell_rest(told.findings)

    return _exit_code_of(work)


def _entry_lines(entry: Entry) -> Iterator[Sentence]:
    yield sentence(
        "{type} of stream {stream}, happened {occurred_at}, recorded {recorded_at}",
        type=entry.type,
        stream=entry.stream,
        occurred_at=zoned(entry.occurred_at, UTC),
        recorded_at=zoned(entry.recorded_at, UTC),
    )
    if entry.payload is None:
        yield sentence("its payload is not in the file: it was erased, or left out")
    else:
        yield sentence("its payload: {payload}", payload=canonical_text(entry.payload))


def _people(people: Sequence[ExportedPerson]) -> Iterator[Sentence]:
    """Yield who the people are whom a file names by their numbers, and what they were called when (B35)."""
    if people:
        yield sentence("the people whom it names:")
    for person in people:
        (_, name), *later = person.names
        names = name or sentence("(name erased)")
        for since, then in later:
            names = sentence(
                "{name}, from entry {entry} on {later}",
                name=names,
                entry=since,
                later=then or sentence("(name erased)"),
            )
        yield sentence("  {person}: {names}", person=person.person_id, names=names)


def _erased(count: int) -> tuple[Sentence, ...]:
    """Return the line that says how many payloads are gone, as an entry says (D51); none for none."""
    if not count:
        return ()
    return (
        sentence("payloads erased under a rule of retention, their entries verified: {n}", n=count),
    )


def zone_of(database_url: str) -> tzinfo:
    """Return the zone of the plant's clock; UTC where the database does not tell."""
    try:
        with open_for_reading(database_url) as database:
            return database.read_now(plant_in_force).zone
    except (StoreTrouble, ConfigurationProblems):
        return UTC


def _zone_in(plant_file: str | None) -> tzinfo:
    """Return the zone that a plant's file names; UTC where it names none that there is."""
    named = re.search(r"""^zone:[ "']*([\w+/-]+)""", plant_file or "", flags=re.MULTILINE)
    try:
        return ZoneInfo(named[1]) if named is not None else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


_NOT_VERIFIED_WHAT: Final = {
    WRITTEN_BY_NEWER: sentence(
        "what the entries from there on mean, and the records made of them; "
        "verify with that newer version, or a later one"
    ),
    OLDER_SCHEMA: sentence(
        "the tables of records, which that version made; verify them with it, "
        "or start `redrabbit serve` once: it makes them again from the ledger"
    ),
    KEPT_NOT_PROVED: sentence(
        "that its log goes on from the checkpoint that was kept; ask for a file that was exported with "
        "that checkpoint (`redrabbit export --checkpoint FILE`), or verify the database with it"
    ),
    OTHER_KEY: sentence(
        "who signed it; where the ledger's key was never changed, or no earlier or later .pub that you were given fits, "
        "it is not from that ledger"
    ),
    HEADS_NOT_SAID: sentence(
        "that no record was left out; export again after the next full hour of the service, or after it was stopped"
    ),
}


def _tell_rest(findings: Sequence[Finding]) -> int:
    """Say what can't be vouched for, which is no damage and not verified either; 0 where that is nothing."""
    put_out(
        *(finding_words(finding) for finding in findings),
        *(
            sentence("not verified: {what}", what=what)
            for code, what in _NOT_VERIFIED_WHAT.items()
            if any(finding.code == code for finding in findings)
        ),
    )
    return NOT_VERIFIED if findings else 0


def _print_findings(findings: Sequence[Finding]) -> int:
    put_out(
        *(finding_words(finding) for finding in findings), sentence("{n} found", n=len(findings))
    )
    return FOUND


def _exit_code_of(work: Callable[[], int]) -> int:
    """Run it; what a person can mend is told in words.

    What is no longer what was written ends with 1, what could not be read with 3: only then may something be
    wrong with the records that nobody has seen (D60).
    """
    try:
        return work()
    except DamagedDatabase as damage:
        complain(words_of(damage))
        return FOUND
    except KeyMissing as missing:
        complain(words_of(missing))
        return WRONG_USE
    except (StoreTrouble, OSError, DamagedKey) as trouble:
        complain(in_words(trouble))
        return NOT_VERIFIED
