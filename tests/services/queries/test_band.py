"""A band across every page until somebody ends what it says; acknowledging does not (L4, L5, R35)."""

from datetime import timedelta

from redrabbit.domain.facts.challenge_part import PartFound, PartMissing
from redrabbit.domain.facts.fact import Fact
from redrabbit.domain.facts.station import StationLost, StationRestored
from redrabbit.domain.identity import AGENT
from redrabbit.services.queries.band import band
from redrabbit.services.record_fact import record
from tests.plants import Bench

PART = "RR-0001"


def said(bench: Bench) -> list[tuple[str, str]]:
    items = bench.database.read_now(lambda r: band(r, bench.plant, bench.clock.now()))
    return [(item.words.code, item.href) for item in items]


def tell(bench: Bench, fact: Fact, stream: str) -> None:
    bench.database.write_now(lambda uow: record(uow, fact, stream=stream, actor=AGENT))


def test_nothing_stands_across_the_pages_of_a_quiet_plant() -> None:
    assert said(Bench()) == []


def test_a_missing_part_stands_there_until_it_is_found() -> None:
    bench = Bench()
    missing = PartMissing(part_id=PART, run_id=None, station="op20", device=None, box_label=None)
    home = bench.plant.home_of(bench.plant.parts[0].id)
    tell(bench, missing, home)
    assert said(bench) == [("band.missing_part", "/alarms#parts")]
    tell(bench, PartFound(part_id=PART), home)
    assert said(bench) == []


def test_a_station_without_data_stands_there_once_that_is_no_hiccup() -> None:
    bench = Bench()
    station = bench.plant.stations[0]
    lost = StationLost(station_id=station.id, no_data_since=bench.clock.now(), reason="timeout")
    tell(bench, lost, station.line)
    assert said(bench) == []
    bench.clock.advance_to(bench.clock.steady + timedelta(seconds=31))
    assert said(bench) == [("band.no_data", f"/stations/{station.id}")]
    tell(bench, StationRestored(station_id=station.id), station.line)
    assert said(bench) == []
