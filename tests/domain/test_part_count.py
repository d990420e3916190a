"""Part counts over rollovers, resets, restarts and gaps: never more than was made (D6, D34).

A plant is simulated part by part; what the count says is laid beside the truth.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from redrabbit.domain.limits import LARGEST_WHOLE
from redrabbit.domain.made_of import MadeOf
from redrabbit.domain.part_count import (
    FASTEST_PARTS_PER_S,
    CounterHabits,
    PartCount,
    Unread,
    counted_by_another,
    first_count,
    followed,
    of_one,
)
from redrabbit.domain.signals import Resets

POLLED = Unread(lasted=timedelta(seconds=0.1), watched=True)
UNTOLD = CounterHabits()


def away(seconds: float) -> Unread:
    return Unread(lasted=timedelta(seconds=seconds), watched=False)


def count_of(
    *values: int, habits: CounterHabits = UNTOLD, unread: Unread = POLLED
) -> tuple[int, bool]:
    """Return what was made from the first value to the last, and whether that is exact."""
    first = count = first_count(values[0])
    for value in values[1:]:
        count = followed(count, value, unread, habits)
    return count.made - first.made, count.epoch == first.epoch


@pytest.mark.parametrize(
    ("values", "habits", "made", "is_exact"),
    [
        pytest.param((1000, 1001, 1012), UNTOLD, 12, True, id="plain"),
        pytest.param((1000, 37), UNTOLD, 37, False, id="h1: reset, and counting again"),
        pytest.param((65530, 20), UNTOLD, 20, False, id="h2: a rollover that nobody declared"),
        pytest.param(
            (65530, 20), CounterHabits(rollover=65536), 26, True, id="h2: a declared rollover"
        ),
        pytest.param(
            (-30, 32760, -32760),
            CounterHabits(rollover=65536),
            32806,
            True,
            id="a signed counter rolls over into its negative values",
        ),
        pytest.param((1000, 0, 1015), UNTOLD, 15, False, id="h4: a zero while the machine starts"),
        pytest.param((1000, 0, 0, 1015), UNTOLD, 15, False, id="h4: a longer zero"),
        pytest.param((1000, 37, 1015), UNTOLD, 37, False, id="h4: away at a few parts"),
        pytest.param((15, 1015, 0, 60), UNTOLD, 1060, False, id="F2: a reset between two checks"),
        pytest.param((15, 16, 0, 3, 20), UNTOLD, 21, False, id="F2: and counted beyond the first"),
        pytest.param((1000, 980), UNTOLD, 0, False, id="an older value was loaded"),
        pytest.param(
            (40000, 0),
            CounterHabits(rollover=65536),
            0,
            False,
            id="too far for a rollover: a restart",
        ),
        pytest.param(
            (90, 20), CounterHabits(rollover=60), 20, False, id="beyond its declared values"
        ),
        pytest.param(
            (65530, 20),
            CounterHabits(resets=Resets.EACH_SHIFT, rollover=65536),
            20,
            False,
            id="rollover or reset: the least of both",
        ),
        pytest.param(
            (1000, 0, 1015),
            CounterHabits(resets=Resets.EACH_SHIFT),
            1015,
            False,
            id="who declares resets has no transient zeros",
        ),
        pytest.param(
            (1000, 0, 5),
            CounterHabits(resets=Resets.NEVER),
            5,
            False,
            id="never reset, and gone back: its machine restarted",
        ),
        pytest.param((0, -5, -2), UNTOLD, 3, False, id="below zero"),
    ],
)
def test_parts_under_watch(
    values: tuple[int, ...], habits: CounterHabits, made: int, is_exact: bool
) -> None:
    assert count_of(*values, habits=habits) == (made, is_exact)


@pytest.mark.parametrize(
    ("values", "habits", "seconds", "made", "is_exact"),
    [
        pytest.param((1000, 1060), UNTOLD, 8, 60, True, id="too short for a reset and 1060 parts"),
        pytest.param((1000, 1060), UNTOLD, 600, 60, False, id="a reset can hide in it"),
        pytest.param((7, 7), UNTOLD, 600, 0, False, id="a reset can hide behind the same value"),
        pytest.param(
            (1000, 1060), CounterHabits(resets=Resets.NEVER), 600, 60, True, id="never reset"
        ),
        pytest.param(
            (65530, 20),
            CounterHabits(resets=Resets.NEVER, rollover=65536),
            60,
            26,
            True,
            id="rolled over while nobody watched",
        ),
        pytest.param(
            (100, 200),
            CounterHabits(resets=Resets.NEVER, rollover=65536),
            3600,
            100,
            False,
            id="it may have turned right round",
        ),
        pytest.param(
            (65530, 20),
            CounterHabits(resets=Resets.NEVER, rollover=65536),
            3600,
            20,
            False,
            id="it may have turned more than once",
        ),
        pytest.param(
            (65530, 20), CounterHabits(rollover=65536), 60, 20, False, id="a reset is not excluded"
        ),
        pytest.param((1000, 40), UNTOLD, 600, 40, False, id="reset while nobody watched"),
    ],
)
def test_parts_while_nobody_watched(
    values: tuple[int, ...], habits: CounterHabits, seconds: float, made: int, is_exact: bool
) -> None:
    assert count_of(*values, habits=habits, unread=away(seconds)) == (made, is_exact)


def test_another_counter_goes_on_where_the_first_was_but_nobody_knows_what_lies_between() -> None:
    went_on = counted_by_another(first_count(500), 7)
    assert went_on == PartCount(value=7, made=500, epoch=2, fell_from=None)


def test_a_count_never_grows_beyond_what_records_hold() -> None:
    full = PartCount(value=0, made=LARGEST_WHOLE - 1, epoch=1, fell_from=None)
    assert followed(full, 50, POLLED, UNTOLD).made == LARGEST_WHOLE


# Against a simulated plant ----------------------------------------------------------------------


@dataclass(frozen=True)
class Poll:
    """Between two readings under watch: parts, and perhaps a reset with parts after it."""

    parts: int = 0
    reset: bool = False
    parts_after: int = 0


@dataclass(frozen=True)
class Outage:
    """Nobody reads for a while; the counter may be reset in it, as often as it likes."""

    seconds: float
    parts: tuple[int, ...] = (0,)
    """Made before, between and after the resets."""


@dataclass(frozen=True)
class Zero:
    """The counter shows a zero at one reading and is back at the next."""

    parts: int = 0


Happening = Poll | Outage | Zero


@dataclass
class Counter:
    """The machine's side: parts really made, and what its counter shows."""

    habits: CounterHabits
    made: int = 0
    shown: int = 0

    def make(self, parts: int) -> None:
        self.made += parts
        self.shown += parts
        if self.habits.rollover is not None:
            self.shown %= self.habits.rollover


@dataclass
class Told:
    """Both sides at each reading."""

    counter: Counter
    count: PartCount
    seen: list[tuple[int, PartCount]] = field(default_factory=list)

    def read(self, unread: Unread, shown: int | None = None) -> None:
        value = self.counter.shown if shown is None else shown
        self.count = followed(self.count, value, unread, self.counter.habits)
        self.seen.append((self.counter.made, self.count))


def happen(told: Told, happening: Happening) -> None:
    counter, habits = told.counter, told.counter.habits
    match happening:
        case Poll(parts=parts, reset=False):
            counter.make(parts)
            told.read(POLLED)
        case Poll(parts=parts, parts_after=after):
            shown = counter.shown
            counter.make(parts)
            if _falls_unlike_a_rollover(shown, after, habits):
                counter.shown = 0
                counter.make(after)
            told.read(POLLED)
        case Outage(seconds=seconds, parts=parts):
            unread = away(seconds)
            left = unread.most_parts
            for number, some in enumerate(parts):
                if number and habits.resets is not Resets.NEVER:
                    counter.shown = 0
                counter.make(min(some, left))
                left -= min(some, left)
            told.read(unread)
        case Zero(parts=parts):
            if habits.resets is None and habits.rollover is None:
                told.read(POLLED, 0)
                counter.make(parts)
            told.read(POLLED)


def _falls_unlike_a_rollover(shown: int, after: int, habits: CounterHabits) -> bool:
    """A reset is seen as a fall (assumption 2), and one that is declared never to come is no rollover."""
    if after >= shown:
        return False
    if habits.rollover is None or habits.resets in {Resets.EACH_SHIFT, Resets.BY_HAND}:
        return True
    return (after - shown) % habits.rollover > min(habits.rollover // 2, POLLED.most_parts)


few = st.integers(0, 30)
polls = st.builds(Poll, parts=few, reset=st.booleans(), parts_after=few)
outages = st.builds(
    Outage,
    seconds=st.sampled_from([0.5, 3.0, 60.0, 900.0]),
    parts=st.lists(st.integers(0, 400), min_size=1, max_size=3).map(tuple),
)
zeros = st.builds(Zero, parts=few)
all_habits = st.builds(
    CounterHabits,
    resets=st.none() | st.sampled_from(Resets),
    rollover=st.none() | st.sampled_from([50, 1000, 65536]),
)


@given(
    habits=all_habits,
    starts_at=st.integers(0, 70_000),
    day=st.lists(st.one_of(polls, outages, zeros), min_size=1, max_size=25),
)
@example(
    habits=UNTOLD, starts_at=15, day=[Poll(parts=1000), Poll(reset=True), Poll(parts=30), Poll()]
)
@example(habits=CounterHabits(rollover=50), starts_at=49, day=[Poll(parts=2)])
@example(habits=UNTOLD, starts_at=100, day=[Zero(parts=15), Poll(parts=1)])
@example(habits=UNTOLD, starts_at=9, day=[Outage(3.0, (3, 9)), Poll(parts=1)])
def test_what_is_told_is_never_more_than_what_was_made_and_exact_within_an_epoch(
    habits: CounterHabits, starts_at: int, day: list[Happening]
) -> None:
    """D34: the quantity is exact only if it equals the truth, else it is at most the truth."""
    turn = habits.rollover
    counter = Counter(habits, shown=starts_at if turn is None else starts_at % turn)
    first = first_count(counter.shown)
    told = Told(counter, first, [(0, first)])
    for happening in day:
        happen(told, happening)
    for number, (made_then, then) in enumerate(told.seen):
        for made_now, now in told.seen[number + 1 :]:
            assert now.made - then.made <= made_now - made_then
            if now.epoch == then.epoch:
                assert now.made - then.made == made_now - made_then


def test_the_fastest_station_bounds_what_a_gap_can_hide() -> None:
    assert away(10).most_parts == 10 * FASTEST_PARTS_PER_S
    assert away(0.01).most_parts == FASTEST_PARTS_PER_S
    assert away(-10).most_parts == 10 * FASTEST_PARTS_PER_S, (
        "a clock that was set back hides as much"
    )


def test_parts_are_of_one_nest_where_none_was_skipped() -> None:
    """D34: what is counted over a new epoch may be of any."""
    before = first_count(7)
    after = replace(before, value=10, made=10)
    assert of_one(before, after, None, "left").known == (MadeOf(variant=None, nest="left", made=3),)
    assert of_one(before, replace(after, epoch=2), None, "left").known == ()
