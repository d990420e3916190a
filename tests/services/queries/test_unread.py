"""A device that can't be judged says by which signal, since when and why (D32)."""

from dataclasses import replace
from datetime import datetime

import pytest

from redrabbit.base.messages import catalogue
from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import NoData, Reason
from redrabbit.domain.text import Text
from redrabbit.services.queries.board import status_messages
from redrabbit.services.queries.device_overview import DeviceOverview, device_overviews
from redrabbit.services.queries.station import stations_page
from redrabbit.services.queries.unread import unread_since
from redrabbit.web.api.plant import device_model, station_model
from tests.plants import OP20, OP30, a_plant, a_station
from tests.services.queries.at_op20 import AtOp20


def blinded(reason: Reason = Reason.DEVICE_ERROR) -> tuple[AtOp20, datetime]:
    """Return a bench whose torque controller was verified, and whose reject bit is dead since then."""
    bench = AtOp20()
    bench.verify()
    since = bench.clock.now()
    bench.read_both()
    for _ in range(4):
        bench.pass_time(1)
        bench.read(OP20, rejected=reason)
        bench.read(OP30)
        bench.tick()
    return bench, since


def overviews(bench: AtOp20, *, watched: bool = True) -> list[DeviceOverview]:
    now = bench.clock.now()
    views = {s: owner.view(now) for s, owner in bench.owners.items()} if watched else {}
    return list(bench.ask(lambda reader: device_overviews(reader, bench.plant, views, now)))


@pytest.mark.parametrize("watched", [True, False])
def test_a_verified_device_whose_reject_bit_is_dead_is_not_verified(watched: bool) -> None:
    """K4, f2; as it is watched, and as it was recorded."""
    bench, since = blinded()
    op20, op30 = overviews(bench, watched=watched)
    assert (op20.status, op20.standing.since) == ("no_data", since)
    assert op20.no_data == NoData(
        since=since, reason=Reason.DEVICE_ERROR, signal=SignalName("rejected")
    )
    assert (op30.status, op30.no_data) == ("never_verified", None)
    headline, detail = status_messages(op20, bench.clock.now())
    assert (headline.code, detail and detail.code) == ("status.no_data", "board.signal_unread")


def test_the_station_page_names_the_device_and_the_signal_and_starts_nothing() -> None:
    bench, since = blinded()
    page = bench.page()
    (unread,) = page.unread
    assert unread.title.code == "station.device_no_data"
    assert unread.title.params["since"] == since
    english = catalogue("en").render(unread.detail)
    assert english.startswith(
        "The signal rejected is not read: the station answered with an error."
    )
    assert [row.hindered and row.hindered.code for row in page.startable] == ["status.no_data"]
    bench.read(OP20, rejected=False)
    assert bench.page().unread == ()


def test_a_station_without_any_data_says_so_once() -> None:
    bench = AtOp20()
    since = bench.clock.now()
    bench.pass_time(60)
    (unread,) = bench.page().unread
    assert (unread.title.code, unread.title.params) == ("station.no_data", {"since": since})


def test_the_list_of_stations_names_the_signal() -> None:
    bench, _ = blinded()
    now = bench.clock.now()
    views = {s: owner.view(now) for s, owner in bench.owners.items()}
    page = bench.ask(lambda reader: stations_page(reader, bench.plant, views, now))
    assert [row.unread and row.unread.code for row in page.rows] == ["board.signal_unread", None]


def test_a_signal_is_called_as_people_call_it() -> None:
    station = a_station(OP20)
    label = Text(en="reject", zh="不合格")
    named = replace(station, signals=tuple(replace(spec, label=label) for spec in station.signals))
    why = NoData(
        since=AtOp20(a_plant()).clock.now(), reason=Reason.EXPIRED, signal=SignalName("rejected")
    )
    assert unread_since(named, why).params["signal"] == label
    assert unread_since(station, why).params["signal"] == "rejected"


def test_programs_are_told_the_reason_and_the_signal() -> None:
    """K4: never `no_data_since` alone, and no value beside it that has expired."""
    bench, since = blinded()
    now = bench.clock.now()
    (op20, _) = overviews(bench)
    device = device_model(op20)
    assert (device.no_data_since, device.no_data_reason, device.no_data_signal) == (
        since,
        "device_error",
        "rejected",
    )
    station = station_model(op20.station, bench.owner.view(now), None)
    assert (station.no_data_since, station.no_data_reason) == (since, "device_error")
    bench.pass_time(60)
    silent = station_model(op20.station, bench.owner.view(bench.clock.now()), None)
    assert {(each.value, each.reason) for each in silent.signals if each.signal != "rejected"} == {
        (None, "expired")
    }
