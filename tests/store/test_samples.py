"""What a plant has written is opened, verified, folded and served by every later version (D12)."""

import asyncio
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from redrabbit.bootstrap import SOFTWARE
from redrabbit.cli import main
from redrabbit.config.plant import content, load_plant
from redrabbit.domain.facts.catalogue import BY_TYPE
from redrabbit.domain.records import ContainmentRecord, RunRecord
from redrabbit.services.agent import Agent
from redrabbit.services.plant_service import LocalPlantService
from redrabbit.store.reading_database import open_for_reading
from redrabbit.store.verification import verify_database
from redrabbit.web.access import AccessRules
from redrabbit.web.app import create_app
from simulators.virtual_clock import VirtualClock
from tests.store.sample_database import FROZEN, SAMPLES, Sample, as_frozen
from tests.store.sample_story import BEGIN, FIRST, Shop, play, records

HERE = "http://127.0.0.1:8080"
PAGES = ("/", "/stations", "/runs", "/containments", "/due")
ANSWERS = (
    "/api/v1/runs",
    "/api/v1/occurrences",
    "/api/v1/containments",
    "/api/v1/alarms",
    "/api/v1/pauses",
    "/api/v1/challenge-parts",
    "/api/v1/checks",
    "/api/v1/ledger/entries",
)


def test_a_sample_opens_for_writing_and_its_records_are_those_that_were_frozen(
    sample: Sample,
) -> None:
    with sample.open() as database:
        assert as_frozen(database.read_now(records)) == FROZEN
        entries = database.read_now(lambda reader: reader.entries())
    assert {entry.type for entry in entries} <= BY_TYPE.keys()
    told = verify_database(sample.url, public_key=sample.public_key)
    assert told.findings == ()
    assert told.size == len(entries) == 245


def test_the_commands_beside_a_service_read_a_sample(
    sample: Sample, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample.open().close()
    key = ["--public-key", str(sample.public_key)]
    assert main(["verify", "--database", sample.url, *key]) == 0
    assert "unaltered: 245 entries" in capsys.readouterr().out
    main(["overdue", "--database", sample.url])
    assert "overdue" in capsys.readouterr().out
    file = tmp_path / "records.export"
    period = ["--from", "2026-03-01", "--to", "2026-03-04"]
    asked = ["export", "--database", sample.url, "--key", str(sample.key), *period]
    assert main([*asked, "-o", str(file)]) == 0
    assert main(["verify", str(file), *key]) == 0


def test_a_sample_is_served(sample: Sample) -> None:
    plant = load_plant(FIRST)
    clock = VirtualClock(BEGIN.replace(month=4))
    with sample.open() as database:
        runs = database.read_now(lambda reader: reader.find(RunRecord))
        cases = database.read_now(lambda reader: reader.find(ContainmentRecord))
        agent = Agent(plant, content(FIRST), database, clock, SOFTWARE)
        asyncio.run(agent.open())  # this life adopts the first configuration again
        rules = AccessRules(form_secret=b"k" * 32)
        app = create_app(LocalPlantService(agent), clock=clock, access=rules)
        paths = [*PAGES, *ANSWERS]
        paths += [f"/runs/{run.run_id}" for run in runs]
        paths += [f"/containments/{case.containment_id}" for case in cases]
        with TestClient(app, base_url=HERE, client=("127.0.0.1", 50000)) as client:
            answers = {path: client.get(path).status_code for path in paths}
    assert {path: code for path, code in answers.items() if code != 200} == {}


def test_an_export_of_schema_1_is_verified_for_ever(capsys: pytest.CaptureFixture[str]) -> None:
    key = ["--public-key", str(SAMPLES / "schema_1.pub")]
    assert main(["verify", str(SAMPLES / "schema_1.export"), *key]) == 0
    assert "44 records of Sampleville" in capsys.readouterr().out


def test_the_story_behind_the_samples_writes_every_type_of_entry(tmp_path: Path) -> None:
    """So that the next sample, made of the same story by the next version, covers it all."""
    url = f"sqlite:///{tmp_path / 'plant.db'}"
    play(Shop(url, tmp_path / "plant.db.key"))
    with open_for_reading(url) as database:
        entries = database.read_now(lambda reader: reader.entries())
    assert {entry.type for entry in entries} == BY_TYPE.keys()
    assert verify_database(url).findings == ()
