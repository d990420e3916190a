"""What only one of two clocks says has lapsed waits; what either says is open may be run (D43, D61)."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.clock_doubts import as_doubted, is_in_doubt, open_doubts, waits_for_clock
from redrabbit.domain.occurrence import OccurrenceStatus, may_be_run, status
from redrabbit.domain.records import ClockDoubtRecord
from tests.builders import an_occurrence, at
from tests.domain.folded import FoldedLedger
from tests.domain.test_consequences import Known

DUE = an_occurrence()
"""Due at T0, closed an hour later."""
SECONDS = st.integers(-20_000, 20_000)


def a_doubt(stepped_s: float, set_to_s: float) -> ClockDoubtRecord:
    return ClockDoubtRecord(
        entry=1,
        stepped_at=at(stepped_s),
        set_to_at=at(set_to_s),
        settled_at=None,
        settled=None,
        settled_by=None,
        settled_how=None,
        settled_entry=None,
    )


@given(SECONDS, SECONDS, SECONDS)
def test_a_lapse_waits_where_it_lies_between_the_two_times_and_nowhere_else(
    stepped_s: int, set_to_s: int, now_s: int
) -> None:
    doubts, now = [a_doubt(stepped_s, set_to_s)], at(now_s)
    stands = as_doubted(DUE, doubts, now)
    between = min(stepped_s, set_to_s) < 3600 <= max(stepped_s, set_to_s)
    assert is_in_doubt(doubts, DUE.closes_at) is between
    waits = between and now >= DUE.closes_at
    assert waits_for_clock(DUE, doubts, now) is waits
    lapsed = status(DUE, now) is OccurrenceStatus.LAPSED
    assert (status(stands, now) is OccurrenceStatus.LAPSED) is (lapsed and not waits)
    if may_be_run(DUE, now) or waits:
        assert may_be_run(stands, now), "running a check never waits"


def test_what_is_decided_stays_so() -> None:
    done = an_occurrence(outcome="passed")
    assert as_doubted(done, [a_doubt(0, 9000)], at(8000)) == done


def test_a_doubt_is_open_until_it_is_settled() -> None:
    ledger = FoldedLedger()
    told = ledger.say_on("plant", "clock_doubted", 5, stepped_at=at(60), set_to_at=at(900))
    assert [each.set_to_at - each.stepped_at for each in open_doubts(Known(ledger))] == [
        timedelta(seconds=840)
    ]
    ledger.say_on("plant", "clock_settled", 9, doubt=told.index, settled="second_source")
    assert open_doubts(Known(ledger)) == []
