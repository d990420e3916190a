"""Machines that stop, restart and say 'no value', over the owner and the memory store (D32)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from redrabbit.base.messages import catalogue
from redrabbit.domain.decoding import decode_registers
from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Acquisition, Observation, Reason, Value, Window
from redrabbit.domain.records import PresentationRecord, StationRecord
from redrabbit.domain.rule import Above
from redrabbit.domain.signals import Encoding, Resets, SignalSpec, Table
from redrabbit.domain.station import Heartbeat, Station
from redrabbit.services.queries.board import status_messages
from redrabbit.services.queries.device_overview import device_overviews
from redrabbit.services.taking_up import take_over
from tests.plants import LINE, OP20, OP30, TORQUE_CHECK, a_plant, a_signal, a_station
from tests.services.queries.at_op20 import AtOp20

LIFE = a_signal("life", Table.COIL, 40, Encoding.BOOL)
MEASURED = replace(
    a_signal("measured", Table.HOLDING_REGISTER, 30, Encoding.UINT16), scale=0.1, unit="N·m"
)


def bench_of(station: Station, **shown: Value) -> AtOp20:
    """Return a bench with this station at OP20, which shows these beside the usual."""
    bench = AtOp20(a_plant(stations=(station, a_station(OP30))))
    bench.read(OP20, **shown)
    return bench


def with_signals(station: Station, *signals: SignalSpec, **changes: Any) -> Station:
    named = {spec.name: spec for spec in (*station.signals, *signals)}
    return replace(station, signals=tuple(named.values()), **changes)


def a_beating_station() -> Station:
    return with_signals(a_station(OP20), LIFE, heartbeat=Heartbeat(signal=LIFE.name, every_s=1.0))


def beats(bench: AtOp20, seconds: Iterable[float]) -> None:
    """Let time pass, and the heart beat at the end of each piece of it."""
    for each in seconds:
        bench.pass_time(each)
        bench.read(OP20, life=not bench.shown[OP20]["life"])
        bench.tick()


def read_aside(bench: AtOp20, *changes: Observation) -> None:
    """Have the station read as while nothing can be recorded."""
    now = bench.clock.now()
    bench.owner.take_aside(
        Acquisition(
            station=OP20,
            window=Window(began_at=now, ended_at=now),
            signals=frozenset(spec.name for spec in bench.owner.station.signals),
            changes=changes,
        )
    )


def the_verdict(bench: AtOp20) -> tuple[str | None, str | None]:
    (shown,) = bench.ask(lambda reader: reader.find(PresentationRecord))
    return shown.verdict, shown.verdict_reason


def test_a_code_for_no_value_detects_nothing() -> None:
    """K8, g3: `above 300`, scale 0.1, the sensor says 0xFFFF. It was 6553.5: detected, passed."""
    rule = {"detected": Above(signal=MEASURED.name, limit=300), "reject_code": None}
    declared = replace(MEASURED, invalid=(0xFFFF,), range=(0.0, 400.0))
    for spec, verdict in (
        (MEASURED, ("detected", None)),
        (declared, ("inconclusive", "link_lost")),
        (replace(declared, invalid=()), ("inconclusive", "link_lost")),
    ):
        bench = bench_of(with_signals(a_station(OP20, **rule), spec), measured=12.0)
        bench.start()
        bench.scan()
        bench.put_on()
        said = decode_registers(spec, [0xFFFF])
        bench.pass_time(0.5)
        bench.read(OP20, measured=said)
        for _ in range(5):
            bench.pass_time(1)
            bench.read(OP20)
            bench.tick()
        assert the_verdict(bench) == verdict


def test_a_device_whose_sensor_has_no_value_is_not_read() -> None:
    """A broken sensor that tells 0xFFFF for ever must not stay green."""
    rule = {"detected": Above(signal=MEASURED.name, limit=300), "reject_code": None}
    bench = bench_of(with_signals(a_station(OP20, **rule), MEASURED), measured=12.0)
    for _ in range(4):
        bench.read(OP20, measured=Reason.NOT_AVAILABLE)
        bench.pass_time(1)
    (unread,) = bench.page().unread
    said = catalogue("en").render(unread.detail)
    assert said.startswith(
        "The signal measured is not read: the station says that it has no value."
    )


def test_a_plc_that_restarts_in_mid_presentation_is_no_miss() -> None:
    """K10, m30: all bits 0, the part counter 1000 → 0, silence: it was a miss, with a containment."""
    steady = replace(
        a_signal("part_count", Table.HOLDING_REGISTER, 20, Encoding.UINT32), resets=Resets.NEVER
    )
    bench = bench_of(with_signals(a_station(OP20), steady))
    bench.start()
    bench.scan()
    bench.put_on()
    bench.pass_time(0.5)
    bench.read(OP20, part_present=False, part_count=0)
    assert the_verdict(bench) == ("inconclusive", "machine_restarted")


@pytest.mark.parametrize("resets", [None, Resets.EACH_SHIFT, Resets.BY_HAND])
def test_a_counter_of_which_no_more_is_known_judges_nothing(resets: Resets | None) -> None:
    """Nothing of today changes: without `resets: never` a counter may be set back at any time."""
    counter = replace(
        a_signal("part_count", Table.HOLDING_REGISTER, 20, Encoding.UINT32), resets=resets
    )
    bench = bench_of(with_signals(a_station(OP20), counter))
    bench.start()
    bench.scan()
    bench.put_on()
    bench.answer(part_count=0)
    bench.answer(rejected=True, reject_code=11)
    assert the_verdict(bench) == ("detected", None)


def test_a_plc_in_stop_is_not_read_and_starts_nothing() -> None:
    """K10: its Modbus server goes on answering, so it was read, and verified, for ever."""
    bench = bench_of(a_beating_station(), life=False)
    beats(bench, [0.5, 0.5])
    last_beat_at = bench.clock.now()
    for _ in range(40):
        bench.pass_time(0.1)
        bench.read(OP20)
        bench.tick()
    record = bench.ask(lambda reader: reader.get(StationRecord, LINE, OP20))
    assert record is not None
    assert record.reason == "not_running"
    assert record.no_data_since is not None
    assert (record.no_data_since - last_beat_at).total_seconds() <= 1.0
    now = bench.clock.now()
    view = bench.owner.view(now)
    assert {(each.value, each.reason) for each in view.readings.values()} == {
        (None, Reason.NOT_RUNNING)
    }
    (op20, _) = bench.ask(lambda reader: device_overviews(reader, bench.plant, {OP20: view}, now))
    _, detail = status_messages(op20, now)
    assert (op20.status, detail and detail.code) == ("no_data", "board.not_running")
    (unread,) = bench.page().unread
    assert unread.title.code == "station.not_running"
    assert [row.hindered and row.hindered.code for row in bench.page().startable] == [
        "status.no_data"
    ]
    beats(bench, [0.1])
    assert bench.page().unread == ()
    bench.start(TORQUE_CHECK)


def test_a_plc_that_stops_in_mid_presentation_is_no_miss() -> None:
    bench = bench_of(a_beating_station(), life=False)
    beats(bench, [0.5, 0.5])
    bench.start()
    bench.scan()
    bench.put_on()
    for _ in range(60):
        bench.pass_time(0.1)
        bench.read(OP20)
        bench.tick()
    assert the_verdict(bench) == ("inconclusive", "not_running")


def test_a_machine_that_runs_and_says_nothing_is_a_miss_all_the_same() -> None:
    bench = bench_of(a_beating_station(), life=False)
    beats(bench, [0.5, 0.5])
    bench.start()
    bench.scan()
    bench.put_on()
    beats(bench, [0.5] * 8)
    assert the_verdict(bench) == ("missed", None)


def test_what_was_said_while_nothing_was_recorded_is_what_a_heart_that_beats_again_tells() -> None:
    """B1: a link tells a value only when it changes; the one of before would stand for ever."""
    bench = bench_of(a_beating_station(), life=False)
    beats(bench, [0.5, 0.5])
    bench.pass_time(0.5)
    rejected = SignalName("rejected")
    read_aside(bench, Observation(signal=rejected, value=True))
    for _ in range(20):
        bench.pass_time(0.5)
        bench.read(OP20)
    assert bench.owner.live.readings[rejected].reason is Reason.NOT_RUNNING
    beats(bench, [0.5])
    assert bench.owner.live.readings[rejected].value is True


def test_a_machine_that_stops_while_nothing_is_recorded_is_not_read() -> None:
    bench = bench_of(a_beating_station(), life=False)
    beats(bench, [0.5, 0.5])
    for _ in range(20):
        bench.pass_time(0.5)
        read_aside(bench)
    assert {each.reason for each in bench.owner.live.readings.values()} == {Reason.NOT_RUNNING}


def test_a_step_of_the_clock_stops_no_machine() -> None:
    """R46."""
    bench = bench_of(a_beating_station(), life=False)
    beats(bench, [0.5, 0.5])
    bench.clock.step_wall(timedelta(hours=1))
    bench.owner.shift(bench.clock.reanchor())
    bench.pass_time(0.5)
    bench.read(OP20)
    assert bench.page().unread == ()


def test_a_heartbeat_that_is_declared_anew_is_read_by_a_link_that_starts_anew() -> None:
    """What the link told before is known to nobody who could tell it again."""
    bench = bench_of(a_beating_station(), life=False)
    beats(bench, [0.5, 0.5])
    beating = bench.owner.station
    after = replace(bench.plant, stations=(replace(beating, heartbeat=None), a_station(OP30)))
    taken = bench.write(
        lambda uow: take_over(uow, after, {}, "test", before=bench.plant, owners=bench.owners)
    )
    assert taken.rebuilt.keys() == {OP20}
    assert taken.relink == {OP20}
    assert taken.rebuilt[OP20].machine is None
    renamed = replace(bench.plant, stations=(replace(beating, operation="20"), a_station(OP30)))
    again = bench.write(
        lambda uow: take_over(uow, renamed, {}, "test", before=after, owners=bench.owners)
    )
    assert (again.relink, again.rebuilt[OP20].machine) == (frozenset(), bench.owner.machine)
