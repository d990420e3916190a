"""No answer is the server's own fault, whatever is asked (K7, D24): every route, every place.

The short run draws requests that are right but for one to three places. The long one (`-m slow`)
puts every edge value into every place of every route.
"""

import asyncio
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from redrabbit.base.clock import Clock
from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.plant import Plant
from redrabbit.store.database import SqlDatabase
from redrabbit.store.opening import open_database
from redrabbit.store.unit_of_work import Recording
from tests.web.edges import (
    DEADLY,
    HALVES,
    KNOWN,
    Answer,
    Asked,
    Door,
    all_in_one_place,
    ask,
    deadly_in_one_place,
    doors,
    plainly,
    requests,
)
from tests.web.strict_plant import Opening, StrictPlant

DOORS = doors(StrictPlant().app)


class Runner:
    """A served plant in a loop of its own."""

    def __init__(self, opened: Opening | None = None) -> None:
        self.loop = asyncio.new_event_loop()
        self.plant = StrictPlant(opened)
        self.loop.run_until_complete(self.plant.open())

    def ask(self, asked: Asked) -> Answer:
        """Return the answer; a bug is raised as it is."""
        return self.loop.run_until_complete(self._ask(asked))

    async def _ask(self, asked: Asked) -> Answer:
        await self.plant.beat()  # a stream lets time pass, and a plant that is watched is read
        return await ask(self.plant.app, asked)

    def size(self) -> int:
        """Return how many entries the ledger has."""
        return self.loop.run_until_complete(self.plant.read(lambda reader: reader.head())).size

    def stations_signed(self) -> set[str | None]:
        """Return every station that an actor of the ledger stood before."""
        entries = self.loop.run_until_complete(self.plant.read(lambda reader: reader.entries()))
        return {entry.actor.station for entry in entries}


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    made = Runner()
    yield made
    made.loop.close()


def test_every_route_has_a_door() -> None:
    named = {str(door) for door in DOORS}
    assert {"GET /", "GET /due", "POST /api/v1/pauses", "POST /due/{act}", "GET /metrics"} <= named
    assert {"GET /live/board", "GET /api/v1/events", "GET /static/{path}"} <= named
    assert len(DOORS) > 40


def is_answered(runner: Runner, asked: Asked) -> bool:
    """Return whether the answer is no fault of the server; a bug is raised with its request."""
    try:
        return runner.ask(asked).status in range(200, 500)
    except Exception as error:
        raise AssertionError(f"{asked}") from error


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_what_was_deadly_once_is_answered_and_signed_at_a_station_of_the_plant(
    runner: Runner, door: Door
) -> None:
    """D23: also where another place of the address or the form is what nobody expects.

    In each door another third of the values for a place; the long run puts all of them into all places.
    """
    for asked in islice(deadly_in_one_place(door), DOORS.index(door) % 3, None, 3):
        assert is_answered(runner, asked), asked
    assert runner.stations_signed() <= {None, "op20", "op30"}


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_no_answer_is_the_servers_fault(runner: Runner, door: Door) -> None:
    @settings(max_examples=20, database=None, suppress_health_check=list(HealthCheck))
    @given(asked=requests(door))
    def all_answered(asked: Asked) -> None:
        assert is_answered(runner, asked), asked

    all_answered()


AT_A_STATION = [door for door in DOORS if "station_id" in door.places]


@pytest.mark.parametrize("door", AT_A_STATION, ids=str)
def test_nothing_is_done_at_a_station_that_is_none(runner: Runner, door: Door) -> None:
    """D23: what stands in the address is no station of the plant, so nobody acts there."""
    size = runner.size()
    for act in KNOWN["act"]:
        for value in (*DEADLY, *HALVES, "A" * 3000, "\x1b[8m\u202eEvil\0\nline"):
            on_demand = {"occurrence": "", "containment": ""}
            asked = plainly(door, {"station_id": value, "act": act, **on_demand})
            assert runner.ask(asked).status in {404, 422}, asked
    assert runner.size() == size


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS, ids=str)
def test_all_that_was_deadly_once_is_answered(runner: Runner, door: Door) -> None:
    for asked in deadly_in_one_place(door):
        assert is_answered(runner, asked), asked
    assert runner.stations_signed() <= {None, "op20", "op30"}


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS, ids=str)
def test_no_edge_in_any_place_is_the_servers_fault(runner: Runner, door: Door) -> None:
    for asked in all_in_one_place(door):
        assert is_answered(runner, asked), asked


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS, ids=str)
def test_no_mixture_of_edges_is_the_servers_fault(runner: Runner, door: Door) -> None:
    @settings(max_examples=500, database=None, suppress_health_check=list(HealthCheck))
    @given(asked=requests(door))
    def all_answered(asked: Asked) -> None:
        assert is_answered(runner, asked), asked

    all_answered()


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_no_database_is_asked_for_what_it_can_not_do(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """K6.2: what the memory takes, a real database may refuse; 503 would be its answer."""
    url = f"sqlite:///{tmp_path / 'plant.sqlite3'}"
    if database == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    kept: list[SqlDatabase] = []

    def opened(plant: Plant, clock: Clock) -> SqlDatabase:
        recording = Recording(fold=fold, software="test", targets=plant.targets)
        key = tmp_path / "log.key"
        found = open_database(url, plant=plant.name, clock=clock, recording=recording, key_path=key)
        kept.append(found)
        return found

    runner = Runner(opened)
    try:
        for door in DOORS:
            for asked in deadly_in_one_place(door):
                assert is_answered(runner, asked), asked
    finally:
        runner.loop.close()
        kept[0].close()
