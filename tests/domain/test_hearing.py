"""What messages tell of themselves: their clocks, and what is missing (D27)."""

from datetime import timedelta

import pytest

from redrabbit.domain.hearing import NO_MESSAGES, Hearing, clock_fell, hear, presented_by
from redrabbit.domain.observation import SourceClock
from tests.builders import an_acquisition, at

TOPIC = "line1/op20/state"


def a_clock(offset_s: float, *, jumped: bool = False, topic: str = TOPIC) -> SourceClock:
    return SourceClock(name=topic, offset_s=offset_s, jumped=jumped)


def test_a_message_that_tells_nothing_of_itself_changes_nothing() -> None:
    assert hear(NO_MESSAGES, an_acquisition(1), presented=True, known_at=at(0)) is NO_MESSAGES


def test_each_clock_is_noted_as_it_stood_last() -> None:
    first = an_acquisition(1, clock=a_clock(5.0))
    hearing = hear(NO_MESSAGES, first, presented=False, known_at=None)
    assert hear(hearing, first, presented=False, known_at=None) is hearing
    other = an_acquisition(2, clock=a_clock(7.0, topic="other"))
    hearing = hear(hearing, other, presented=False, known_at=None)
    later = an_acquisition(3, clock=a_clock(4.5))
    assert hear(hearing, later, presented=False, known_at=None).clock_offsets == {
        TOPIC: 4.5,
        "other": 7.0,
    }


@pytest.mark.parametrize("presented", [True, False])
def test_a_clock_that_was_set_counts_once_the_part_is_there(presented: bool) -> None:
    jump = an_acquisition(1, clock=a_clock(5.0, jumped=True))
    assert hear(NO_MESSAGES, jump, presented=presented, known_at=None).clock_jumped is presented


@pytest.mark.parametrize("presented", [True, False])
def test_what_is_missing_counts_once_the_part_is_there_and_says_until_when_none_was(
    presented: bool,
) -> None:
    holed = an_acquisition(2, messages_lost=3)
    hearing = hear(NO_MESSAGES, holed, presented=presented, known_at=at(1))
    assert hearing == Hearing(messages_lost=3 if presented else 0, heard_until=at(1))
    whole = hear(hearing, an_acquisition(3), presented=presented, known_at=at(2))
    assert (whole.heard_until, whole.messages_lost) == (None, hearing.messages_lost)


@pytest.mark.parametrize(
    ("before", "after", "clock", "fell_s"),
    [
        ({TOPIC: 5.0}, {TOPIC: 4.4}, TOPIC, 0.6),
        ({TOPIC: 5.0}, {TOPIC: 5.4}, TOPIC, 0.0),
        ({}, {TOPIC: 4.4}, TOPIC, 0.0),
        ({TOPIC: 5.0}, {TOPIC: 4.4}, None, 0.0),
        ({TOPIC: 5.0}, {TOPIC: 4.4}, "other", 0.0),
    ],
    ids=["falls", "rises", "first", "no clock told of the part", "another clock"],
)
def test_a_clock_falls_where_a_quicker_message_shows_it(
    before: dict[str, float], after: dict[str, float], clock: str | None, fell_s: float
) -> None:
    found = clock_fell(Hearing(clock_offsets=before), Hearing(clock_offsets=after), clock)
    assert found.total_seconds() == pytest.approx(fell_s)


def test_at_the_presentation_only_what_is_missing_just_before_it_counts() -> None:
    """The part may have come in it, and the answer, too."""
    before = Hearing(clock_offsets={TOPIC: 5.0}, clock_jumped=True, messages_lost=7)
    shown = an_acquisition(1, messages_lost=2)
    assert presented_by(before, shown) == Hearing(clock_offsets={TOPIC: 5.0}, messages_lost=2)
    assert presented_by(before, None).messages_lost == 0
    assert timedelta(0) == clock_fell(before, before, TOPIC)
