"""What the grade of a verdict does to the records, and what takes it back (D28, D31)."""

from collections.abc import Mapping

from redrabbit.domain.grade import Grade
from redrabbit.domain.records import PresentationRecord, RunRecord
from tests.domain.folded import AT, ISSUED, VERDICT, a_running_ledger, values

PRESENTED: dict[str, object] = AT | {
    "run_id": "line1-R-1",
    "step": 0,
    "attempt": 1,
    "presented_how": "edge",
}
GRADED: dict[str, object] = VERDICT | {
    "grade": "C",
    "grade_part": "C",
    "grade_answer": "A",
    "grade_watched": "A",
    "identity_kind": "order",
    "answer_kind": "code_renewed",
    "watched": "unbroken",
    "observed_code": "11",
}
CONTRADICTED: dict[str, object] = AT | {
    "run_id": "line1-R-1",
    "step": 0,
    "attempt": 1,
    "verdict_reason": "contradictory",
}
CLOSED: dict[str, object] = AT | {"run_id": "line1-R-1", "confirmed": True}


def test_a_contradicted_verdict_keeps_the_reason_that_was_told() -> None:
    ledger = a_running_ledger()
    ledger.say("verdict_reached", 82, **GRADED)
    ledger.say("verdict_contradicted", 83, **CONTRADICTED)
    assert ledger.the(PresentationRecord, "line1-R-1", 0, 1).observed_code == "11"


def test_a_detection_that_another_reason_follows_proves_nothing() -> None:
    """D31."""
    ledger = a_running_ledger()
    ledger.say("verdict_reached", 82, **GRADED)
    other = {"verdict_reason": "wrong_reject_code", "observed_code": "12"}
    ledger.say("verdict_contradicted", 83, **(CONTRADICTED | other))
    shown = ledger.the(PresentationRecord, "line1-R-1", 0, 1)
    assert (shown.verdict_reason, shown.observed_code) == ("wrong_reject_code", "12")


def test_a_run_whose_verdict_is_taken_back_asks_for_no_further_part() -> None:
    """D4, decision 0024: it may have gone on to its next part; older entries never tell that."""
    ledger = a_running_ledger()
    ledger.say("verdict_reached", 82, **GRADED)
    back = {"run_id": "line1-R-1", "step": 0, "part_id": ISSUED["part_id"]}
    ledger.say("part_given_back", 83, **AT, **back, run_step=1, state="awaiting_part")
    ledger.say("verdict_contradicted", 84, **CONTRADICTED)
    run = ledger.the(RunRecord, "line1-R-1")
    assert (run.step, run.state) == (0, "awaiting_confirmation")


def grade_after(*verdicts: Mapping[str, object], outcome: str = "passed") -> Grade | None:
    """The grade of a closed run whose parts got these verdicts, one after another."""
    ledger = a_running_ledger()
    for step, verdict in enumerate(verdicts):
        if step:
            expected = {"step": step, "expected": verdict["expected"]}
            ledger.say("part_issued", 100 * step, **(ISSUED | expected))
            ledger.say("part_presented", 100 * step + 1, **(PRESENTED | {"step": step}))
        told = {name: value for name, value in verdict.items() if name != "expected"}
        ledger.say("verdict_reached", 100 * step + 82, **(GRADED | {"step": step} | told))
    ledger.say("run_closed", 900, **(CLOSED | {"outcome": outcome}))
    return ledger.the(RunRecord, "line1-R-1").grade


def test_a_verdicts_grade_stands_with_what_it_rests_on() -> None:
    ledger = a_running_ledger()
    ledger.say("verdict_reached", 82, **GRADED)
    shown = ledger.the(PresentationRecord, "line1-R-1", 0, 1)
    assert values(shown, "grade", "identity_kind", "answer_kind", "watched") == {
        "grade": "C",
        "identity_kind": "order",
        "answer_kind": "code_renewed",
        "watched": "unbroken",
    }


def test_a_verdict_that_is_taken_back_loses_its_grade_and_its_run_with_it() -> None:
    ledger = a_running_ledger()
    ledger.say("verdict_reached", 82, **GRADED)
    assert ledger.the(RunRecord, "line1-R-1").grade == "C"
    ledger.say("verdict_contradicted", 83, **CONTRADICTED)
    shown = ledger.the(PresentationRecord, "line1-R-1", 0, 1)
    assert values(shown, "grade", "identity_kind", "answer_kind", "watched") == {
        "grade": None,
        "identity_kind": "order",
        "answer_kind": None,
        "watched": None,
    }
    assert ledger.the(RunRecord, "line1-R-1").grade is None


def test_a_runs_grade_is_the_worst_of_its_challenge_parts() -> None:
    assert grade_after({"grade": "B"}) is Grade.B
    assert grade_after({"grade": "B"}, {"grade": "D", "expected": "reject"}) is Grade.D
    assert grade_after({"grade": "D"}, {"grade": "B", "expected": "reject"}) is Grade.D
    assert grade_after({"grade": "B"}, {"grade": "E", "expected": "accept"}) is Grade.B


def test_a_part_that_was_not_graded_leaves_its_run_without_a_grade() -> None:
    """Half of the run was judged by an earlier version: what is not known is not guessed."""
    assert grade_after({"grade": None}, {"grade": "A", "expected": "reject"}) is None


def test_only_a_run_that_passed_or_failed_has_a_grade() -> None:
    assert grade_after({"grade": "B"}, outcome="failed") is Grade.B
    assert grade_after({"grade": "B"}, outcome="aborted") is None
    assert grade_after({"grade": "B"}, outcome="inconclusive") is None


def test_a_later_presentation_changes_no_grade_of_the_run() -> None:
    """L10."""
    ledger = a_running_ledger()
    ledger.say("verdict_reached", 82, **GRADED)
    ledger.say("part_presented", 90, **(PRESENTED | {"attempt": 2}))
    ledger.say("verdict_reached", 91, **(GRADED | {"attempt": 2, "decides": False, "grade": "E"}))
    assert ledger.the(RunRecord, "line1-R-1").grade == "C"
    assert ledger.the(PresentationRecord, "line1-R-1", 0, 2).grade == "E"
