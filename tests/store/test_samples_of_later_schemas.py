"""What a plant has written since schema 1 is opened, verified and folded by every later version (D12)."""

import json
import shutil
from pathlib import Path

import pytest

from redrabbit import __version__
from redrabbit.cli import main
from redrabbit.config.plant import load_plant, read_configuration
from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.ledger import StoredEntry, canonical, read_entry
from redrabbit.domain.record_comparison import Folded
from redrabbit.domain.records import TABLES, CountRecord
from redrabbit.services.errors import StoreTrouble
from redrabbit.services.taking_up import open_life
from redrabbit.store.verification import verify_database
from tests.store.sample_database import SAMPLES, Sample, sqlite_sample
from tests.store.sample_story import FIRST, records

Rows = list[dict[str, object]]

SCHEMA_OF = {"schema_2": 2, "schema_3": 3, "changed_key": 3}
"""By the name of the sample."""


def frozen(name: str) -> dict[str, Rows]:
    """Return the rows of every table as they were frozen.

    A table that a later version added has nothing to say of then, but for the one that counts what is in the
    others. What is written large is no field:
    keys and indexes of the class, which may change.
    """
    found = json.loads((SAMPLES / f"{name}.records.json").read_text(encoding="utf-8"))
    return {
        table: [
            {field: row[field] for field in row if field.islower()} for row in found.get(table, [])
        ]
        for table in TABLES.values()
        if table != CountRecord.TABLE
    }


def lines(name: str) -> list[str]:
    """Return the ledger's lines as they were frozen."""
    return (SAMPLES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()


COUNTED = {
    "configurations": {"entry"},
    "checks": {"owed_from", "runs_without_verdict", "without_verdict_since"},
    "challenge_parts": {"entry"},
    "containments": {"entry"},
    "occurrences": {"entry"},
}
"""What today's records count, or name, of entries of then, though their records did not."""


def test_its_records_are_those_that_were_frozen(later_sample: tuple[str, Sample]) -> None:
    name, sample = later_sample
    told = verify_database(sample.url, public_key=sample.public_key)
    assert [finding.code for finding in told.findings] in ([], ["older_schema"])
    with sample.open() as database:
        found = json.loads(json.dumps(database.read_now(records)))
        entries = database.read_now(lambda reader: reader.entries())
    assert found.pop(CountRecord.TABLE)
    every = frozen(name)
    assert {table: _as_frozen(every[table], table, rows) for table, rows in found.items()} == every
    types = {json.loads(line)["entry"]["type"] for line in lines(name)}
    assert {entry.type for entry in entries} == types
    assert {entry.schema for entry in entries} == {SCHEMA_OF[name]}
    told = verify_database(sample.url, public_key=sample.public_key)
    assert (told.findings, told.size) == ((), len(lines(name)))


def _as_frozen(then: Rows, table: str, rows: Rows) -> Rows:
    """Return the fields that were frozen; one that a later version added says nothing of then."""
    names = then[0].keys() if then else ()
    for row in rows:
        later = row.keys() - names - COUNTED.get(table, set())
        assert {row[name] for name in later} <= {None, False}, (table, later)
    return [{name: row[name] for name in names} for row in rows]


def test_its_plant_goes_on(later_sample: tuple[str, Sample]) -> None:
    name, sample = later_sample
    with sample.open() as database:
        files = read_configuration(FIRST)[1]
        database.write_now(lambda uow: open_life(uow, load_plant(FIRST), files, __version__))
    told = verify_database(sample.url, public_key=sample.public_key)
    assert told.findings == ()
    assert told.size > len(lines(name))


@pytest.mark.parametrize("name", SCHEMA_OF)
def test_its_ledger_alone_gives_its_records(name: str) -> None:
    """Of the entry whose payload was erased nothing is folded; no record hangs on it."""
    folded = Folded(fold)
    for index, line in enumerate(lines(name)):
        told = json.loads(line)
        stored = StoredEntry(
            raw=canonical(told["entry"]),
            salt=None if told["salt"] is None else bytes.fromhex(told["salt"]),
            payload=None if told["payload"] is None else canonical(told["payload"]),
        )
        assert line.encode().startswith(b'{"entry":%s,' % stored.raw)
        entry = read_entry(stored, index)
        if entry.payload is not None:
            folded.add(entry)
    counts = {kind.TABLE: len(found) for kind, found in folded.records.items()}
    assert counts.pop(CountRecord.TABLE)
    assert counts == {table: len(rows) for table, rows in frozen(name).items()}


@pytest.mark.parametrize("name", SCHEMA_OF)
def test_its_export_is_verified_for_ever(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    key = ["--public-key", str(SAMPLES / f"{name}.pub")]
    assert main(["verify", str(SAMPLES / f"{name}.export"), *key]) == 0
    assert "records of Sampleville" in capsys.readouterr().out


@pytest.mark.parametrize("key", ["changed_key.before", "changed_key"])
def test_with_a_key_of_before_or_after_a_change_all_of_it_is_verified(
    key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Database and export, and that both go on from a checkpoint that the key before has signed."""
    sample = sqlite_sample(tmp_path, "changed_key")
    sample.open().close()
    kept = ["--checkpoint", str(SAMPLES / "changed_key.kept.checkpoint")]
    key_file = ["--public-key", str(SAMPLES / f"{key}.pub")]
    database, export = ["--database", sample.url], [str(SAMPLES / "changed_key.export")]
    for what, verdict in ((database, "unaltered: 544 entries"), (export, "unaltered and complete")):
        assert main(["verify", *what, *key_file, *kept]) == 0
        said = capsys.readouterr().out
        assert verdict in said
        assert "the key was changed at entry 472" in said


def test_nothing_signs_its_ledger_with_the_key_before_the_change(tmp_path: Path) -> None:
    sample = sqlite_sample(tmp_path, "changed_key")
    shutil.copyfile(SAMPLES / "changed_key.before.test_key", sample.key)
    shutil.copyfile(SAMPLES / "changed_key.before.pub", sample.public_key)
    with pytest.raises(StoreTrouble, match="was replaced at entry 472"):
        sample.open()


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ("2", "unaltered and complete: 34 records of Sampleville"),
        ("3", "unaltered and complete: 32 records of Sampleville"),
    ],
)
def test_an_export_of_each_format_is_verified_for_ever(
    form: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the checkpoint of three lines that was kept before it was made."""
    sample = SAMPLES / f"export_{form}.export"
    assert f'"format":"redrabbit records {form}"' in sample.read_text(encoding="utf-8")
    kept = ["--checkpoint", str(sample.with_suffix(".checkpoint"))]
    key = ["--public-key", str(sample.with_suffix(".pub"))]
    assert main(["verify", str(sample), *key, *kept]) == 0
    said = capsys.readouterr().out
    assert told in said
    assert ("  p-0002: 3115 李娜, from entry 474 on (name erased)\n" in said) is (form == "3")
    kept_size = sample.with_suffix(".checkpoint").read_text(encoding="utf-8").splitlines()[1]
    assert kept_size == "300"
