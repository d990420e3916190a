"""What a plant has written is opened, verified, folded and served by every later version (D12)."""

from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from redrabbit import __version__
from redrabbit.base.signing import load_key_file
from redrabbit.cli import main
from redrabbit.config.plant import load_plant, read_configuration
from redrabbit.domain.export_format import Period
from redrabbit.domain.facts.catalogue import BY_TYPE
from redrabbit.domain.facts.plant import in_force_digest
from redrabbit.domain.ledger import SCHEMA
from redrabbit.domain.records import ChallengePartRecord, RunRecord
from redrabbit.exports.export_file import Asked, export_records, verify_export
from redrabbit.services.taking_up import open_life
from redrabbit.store.reading_database import open_for_reading
from redrabbit.store.verification import verify_database
from tests.domain.frozen_schema_1 import FROZEN
from tests.store.sample_database import SAMPLES, TOLD_TODAY, Sample, as_frozen
from tests.store.sample_story import BEGIN, FIRST, records


def test_a_sample_opens_for_writing_and_its_records_are_those_that_were_frozen(
    sample: Sample,
) -> None:
    with sample.open() as database:
        assert as_frozen(database.read_now(records)) == TOLD_TODAY
        entries = database.read_now(lambda reader: reader.entries())
    assert {entry.type for entry in entries} <= BY_TYPE.keys()
    told = verify_database(sample.url, public_key=sample.public_key)
    assert told.findings == ()
    assert told.size == len(entries) == 245


def _next_life(sample: Sample) -> None:
    """Begin a life of today's software over it, with the configuration that it had at first."""
    plant = load_plant(FIRST)
    with sample.open() as database:
        files = read_configuration(FIRST)[1]
        database.write_now(lambda uow: open_life(uow, plant, files, __version__))


def test_a_plant_of_schema_1_goes_on(sample: Sample) -> None:
    """D12, D23, D50: one ledger, one chain; each line goes on from its own largest number."""
    _next_life(sample)
    with sample.open() as database:
        entries = database.read_now(lambda reader: reader.entries())
        numbers = {
            line: database.write_now(lambda uow, line=line: uow.next_number(RunRecord, line))  # type: ignore[misc]  # because mypy has no type for a default of a lambda
            for line in ("line1", "line2", "line3")
        }
        in_force = database.write_now(lambda uow: uow.in_force)
    assert [entry.schema for entry in entries] == [1] * 245 + [SCHEMA] * (len(entries) - 245)
    assert len(entries) > 245
    for line in ("line1", "line2"):
        largest = max(row["run_id"] for row in FROZEN["runs"] if row["line"] == line)
        assert numbers[line] == largest + 1
    assert numbers["line3"] == 1
    assert in_force == in_force_digest(load_plant(FIRST).in_force)
    told = verify_database(sample.url, public_key=sample.public_key)
    assert told.findings == ()
    assert told.size == len(entries)


def test_each_piece_finds_its_home_and_keeps_what_it_was(sample: Sample) -> None:
    """D50: under schema 1 all stood on the stream of the plant."""
    with sample.open() as database:
        before = {p.part_id: p for p in database.read_now(lambda r: r.find(ChallengePartRecord))}
    _next_life(sample)
    with sample.open() as database:
        after = {p.part_id: p for p in database.read_now(lambda r: r.find(ChallengePartRecord))}
    assert {part: piece.stream for part, piece in after.items()} == {
        "GM-0001": "line1",
        "RR-0001": "line1",
        "RR-0002": "line1",
        "RR-0003": "line2",
        "RR-0004": "plant",
    }
    for part, piece in after.items():
        assert not before[part].home_is_settled
        assert piece.home_is_settled
        assert (piece.uses, piece.run_id) == (before[part].uses, before[part].run_id)


def test_what_both_schemas_recorded_is_exported_and_verified(sample: Sample) -> None:
    _next_life(sample)
    signer = load_key_file(sample.key)
    period = Period(begins_at=BEGIN, ends_at=BEGIN.replace(year=2027))
    with open_for_reading(sample.url) as database:
        size = database.read_now(lambda reader: reader.head()).size
        asked = Asked(plant="Sampleville", period=period, line=None, made_at=BEGIN)
        content = database.read_now(lambda reader: b"".join(export_records(reader, signer, asked)))
    verification = verify_export(BytesIO(content), signer.verifier.text)
    assert verification.sound
    assert (verification.entries, verification.erased) == (size, 0)


def test_the_commands_beside_a_service_read_a_sample(
    sample: Sample, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample.open().close()
    key = ["--public-key", str(sample.public_key)]
    assert main(["verify", "--database", sample.url, *key]) == 0
    assert "unaltered: 245 entries" in capsys.readouterr().out
    is_overdue = main(["overdue", "--database", sample.url])  # at this hour
    assert ("nothing is overdue" in capsys.readouterr().out) == (is_overdue == 0)
    file = tmp_path / "records.export"
    period = ["--from", "2026-03-01", "--to", "2026-03-04"]
    asked = ["export", "--database", sample.url, "--key", str(sample.key), *period]
    assert main([*asked, "-o", str(file)]) == 0
    assert main(["verify", str(file), *key]) == 3, "its ledger never said where its streams stand"
    assert "not verified: that no record was left out" in capsys.readouterr().out


def test_before_it_is_brought_up_its_ledger_is_verified_and_nothing_is_written(
    sample: Sample, capsys: pytest.CaptureFixture[str]
) -> None:
    """SECURITY.md: an old plant's records stay verifiable, by whoever may only read them."""
    if sample.key.with_name("plant.db").exists():
        sample.key.with_name("plant.db").chmod(0o400)
    for _ in range(2):
        told = verify_database(sample.url, public_key=sample.public_key)
        assert told.damage == ()
        assert [finding.code for finding in told.findings] == ["older_schema"]
        assert told.size == 245
    command = ["verify", "--database", sample.url, "--public-key", str(sample.public_key)]
    assert main(command) == 3
    assert "entries, chain and signature are unaltered: 245 entries" in capsys.readouterr().out
    _change_an_entry(sample)
    told = verify_database(sample.url, public_key=sample.public_key)
    assert told.damage[0].code == "leaf_hash_differs"
    assert main(command) == 1


def _change_an_entry(sample: Sample) -> None:
    path = sample.key.with_name("plant.db")
    if path.exists():
        path.chmod(0o600)
    engine = create_engine(sample.url)
    with engine.begin() as connection:
        row = connection.execute(text('SELECT raw FROM ledger WHERE "index" = 100')).scalar_one()
        changed = row.replace(b"a", b"b", 1)
        connection.execute(
            text('UPDATE ledger SET raw = :raw WHERE "index" = 100'), {"raw": changed}
        )
    engine.dispose()


def test_an_export_of_schema_1_is_verified_for_ever(capsys: pytest.CaptureFixture[str]) -> None:
    key = ["--public-key", str(SAMPLES / "schema_1.pub")]
    assert main(["verify", str(SAMPLES / "schema_1.export"), *key]) == 0
    assert "44 records of Sampleville" in capsys.readouterr().out
