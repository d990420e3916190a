"""What a station's signals did during a run is kept: bounded, its beginning whole (D13, D65)."""

import json
import random
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redrabbit.domain.identity import SignalName, StationId
from redrabbit.domain.observation import Acquisition, Observation, Reading, Reason, Value, Window
from redrabbit.domain.signal_log import MOST_BYTES, MOST_POINTS, SignalLog

BEGAN = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
CHARACTERS = [chr(point) for point in range(0x4E00, 0x9FFF)]
REJECTED, COUNT = SignalName("rejected"), SignalName("count")


def poll(seconds: float, **values: Value | Reason) -> Acquisition:
    """Return one poll in which these signals changed."""
    at = BEGAN + timedelta(seconds=seconds)
    changes = tuple(
        Observation(signal=SignalName(name), reason=value)
        if isinstance(value, Reason)
        else Observation(signal=SignalName(name), value=value)
        for name, value in values.items()
    )
    window = Window(began_at=at - timedelta(seconds=0.02), ended_at=at)
    station = StationId("op20")
    return Acquisition(
        station=station, window=window, signals=frozenset({REJECTED, COUNT}), changes=changes
    )


def failure(seconds: float, reason: Reason = Reason.TIMEOUT) -> Acquisition:
    at = BEGAN + timedelta(seconds=seconds)
    return Acquisition(
        station=StationId("op20"),
        window=Window(began_at=at, ended_at=at),
        signals=frozenset({REJECTED, COUNT}),
        failure=reason,
    )


def told(log: SignalLog) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(zlib.decompress(log.packed()))
    return found


def test_every_change_of_every_signal_is_kept_with_its_second() -> None:
    log = SignalLog(BEGAN)
    log.take(poll(0.5, count=7))
    log.take(poll(1.8, rejected=True, count=8))
    log.take(poll(2.5))
    assert told(log) == {
        "began_at": "2026-03-02T06:00:00.000000Z",
        "dropped": 0,
        "signals": {"count": [[0.5, 7, None], [1.8, 8, None]], "rejected": [[1.8, True, None]]},
    }


def test_it_begins_with_how_the_signals_stood() -> None:
    def reading(value: Value | None, reason: Reason | None) -> Reading:
        return Reading(signal=REJECTED, value=value, reason=reason, window=None, changed_at=None)

    readings = {REJECTED: reading(False, None), COUNT: reading(None, Reason.NOT_YET_READ)}
    log = SignalLog.begun(readings, BEGAN)
    assert told(log)["signals"] == {
        "count": [[0.0, None, "not_yet_read"]],
        "rejected": [[0.0, False, None]],
    }


def test_why_there_is_no_value_is_kept_in_its_place() -> None:
    log = SignalLog(BEGAN)
    log.take(poll(1, count=Reason.OUT_OF_RANGE))
    log.take(failure(2))
    assert told(log)["signals"] == {
        "count": [[1.0, None, "out_of_range"], [2.0, None, "timeout"]],
        "rejected": [[2.0, None, "timeout"]],
    }


def test_a_link_that_stays_lost_is_told_once_and_again_after_a_value() -> None:
    log = SignalLog(BEGAN)
    for seconds in (1, 2, 3):
        log.take(failure(seconds))
    log.take(failure(4, Reason.NOT_CONNECTED))
    log.take(poll(5, rejected=False, count=7))
    log.take(failure(6))
    assert told(log)["signals"]["rejected"] == [
        [1.0, None, "timeout"],
        [4.0, None, "not_connected"],
        [5.0, False, None],
        [6.0, None, "timeout"],
    ]


def test_seconds_stay_what_they_were_when_the_clock_is_set() -> None:
    """R46: acquisitions come with the new clock, the run goes on."""
    log = SignalLog(BEGAN)
    log.take(poll(1, count=7))
    step = timedelta(hours=-1)
    log.shift(step)
    log.take(poll(step.total_seconds() + 2, count=8))
    assert told(log)["signals"]["count"] == [[1.0, 7, None], [2.0, 8, None]]


def test_more_points_than_are_kept_are_counted_and_the_beginning_is_whole() -> None:
    log = SignalLog(BEGAN)
    for number in range(MOST_POINTS + 5):
        log.take(poll(number / 10, rejected=number % 2 == 0))
    found = told(log)
    assert found["dropped"] == 5
    assert len(found["signals"]["rejected"]) == MOST_POINTS
    assert found["signals"]["rejected"][:2] == [[0.0, True, None], [0.1, False, None]]


@pytest.mark.parametrize(("sent", "characters"), [(500, 200), (3, 200_000)])
def test_what_does_not_compress_is_bounded_as_well(sent: int, characters: int) -> None:
    """D65: at most 64 kB, whatever a station says."""
    noise = random.Random(7)
    log = SignalLog(BEGAN)
    for number in range(sent):
        log.take(poll(number, count="".join(noise.choices(CHARACTERS, k=characters))))
    found = told(log)
    assert len(log.packed()) <= MOST_BYTES
    points = found["signals"].get("count", [])
    assert [seconds for seconds, *_ in points] == list(range(len(points)))
    assert found["dropped"] == sent - len(points) > 0


POLLS = st.lists(
    st.one_of(
        st.builds(lambda v: {"count": v}, st.integers(-(2**63), 2**63)),
        st.builds(lambda v: {"rejected": v}, st.booleans()),
        st.builds(lambda v: {"count": v}, st.floats(allow_nan=False, allow_infinity=False)),
        st.builds(lambda v: {"count": v}, st.text(st.characters(codec="utf-8"))),
        st.builds(lambda v: {"rejected": v}, st.sampled_from(Reason)),
        st.none(),
    ),
    max_size=60,
)


@given(POLLS, st.integers(1, 30))
@settings(max_examples=60)
def test_whatever_comes_the_log_is_bounded_its_beginning_whole_and_the_rest_counted(
    polls: list[dict[str, Any] | None], times: int
) -> None:
    log, taken = SignalLog(BEGAN), []
    for number, values in enumerate(polls * times):
        seconds = number / 10
        log.take(failure(seconds) if values is None else poll(seconds, **values))
        taken += [(name, seconds) for name in values or ()]
    packed = log.packed()
    assert len(packed) <= MOST_BYTES
    assert log.packed() == packed
    found = told(log)
    points = {(name, seconds) for name, its in found["signals"].items() for seconds, *_ in its}
    beginning = taken[: len(taken) - found["dropped"]]
    assert set(beginning) <= points


def test_what_a_signal_said_since_an_instant_begins_with_how_it_stood() -> None:
    """D33: the program that a verdict was reached under is all that it was since the part came."""
    log = SignalLog(BEGAN)
    log.take(poll(0.5, count=7))
    log.take(poll(1.0, count=8, rejected=True))
    log.take(failure(2.0))
    log.take(poll(3.0, count=9))
    since = BEGAN + timedelta(seconds=1.5)
    assert log.values_since(COUNT, since) == (8, None, 9)
    assert log.values_since(COUNT, BEGAN) == (7, 8, None, 9)
    assert log.values_since(SignalName("program"), since) == ()


def test_what_was_dropped_of_a_signal_is_not_known() -> None:
    log = SignalLog(BEGAN)
    for number in range(MOST_POINTS + 1):
        log.take(poll(number / 10, rejected=number % 2 == 0))
    since = BEGAN + timedelta(seconds=MOST_POINTS / 10 - 0.15)
    assert log.values_since(REJECTED, since) == (True, False, None)
