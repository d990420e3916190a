"""What each fact of a run does to the records."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.identity import AGENT
from redrabbit.domain.records import (
    ChallengePartRecord,
    CheckRecord,
    OccurrenceRecord,
    PresentationRecord,
    RunRecord,
)
from redrabbit.domain.run_words import Outcome
from tests.domain.folded import AT, ISSUED, RUN, VERDICT, a_ledger, a_running_ledger, at, values


def test_a_run_holds_its_occurrence_until_its_own_timeout() -> None:
    """D9."""
    ledger = a_ledger()
    ledger.say("run_started", 60, **RUN)
    held = ledger.the(OccurrenceRecord, "line1-O-1")
    assert (held.run_id, held.held_until) == ("line1-R-1", at(960))
    run = ledger.the(RunRecord, "line1-R-1")
    assert values(run, "state", "started_by", "started_how", "late_s", "entry") == {
        "state": "awaiting_part",
        "started_by": "name:anna",
        "started_how": "stated",
        "late_s": 60.0,
        "entry": 3,
    }


def test_a_run_on_demand_holds_no_occurrence() -> None:
    ledger = a_ledger()
    ledger.say("run_started", 60, **(RUN | {"occurrence_id": None}))
    assert ledger.the(OccurrenceRecord, "line1-O-1").run_id is None
    ledger.say(
        "run_closed",
        90,
        run_id="line1-R-1",
        outcome="aborted",
        reason_code="not_started",
        confirmed=False,
    )
    assert ledger.the(RunRecord, "line1-R-1").state == "closed"


def test_an_issued_part_is_out_and_has_one_use_more() -> None:
    ledger = a_ledger()
    ledger.say("run_started", 60, **RUN)
    ledger.say("part_issued", 70, **ISSUED)
    part = ledger.the(ChallengePartRecord, "RR-0001")
    assert values(part, "custody", "run_id", "uses", "custody_at") == {
        "custody": "issued",
        "run_id": "line1-R-1",
        "uses": 1,
        "custody_at": at(70),
    }
    assert ledger.the(RunRecord, "line1-R-1").state == "armed"
    assert ledger.the(PresentationRecord, "line1-R-1", 0, 1).issued_by == "name:anna"


def test_a_refused_scan_only_points_the_run_to_its_entry() -> None:
    """B25."""
    ledger = a_ledger()
    ledger.say("run_started", 60, **RUN)
    before = ledger.the(RunRecord, "line1-R-1")
    ledger.say("scan_refused", 65, run_id="line1-R-1", code="RR-9", refusal="wrong_part")
    after = ledger.the(RunRecord, "line1-R-1")
    assert (before.entry, after.entry) == (3, 4)
    assert after.state == before.state


def test_who_said_that_the_feed_is_held_stands_with_the_run() -> None:
    """D29."""
    ledger = a_ledger()
    ledger.say("run_started", 60, **RUN)
    ledger.say("feed_held", 65, station="op20", device="op20-torque", run_id="line1-R-1")
    run = ledger.the(RunRecord, "line1-R-1")
    assert values(run, "feed_held_by", "feed_held_how", "feed_held_at", "feed_held_entry") == {
        "feed_held_by": "name:anna",
        "feed_held_how": "stated",
        "feed_held_at": at(65),
        "feed_held_entry": run.entry,
    }


def test_a_word_that_a_part_contradicts_stands_with_the_run_no_more() -> None:
    """D29: until it is given anew; the entry that contradicts it stays."""
    ledger = a_ledger()
    ledger.say("run_started", 60, **RUN)
    where = {"station": "op20", "device": "op20-torque", "run_id": "line1-R-1"}
    ledger.say("feed_held", 65, **where)
    ledger.say("feed_not_held", 70, **where)
    run = ledger.the(RunRecord, "line1-R-1")
    assert (run.feed_held_by, run.feed_held_how, run.feed_held_at) == (None, None, None)
    assert run.feed_held_entry == run.entry


@pytest.mark.parametrize(
    ("why", "by"), [("not_the_part", "name:anna"), ("no_result", None)], ids=["said", "judged"]
)
def test_who_said_that_it_was_not_the_part_stands_with_the_verdict(
    why: str, by: str | None
) -> None:
    """D29."""
    ledger = a_running_ledger()
    told = VERDICT | {"verdict": "inconclusive", "verdict_reason": why}
    ledger.say("verdict_reached", 81.5, **told)
    shown = ledger.the(PresentationRecord, "line1-R-1", 0, 1)
    assert shown.verdict_by == by
    assert (shown.verdict_how, shown.verdict_entry) == (
        ("stated", shown.entry) if by is not None else (None, None)
    )


def test_a_verdict_stands_with_its_evidence() -> None:
    ledger = a_running_ledger()
    ledger.say("verdict_reached", 81.5, **VERDICT)
    shown = ledger.the(PresentationRecord, "line1-R-1", 0, 1)
    assert values(shown, "verdict", "verdict_at", "counter", "evidence", "decides") == {
        "verdict": "detected",
        "verdict_at": at(81.5),
        "counter": 1214,
        "evidence": '{"windows":{"count":15}}',
        "decides": True,
    }
    assert ledger.the(RunRecord, "line1-R-1").state == "awaiting_return"
    assert ledger.the(ChallengePartRecord, "RR-0001").custody == "presented"


def test_a_later_presentation_is_kept_beside_the_first() -> None:
    """L10."""
    ledger = a_running_ledger()
    ledger.say("verdict_reached", 82, **(VERDICT | {"verdict": "missed"}))
    ledger.say(
        "part_presented", 90, **AT, run_id="line1-R-1", step=0, attempt=2, presented_how="code"
    )
    ledger.say("verdict_reached", 91, **(VERDICT | {"attempt": 2, "decides": False}))
    first = ledger.the(PresentationRecord, "line1-R-1", 0, 1)
    second = ledger.the(PresentationRecord, "line1-R-1", 0, 2)
    assert (first.verdict, first.decides) == ("missed", True)
    assert (second.verdict, second.decides, second.presented_at) == ("detected", False, at(90))
    assert ledger.the(RunRecord, "line1-R-1").state == "awaiting_return"


def test_a_contradicted_detection_proves_nothing() -> None:
    ledger = a_running_ledger()
    ledger.say("verdict_reached", 82, **VERDICT)
    contradicted = {"run_id": "line1-R-1", "step": 0, "attempt": 1}
    ledger.say("verdict_contradicted", 83, **AT, **contradicted, verdict_reason="contradictory")
    shown = ledger.the(PresentationRecord, "line1-R-1", 0, 1)
    assert (shown.verdict, shown.verdict_reason) == ("inconclusive", "contradictory")


def test_a_part_given_back_is_stored_and_the_run_goes_on() -> None:
    ledger = a_running_ledger()
    ledger.say("verdict_reached", 82, **VERDICT)
    ledger.say(
        "part_given_back",
        95,
        **AT,
        part_id="RR-0001",
        run_id="line1-R-1",
        step=0,
        run_step=1,
        state="awaiting_part",
    )
    assert ledger.the(ChallengePartRecord, "RR-0001").custody == "stored"
    assert ledger.the(PresentationRecord, "line1-R-1", 0, 1).given_back_by == "name:anna"
    run = ledger.the(RunRecord, "line1-R-1")
    assert (run.state, run.step) == ("awaiting_part", 1)


def test_a_stopped_run_waits_for_its_part() -> None:
    ledger = a_running_ledger()
    ledger.say(
        "run_stopped",
        85,
        **AT,
        run_id="line1-R-1",
        outcome="aborted",
        reason_code="person",
        reason_text="called away",
    )
    run = ledger.the(RunRecord, "line1-R-1")
    assert values(run, "state", "reason_code", "reason_text", *STOPPED) == {
        "state": "awaiting_return",
        "reason_code": "person",
        "reason_text": "called away",
        "stopped_by": "name:anna",
        "stopped_how": "stated",
        "stopped_entry": run.entry,
    }


STOPPED = ("stopped_by", "stopped_how", "stopped_entry")
CALLED_AWAY = {"reason_code": "person", "reason_text": "called away"}


def test_who_stopped_a_run_did_so_whoever_closes_it() -> None:
    ledger = a_running_ledger()
    ledger.say("run_stopped", 85, **AT, run_id="line1-R-1", outcome="aborted", **CALLED_AWAY)
    stopped = ledger.the(RunRecord, "line1-R-1")
    ledger.actor = AGENT
    ledger.say(
        "run_closed", 99, run_id="line1-R-1", outcome="aborted", confirmed=False, **CALLED_AWAY
    )
    closed = ledger.the(RunRecord, "line1-R-1")
    assert closed.entry != stopped.entry
    assert values(closed, *STOPPED) == values(stopped, *STOPPED)


@pytest.mark.parametrize("by_a_person", [True, False])
def test_a_run_that_ends_for_another_reason_was_stopped_by_what_gave_that(
    by_a_person: bool,
) -> None:
    """Who gave a run up is not said to have changed the configuration."""
    ledger = a_running_ledger()
    if by_a_person:
        ledger.say("run_stopped", 85, **AT, run_id="line1-R-1", outcome="aborted", **CALLED_AWAY)
    ledger.actor = AGENT
    ledger.say(
        "run_closed",
        99,
        run_id="line1-R-1",
        outcome="aborted",
        reason_code="configuration_changed",
        confirmed=False,
    )
    run = ledger.the(RunRecord, "line1-R-1")
    assert values(run, *STOPPED) == {
        "stopped_by": "agent",
        "stopped_how": "system",
        "stopped_entry": run.entry,
    }


def test_nobody_stopped_a_run_that_passed() -> None:
    ledger = a_running_ledger()
    ledger.say("run_closed", 99, run_id="line1-R-1", outcome="passed", confirmed=True)
    run = ledger.the(RunRecord, "line1-R-1")
    assert values(run, *STOPPED) == dict.fromkeys(STOPPED)


def test_an_inconclusive_run_frees_its_occurrence_and_is_counted() -> None:
    """D4."""
    ledger = a_running_ledger()
    ledger.say("run_closed", 99, run_id="line1-R-1", outcome="inconclusive", confirmed=True)
    occurrence = ledger.the(OccurrenceRecord, "line1-O-1")
    assert (occurrence.run_id, occurrence.held_until, occurrence.inconclusive_runs) == (
        None,
        None,
        1,
    )
    assert ledger.the(RunRecord, "line1-R-1").confirmed_at == at(99)


def test_a_run_that_passed_leaves_the_decided_occurrence_alone() -> None:
    ledger = a_running_ledger()
    ledger.say(
        "occurrence_decided",
        98,
        occurrence_id="line1-O-1",
        check_id="torque",
        station="op20",
        outcome="passed",
    )
    ledger.say("run_closed", 99, run_id="line1-R-1", outcome="passed", confirmed=True)
    occurrence = ledger.the(OccurrenceRecord, "line1-O-1")
    assert (occurrence.outcome, occurrence.run_id, occurrence.inconclusive_runs) == (
        "passed",
        "line1-R-1",
        0,
    )


def test_an_unconfirmed_run_has_no_instant_of_confirmation() -> None:
    ledger = a_running_ledger()
    ledger.say(
        "run_closed",
        99,
        run_id="line1-R-1",
        outcome="aborted",
        reason_code="not_started",
        confirmed=False,
    )
    assert ledger.the(RunRecord, "line1-R-1").confirmed_at is None
    assert ledger.the(OccurrenceRecord, "line1-O-1").inconclusive_runs == 0


@given(st.lists(st.sampled_from(Outcome), max_size=12))
def test_runs_without_a_verdict_are_counted_in_a_row_with_their_check(
    outcomes: list[Outcome],
) -> None:
    """D4: given up or inconclusive, on demand or not; only a verdict ends the row."""
    ledger = a_ledger()
    in_a_row: list[float] = []
    for number, outcome in enumerate(outcomes, start=1):
        about = {"run_id": f"line1-R-{number}", "occurrence_id": None}
        ledger.say("run_started", 100 * number, **(RUN | about))
        ledger.say(
            "run_closed",
            100 * number + 50,
            run_id=about["run_id"],
            outcome=outcome,
            confirmed=False,
        )
        in_a_row = [] if outcome in {"passed", "failed"} else [*in_a_row, 100 * number + 50]
        check = ledger.the(CheckRecord, "line1", "torque")
        assert check.runs_without_verdict == len(in_a_row)
        assert check.without_verdict_since == (at(in_a_row[0]) if in_a_row else None)


def test_a_run_of_a_check_whose_adoption_was_erased_is_closed_all_the_same() -> None:
    """D51."""
    ledger = a_ledger()
    ledger.say("run_started", 60, **RUN)
    del ledger.records[CheckRecord, ("line1", "torque")]
    ledger.say("run_closed", 90, run_id="line1-R-1", outcome="aborted", confirmed=False)
    assert ledger.the(RunRecord, "line1-R-1").state == "closed"
    assert ledger.look(CheckRecord, "line1", "torque") is None
