"""What a plant has written under schema 2 or 3 is opened, verified and folded by every later version (D12)."""

import json

import pytest

from redrabbit import __version__
from redrabbit.cli import main
from redrabbit.config.plant import load_plant, read_configuration
from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.ledger import StoredEntry, canonical, read_entry
from redrabbit.domain.record_comparison import Folded
from redrabbit.domain.records import TABLES, CountRecord
from redrabbit.services.taking_up import open_life
from redrabbit.store.verification import verify_database
from tests.store.sample_database import SAMPLES, Sample
from tests.store.sample_story import FIRST, records

Rows = list[dict[str, object]]

SCHEMAS = (2, 3)


def frozen(schema: int) -> dict[str, Rows]:
    """Return the rows of every table as they were frozen.

    A table that a later version added has nothing to say of then, but for the one that counts what is in the
    others. What is written large is no field:
    keys and indexes of the class, which may change.
    """
    found = json.loads((SAMPLES / f"schema_{schema}.records.json").read_text(encoding="utf-8"))
    return {
        table: [{name: row[name] for name in row if name.islower()} for row in found.get(table, [])]
        for table in TABLES.values()
        if table != CountRecord.TABLE
    }


def lines(schema: int) -> list[str]:
    """Return the ledger's lines as they were frozen."""
    return (SAMPLES / f"schema_{schema}.jsonl").read_text(encoding="utf-8").splitlines()


COUNTED = {"checks": {"runs_without_verdict", "without_verdict_since"}}
"""What today's records count from entries of then, though their records did not."""


def test_its_records_are_those_that_were_frozen(later_sample: tuple[int, Sample]) -> None:
    schema, sample = later_sample
    told = verify_database(sample.url, public_key=sample.public_key)
    assert [finding.code for finding in told.findings] in ([], ["older_schema"])
    with sample.open() as database:
        found = json.loads(json.dumps(database.read_now(records)))
        entries = database.read_now(lambda reader: reader.entries())
    assert found.pop(CountRecord.TABLE)
    every = frozen(schema)
    assert {table: _as_frozen(every[table], table, rows) for table, rows in found.items()} == every
    types = {json.loads(line)["entry"]["type"] for line in lines(schema)}
    assert {entry.type for entry in entries} == types
    assert {entry.schema for entry in entries} == {schema}
    told = verify_database(sample.url, public_key=sample.public_key)
    assert (told.findings, told.size) == ((), len(lines(schema)))


def _as_frozen(then: Rows, table: str, rows: Rows) -> Rows:
    """Return the fields that were frozen; one that a later version added says nothing of then."""
    names = then[0].keys() if then else ()
    for row in rows:
        later = row.keys() - names - COUNTED.get(table, set())
        assert {row[name] for name in later} <= {None, False}
    return [{name: row[name] for name in names} for row in rows]


def test_its_plant_goes_on(later_sample: tuple[int, Sample]) -> None:
    schema, sample = later_sample
    with sample.open() as database:
        files = read_configuration(FIRST)[1]
        database.write_now(lambda uow: open_life(uow, load_plant(FIRST), files, __version__))
    told = verify_database(sample.url, public_key=sample.public_key)
    assert told.findings == ()
    assert told.size > len(lines(schema))


@pytest.mark.parametrize("schema", SCHEMAS)
def test_its_ledger_alone_gives_its_records(schema: int) -> None:
    """Of the entry whose payload was erased nothing is folded; no record hangs on it."""
    folded = Folded(fold)
    for index, line in enumerate(lines(schema)):
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
    assert counts == {table: len(rows) for table, rows in frozen(schema).items()}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_its_export_is_verified_for_ever(schema: int, capsys: pytest.CaptureFixture[str]) -> None:
    key = ["--public-key", str(SAMPLES / f"schema_{schema}.pub")]
    assert main(["verify", str(SAMPLES / f"schema_{schema}.export"), *key]) == 0
    assert "records of Sampleville" in capsys.readouterr().out


def test_an_export_of_format_2_is_verified_for_ever(capsys: pytest.CaptureFixture[str]) -> None:
    """With the checkpoint of three lines that was kept before it was made."""
    kept = ["--checkpoint", str(SAMPLES / "export_2.checkpoint")]
    key = ["--public-key", str(SAMPLES / "export_2.pub")]
    assert main(["verify", str(SAMPLES / "export_2.export"), *key, *kept]) == 0
    assert "unaltered and complete: 34 records of Sampleville" in capsys.readouterr().out
    assert (SAMPLES / "export_2.checkpoint").read_text(encoding="utf-8").splitlines()[1] == "300"
