"""Commands on records, beside a running service or without one: overdue, verify, checkpoint, export.

None of them writes to the database (D20). What a person can mend is told in words.
"""

import json
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from redrabbit.base.clock import wall_now
from redrabbit.base.signing import DamagedKey, load_key_file
from redrabbit.bootstrap import FOUND, plant_in_force, told_plainly
from redrabbit.config.problem import ConfigurationProblems
from redrabbit.domain.errors import Refusal
from redrabbit.domain.findings import Finding, say
from redrabbit.domain.ledger import instant_text
from redrabbit.domain.newer import WRITTEN_BY_NEWER
from redrabbit.domain.record_proof import Period
from redrabbit.domain.records import AgentRecord
from redrabbit.exports.record_file import export_records, verify_export, write_export
from redrabbit.services.errors import KeyMissing
from redrabbit.services.ports import Reader
from redrabbit.services.scheduling import Overdue, overdue_occurrences
from redrabbit.store.engine import parsed_url, sqlite_path
from redrabbit.store.opening import open_for_reading
from redrabbit.store.places import beside
from redrabbit.store.verification import verify_database

NEWER = 3
"""Exit code of `verify`: nothing is damaged, and only a newer version can verify it to the end."""
AGENT_SILENT_S = 10.0
"""A heartbeat older than this: nobody is watching, and the list says so (B20)."""


def print_overdue(database_url: str, *, as_json: bool) -> int:
    """List what is overdue now; 1 if anything is.

    Obligations are computed, not read from a list that somebody must have kept: they are right
    when the service has been down for days (D9, R12).
    """

    def work() -> int:
        now = wall_now()
        with open_for_reading(database_url) as database:
            found = database.read_now(lambda r: overdue_occurrences(r, plant_in_force(r), now))
            beat = database.read_now(lambda reader: reader.heartbeats()).get("agent")
            ended = database.read_now(_ended_at)
        if ended is not None or beat is None or now - beat > timedelta(seconds=AGENT_SILENT_S):
            last = ended or beat
            since = f"not watching since {last:%Y-%m-%d %H:%M:%S} UTC" if last else "never watched"
            sys.stderr.write(f"{since}: the service does not run\n")
        if as_json:
            sys.stdout.write(json.dumps([_plain(each) for each in found]) + "\n")
        else:
            lines = [_words(each, now) for each in found] or ["nothing is overdue"]
            sys.stdout.write("\n".join(lines) + "\n")
        return FOUND if found else 0

    return _told(work)


def _ended_at(reader: Reader) -> datetime | None:
    """Return when the last life of the agent ended in good order; None while it goes on."""
    lives = reader.find(AgentRecord, order_by="agent_id", descending=True, limit=1)
    return lives[0].stopped_at if lives else None


def _plain(overdue: Overdue) -> dict[str, object]:
    return {
        "check_id": overdue.check_id,
        "line": overdue.line,
        "station": overdue.station,
        "device": overdue.device,
        "due_at": instant_text(overdue.due_at),
        "grace_ends_at": instant_text(overdue.grace_ends_at),
        "closes_at": instant_text(overdue.closes_at),
    }


def _words(overdue: Overdue, now: datetime) -> str:
    late_s = (now - overdue.due_at).total_seconds()
    late = f"{late_s / 60:.0f} min" if late_s >= 120 else f"{late_s:.0f} s"  # noqa: PLR2004  because minutes read better from two on
    return (
        f"{overdue.check_id} · {overdue.line} {overdue.station} · was due {late} ago, "
        f"{overdue.due_at:%Y-%m-%d %H:%M:%S} UTC · lapses {overdue.closes_at:%H:%M:%S} UTC"
    )


def print_checkpoint(database_url: str) -> int:
    """Print the signed checkpoint; kept elsewhere, it contradicts any later rewrite (D13)."""

    def work() -> int:
        with open_for_reading(database_url) as database:
            sys.stdout.write(database.read_now(lambda reader: reader.head()).checkpoint)
        return 0

    return _told(work)


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
        signer = load_key_file(key_file or _key_beside(database_url))
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
        sys.stdout.write(
            f"{output}: {told.records} records, {len(content)} bytes\n"
            f"checked by: redrabbit verify {output}\nkey: {signer.verifier.text}\n"
        )
        return 0

    return _told(work)


def _key_beside(database_url: str) -> Path:
    path = sqlite_path(parsed_url(database_url))
    if path is None:
        raise KeyMissing("PostgreSQL: name the ledger's signing key with --key FILE")
    return beside(path, ".key")


def verify_file(path: Path, public_key: Path | None) -> int:
    """Verify an exported file on a machine that may never have seen the server."""

    def work() -> int:
        key = public_key.read_text(encoding="utf-8").strip() if public_key is not None else None
        told = verify_export(path.read_bytes(), key)
        if told.findings and all(each.code == WRITTEN_BY_NEWER for each in told.findings):
            return _tell_newer(told.findings)
        if told.findings:
            return _print_findings(told.findings)
        assert told.header is not None  # noqa: S101  because a sound file has one
        assert told.checkpoint is not None  # noqa: S101  because a sound file has one
        period = told.header.period
        trust = (
            "the key given"
            if key is not None
            else "the key that the file names; compare it with the one you were given"
        )
        sys.stdout.write(
            f"unaltered and complete: {told.records} records of {told.header.plant}, "
            f"{instant_text(period.begins_at)} to {instant_text(period.ends_at)}\n"
            f"ledger of {told.checkpoint.size} entries\n"
            f"checked with {trust}: {told.header.key}\n"
        )
        return 0

    return _told(work)


def verify_database_at(
    database_url: str, public_key: Path | None, kept_checkpoint: Path | None
) -> int:
    """Verify a database: every row of the ledger and of every record table."""

    def work() -> int:
        told = verify_database(database_url, public_key=public_key, kept_checkpoint=kept_checkpoint)
        if told.damage:
            return _print_findings(told.findings)
        part = "entries, chain and signature are " if told.findings else ""
        sys.stdout.write(f"{part}unaltered: {told.size} entries, root {told.root}\n")
        return _tell_newer(told.findings) if told.findings else 0

    return _told(work)


def _tell_newer(findings: Sequence[Finding]) -> int:
    """Say what this version can't vouch for: no damage, and not verified either."""
    for finding in findings:
        sys.stdout.write(say(finding) + "\n")
    sys.stdout.write(
        "not verified: what the entries from there on mean, and the records made of them; "
        "verify with that newer version, or a later one\n"
    )
    return NEWER


def _print_findings(findings: list[Finding] | tuple[Finding, ...]) -> int:
    for finding in findings:
        sys.stdout.write(say(finding) + "\n")
    sys.stdout.write(f"{len(findings)} found\n")
    return FOUND


def _told(work: Callable[[], int]) -> int:
    def translated() -> int:
        try:
            return work()
        except (Refusal, DamagedKey, ValueError, ConfigurationProblems) as trouble:
            sys.stderr.write(f"{trouble}\n")
            return FOUND

    return told_plainly(translated)
