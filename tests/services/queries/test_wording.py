"""How queries make a message, and the one word for a run's outcome."""

import pytest

from redrabbit.domain.grade import Grade
from redrabbit.domain.records import RunRecord
from redrabbit.domain.run_words import Outcome, RunState
from redrabbit.services.queries.wording import grade_reached, message, outcome_word
from tests.stored import bare


def test_what_is_said_is_a_code_with_its_values() -> None:
    found = message("board.part", part="RR-0001")
    assert (found.code, found.params) == ("board.part", {"part": "RR-0001"})


@pytest.mark.parametrize(
    ("state", "outcome", "word"),
    [
        (RunState.CLOSED, Outcome.FAILED, "failed"),
        (RunState.CLOSED, Outcome.PASSED, "passed"),
        (RunState.ARMED, None, "under_way"),
        (RunState.AWAITING_RETURN, Outcome.INCONCLUSIVE, "under_way"),
    ],
)
def test_a_run_is_under_way_until_it_is_closed(
    state: RunState, outcome: Outcome | None, word: str
) -> None:
    run = bare(RunRecord, state=state, outcome=outcome, grade=Grade.B)
    assert outcome_word(run) == word
    assert grade_reached(run) == (None if word == "under_way" else "B")
