"""What a running signal says of now: never more than was read of it (D42)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Acquisition, Observation, Reason, Value, Window
from redrabbit.domain.running_watch import RunningWatch
from tests.plants import OP20, a_station

RUNS = SignalName("feed_held")
EXPIRES_S = 5
STATION = replace(a_station(OP20), running=RUNS, value_expires_s=EXPIRES_S)


def read(
    seconds: float, value: Value | None = None, *, fresh: bool = True, failed: bool = False
) -> Acquisition:
    at = datetime(2026, 3, 2, 6, tzinfo=UTC) + timedelta(seconds=seconds)
    changes = () if value is None else (Observation(signal=RUNS, value=value),)
    return Acquisition(
        station=OP20,
        window=Window(began_at=at, ended_at=at),
        signals=frozenset({RUNS}),
        changes=changes,
        fresh=fresh,
        failure=Reason.TIMEOUT if failed else None,
    )


def test_what_speaks_of_the_past_says_nothing_of_now() -> None:
    watch = RunningWatch(STATION)
    watch.take(read(0, value=True, fresh=False))
    at = read(1).window.ended_at
    assert not watch.is_on(at)
    watch.take(read(1, value=False))
    assert watch.stood_since(at) == at
    watch.take(read(2, value=False, fresh=False))
    assert watch.stood_since(read(2).window.ended_at) is None


READS = st.lists(
    st.tuples(
        st.integers(1, EXPIRES_S + 2),
        st.sampled_from([True, False, False, None, None, "fails", "past"]),
    ),
    max_size=20,
)


@given(steps=READS)
def test_it_stood_only_since_when_each_reading_said_so_within_its_time(
    steps: list[tuple[int, bool | str | None]],
) -> None:
    """Beside a list that is kept by hand."""
    watch, at, value, stood, last = RunningWatch(STATION), 0.0, None, None, -100.0
    for gap, what in steps:
        at += gap
        past, fails = what == "past", what == "fails"
        told = what if isinstance(what, bool) else None
        watch.take(read(at, value=False if past else told, fresh=not past, failed=fails))
        if past or fails:
            value = None
        elif told is not None:
            value = told
        if value is not False:
            stood = None
        elif stood is None or at - last > EXPIRES_S:
            stood = at
        last = at
        now = read(at).window.ended_at
        since = watch.stood_since(now)
        assert since == (None if stood is None else read(stood).window.ended_at)
        assert watch.is_on(now) is (value is True)
        assert watch.stood_since(now + timedelta(seconds=EXPIRES_S + 1)) is None
