"""What a plant has written is served by every later version (D12)."""

import asyncio

from starlette.testclient import TestClient

from redrabbit import __version__
from redrabbit.config.plant import load_plant, read_configuration
from redrabbit.domain.records import ContainmentRecord, RunRecord
from redrabbit.services.agent import Agent
from redrabbit.services.plant_service import LocalPlantService
from redrabbit.web.access import AccessRules
from redrabbit.web.app import create_app
from simulators.virtual_clock import VirtualClock
from tests.people import sign_in_at
from tests.store.sample_database import Sample
from tests.store.sample_story import BEGIN, FIRST

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


def test_a_sample_of_schema_1_is_served(sample: Sample) -> None:
    assert refused_pages(sample) == {}


def test_a_sample_of_a_later_schema_is_served(later_sample: tuple[str, Sample]) -> None:
    assert refused_pages(later_sample[1]) == {}


def refused_pages(sample: Sample) -> dict[str, int]:
    """Return the addresses that are not answered with 200, and how they are."""
    plant = load_plant(FIRST)
    clock = VirtualClock(BEGIN.replace(month=4))
    with sample.open() as database:
        runs = database.read_now(lambda reader: reader.find(RunRecord))
        cases = database.read_now(lambda reader: reader.find(ContainmentRecord))
        agent = Agent(plant, read_configuration(FIRST)[1], database, clock, __version__)
        asyncio.run(agent.open())  # this life adopts the first configuration again
        rules = AccessRules(form_secret=b"k" * 32)
        app = create_app(
            LocalPlantService(agent), clock=clock, sign_in=sign_in_at(agent), access=rules
        )
        paths = [*PAGES, *ANSWERS]
        paths += [f"/runs/{run.run_id}" for run in runs]
        paths += [f"/containments/{case.containment_id}" for case in cases]
        with TestClient(app, base_url=HERE, client=("127.0.0.1", 50000)) as client:
            answers = {path: client.get(path).status_code for path in paths}
    return {path: code for path, code in answers.items() if code != 200}
