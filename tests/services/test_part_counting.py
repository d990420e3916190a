"""One station's count, reading by reading: what is no good reading counts nothing (D34, L1)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Acquisition, Observation, Reason, Value, Window
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.signals import Encoding, MqttAddress, Resets
from redrabbit.domain.station import Station
from redrabbit.services.part_counting import CountedBefore, PartCounting
from tests.plants import BEGIN, OP20, a_station

COUNTER = SignalName("part_count")
OTHER = SignalName("rejected")
POLLED = a_station(OP20)


def with_counter(station: Station = POLLED, **changed: Any) -> Station:
    signals = tuple(
        replace(spec, **changed) if spec.name == COUNTER else spec for spec in station.signals
    )
    return replace(station, signals=signals)


SPEAKS_ON_CHANGE = with_counter(address=MqttAddress(topic="t", encoding=Encoding.INTEGER))


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def read(
    seconds: float,
    values: Mapping[SignalName, Value | Reason] | None = None,
    *,
    signals: frozenset[SignalName] = frozenset({COUNTER, OTHER}),
    failure: Reason | None = None,
    fresh: bool = True,
    retained: bool = False,
) -> Acquisition:
    """Return one acquisition; without values nothing changed."""
    changes = tuple(
        Observation(signal=name, reason=value, retained=retained)
        if isinstance(value, Reason)
        else Observation(signal=name, value=value, retained=retained)
        for name, value in (values or {}).items()
    )
    return Acquisition(
        station=OP20,
        window=Window(began_at=at(seconds), ended_at=at(seconds)),
        signals=signals,
        changes=changes,
        failure=failure,
        fresh=fresh,
    )


def counting(station: Station = POLLED, *acquisitions: Acquisition) -> PartCounting:
    started = PartCounting(station)
    for acquisition in (read(0, {COUNTER: 15}), *acquisitions):
        started.take(acquisition)
    return started


def count(value: int, made: int, epoch: int = 1) -> PartCount:
    return PartCount(value=value, made=made, epoch=epoch, fell_from=None)


def test_a_count_grows_with_its_counter() -> None:
    counted = counting(POLLED, read(1, {COUNTER: 16}), read(2), read(3, {COUNTER: 18}))
    assert counted.at(at(3)) == count(18, 18)


def test_a_station_without_a_counter_counts_nothing() -> None:
    counted = PartCounting(replace(POLLED, part_counter=None))
    assert not counted.take(read(0, {COUNTER: 15}))
    assert counted.at(at(0)) is None
    assert counted.so_far() is None


def test_what_is_not_about_the_counter_says_nothing_of_it() -> None:
    counted = counting(POLLED, read(1.5, {OTHER: True}, signals=frozenset({OTHER})))
    assert counted.at(at(2)) == count(15, 15)
    assert counted.at(at(3)) is None, "not read for longer than a value lives"
    counted.take(read(1.9, {OTHER: False}))
    assert counted.at(at(3)) == count(15, 15), "alive, because it was covered"


@pytest.mark.parametrize(
    "no_reading",
    [
        pytest.param(read(1, failure=Reason.TIMEOUT), id="failed"),
        pytest.param(read(1, {COUNTER: Reason.OUT_OF_RANGE}), id="a reason"),
        pytest.param(read(1, {COUNTER: True}), id="a truth value"),
        pytest.param(read(1, {COUNTER: "16"}), id="a text"),
        pytest.param(read(1, {COUNTER: 2.0**63}), id="more than records hold"),
    ],
)
def test_what_is_no_number_ends_the_watch(no_reading: Acquisition) -> None:
    counted = counting(POLLED, no_reading, read(1.5, {OTHER: True}))
    assert counted.at(at(1.5)) is None
    assert counted.take(read(1.8, {COUNTER: 16})), "a reset may hide behind so few parts"
    assert counted.at(at(1.8)) == count(16, 16, epoch=2)


@pytest.mark.parametrize(
    "history",
    [
        pytest.param(read(1, fresh=False), id="stale, and as before"),
        pytest.param(read(1, {OTHER: True}, fresh=False), id="stale, of something else"),
    ],
)
def test_history_that_tells_no_other_count_hides_none(history: Acquisition) -> None:
    counted = counting(POLLED, history, read(1.5))
    assert counted.at(at(1.5)) == count(15, 15)
    assert not counted.take(read(2, {COUNTER: 16}))


@pytest.mark.parametrize(
    "history",
    [
        pytest.param(read(1, {COUNTER: 3}, fresh=False), id="stale"),
        pytest.param(read(1, {COUNTER: 3}, retained=True), id="retained"),
    ],
)
@pytest.mark.parametrize("station", [POLLED, SPEAKS_ON_CHANGE])
def test_what_history_tells_is_no_count_and_was_not_watched(
    station: Station, history: Acquisition
) -> None:
    """D34: reset and counted beyond where it was within one backlog, it would be told as exact."""
    counted = counting(station, history)
    assert counted.at(at(1)) is None, "it is another one by now"
    assert counted.take(read(1.5, {COUNTER: 16}))
    assert counted.at(at(1.5)) == count(16, 16, epoch=2)


def test_a_scaled_counter_counts_whole_parts() -> None:
    assert counting(POLLED, read(1, {COUNTER: 17.9})).at(at(1)) == count(17, 17)


def test_a_gap_may_hide_a_reset() -> None:
    counted = counting()
    assert counted.take(read(5, {COUNTER: 20}))
    assert counted.at(at(5)) == count(20, 20, epoch=2)
    assert not counted.take(read(6, {COUNTER: 21}))
    assert counted.take(read(10)), "the same value after a gap says no more"
    assert counted.at(at(10)) == count(21, 21, epoch=3)


def test_a_counter_that_is_never_reset_hides_nothing_in_a_gap() -> None:
    counted = counting(with_counter(resets=Resets.NEVER))
    assert not counted.take(read(900, {COUNTER: 60}))
    assert counted.at(at(900)) == count(60, 60)


def test_a_declared_rollover_is_counted_through() -> None:
    counted = counting(with_counter(rollover=20), read(1, {COUNTER: 3}))
    assert counted.at(at(1)) == count(3, 23)


def test_a_counter_that_speaks_on_change_is_silent_while_nothing_is_made() -> None:
    counted = counting(SPEAKS_ON_CHANGE)
    assert counted.at(at(3600)) == count(15, 15)
    assert not counted.take(read(3600, {COUNTER: 16}))
    counted.take(read(3601, failure=Reason.NOT_CONNECTED))
    assert counted.at(at(3601)) is None


def test_a_counter_that_speaks_regularly_expires() -> None:
    address = MqttAddress(topic="t", encoding=Encoding.INTEGER, expected_every_s=0.5)
    assert counting(with_counter(address=address)).at(at(3)) is None


def test_a_step_of_the_clock_is_no_gap() -> None:
    counted = counting()
    counted.shift(timedelta(hours=1))
    assert not counted.take(read(3601, {COUNTER: 16}))
    assert counted.at(at(3601)) == count(16, 16)
    fresh = PartCounting(POLLED)
    fresh.shift(timedelta(hours=1))
    assert fresh.so_far() is None


# Going on from an earlier count -------------------------------------------------------------------


def before(*, same_counter: bool = True, value: int = 1015) -> CountedBefore:
    return CountedBefore(count=count(value, 2000, 3), read_at=at(-8), same_counter=same_counter)


@pytest.mark.parametrize(
    ("known", "value", "expected"),
    [
        pytest.param(before(), 1060, count(1060, 2045, 3), id="too short for a reset"),
        pytest.param(before(value=15), 60, count(60, 2045, 4), id="a reset may hide in it"),
        pytest.param(before(same_counter=False), 7, count(7, 2000, 4), id="another counter"),
    ],
)
def test_a_life_goes_on_from_what_was_told_last(
    known: CountedBefore, value: int, expected: PartCount
) -> None:
    counted = PartCounting(POLLED, known)
    assert counted.at(at(0)) is None, "nothing was read yet"
    assert counted.so_far() == known
    assert counted.take(read(0, {COUNTER: value})) is (expected.epoch != 3)
    assert counted.at(at(0)) == expected
    assert counted.so_far() == CountedBefore(count=expected, read_at=at(0), same_counter=True)


def test_before_its_first_value_a_signal_that_is_alive_is_no_count() -> None:
    counted = PartCounting(POLLED, before())
    assert not counted.take(read(0))
    assert counted.at(at(0)) is None
