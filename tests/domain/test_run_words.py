"""The words of a run: which verdicts are good, which is the worst, and what facts need not import."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.run_words import WORST_FIRST, Outcome, Verdict, is_verdict, worst_outcome

MEANT = {
    Verdict.MISSED: Outcome.FAILED,
    Verdict.FALSE_REJECT: Outcome.FAILED,
    Verdict.INCONCLUSIVE: Outcome.INCONCLUSIVE,
    Verdict.DETECTED: None,
    Verdict.ACCEPTED: None,
}


@pytest.mark.parametrize("verdict", Verdict)
def test_a_verdict_is_good_exactly_where_it_leaves_a_run_passed(verdict: Verdict) -> None:
    assert worst_outcome([verdict]) is MEANT[verdict]
    assert verdict.is_good is (MEANT[verdict] is None)


@given(st.lists(st.sampled_from(Verdict)))
def test_the_worst_of_several_decides_in_any_order(verdicts: list[Verdict]) -> None:
    """D4."""
    worst = min(verdicts, key=WORST_FIRST.index, default=None)
    assert worst_outcome(verdicts) is (None if worst is None else MEANT[worst])


def test_only_a_run_that_passed_or_failed_came_to_a_verdict() -> None:
    """D4."""
    assert {outcome for outcome in Outcome if is_verdict(outcome)} == {
        Outcome.PASSED,
        Outcome.FAILED,
    }


def test_the_worst_is_found_among_all_verdicts() -> None:
    assert sorted(WORST_FIRST) == sorted(Verdict)


def test_records_are_read_without_what_moves_and_judges_a_run() -> None:
    """Each command pays for what it imports: `redrabbit overdue` judges nothing."""
    judging = {f"redrabbit.domain.{name}" for name in ("run", "evidence", "verdict")}
    script = "import sys, redrabbit.domain.records; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert judging & set(loaded.stdout.decode().split()) == set()
