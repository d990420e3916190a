"""Which changes of a presentation's signals are kept (R16)."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.evidence_trace import (
    MOST_BEFORE,
    MOST_POINTS,
    Trace,
    TracePoint,
    before_the_part,
    with_more,
)
from redrabbit.domain.identity import SignalName
from tests.builders import at

NOISY, STEADY, OTHER = SignalName("measured"), SignalName("rejected"), SignalName("accepted")


def changes(signal: SignalName, first: int, count: int) -> Trace:
    return tuple(
        TracePoint(signal, at(0) + timedelta(seconds=n), n, None)
        for n in range(first, first + count)
    )


def test_a_short_trace_is_kept_whole() -> None:
    whole = changes(NOISY, 0, MOST_BEFORE)
    assert before_the_part(whole) == whole
    assert with_more((), whole, presented=True) == with_more((), whole, presented=False) == whole


def test_before_the_part_the_newest_are_kept_and_how_each_signal_stood() -> None:
    (steady,) = changes(STEADY, 0, 1)
    long = (steady, *changes(NOISY, 1, 2 * MOST_POINTS))
    assert before_the_part(long) == (steady, *long[-MOST_BEFORE:])


def test_from_the_part_on_the_first_are_kept() -> None:
    begun, more = changes(NOISY, 0, MOST_POINTS - 1), changes(NOISY, MOST_POINTS, 3)
    assert with_more(begun, more, presented=True) == (*begun, more[0])


@given(
    st.lists(st.tuples(st.sampled_from([NOISY, STEADY, OTHER]), st.integers(1, 900)), max_size=9)
)
def test_whatever_comes_there_is_room_and_the_last_word_of_each_signal(
    bursts: list[tuple[SignalName, int]],
) -> None:
    trace: Trace = ()
    last: dict[SignalName, TracePoint] = {}
    for place, (signal, count) in enumerate(bursts):
        more = changes(signal, place * 1000, count)
        trace, last[signal] = with_more(trace, more, presented=False), more[-1]
    kept = before_the_part(trace)
    assert set(last.values()) <= set(kept)
    assert len(kept) <= MOST_BEFORE + len(last)
    assert list(kept) == sorted(kept, key=lambda point: point.at)
