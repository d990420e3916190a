"""What may have been held back by a stall, where messages tell no time (D27)."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.links.held_back import HeldBack

BEGAN = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def listening(promised_s: float | None = None) -> HeldBack:
    topic = HeldBack(promised_s)
    topic.connected(at(0))
    return topic


def held(topic: HeldBack, *arrivals: float) -> list[float]:
    return [topic.hear(at(seconds))[0] for seconds in arrivals]


def test_without_a_stall_nothing_is_held_back() -> None:
    assert held(listening(), 0.1, 0.2, 0.9, 5, 500) == [0.0] * 5


def test_a_second_without_a_message_is_a_silence() -> None:
    topic = HeldBack(None)
    assert topic.hear(at(0)) == (0.0, False)
    topic.connected(at(10))
    assert topic.hear(at(10.9))[1] is False
    assert topic.hear(at(11.9))[1] is True
    assert topic.hear(at(12.8))[1] is False


def test_what_comes_after_a_stall_is_as_old_as_it_was_long_until_a_second_without_a_message() -> (
    None
):
    """D27."""
    topic = listening()
    topic.stalled(at(10), 3.0)
    assert held(topic, 10, 10.001, 10.9, 11.5, 12.49, 13.5) == [3.0, 3.0, 3.0, 3.0, 3.0, 0.0]


def test_a_message_long_after_a_stall_is_live() -> None:
    topic = listening()
    topic.stalled(at(10), 3.0)
    assert held(topic, 11) == [0.0]


def test_a_topic_that_always_says_much_is_believed_when_it_says_no_more_than_ever() -> None:
    """It never is silent for a second; what was held back comes in a rush."""
    topic = listening()
    ordinary = [n * 0.25 for n in range(1, 40)]
    assert not any(held(topic, *ordinary))
    topic.stalled(at(16), 6.0)
    rush = [16 + n * 0.005 for n in range(24)]
    assert held(topic, *rush) == [6.0] * 24
    after = [16.25 + n * 0.25 for n in range(8)]
    assert held(topic, *after) == [6.0] * 4 + [0.0] * 4


def test_a_rush_that_lasts_longer_than_a_second_is_held_back_to_its_end() -> None:
    topic = listening()
    held(topic, *(n * 0.25 for n in range(1, 40)))
    topic.stalled(at(100), 90.0)
    rush = [100 + n * 0.05 for n in range(100)]
    assert held(topic, *rush) == [90.0] * 100


def test_a_new_pace_is_believed_after_a_minute() -> None:
    topic = listening()
    topic.stalled(at(10), 3.0)
    arrivals = [10 + n * 0.25 for n in range(300)]
    found = held(topic, *arrivals)
    assert found == [3.0] * 240 + [0.0] * 60
    topic.stalled(at(100), 3.0)
    assert held(topic, *(100 + n * 0.25 for n in range(6))) == [3.0] * 4 + [0.0] * 2


def test_the_pace_of_long_ago_is_forgotten() -> None:
    topic = listening()
    held(topic, *(n * 0.1 for n in range(1, 20)))
    held(topic, *(600 + n * 10 for n in range(200)))
    topic.stalled(at(3000), 3.0)
    assert held(topic, 3000, 3000.6, 3001.2) == [3.0] * 3


def test_everything_may_be_old_after_a_reconnect_but_not_after_the_first_connect() -> None:
    topic = listening()
    assert held(topic, 0.2) == [0.0]
    topic.connected(at(20))
    assert held(topic, 20.5, 21.4, 22.4) == [math.inf, math.inf, 0.0]


@pytest.mark.parametrize(("silent_s", "held_s"), [(0.4, 0.0), (0.5, 0.0), (0.7, 0.2), (4.5, 4.0)])
def test_a_silence_that_was_not_promised_may_have_held_back_its_end(
    silent_s: float, held_s: float
) -> None:
    topic = listening(promised_s=0.5)
    held(topic, 0.5, 1.0)
    assert held(topic, 1.0 + silent_s) == [pytest.approx(held_s)]


def test_the_longest_of_several_stalls_counts() -> None:
    topic = listening()
    topic.stalled(at(10), 3.0)
    topic.stalled(at(10.5), 0.2)
    assert held(topic, 10.6, 11.4, 12.4) == [3.0, 3.0, 0.0]


@given(
    stalls=st.lists(st.tuples(st.floats(0, 60), st.floats(0.1, 5)), max_size=5),
    arrivals=st.lists(st.floats(0, 70), max_size=40),
    step_s=st.floats(-1e6, 1e6),
    stepped_at=st.integers(0, 40),
)
def test_a_step_of_our_clock_changes_nothing(
    stalls: list[tuple[float, float]], arrivals: list[float], step_s: float, stepped_at: int
) -> None:
    """R46."""
    events: list[tuple[float, float | None]] = [*stalls, *((each, None) for each in arrivals)]
    steady, stepped = listening(1.0), listening(1.0)
    HeldBack(None).shift(timedelta(seconds=step_s))
    step = timedelta(0)
    for n, (seconds, lasted_s) in enumerate(sorted(events, key=lambda each: each[0])):
        if n == stepped_at:
            step = timedelta(seconds=step_s)
            stepped.shift(step)
        if lasted_s is None:
            assert stepped.hear(at(seconds) + step) == steady.hear(at(seconds))
        else:
            steady.stalled(at(seconds), lasted_s)
            stepped.stalled(at(seconds) + step, lasted_s)


@given(
    pace_s=st.sampled_from([0.1, 0.25, 0.5, 1.0, 3.0]),
    lasted_s=st.floats(1.1, 60),
    rushed_s=st.floats(0.0005, 0.3),
)
def test_nothing_that_was_held_back_is_taken_for_live(
    pace_s: float, lasted_s: float, rushed_s: float
) -> None:
    """A regular topic, a stall of the link, and all that was said meanwhile in a rush after it."""
    topic = listening()
    held(topic, *(n * pace_s for n in range(1, 100)))
    over_s = 100 * pace_s + lasted_s
    topic.stalled(at(over_s), lasted_s)
    gap_s = min(rushed_s, pace_s / 3)
    made, arrives = 100 * pace_s, over_s
    while made < arrives:
        assert held(topic, arrives) == [lasted_s]
        made, arrives = made + pace_s, max(arrives + gap_s, made + pace_s)
