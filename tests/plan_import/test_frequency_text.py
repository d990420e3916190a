"""The words of a frequency cell that are written are understood as what was meant."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.plan_import.frequency import parse_frequency
from redrabbit.plan_import.frequency_text import frequency_text
from redrabbit.plan_import.frequency_words import EXAMPLES
from redrabbit.plan_import.trigger import Frequency, On, Trigger

SHIFTS = ("night", "late", "early", "day")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SPECIAL = {
    On.N_PER_SHIFT, On.INTERVAL, On.PARTS, On.RUNNING_HOURS, On.RUNNING, On.WEEKLY, On.MONTHLY, On.DAILY,
    On.QUARTERLY, On.YEARLY, On.DEMAND,
}  # fmt: skip

times = st.none() | st.builds(time, st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
days = st.sets(st.sampled_from(DAYS), min_size=1).map(
    lambda found: tuple(sorted(found, key=DAYS.index))
)
hours = st.integers(1, 400).map(float) | st.integers(1, 90).map(lambda minutes: minutes * 60 / 3600)
triggers = st.one_of(
    st.sampled_from([on for on in On if on not in SPECIAL]).map(lambda on: Trigger(on=on)),
    st.builds(Trigger, on=st.just(On.N_PER_SHIFT), n=st.integers(3, 24)),
    st.builds(Trigger, on=st.just(On.INTERVAL), hours=hours),
    st.builds(Trigger, on=st.just(On.RUNNING_HOURS), hours=st.integers(1, 9_000).map(float)),
    st.builds(Trigger, on=st.just(On.PARTS), n=st.integers(2, 99_999)),
    st.builds(Trigger, on=st.just(On.RUNNING), n=st.integers(2, 600)),
    st.builds(Trigger, on=st.sampled_from([On.DAILY, On.QUARTERLY, On.YEARLY]), at=times),
    st.builds(Trigger, on=st.just(On.WEEKLY), at=times, days=st.just(()) | days),
    st.builds(Trigger, on=st.just(On.MONTHLY), at=times, day=st.none() | st.integers(1, 31)),
    st.builds(
        Trigger,
        on=st.just(On.MONTHLY),
        at=times,
        week=st.integers(1, 4),
        days=st.sampled_from(DAYS).map(lambda day: (day,)),
    ),
)
alone = st.builds(
    lambda trigger, shifts: Frequency(
        triggers=(
            Trigger(
                on=trigger.on,
                n=trigger.n,
                hours=trigger.hours,
                days=trigger.days,
                day=trigger.day,
                week=trigger.week,
                at=trigger.at,
                except_shifts=tuple(shifts),
            ),
        )
    ),
    triggers | st.just(Trigger(on=On.DEMAND)),
    st.just([]) | st.lists(st.sampled_from(SHIFTS), min_size=1, max_size=2, unique=True),
)
together = st.builds(
    lambda found, first_of: Frequency(triggers=tuple(found), is_first_of=first_of),
    st.lists(triggers, min_size=2, max_size=4, unique=True),
    st.booleans(),
)


@pytest.mark.parametrize("language", ["en", "zh"])
@given(alone | together)
def test_what_is_written_is_read_again(language: str, frequency: Frequency) -> None:
    words = frequency_text(frequency, language)
    read = parse_frequency(words)
    assert (read.triggers, read.is_first_of) == (frequency.triggers, frequency.is_first_of), words


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("example", EXAMPLES)
def test_each_known_wording_can_be_said_again(example: str, language: str) -> None:
    frequency = parse_frequency(example)
    if frequency.triggers:
        words = frequency_text(frequency, language)
        assert parse_frequency(words).triggers == frequency.triggers
    else:
        assert frequency_text(frequency, language) == ""
