"""Commands that prove records, beside a running service or without one: verify, export.

None of them writes to the database (D20). What a person can mend is told in words.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from redrabbit.adopted_plant import plant_in_force
from redrabbit.base.bounded import MB, read_at_most
from redrabbit.base.clock import wall_now
from redrabbit.base.messages import Message, catalogue
from redrabbit.base.printable import complain, put_out
from redrabbit.base.signing import DamagedKey, load_key_file, load_public_key
from redrabbit.domain.errors import Refusal
from redrabbit.domain.export_format import Period
from redrabbit.domain.findings import Finding, in_english
from redrabbit.domain.ledger import instant_text
from redrabbit.domain.newer import WRITTEN_BY_NEWER
from redrabbit.exit_codes import FOUND, exit_code_of
from redrabbit.exports.export_file import export_records, verify_export, write_export
from redrabbit.services.errors import KeyMissing
from redrabbit.store.database_files import companion
from redrabbit.store.engine import parsed_url, sqlite_path
from redrabbit.store.reading_database import open_for_reading
from redrabbit.store.verification import verify_database

MOST_EXPORT_BYTES = 256 * MB
"""It is verified in memory, which takes a few times its size."""
SHORTER_PERIOD = "an exported file of records: export a shorter period, or one line at a time"
NOT_ALL = 3
"""Exit code of `verify`: nothing is damaged, and this version can't verify it to the end."""


def export_records_to(
    database_url: str,
    *,
    since: datetime,
    until: datetime,
    line: str | None,
    key_file: Path | None,
    output: Path,
) -> int:
    """Write the records of a period with their proofs into one file."""

    def work() -> int:
        signer = load_key_file(key_file or _key_file_of(database_url))
        with open_for_reading(database_url) as database:
            content = database.read_now(
                lambda reader: export_records(
                    reader,
                    signer,
                    plant=plant_in_force(reader).name,
                    period=Period(begins_at=since, ends_at=until),
                    line=line,
                    made_at=wall_now(),
                )
            )
        write_export(output, content)
        told = verify_export(content, signer.verifier.text)
        put_out(
            f"{output}: {told.records} records, {len(content)} bytes",
            f"checked by: redrabbit verify {output}",
            f"key: {signer.verifier.text}",
        )
        return 0

    return _exit_code_of(work)


def _key_file_of(database_url: str) -> Path:
    path = sqlite_path(parsed_url(database_url))
    if path is None:
        raise KeyMissing("PostgreSQL: name the ledger's signing key with --key FILE")
    return companion(path, ".key")


def verify_file(path: Path, public_key: Path | None) -> int:
    """Verify an exported file on a machine that may never have seen the server."""

    def work() -> int:
        key = load_public_key(public_key).text if public_key is not None else None
        told = verify_export(read_at_most(path, MOST_EXPORT_BYTES, SHORTER_PERIOD), key)
        if told.findings and all(each.code == WRITTEN_BY_NEWER for each in told.findings):
            return _tell_rest(told.findings)
        if told.findings:
            code = _print_findings(told.findings)
            put_out(*_erased(told.erased))
            return code
        assert told.header is not None  # noqa: S101  because a sound file has one
        assert told.checkpoint is not None  # noqa: S101  because a sound file has one
        period = told.header.period
        trust = (
            "the key given"
            if key is not None
            else "the key that the file names; compare it with the one you were given"
        )
        put_out(
            f"unaltered and complete: {told.records} records of {told.header.plant}, "
            f"{instant_text(period.begins_at)} to {instant_text(period.ends_at)}",
            f"ledger of {told.checkpoint.size} entries",
            f"checked with {trust}: {told.header.key}",
            *_erased(told.erased),
        )
        return 0

    return _exit_code_of(work)


def verify_database_at(
    database_url: str, public_key: Path | None, kept_checkpoint: Path | None
) -> int:
    """Verify a database: every row of the ledger and of every record table."""

    def work() -> int:
        told = verify_database(database_url, public_key=public_key, kept_checkpoint=kept_checkpoint)
        if told.damage:
            return _print_findings(told.findings)
        part = "entries, chain and signature are " if told.findings else ""
        put_out(f"{part}unaltered: {told.size} entries, root {told.root}", *_erased(told.erased))
        return _tell_rest(told.findings) if told.findings else 0

    return _exit_code_of(work)


def _erased(count: int) -> tuple[str, ...]:
    """Return the line that says how many payloads are gone, as an entry says (D51); none for none."""
    if not count:
        return ()
    return (f"payloads erased under a rule of retention, their entries verified: {count}",)


def _tell_rest(findings: Sequence[Finding]) -> int:
    """Say what this version can't vouch for: no damage, and not verified either."""
    put_out(*(in_english(finding) for finding in findings))
    if any(finding.code == WRITTEN_BY_NEWER for finding in findings):
        put_out(
            "not verified: what the entries from there on mean, and the records made of them; "
            "verify with that newer version, or a later one"
        )
    else:
        put_out(
            "not verified: the tables of records, which that version made; verify them with it, "
            "or start `redrabbit serve` once: it makes them again from the ledger"
        )
    return NOT_ALL


def _print_findings(findings: Sequence[Finding]) -> int:
    put_out(*(in_english(finding) for finding in findings), f"{len(findings)} found")
    return FOUND


def _exit_code_of(work: Callable[[], int]) -> int:
    def in_words() -> int:
        try:
            return work()
        except Refusal as refusal:
            said = Message(f"refusal.{refusal.code}", refusal.params)
            complain(catalogue("en").render(said))
            return FOUND

    return exit_code_of(in_words, DamagedKey, ValueError)
