from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from redrabbit.domain.identity import DeviceId, SignalName, StationId
from redrabbit.domain.observation import (
    Acquisition,
    NoData,
    Observation,
    Reading,
    Reason,
    StationView,
    Window,
)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
REJECTED = SignalName("rejected")


def test_a_window_may_be_an_instant() -> None:
    assert Window(began_at=NOON, ended_at=NOON).ended_at == NOON


@pytest.mark.parametrize(
    ("began_at", "ended_at"),
    [
        pytest.param(NOON.replace(tzinfo=None), NOON, id="naive begin"),
        pytest.param(NOON, NOON.replace(tzinfo=None), id="naive end"),
    ],
)
def test_a_window_of_naive_instants_is_refused(began_at: datetime, ended_at: datetime) -> None:
    with pytest.raises(ValueError, match="aware"):
        Window(began_at=began_at, ended_at=ended_at)


def test_a_window_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="before it begins"):
        Window(began_at=NOON, ended_at=NOON - timedelta(microseconds=1))


def test_what_was_read_keeps_its_age_and_its_length_when_the_clock_is_set() -> None:
    """R46."""
    step = timedelta(hours=-1)
    window = Window(began_at=NOON, ended_at=NOON + timedelta(seconds=2))
    read = Reading(signal=REJECTED, value=True, reason=None, window=window, changed_at=NOON)
    moved = read.shifted(step)
    assert moved.window == Window(began_at=NOON + step, ended_at=window.ended_at + step)
    assert (moved.changed_at, moved.value) == (NOON + step, True)
    never = Reading(
        signal=REJECTED, value=None, reason=Reason.NOT_YET_READ, window=None, changed_at=None
    )
    assert never.shifted(step) == never


def test_false_and_zero_are_values() -> None:
    """B1: only the lack of a value needs a reason."""
    assert Observation(signal=REJECTED, value=False).value is False
    assert Observation(signal=REJECTED, value=0).value == 0


@pytest.mark.parametrize(
    ("value", "reason"), [(None, None), (0, Reason.TIMEOUT)], ids=["neither", "both"]
)
def test_an_observation_is_a_value_or_a_reason_and_never_both(
    value: int | None, reason: Reason | None
) -> None:
    """B1: never a value beside a reason, never a silent nothing."""
    with pytest.raises(ValueError, match="rejected: an observation is a value or a reason"):
        Observation(signal=REJECTED, value=value, reason=reason)


@pytest.mark.parametrize(
    ("fresh", "retained", "failure", "speaks"),
    [
        pytest.param(True, False, None, True, id="fresh"),
        pytest.param(False, False, None, False, id="stale"),
        pytest.param(True, True, None, False, id="one retained value"),
        pytest.param(True, False, Reason.TIMEOUT, False, id="failed"),
    ],
)
def test_only_a_good_fresh_acquisition_speaks_of_now(
    fresh: bool, retained: bool, failure: Reason | None, speaks: bool
) -> None:
    """D7, B12."""
    acquisition = Acquisition(
        station=StationId("op20"),
        window=Window(began_at=NOON, ended_at=NOON),
        signals=frozenset({REJECTED}),
        changes=(Observation(signal=REJECTED, value=True, retained=retained),),
        failure=failure,
        fresh=fresh,
    )

    assert acquisition.speaks_of_now is speaks


@pytest.mark.parametrize(
    ("beat", "restarted", "tells"),
    [(False, False, False), (True, False, True), (False, True, True)],
)
def test_an_acquisition_may_tell_how_its_machine_fares(
    beat: bool, restarted: bool, tells: bool
) -> None:
    """D32."""
    acquisition = Acquisition(
        station=StationId("op20"),
        window=Window(began_at=NOON, ended_at=NOON),
        signals=frozenset({REJECTED}),
        heart_beat=beat,
        machine_restarted=restarted,
    )
    assert acquisition.tells_of_machine is tells


def test_the_worst_of_a_station_is_what_has_stood_longest() -> None:
    """D32: the station as a whole, or one device of it."""
    later = NoData(since=NOON + timedelta(seconds=9), reason=Reason.TIMEOUT, signal=None)
    dead = NoData(since=NOON, reason=Reason.DEVICE_ERROR, signal=REJECTED)
    view = StationView(station=StationId("op20"))
    assert view.worst is None
    assert replace(view, no_data=later).worst == later
    assert replace(view, no_data=later, blind={DeviceId("camera"): dead}).worst == dead
