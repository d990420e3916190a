"""What nobody watched is nobody's omission (R12, L7, C3)."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.facts.occurrence import DecisionCode
from redrabbit.domain.facts.plant import NotWatchedRecord, NotWatchedWhy
from redrabbit.domain.record_query import RecordReader
from redrabbit.domain.unwatched import NOBODY, hole_over, lapse_code, unwatched
from tests.builders import T0, an_occurrence, at
from tests.domain.folded import FoldedLedger
from tests.domain.test_consequences import Known

DUE = an_occurrence()
"""Due at T0, closed an hour later."""
CLOSE_S = (DUE.closes_at - T0).total_seconds()
LATER = at(1e6)


def watched(
    *holes: tuple[float, float],
    lost: Sequence[tuple[float, float]] = (),
) -> RecordReader:
    """Return records with these holes, and times of which they are lost, in seconds after T0."""
    ledger = FoldedLedger()
    told = [
        *((hole, NotWatchedWhy.FROZEN) for hole in holes),
        *((hole, NotWatchedWhy.HISTORY_LOST) for hole in lost),
    ]
    for entry, ((begins_s, ends_s), why) in enumerate(told):
        ledger.records[NotWatchedRecord, (entry,)] = NotWatchedRecord(
            entry=entry, begins_at=at(begins_s), ends_at=at(ends_s), why=why
        )
    return Known(ledger)


@pytest.mark.parametrize(
    ("holes", "code"),
    [
        ([], DecisionCode.NOT_DONE),
        ([(-60, 0)], DecisionCode.NOT_DONE),
        ([(-60, 1)], DecisionCode.NOT_WATCHING),
        ([(60, 70)], DecisionCode.NOT_WATCHING),
        ([(CLOSE_S, CLOSE_S + 8)], DecisionCode.NOT_WATCHING),
        ([(CLOSE_S + 1, CLOSE_S + 8)], DecisionCode.NOT_DONE),
        ([(-900, -800), (-60, -50), (5, 11), (9000, 9100)], DecisionCode.NOT_WATCHING),
    ],
    ids=["none", "before", "over the due time", "within", "at the lapse", "after", "one of many"],
)
def test_a_check_lapses_by_the_holes_in_its_time(
    holes: list[tuple[float, float]], code: DecisionCode
) -> None:
    assert lapse_code(watched(*holes), DUE, LATER) is code


def test_a_run_that_holds_it_beyond_its_close_is_watched_to_its_end() -> None:
    held = an_occurrence(run_id="line1-R-7", held_until=at(CLOSE_S + 400))
    reader = watched((CLOSE_S + 100, CLOSE_S + 110))
    assert lapse_code(reader, held, LATER) is DecisionCode.NOT_WATCHING
    assert lapse_code(reader, DUE, LATER) is DecisionCode.NOT_DONE


@pytest.mark.parametrize("why", NOBODY)
def test_where_no_process_ran_or_its_clock_was_wrong_nobody_watched(why: NotWatchedWhy) -> None:
    ledger = FoldedLedger()
    ledger.records[NotWatchedRecord, (1,)] = NotWatchedRecord(
        entry=1, begins_at=at(60), ends_at=at(70), why=why
    )
    assert lapse_code(Known(ledger), DUE, LATER) is DecisionCode.NOT_WATCHING


def test_a_hole_that_ends_in_a_time_to_come_was_told_by_a_wrong_clock() -> None:
    assert lapse_code(watched((60, CLOSE_S + 90)), DUE, at(CLOSE_S)) is DecisionCode.NOT_DONE


def test_what_a_step_in_doubt_goes_over_is_not_called_not_done() -> None:
    ledger = FoldedLedger()
    ledger.say_on("plant", "clock_doubted", 5, stepped_at=at(60), set_to_at=at(900))
    assert lapse_code(Known(ledger), DUE, LATER) is DecisionCode.NOT_WATCHING


@given(st.lists(st.tuples(st.integers(-4000, 8000), st.integers(6, 5000)), max_size=6))
def test_the_share_that_nobody_watched_is_counted_second_by_second(
    spans: list[tuple[int, int]],
) -> None:
    holes: list[tuple[float, float]] = [(begins, begins + lasts) for begins, lasts in spans]
    found = unwatched(watched(*holes), DUE)
    seconds = sum(
        any(begins <= second < ends for begins, ends in holes) for second in range(int(CLOSE_S))
    )
    assert found.lasted.total_seconds() == seconds
    assert found.share == seconds / CLOSE_S


@given(st.lists(st.tuples(st.integers(-4000, 8000), st.integers(6, 500)), max_size=6))
def test_a_hole_is_found_wherever_it_lies_among_others(spans: list[tuple[int, int]]) -> None:
    """Against the plain question, asked of every hole."""
    holes: list[tuple[float, float]] = [(begins, begins + lasts) for begins, lasts in spans]
    found: Any = hole_over(watched(*holes), DUE, NotWatchedWhy.FROZEN)
    assert (found is not None) is any(map(over_due, holes))


def over_due(hole: tuple[float, float]) -> bool:
    begins, ends = hole
    return begins <= CLOSE_S and ends > 0


SPANS = st.lists(st.tuples(st.integers(-4000, 8000), st.integers(1, 5000)), max_size=3)


@given(SPANS, SPANS)
def test_nobody_is_said_to_have_left_out_what_the_lost_records_may_tell(
    frozen: list[tuple[int, int]], lost: list[tuple[int, int]]
) -> None:
    """Whether somebody watched then, too, is lost with them."""
    holes, gone = ([(b, b + s) for b, s in spans] for spans in (frozen, lost))
    code = lapse_code(watched(*holes, lost=gone), DUE, LATER)
    assert (code is DecisionCode.HISTORY_LOST) is any(map(over_due, gone))
