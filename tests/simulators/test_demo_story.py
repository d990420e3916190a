"""What can be known of the demo's story before it is told; the telling itself is an acceptance test."""

from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from redrabbit.base.clock import SteadyClock
from redrabbit.configuration_folder import configuration_in, plant_in
from redrabbit.domain.role import Role
from redrabbit.domain.schedule import EveryInterval
from simulators.api_operator import Product
from simulators.plant import read_plant
from simulators.scenarios.demo import story
from simulators.scenarios.demo.people import OFFICE, Floor, Office
from simulators.scenarios.demo.story import ROLES, StoryBehindError, write_configuration
from simulators.station_screen import StationScreen
from tests.simulators.test_api_operator import FakeApi

PORTS = {
    name: 40000 + number
    for number, name in enumerate(
        [
            "line1-op10-press",
            "line1-op20-controller",
            "line1-op30-camera",
            "line1-op40-tester",
            "line1-op50-inputs",
            "line2-op10-plc",
            "line2-op30-tester",
            "plant-broker",
        ]
    )
}


@pytest.fixture
def config_dir(tmp_path: Path) -> Path:
    write_configuration(tmp_path, PORTS)
    return tmp_path


def test_the_demo_is_the_plant_of_station_configs_on_local_ports(config_dir: Path) -> None:
    faces = read_plant(configuration_in(config_dir).files).faces
    assert len(faces) >= 6
    assert sum(bool(face.modbus) for face in faces) >= 4
    assert sum(bool(face.mqtt) for face in faces) >= 2
    assert {(face.host, face.port) for face in faces} == {
        ("127.0.0.1", port) for port in PORTS.values()
    }
    original = read_plant(Path("station_configs"))
    assert [face.station for face in faces] == [face.station for face in original.faces]


def test_the_demo_tells_nobody_outside(config_dir: Path) -> None:
    for target in plant_in(config_dir).targets:
        assert target.url is None
        assert (target.host, target.port) == ("127.0.0.1", PORTS["plant-broker"])


def test_every_station_has_an_operator_and_a_check(config_dir: Path) -> None:
    plant = plant_in(config_dir)
    assert {check.station for check in plant.plan.checks} == set(ROLES)
    for check in plant.plan.checks:
        assert check.id in ROLES[check.station].checks
    assert {station.id for station in plant.stations} == set(ROLES)


def test_no_due_time_falls_together_with_the_end_of_the_short_demo(config_dir: Path) -> None:
    """D21: the same seed gives the same counts; `--duration 30` ends 30 s after adoption, or a little more."""
    for check in plant_in(config_dir).plan.checks:
        assert isinstance(check.schedule, EveryInterval)
        for number in range(1, 5):
            due = timedelta(seconds=check.schedule.interval_s * number)
            for moment in (
                due - check.opens_before,
                due,
                due + check.grace,
                due + check.closes_after,
            ):
                assert not 29 < moment.total_seconds() < 37.9, (check.id, number)


async def test_the_plant_listens_before_the_story_begins(tmp_path: Path) -> None:
    async with story.prepared(tmp_path, seed=7, clock=SteadyClock()) as demo:
        ports = {
            face.endpoint: face.port
            for face in read_plant(configuration_in(demo.config_dir).files).faces
        }
        assert demo.plant.ports == ports
        assert 0 not in ports.values()


def test_everybody_has_a_name_and_a_number_of_their_own() -> None:
    for mine in ("name", "number"):
        assert len({getattr(person, mine) for person in story.PEOPLE}) == len(story.PEOPLE)
    assert {person.role for person in OFFICE} == {role.value for role in Role} - {
        "operator",
        "service",
    }


class NothingToDo(Office):
    """An office in which nobody has to sign in."""

    async def all_come(self) -> None:
        return None


async def test_a_story_that_is_behind_fails_loudly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a product that lets everybody in and has nothing due."""
    api = FakeApi(
        stations={
            "items": [{"id": name, "no_data_since": None} for name in ROLES],
            "next": None,
        },
    )
    client = httpx2.AsyncClient(transport=httpx2.MockTransport(api), base_url="http://x")
    monkeypatch.setattr(story, "BEHIND_AFTER_S", 0.1)
    prepared = story.prepared(tmp_path, seed=7, clock=SteadyClock())
    async with client, AsyncExitStack() as opened, prepared as demo:
        floor = Floor(
            Product(client, SteadyClock()),
            {station: StationScreen(client, station, "B1") for station in ROLES},
            NothingToDo("http://x", {}, opened),
        )
        with pytest.raises(StoryBehindError, match="line1-op40 confirmed 0 of 2 runs"):
            await demo.play(floor)
