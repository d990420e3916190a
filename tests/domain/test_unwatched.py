"""What nobody watched is nobody's omission (R12, L7, C3)."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.facts.occurrence import DecisionCode
from redrabbit.domain.facts.plant import NotWatchedRecord, NotWatchedWhy
from redrabbit.domain.record_query import RecordReader
from redrabbit.domain.records import AgentRecord
from redrabbit.domain.unwatched import hole_over, lapse_code
from tests.builders import T0, an_occurrence, at
from tests.domain.folded import FoldedLedger
from tests.domain.test_consequences import Known

DUE = an_occurrence()
"""Due at T0, closed an hour later."""
CLOSE_S = (DUE.closes_at - T0).total_seconds()


def watched(
    *holes: tuple[float, float],
    lost: Sequence[tuple[float, float]] = (),
    started_s: float = -9000.0,
) -> RecordReader:
    """Return the records of one life with these holes, and times of which they are lost, in seconds after T0."""
    ledger = FoldedLedger()
    life = AgentRecord(agent_id=1, started_at=at(started_s), stopped_at=None, software="test")
    ledger.records[AgentRecord, (1,)] = life
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
    assert lapse_code(watched(*holes), DUE) is code


def test_a_run_that_holds_it_beyond_its_close_is_watched_to_its_end() -> None:
    held = an_occurrence(run_id="line1-R-7", held_until=at(CLOSE_S + 400))
    reader = watched((CLOSE_S + 100, CLOSE_S + 110))
    assert lapse_code(reader, held) is DecisionCode.NOT_WATCHING
    assert lapse_code(reader, DUE) is DecisionCode.NOT_DONE


def test_what_lapsed_before_this_life_began_nobody_watched() -> None:
    assert lapse_code(watched(started_s=CLOSE_S + 1), DUE) is DecisionCode.NOT_WATCHING
    assert lapse_code(Known(FoldedLedger()), DUE) is DecisionCode.NOT_WATCHING


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


@given(SPANS, SPANS, st.sampled_from([-9000.0, CLOSE_S + 1]))
def test_nobody_is_said_to_have_left_out_what_the_lost_records_may_tell(
    frozen: list[tuple[int, int]], lost: list[tuple[int, int]], started_s: float
) -> None:
    """Whether somebody watched then, too, is lost with them."""
    holes, gone = ([(b, b + s) for b, s in spans] for spans in (frozen, lost))
    code = lapse_code(watched(*holes, lost=gone, started_s=started_s), DUE)
    assert (code is DecisionCode.HISTORY_LOST) is any(map(over_due, gone))
