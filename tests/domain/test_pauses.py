"""Pauses move a due time to their end, and excuse only what they cover (R13, D56; findings B19, M7, A6c)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.facts.occurrence import OccurrenceOutcome
from redrabbit.domain.identity import PauseId, RunId
from redrabbit.domain.occurrence import status
from redrabbit.domain.pauses import as_paused, is_paused, moved, unbroken_since, waits_for_pause
from redrabbit.domain.records import OccurrenceRecord, PauseRecord
from tests.builders import an_occurrence, at
from tests.stored import bare

MINUTE = timedelta(minutes=1)


def a_pause(begins_min: float, ends_min: float, number: int = 1) -> PauseRecord:
    pause: PauseRecord = bare(
        PauseRecord,
        pause_id=PauseId(f"line1-P-{number}"),
        number=number,
        line="line1",
        begins_at=at(begins_min * 60),
        ends_at=at(ends_min * 60),
    )
    return pause


@dataclass(frozen=True)
class Times:
    due_at: datetime
    grace_ends_at: datetime
    closes_at: datetime


def times(grace_min: int, close_min: int) -> Times:
    """Return the times of a check that is due at minute 0."""
    return Times(at(0), at(grace_min * 60), at(close_min * 60))


DUE = an_occurrence(due_at=at(0), grace_ends_at=at(1200), closes_at=at(3600))


def standing(occurrence: OccurrenceRecord, now_min: float, *pauses: PauseRecord) -> str:
    now = at(now_min * 60)
    return status(as_paused(occurrence, {"line1": pauses}, now), now).value


PAUSES = st.lists(
    st.tuples(st.integers(-90, 150), st.integers(-10, 120)).map(
        lambda each: (each[0], each[0] + each[1])
    ),
    max_size=6,
).map(lambda spans: [a_pause(*span, number=n) for n, span in enumerate(spans, 1)])


@given(PAUSES, st.integers(0, 60), st.integers(1, 120))
def test_a_due_time_moves_to_the_first_minute_that_no_pause_covers(
    pauses: list[PauseRecord], grace_min: int, close_min: int
) -> None:
    """Found by walking: however pauses overlap, follow each other, begin before or end before they begin."""
    first = times(grace_min, close_min)
    walked = first.due_at
    while any(is_paused(pause, walked) for pause in pauses):
        walked += MINUTE
    found = moved(first, pauses)
    assert found.due_at == walked
    assert found.grace_ends_at - found.due_at == first.grace_ends_at - first.due_at
    if walked == first.due_at:
        assert (found.closes_at, found.pause) == (first.closes_at, None)
        assert not found.is_covered
    else:
        assert found.closes_at == max(first.closes_at, found.grace_ends_at)
        assert found.pause is not None
        assert found.pause.ends_at == walked
    window = [first.due_at + n * MINUTE for n in range(close_min)]
    covered = all(any(is_paused(pause, minute) for pause in pauses) for minute in window)
    assert found.is_covered == covered


@given(PAUSES, st.integers(-60, 60))
def test_since_when_a_line_is_paused_without_a_gap(pauses: list[PauseRecord], minute: int) -> None:
    walked = at(minute * 60)
    while any(is_paused(pause, walked - MINUTE) for pause in pauses):
        walked -= MINUTE
    assert unbroken_since(at(minute * 60), pauses) == walked


@given(PAUSES, st.integers(-60, 60), st.integers(-60, 400))
def test_a_pause_in_two_halves_does_what_one_does(
    pauses: list[PauseRecord], cut: int, now: int
) -> None:
    halves = [
        replace(pause, begins_at=begins, ends_at=ends)
        for pause in pauses
        for begins, ends in (
            (pause.begins_at, min(pause.ends_at, max(pause.begins_at, at(cut * 60)))),
            (min(pause.ends_at, max(pause.begins_at, at(cut * 60))), pause.ends_at),
        )
    ]
    assert standing(DUE, now, *pauses) == standing(DUE, now, *halves)


@pytest.mark.parametrize(
    ("pause", "looks"),
    [
        # B19: ten minutes over the due time; then the line runs, and the check is asked for
        (
            (-5, 5),
            {4: "open", 5: "due", 24: "due", 25: "overdue", 59: "overdue", 60: "lapsed"},
        ),
        # M7: paused for eight hours, ended after fifteen minutes
        ((-10, 15), {14: "open", 15: "due", 35: "overdue", 60: "lapsed"}),
        # the new grace ends after the first close
        ((-10, 55), {54: "open", 55: "due", 74: "due", 75: "lapsed"}),
        # the whole window is covered
        ((-10, 60), {59: "open", 60: "excused", 75: "excused"}),
        ((0, 600), {0: "open", 59: "open", 60: "excused"}),
        # declared after it was due, or over before: nothing moves
        ((1, 600), {1: "due", 20: "overdue", 60: "lapsed"}),
        ((-30, 0), {0: "due", 20: "overdue", 60: "lapsed"}),
    ],
)
def test_how_a_check_stands_beside_a_pause(
    pause: tuple[float, float], looks: dict[int, str]
) -> None:
    assert {minute: standing(DUE, minute, a_pause(*pause)) for minute in looks} == looks


def test_a_pause_of_another_line_moves_nothing() -> None:
    other = replace(a_pause(-5, 600), line="line2")
    assert as_paused(DUE, {"line2": [other]}, at(60)) == DUE


def test_a_decided_check_stays_as_it_was_decided() -> None:
    passed = replace(DUE, outcome=OccurrenceOutcome.PASSED)
    assert as_paused(passed, {"line1": [a_pause(-5, 600)]}, at(7200)) == passed


def test_a_check_that_is_run_in_a_pause_is_not_excused_under_the_operator() -> None:
    """And excused when the run has given it up, where the pause covered it."""
    held = replace(DUE, run_id=RunId("line1-R-1"), held_until=at(70 * 60))
    pause = a_pause(-5, 600)
    assert standing(held, 65, pause) == "open"
    assert standing(held, 70, pause) == "excused"
    assert not waits_for_pause(as_paused(held, {"line1": [pause]}, at(60)), pause, at(60))


def test_a_check_that_was_moved_and_is_asked_for_earlier_knows_its_first_times() -> None:
    once = as_paused(DUE, {"line1": [a_pause(-5, 50)]}, at(0))
    assert (once.due_at, once.closes_at) == (at(3000), at(4200))
    again = as_paused(once, {"line1": [a_pause(-5, 10)]}, at(600))
    assert (again.due_at, again.grace_ends_at, again.closes_at) == (at(600), at(1800), at(3600))
    assert (again.first_due_at, again.first_closes_at) == (at(0), at(3600))


def test_what_is_excused_was_never_due_at_another_time() -> None:
    once = as_paused(DUE, {"line1": [a_pause(-5, 90)]}, at(0))
    assert once.due_at == at(5400)
    excused = as_paused(once, {"line1": [a_pause(-5, 90)]}, at(3600))
    assert (excused.outcome, excused.due_at, excused.closes_at) == ("excused", at(0), at(3600))
    assert excused.decided_at == at(3600)
