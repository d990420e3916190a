"""How a source's clock is learnt: robust to a wrong one, not to be fooled by a backlog (D27)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.links.source_time import JUMP_S, Heard, SourceTime
from redrabbit.links.told_time import ToldTime

BEGAN = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
FINE_S = 0.001


class Source:
    """A source whose messages arrive as the test says; its clock is behind ours by `offset_s`."""

    def __init__(self, offset_s: float = 0.0, resolution_s: float = FINE_S) -> None:
        self.time = SourceTime()
        self.offset_s = offset_s
        self.resolution_s = resolution_s

    def says(self, made_s: float, *, late_s: float = 0.0, after_quiet: bool = False) -> Heard:
        """A message made so many seconds into the story arrives so much later."""
        at = BEGAN + timedelta(seconds=made_s + late_s)
        told_s = BEGAN.timestamp() + made_s - self.offset_s
        cut_s = told_s // self.resolution_s * self.resolution_s
        told = ToldTime(seconds=cut_s, resolution_s=self.resolution_s)
        return self.time.hear(told, at, after_quiet=after_quiet)

    def lives(self, from_s: float, to_s: float, every_s: float = 0.2) -> Heard:
        """Live messages, the last of which is returned."""
        count = round((to_s - from_s) / every_s)
        return [self.says(from_s + n * every_s) for n in range(count + 1)][-1]


@pytest.mark.parametrize("offset_s", [0.0, 3600.0, -420.0, 1.7e9])
def test_a_wrong_clock_does_no_harm(offset_s: float) -> None:
    """R46: only differences count."""
    heard = Source(offset_s).lives(0, 2)

    assert heard.live
    assert heard.offset_s == pytest.approx(offset_s, abs=0.01)
    assert heard.age_at_most_s == pytest.approx(0, abs=0.01)


def test_the_smallest_difference_is_the_offset_and_what_is_above_it_the_age() -> None:
    source = Source()
    source.lives(0, 2)

    late = source.says(2.2, late_s=0.4)
    assert late.live
    assert late.age_s == pytest.approx(0.4, abs=0.01)
    assert late.age_at_most_s == pytest.approx(0.4, abs=0.01)


@pytest.mark.parametrize(("late_s", "live"), [(0.9, True), (1.1, False), (600, False)])
def test_a_message_that_was_under_way_for_more_than_a_second_is_history(
    late_s: float, live: bool
) -> None:
    source = Source()
    source.lives(0, 2)

    heard = source.says(2.2, late_s=late_s)
    assert (heard.live, heard.jumped) == (live, False)


def test_a_first_message_is_not_live_unless_it_broke_a_silence() -> None:
    """It may be the first of a backlog; after a quiet second it is as live as one without a time."""
    assert not Source().says(0).live
    assert Source().says(0, after_quiet=True).live
    assert not Source().lives(0, 0.8).live
    assert Source().lives(0, 1.0).live


def test_nothing_of_a_backlog_is_live_while_it_is_worked_off() -> None:
    """At the start: a minute of messages, ten times as fast as they were made; then they are live."""
    source = Source()
    backlog = [source.says(n * 0.2, late_s=60 - n * 0.18) for n in range(334)]

    assert not any(heard.live for heard in backlog)
    live = [source.says(66.8 + n * 0.2) for n in range(8)]
    assert [heard.live for heard in live] == [False] * 5 + [True] * 3


def test_a_backlog_behind_live_messages_is_history_and_no_jump() -> None:
    """The finding: messages ten minutes old, in order, over a healthy connection."""
    source = Source()
    source.lives(0, 2)

    old = [source.says(n * 0.1 - 600, late_s=602.2) for n in range(4)]
    assert not any(heard.live for heard in old)
    assert [heard.jumped for heard in old] == [True, False, False, False]
    assert source.says(3).live


def test_a_stall_and_the_burst_after_it_keep_their_true_ages() -> None:
    """Our own delay, of half a second: each message is as old as it is, none is history."""
    source = Source()
    source.lives(0, 2)

    for n in range(5):
        burst = source.says(2.1 + n * 0.1, late_s=0.5 - n * 0.1)
        assert burst.live
        assert burst.age_at_most_s == pytest.approx(0.5 - n * 0.1, abs=0.01)


def test_a_clock_that_is_set_forward_is_known_at_once_and_live_a_second_later() -> None:
    source = Source()
    source.lives(0, 2)
    source.offset_s = -300

    jump = source.says(2.2)
    assert (jump.jumped, jump.live) == (True, False)
    assert jump.offset_s == pytest.approx(-300, abs=0.01)
    held = [source.says(2.2 + n * 0.2) for n in range(1, 7)]
    assert [heard.live for heard in held] == [False] * 4 + [True] * 2
    assert not any(heard.jumped for heard in held)


def test_a_clock_that_is_set_back_is_believed_after_a_minute() -> None:
    """Until then its messages might be old ones that somebody sends again."""
    source = Source()
    source.lives(0, 2)
    source.offset_s = 3600

    back = [source.says(2 + n) for n in range(1, 63)]
    assert [n for n, heard in enumerate(back, 1) if heard.jumped] == [1, 61]
    assert [n for n, heard in enumerate(back, 1) if heard.live] == [62]


def test_old_messages_that_are_sent_faster_than_they_were_made_are_never_believed() -> None:
    """A hundred minutes of messages, sent in fifty."""
    source = Source()
    source.lives(0, 2)

    for n in range(3000):
        assert not source.says(n * 2 - 6000, late_s=6003 - n).live


def test_late_messages_are_forgotten_when_live_ones_come_again() -> None:
    source = Source()
    source.lives(0, 2)
    for n in range(50):
        source.says(3 + n, late_s=5)
    assert source.says(59).live
    for n in range(50):
        assert not source.says(61 + n, late_s=5).live


def test_an_offset_is_remembered_for_ten_minutes_and_the_last_for_as_long_as_nothing_comes() -> (
    None
):
    """A drift of the clocks is followed; one that speaks once in an hour keeps what it knew."""
    source = Source()
    source.lives(0, 2)
    for n in range(1, 700):
        source.says(2 + n, late_s=0.3)
    assert source.says(702, late_s=0.3).offset_s == pytest.approx(0.3, abs=0.01)

    seldom = Source()
    seldom.lives(0, 2)
    assert seldom.says(7200, late_s=2).live is False
    assert seldom.says(7300).live


def test_times_told_in_whole_seconds_show_only_what_is_surely_late() -> None:
    source = Source(resolution_s=1.0)
    source.lives(0, 3)

    usual = source.says(3.9)
    assert usual.live
    assert not usual.told_finely
    assert (usual.age_s, usual.age_given(0.0)) == (0.0, 0.0)
    assert usual.age_given(0.6) == 0.6
    assert usual.age_given(30.0) == pytest.approx(usual.age_at_most_s)
    assert source.says(4, late_s=1.8).live
    late = source.says(5, late_s=2.2)
    assert not late.live
    assert late.age_given(0.0) == pytest.approx(1.2, abs=0.01)


def test_a_finely_told_time_needs_no_knowledge_of_stalls() -> None:
    heard = Source().lives(0, 2)
    assert heard.age_given(30.0) == heard.age_at_most_s


def test_a_step_of_our_own_clock_is_none_of_the_sources() -> None:
    """R46."""
    source = Source()
    source.lives(0, 2)
    for n in range(1, 30):
        source.says(2 + n, late_s=30)
    source.time.shift(timedelta(seconds=-300))
    source.offset_s -= 300  # all our instants are told 300 s earlier from now on

    def later(made_s: float, **more: float) -> Heard:
        at = BEGAN + timedelta(seconds=made_s - 300 + more.get("late_s", 0.0))
        told = ToldTime(seconds=BEGAN.timestamp() + made_s, resolution_s=FINE_S)
        return source.time.hear(told, at, after_quiet=False)

    late = [later(32 + n, late_s=30) for n in range(45)]
    assert [n for n, heard in enumerate(late) if heard.jumped] == [31]
    again = SourceTime()
    again.shift(timedelta(seconds=5))
    assert again.hear(ToldTime(seconds=0, resolution_s=0), BEGAN, after_quiet=True).live


@given(
    offset_s=st.floats(-1e6, 1e6),
    delays_s=st.lists(st.floats(0, 30), min_size=1, max_size=40),
    every_s=st.floats(0.05, 5),
)
def test_no_message_is_taken_to_be_younger_than_it_is(
    offset_s: float, delays_s: list[float], every_s: float
) -> None:
    """Once a live message was heard: whatever is under way, for however long."""
    source = Source(offset_s)
    source.says(0)
    arrived_s = 0.0
    for n, delay_s in enumerate(delays_s, 1):
        made_s = n * every_s
        arrived_s = max(arrived_s, made_s + delay_s)  # a message does not overtake another
        heard = source.says(made_s, late_s=arrived_s - made_s)
        assert heard.age_at_most_s >= arrived_s - made_s - 2 * FINE_S or heard.jumped
        if heard.live:
            assert arrived_s - made_s <= JUMP_S + 2 * FINE_S
