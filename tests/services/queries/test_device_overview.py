"""How each device stands, and what its status rests on (D10, D5)."""

from redrabbit.domain.identity import StationId
from redrabbit.domain.observation import StationView
from redrabbit.services.queries.device_overview import (
    DeviceOverview,
    device_overviews,
    device_overviews_at,
)
from tests.plants import OP20, OP30
from tests.services.queries.at_op20 import AtOp20


def standing(bench: AtOp20, *, watched: bool = True) -> DeviceOverview:
    now = bench.clock.now()
    views: dict[StationId, StationView] = {}
    if watched:
        views = {station: owner.view(now) for station, owner in bench.owners.items()}
    found = bench.ask(lambda reader: device_overviews(reader, bench.plant, views, now))
    assert [overview.station.id for overview in found] == [OP20, OP30]
    return found[0]


def test_the_last_good_check_is_the_last_deciding_detection() -> None:
    """D5: neither a good master's acceptance nor a later attempt counts."""
    bench = AtOp20()
    assert standing(bench).last_good is None
    bench.verify()
    first = standing(bench).last_good
    assert first is not None
    assert (first.run_id, first.step, first.verdict) == ("line1-R-1", 0, "detected")
    bench.miss()
    assert standing(bench).last_good == first


def test_the_suspect_window_begins_where_the_board_saw_the_last_good_check() -> None:
    """D5: one question, asked by the containment and by the board."""
    bench = AtOp20()
    bench.verify()
    good = standing(bench).last_good
    bench.miss()
    case = standing(bench).containment
    assert case is not None
    assert good is not None
    assert (case.window_from, case.window_from_run) == (good.presented_at, good.run_id)


def test_a_device_names_the_run_and_the_part_to_take() -> None:
    bench = AtOp20()
    before = standing(bench)
    assert before.first_part is not None
    assert (before.status, before.run, before.first_part.id) == ("due", None, "RR-0001")
    bench.start()
    after = standing(bench).run
    assert after is not None
    assert after.run_id == "line1-R-1"


def test_a_station_that_is_watched_elsewhere_stands_as_recorded() -> None:
    """R17."""
    bench = AtOp20()
    assert standing(bench, watched=False).facts.no_data_since is None
    lost_at = bench.clock.now()
    bench.pass_time(60)
    bench.tick()
    assert standing(bench, watched=False).facts.no_data_since == lost_at
    assert standing(bench).facts.no_data_since == lost_at


def test_the_devices_of_one_station_stand_as_among_all() -> None:
    bench = AtOp20()
    bench.miss()
    now = bench.clock.now()
    (one,) = bench.ask(
        lambda reader: device_overviews_at(reader, bench.plant, {}, bench.plant.station(OP20), now)
    )
    assert one.status == standing(bench, watched=False).status == "missed"
