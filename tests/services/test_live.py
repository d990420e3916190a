"""The live readings: what is put off must come to the same as what is done at once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.identity import LineId, SignalName, StationId
from redrabbit.domain.observation import (
    Acquisition,
    NoData,
    Observation,
    Reason,
    Value,
    Window,
)
from redrabbit.domain.signals import Encoding, ModbusAddress, SignalSpec, Table
from redrabbit.domain.station import ModbusLink, Station
from redrabbit.domain.text import Text
from redrabbit.services.live import LiveStation
from tests.plants import a_station

BEGAN = datetime(2026, 11, 22, 6, tzinfo=UTC)
NAMES = tuple(SignalName(name) for name in ("part_present", "rejected", "accepted"))
STATION = Station(
    id=StationId("op10"),
    line=LineId("line1"),
    operation="OP10",
    name=Text(en="", zh=""),
    link=ModbusLink(
        endpoint="plc", host="127.0.0.1", port=502, unit_id=1, poll_interval_s=0.1, timeout_s=0.3
    ),
    signals=tuple(
        SignalSpec(
            name=name,
            address=ModbusAddress(table=Table.COIL, address=at, encoding=Encoding.BOOL),
        )
        for at, name in enumerate(NAMES)
    ),
    devices=(),
)

observations = st.one_of(
    st.builds(
        Observation, signal=st.sampled_from(NAMES), value=st.booleans(), retained=st.booleans()
    ),
    st.builds(Observation, signal=st.sampled_from(NAMES), reason=st.just(Reason.DEVICE_ERROR)),
)


@st.composite
def acquisitions(draw: st.DrawFn) -> list[Acquisition]:
    """Draw some polls, each a second after the one before, of all signals or of some."""
    found = []
    for second in range(draw(st.integers(1, 12))):
        at = BEGAN + timedelta(seconds=second)
        failure = draw(st.sampled_from([None, None, None, Reason.TIMEOUT]))
        changes = draw(st.lists(observations, max_size=2, unique_by=lambda one: one.signal))
        covered = {change.signal for change in changes} | draw(st.sets(st.sampled_from(NAMES)))
        found.append(
            Acquisition(
                station=STATION.id,
                window=Window(began_at=at, ended_at=at + timedelta(milliseconds=10)),
                signals=frozenset(covered),
                changes=tuple(changes) if failure is None else (),
                failure=failure,
                fresh=draw(st.booleans()),
            )
        )
    return found


@given(acquisitions())
def test_readings_are_the_same_whether_they_are_looked_at_often_or_once(
    taken: list[Acquisition],
) -> None:
    often, once = LiveStation(STATION, BEGAN), LiveStation(STATION, BEGAN)
    for acquisition in taken:
        often.take(acquisition)
        assert often.readings.keys() == set(NAMES)
        once.take(acquisition)
    assert once.readings == often.readings


@given(acquisitions())
def test_each_reading_tells_the_last_acquisition_that_said_something_of_it(
    taken: list[Acquisition],
) -> None:
    live = LiveStation(STATION, BEGAN)
    for acquisition in taken:
        live.take(acquisition)
    for name in NAMES:
        about = [one for one in taken if name in one.signals]
        reading = live.readings[name]
        if not about:
            assert reading.reason is Reason.NOT_YET_READ
        elif about[-1].failure is not None:
            assert (reading.value, reading.reason) == (None, about[-1].failure)
        elif reading.value is not None:
            assert reading.window == about[-1].window


@given(acquisitions(), st.integers(0, 12))
def test_the_last_good_reading_is_one_that_was_made(polls: list[Acquisition], fail: int) -> None:
    """B2: a plant that was never read has none, however many polls have failed."""
    failed = [replace(poll, changes=(), failure=Reason.TIMEOUT) for poll in polls[:fail]]
    polls = [*failed, *polls[fail:]]
    live = LiveStation(STATION, BEGAN)
    for poll in polls:
        live.take(poll)
    good = [poll.window.ended_at for poll in polls if poll.failure is None and poll.signals]
    assert live.last_good_at() == max(good, default=None)
    assert live.of(STATION).last_good_at() == live.last_good_at()


def good_poll(second: float, **told: Value | Reason) -> Acquisition:
    """Return a good poll; these signals changed."""
    at = BEGAN + timedelta(seconds=second)
    return Acquisition(
        station=STATION.id,
        window=Window(began_at=at, ended_at=at),
        signals=frozenset(NAMES),
        changes=tuple(
            Observation(signal=SignalName(name), reason=what)
            if isinstance(what, Reason)
            else Observation(signal=SignalName(name), value=what)
            for name, what in told.items()
        ),
    )


def test_a_duplicate_is_no_sign_of_life() -> None:
    """D27: a broker that gives the same message again says nothing of the station."""
    live = LiveStation(STATION, BEGAN)
    live.take(good_poll(0, rejected=False))
    for second in range(1, 9):
        live.take(replace(good_poll(second), signals=frozenset(), fresh=False))
    lost = live.lost(BEGAN + timedelta(seconds=8))
    assert lost is not None
    assert (lost.since, lost.reason) == (BEGAN, Reason.EXPIRED)


def test_a_value_that_is_older_than_it_may_be_is_shown_as_none() -> None:
    """B2: on pages and in the API alike, also where the link went silent without a word."""
    live = LiveStation(STATION, BEGAN)
    live.take(good_poll(0, **dict.fromkeys(NAMES, False)))
    in_time, late = (live.view(BEGAN + timedelta(seconds=s)) for s in (2, 2.1))
    assert {reading.value for reading in in_time.readings.values()} == {False}
    assert {(r.value, r.reason) for r in late.readings.values()} == {(None, Reason.EXPIRED)}
    assert late.no_data is not None
    assert in_time.no_data is None


def test_a_device_is_blind_while_its_station_goes_on_being_read() -> None:
    """D32: and says by which signal; a station without any data says that instead."""
    device = a_station(StationId("op10")).devices[0]
    judged = replace(device.rule, reject_code=None, reject_codes={}, part_code=None, measured=None)
    live = LiveStation(replace(STATION, devices=(replace(device, rule=judged),)), BEGAN)
    now = BEGAN + timedelta(seconds=1)
    assert live.view(now).blind[device.id] == NoData(
        since=BEGAN, reason=Reason.NOT_YET_READ, signal=None
    )
    live.take(good_poll(1, part_present=False, accepted=False, rejected=Reason.DEVICE_ERROR))
    for second in range(2, 6):
        live.take(good_poll(second))
    view = live.view(BEGAN + timedelta(seconds=5))
    dead = NoData(since=BEGAN, reason=Reason.DEVICE_ERROR, signal=SignalName("rejected"))
    assert (view.no_data, view.blind, view.worst) == (None, {device.id: dead}, dead)
    assert live.of(live._station).blind(BEGAN + timedelta(seconds=5)) == {device.id: dead}
    silent = live.view(BEGAN + timedelta(seconds=60))
    assert silent.no_data is not None
    assert silent.blind[device.id] == replace(dead, signal=None)


def test_readings_once_given_are_never_changed_afterwards() -> None:
    live = LiveStation(STATION, BEGAN)
    first = Acquisition(
        station=STATION.id,
        window=Window(began_at=BEGAN, ended_at=BEGAN),
        signals=frozenset(NAMES),
        changes=tuple(Observation(signal=name, value=False) for name in NAMES),
    )
    live.take(first)
    kept = live.readings
    later = BEGAN + timedelta(seconds=1)
    live.take(replace(first, window=Window(began_at=later, ended_at=later), changes=()))
    assert {reading.window for reading in kept.values()} == {first.window}
    second = Window(began_at=later, ended_at=later)
    assert {reading.window for reading in live.readings.values()} == {second}


@pytest.mark.parametrize(
    ("value", "counter"),
    [(7, 7), (7.9, 7), (2.0**70, None), (2**62, 2**62), (2**62 + 1, None), ("7", None)],
)
def test_a_counter_that_no_record_holds_is_not_told(value: Value, counter: int | None) -> None:
    """D24: it would be refused by the database at each try to record a verdict."""
    live = LiveStation(replace(STATION, part_counter=NAMES[0]), BEGAN)
    live.take(
        Acquisition(
            station=STATION.id,
            window=Window(began_at=BEGAN, ended_at=BEGAN),
            signals=frozenset(NAMES),
            changes=(Observation(signal=NAMES[0], value=value),),
        )
    )
    assert live.counter() == counter
