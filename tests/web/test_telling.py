"""The operator's page asks what no signal tells, and takes a tap or a scan for it (D33)."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from redrabbit.domain.records import PartToldRecord, RunRecord
from redrabbit.domain.station_says import Asked, SaidOf, Source, StationSays
from redrabbit.domain.text import Text
from redrabbit.domain.throttle import FREE_OF_ADDRESS
from tests.showcase import showcase_plant
from tests.web.conftest import Visitor, serve
from tests.web.test_people_at_station import Floor

STATION = "/stations/line1-op20"
SIDES = Asked(by=Source.TAP, values=("l", "r"), words={"l": Text(en="Left", zh="左")})
SAYS = StationSays(asked={SaidOf.VARIANT: SIDES, SaidOf.PALLET: Asked(by=Source.SCAN)})


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    plant = showcase_plant()
    stations = tuple(
        replace(each, says=SAYS) if each.id == "line1-op20" else each for each in plant.stations
    )
    found = serve(plant=replace(plant, stations=stations))
    with found.client:
        found.be("badge 2207")
        assert found.send(f"{STATION}/start", check="line1-op20") == 303
        yield found


def the_run(visitor: Visitor) -> str:
    (run,) = visitor.plant.ask(lambda reader: reader.find(RunRecord))
    return run.run_id


def told(visitor: Visitor) -> dict[str, str]:
    found = visitor.plant.ask(lambda reader: reader.find(PartToldRecord))
    return {each.of: each.value for each in found}


def test_the_page_asks_by_buttons_and_by_a_scan_before_the_part(visitor: Visitor) -> None:
    run = the_run(visitor)
    page = visitor.text(STATION)
    assert "Tap the variant" in page
    assert "Left" in page
    assert "左" in page
    assert "请选择型号" in visitor.text(STATION, "zh-CN")
    assert visitor.send(f"{STATION}/scan", run=run, expected="take", code="RR-0001") == 409
    assert visitor.send(f"{STATION}/tell", run=run, of="variant", code="middle") == 409
    assert visitor.send(f"{STATION}/tell", run=run, of="variant", code="") == 409
    assert visitor.send(f"{STATION}/tell", run=run, of="variant", code="l") == 303
    assert "Scan the pallet" in visitor.text(STATION)
    assert visitor.send(f"{STATION}/tell", run=run, of="pallet", code="RR-0001") == 409
    assert visitor.send(f"{STATION}/tell", run=run, of="pallet", code="P-7") == 303
    assert told(visitor) == {"variant": "l", "pallet": "P-7"}
    assert "Take RR-0001" in visitor.text(STATION)
    assert visitor.send(f"{STATION}/tell", run=run, of="variant", code="r") == 303
    assert visitor.send(f"{STATION}/scan", run=run, expected="take", code="RR-0001") == 303
    assert told(visitor) == {"variant": "r", "pallet": "P-7"}
    assert visitor.send(f"{STATION}/tell", run=run, of="variant", code="l") == 409
    page = visitor.text(f"/runs/{run}")
    assert "variant r, tapped" in page
    assert "托盘 P-7" in visitor.text(f"/runs/{run}", "zh-CN")


@pytest.fixture
def floor(visitor: Visitor) -> Floor:
    """Return an enrolled screen at which Chen runs the check that tells of its part."""
    floor = Floor(visitor)
    assert floor.scan("B-1001") == 303
    return floor


@pytest.mark.parametrize(("of", "code"), [("variant", "l"), ("pallet", "P-7")])
def test_what_is_told_is_no_badge_that_is_guessed(floor: Floor, of: str, code: str) -> None:
    run = floor.run().run_id
    for _ in range(FREE_OF_ADDRESS + 5):
        assert floor.visitor.send(f"{STATION}/tell", run=run, of=of, code=code) == 303
    assert floor.scan("B-1002") == 303
    assert "<b>Li Na</b>" in floor.page()


def test_badges_are_not_guessed_by_telling(floor: Floor) -> None:
    """What is refused counts, and what was told takes back no other guess."""
    run = floor.run().run_id
    for number in range(FREE_OF_ADDRESS):
        told_of = {"run": run, "of": "variant"}
        assert floor.visitor.send(f"{STATION}/tell", **told_of, code="l") == 303
        assert floor.visitor.send(f"{STATION}/tell", **told_of, code=f"4{number:06}") == 409
    assert floor.scan("B-1002") == 409


def test_nobody_in_particular_tells_nothing(visitor: Visitor) -> None:
    visitor.client.cookies.delete("rr_badge")
    assert visitor.send(f"{STATION}/tell", run=the_run(visitor), of="variant", code="l") == 409
    assert told(visitor) == {}


def test_programs_tell_it_and_read_it(visitor: Visitor) -> None:
    run = the_run(visitor)
    address = f"/api/v1/runs/{run}"
    asked = {"operator": "badge 2207", "of": "variant", "value": "l"}
    assert visitor.client.post(f"{address}/tell", json=asked).status_code == 200
    (kept,) = visitor.client.get(address).json()["told"]
    assert (kept["of"], kept["value"], kept["source"]) == ("variant", "l", "tap")
    assert kept["told_by"] == "badge 2207"
    answer = visitor.client.post(f"{address}/scan", json={"operator": "x", "code": "RR-0001"})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_told")
    strange = visitor.client.post(f"{address}/tell", json=asked | {"of": "colour"})
    assert strange.status_code == 422


def test_what_was_told_of_a_part_makes_another_version_of_its_run(visitor: Visitor) -> None:
    (run,) = visitor.plant.ask(lambda reader: reader.find(RunRecord))
    path = f"/api/v1/runs/{run.run_id}"
    before = visitor.client.get(path).headers["etag"]
    body = {"operator": "badge 2207", "of": "variant", "value": "l"}
    for expected in (200, 412):
        answer = visitor.client.post(f"{path}/tell", json=body, headers={"if-match": before})
        assert answer.status_code == expected
    assert visitor.client.get(path).headers["etag"] != before
