"""`redrabbit export`: the records of a period with their proofs, beside a running service or without one.

It does not write to the database (D20). What a person can mend is told in words.
"""

from collections.abc import Iterator
from datetime import date, datetime, tzinfo
from pathlib import Path

from redrabbit.adopted_plant import plant_in_force
from redrabbit.base.clock import wall_now
from redrabbit.base.messages import zoned
from redrabbit.base.printable import complain, put_out
from redrabbit.base.sentence import Sentence, sentence
from redrabbit.base.signing import DamagedKey, load_key_file
from redrabbit.domain.checkpoint import Checkpoint, parse_checkpoint
from redrabbit.domain.export_format import Period
from redrabbit.domain.export_verification import ExportVerification
from redrabbit.domain.findings import Finding
from redrabbit.domain.log_keys import LogKeys
from redrabbit.domain.plant import Plant
from redrabbit.domain.shift_calendar import day_begins, day_ends
from redrabbit.domain.signed_note import parse_note
from redrabbit.exit_codes import WRONG_USE, exit_code_of
from redrabbit.exports.export_file import Asked, export_records, write_export
from redrabbit.services.errors import DamagedDatabase, KeyMissing
from redrabbit.services.log_keys import keys_of
from redrabbit.services.ports import Reader
from redrabbit.services.verifying import VerificationState, damage_known
from redrabbit.store.database_files import companion, refuse_no_file
from redrabbit.store.engine import parsed_url, sqlite_path
from redrabbit.store.log_key import LogKey, signing_now
from redrabbit.store.reading_database import open_for_reading
from redrabbit.store.remembered_head import RememberedHead
from redrabbit.store.verification import kept_note
from redrabbit.store.verified_mark import VerifiedMark


def export_records_to(
    database_url: str,
    *,
    since: date | datetime,
    until: date | datetime,
    line: str | None,
    key_file: Path | None,
    output: Path,
    kept_checkpoint: Path | None = None,
    replace: bool = False,
) -> int:
    """Write the records of a period with their proofs into one file.

    Days are the plant's, and the last one is in the period to its end. A file that is there already stays as it
    is, unless it is to be replaced. With a checkpoint that was kept elsewhere the file proves that the ledger
    begins with that one. No file, which holds a signed checkpoint, leaves a ledger that is known to be damaged, or that is
    shorter than, or another than, the head that is remembered beside the key tells (D62).
    """

    def work() -> int:
        if output.is_file() and not replace:
            complain(
                sentence(
                    "{file} is there already; name another file, or say --replace to write over it",
                    file=output,
                )
            )
            return WRONG_USE
        path = sqlite_path(parsed_url(database_url))
        if path is not None:
            refuse_no_file(path)
        kept = (
            parse_checkpoint(parse_note(kept_note(kept_checkpoint)).text)
            if kept_checkpoint
            else None
        )
        key_path = key_file or _key_file_of(database_url)
        in_place = LogKey(load_key_file(key_path))

        remembered = RememberedHead(key_path)
        head = remembered.text()  # before the ledger, which may be ahead of it and never behind

        def written(reader: Reader) -> tuple[ExportVerification, str, tzinfo]:
            keys = keys_of(reader, in_place.verifier)
            signer = signing_now(key_path, in_place, keys).signer
            mark = VerifiedMark(key_path, LogKey(signer))
            _refuse_to_vouch(reader, keys, remembered, head, mark.damage())
            plant = plant_in_force(reader)
            lines = export_records(reader, signer, asked(plant, kept))
            key = signer.verifier.text
            return write_export(output, lines, key), key, plant.zone

        with open_for_reading(database_url) as database:
            told, key, zone = database.read_now(written)
        put_out(*_words(output, told, zone), sentence("key: {key}", key=key))
        return 0

    def asked(plant: Plant, kept: Checkpoint | None) -> Asked:
        period = Period(
            begins_at=since if isinstance(since, datetime) else day_begins(plant.zone, since),
            ends_at=until if isinstance(until, datetime) else day_ends(plant.zone, until),
        )
        return Asked(plant=plant.name, period=period, line=line, made_at=wall_now(), kept=kept)

    return exit_code_of(work, DamagedKey, ValueError)


def _words(output: Path, told: ExportVerification, zone: tzinfo) -> Iterator[Sentence]:
    """Yield what was written, and how it is verified."""
    yield sentence(
        "{file}: {records} records, {bytes} bytes",
        file=output,
        records=told.records,
        bytes=output.stat().st_size,
    )
    yield from _period(told, zone)
    yield sentence("to verify it: redrabbit verify {file}", file=output)


def _period(told: ExportVerification, zone: tzinfo) -> tuple[Sentence, ...]:
    """Return what was asked for, by the plant's clock, and up to when the file is proved to be complete."""
    assert told.header is not None  # noqa: S101  because a sound file has one
    period = told.header.period
    asked = sentence(
        "from {begins_at} to {ends_at}",
        begins_at=zoned(period.begins_at, zone),
        ends_at=zoned(period.ends_at, zone),
    )
    if told.complete_until == period.ends_at:
        return (asked,)
    if told.complete_until is None:
        return (
            asked,
            sentence(
                "not proved to be complete: the ledger has not said yet where its streams stand"
            ),
        )
    return (asked, sentence("complete up to {at}", at=zoned(told.complete_until, zone)))


def _refuse_to_vouch(
    reader: Reader,
    keys: LogKeys,
    remembered: RememberedHead,
    head: str | None,
    marked: tuple[Finding, ...],
) -> None:
    """Raise DamagedDatabase where damage is known, or the ledger does not go on from the remembered head (D62)."""
    if found := damage_known(reader, VerificationState(findings=marked)):
        raise DamagedDatabase(
            sentence("{found}. No file leaves before somebody decides what counts", found=found)
        )
    if head is not None:
        remembered.refuse_to_go_on_without(head, reader.tree_node, keys, reader.head().size)


def _key_file_of(database_url: str) -> Path:
    path = sqlite_path(parsed_url(database_url))
    if path is None:
        raise KeyMissing(sentence("PostgreSQL: name the ledger's signing key with --key FILE"))
    return companion(path, ".key")
