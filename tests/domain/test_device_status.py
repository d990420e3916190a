from dataclasses import replace
from datetime import datetime
from itertools import combinations

import pytest

from redrabbit.domain.device_status import (
    CheckFacts,
    DeviceFacts,
    DeviceStanding,
    DeviceStatus,
    device_status,
    longest_overdue,
)
from redrabbit.domain.facts.containment import ContainmentState
from redrabbit.domain.identity import ContainmentId, OccurrenceId, RunId
from redrabbit.domain.pauses import as_paused
from redrabbit.domain.records import (
    ContainmentRecord,
    OccurrenceRecord,
    PauseRecord,
    RunRecord,
)
from redrabbit.domain.run_words import Outcome, Purpose, RunState
from tests.builders import T0, an_occurrence, at
from tests.stored import bare

UPCOMING = an_occurrence(opens_at=at(7200), due_at=at(9000), grace_ends_at=at(9600))
LATER = {"grace_ends_at": at(90_000), "closes_at": at(99_000)}
DUE = an_occurrence(occurrence_id=OccurrenceId("line1-O-2"), due_at=at(-120), **LATER)
OPEN = an_occurrence(occurrence_id=OccurrenceId("line1-O-3"), due_at=at(1800), **LATER)
OVERDUE = an_occurrence(
    occurrence_id=OccurrenceId("line1-O-4"),
    due_at=at(-700),
    grace_ends_at=at(-100),
    closes_at=at(600),
)
LAPSED = an_occurrence(
    occurrence_id=OccurrenceId("line1-O-5"), outcome="lapsed", decided_at=at(-7200)
)
LAPSED_UNTOLD = an_occurrence(
    occurrence_id=OccurrenceId("line1-O-6"),
    due_at=at(-900),
    grace_ends_at=at(-600),
    closes_at=at(-300),
)
PAUSE: PauseRecord = bare(
    PauseRecord, pause_id="line1-P-1", line="line1", begins_at=at(-60), ends_at=at(3600)
)


def a_closed_run(number: int, ended_at: datetime | None) -> RunRecord:
    run: RunRecord = bare(
        RunRecord,
        run_id=f"line1-R-{number}",
        occurrence_id=OccurrenceId("line1-O-9"),
        check_id="a",
        purpose=Purpose.CHECK,
        line="line1",
        station="op20",
        device="op20-torque",
        state=RunState.CLOSED,
        outcome=Outcome.PASSED,
        started_at=at(-100_000),
        expires_at=at(900),
        ended_at=ended_at,
    )
    return run


def a_containment(number: int, state: ContainmentState, opened_at: datetime) -> ContainmentRecord:
    case: ContainmentRecord = bare(
        ContainmentRecord,
        containment_id=f"line1-C-{number}",
        line="line1",
        station="op20",
        device="op20-torque",
        failure_mode="torque_low",
        check_id="a",
        run_id=RunId("line1-R-77"),
        state=state,
        opened_at=opened_at,
    )
    return case


PASSED = a_closed_run(10, at(-3600))
PASSED_LONG_AGO = a_closed_run(11, at(-90_000))
FAILED = a_closed_run(12, at(-1800))
INCONCLUSIVE = a_closed_run(13, at(-900))
CASE = a_containment(31, ContainmentState.OPEN, at(-1800))
FAILING = CheckFacts(check_id="a", last_passed=PASSED, last_failed=FAILED)
GOOD = CheckFacts(check_id="a", last_passed=PASSED)
LAPSED_CHECK = CheckFacts(check_id="a", last_passed=PASSED_LONG_AGO, last_lapsed=LAPSED)
DOUBTFUL = CheckFacts(check_id="a", last_passed=PASSED, last_inconclusive=INCONCLUSIVE)
NEVER = CheckFacts(check_id="a")


def with_undecided(*occurrences: OccurrenceRecord) -> CheckFacts:
    return CheckFacts(check_id="a", last_passed=PASSED, undecided=occurrences)


LADDER: dict[str, DeviceFacts] = {
    "missed": DeviceFacts(checks=(FAILING,), containments=(CASE,)),
    "failed": DeviceFacts(checks=(FAILING,)),
    "overdue": DeviceFacts(checks=(with_undecided(OVERDUE),)),
    "lapsed": DeviceFacts(checks=(LAPSED_CHECK,)),
    "no_data": DeviceFacts(checks=(GOOD,), no_data_since=at(-5)),
    "bypassed": DeviceFacts(checks=(GOOD,), bypassed_since=at(-5)),
    "inconclusive": DeviceFacts(checks=(DOUBTFUL,)),
    "due": DeviceFacts(checks=(with_undecided(DUE),)),
    "excused": DeviceFacts(checks=(GOOD,), pause=PAUSE),
    "never_verified": DeviceFacts(checks=(NEVER,)),
    "verified": DeviceFacts(checks=(GOOD,)),
}
"""One device for each status, in the order of D10."""


@pytest.mark.parametrize("word", LADDER)
def test_each_status_can_be_had(word: str) -> None:
    assert device_status(LADDER[word], T0).status.value == word


def test_ladder_is_the_whole_of_d10_in_its_order() -> None:
    assert list(LADDER) == [word.value for word in DeviceStatus]


@pytest.mark.parametrize(("worse", "better"), list(combinations(LADDER, 2)))
def test_of_two_statuses_the_worse_is_shown(worse: str, better: str) -> None:
    one, other = LADDER[worse], LADDER[better]
    both = DeviceFacts(
        checks=one.checks + other.checks,
        containments=one.containments + other.containments,
        no_data_since=one.no_data_since or other.no_data_since,
        bypassed_since=one.bypassed_since or other.bypassed_since,
        pause=one.pause or other.pause,
    )
    assert device_status(both, T0).status.value == worse


@pytest.mark.parametrize(
    ("facts", "standing"),
    [
        pytest.param(
            LADDER["missed"],
            DeviceStanding(
                status=DeviceStatus.MISSED,
                since=at(-1800),
                check_id="a",
                run_id=RunId("line1-R-77"),
                containment_id=ContainmentId("line1-C-31"),
            ),
            id="missed, with its containment",
        ),
        pytest.param(
            LADDER["failed"],
            DeviceStanding(
                status=DeviceStatus.FAILED,
                since=at(-1800),
                check_id="a",
                run_id=RunId("line1-R-12"),
                occurrence_id=OccurrenceId("line1-O-9"),
            ),
            id="failed, with its run",
        ),
        pytest.param(
            LADDER["overdue"],
            DeviceStanding(
                status=DeviceStatus.OVERDUE,
                since=at(-100),
                until=at(600),
                check_id="a",
                occurrence_id=OccurrenceId("line1-O-4"),
            ),
            id="overdue, until it lapses",
        ),
        pytest.param(
            LADDER["lapsed"],
            DeviceStanding(
                status=DeviceStatus.LAPSED,
                since=at(-7200),
                check_id="a",
                occurrence_id=OccurrenceId("line1-O-5"),
            ),
            id="lapsed, since its own date",
        ),
        pytest.param(
            LADDER["no_data"],
            DeviceStanding(status=DeviceStatus.NO_DATA, since=at(-5)),
            id="no data since",
        ),
        pytest.param(
            DeviceFacts(checks=(with_undecided(UPCOMING, OPEN),)),
            DeviceStanding(
                status=DeviceStatus.DUE,
                since=at(-1800),
                until=at(90_000),
                next_due_at=at(1800),
                check_id="a",
                occurrence_id=OccurrenceId("line1-O-3"),
            ),
            id="due as soon as it may be run, with its countdown",
        ),
        pytest.param(
            LADDER["excused"],
            DeviceStanding(status=DeviceStatus.EXCUSED, since=at(-60), until=at(3600)),
            id="excused until the pause ends",
        ),
        pytest.param(
            LADDER["never_verified"],
            DeviceStanding(status=DeviceStatus.NEVER_VERIFIED, since=None, check_id="a"),
            id="never verified, since ever",
        ),
        pytest.param(
            DeviceFacts(checks=()),
            DeviceStanding(status=DeviceStatus.NEVER_VERIFIED, since=None),
            id="no check at all proves nothing",
        ),
        pytest.param(
            DeviceFacts(
                checks=(
                    replace(GOOD, next_due_at=at(5400)),
                    CheckFacts(check_id="b", last_passed=PASSED_LONG_AGO, next_due_at=at(3600)),
                )
            ),
            DeviceStanding(
                status=DeviceStatus.VERIFIED,
                since=at(-90_000),
                next_due_at=at(3600),
                check_id="b",
                run_id=RunId("line1-R-11"),
                occurrence_id=OccurrenceId("line1-O-9"),
            ),
            id="verified since the oldest of its checks' passes",
        ),
    ],
)
def test_standing_says_since_when_and_about_what(
    facts: DeviceFacts, standing: DeviceStanding
) -> None:
    assert device_status(facts, T0) == standing


def paused(check: CheckFacts, pause: PauseRecord | None) -> CheckFacts:
    """Return what is known of a check of a line with this pause."""
    pauses = {} if pause is None else {"line1": [pause]}
    return replace(check, undecided=tuple(as_paused(o, pauses, T0) for o in check.undecided))


def status_of(*checks: CheckFacts, pause: PauseRecord | None = None) -> str:
    checks = tuple(paused(check, pause) for check in checks)
    return device_status(DeviceFacts(checks=checks, pause=pause), T0).status.value


def test_pass_of_one_check_never_covers_the_failure_of_another() -> None:
    other = CheckFacts(check_id="b", last_passed=a_closed_run(20, at(-10)))
    assert status_of(FAILING, other) == "failed"
    assert status_of(LAPSED_CHECK, other) == "lapsed"
    assert status_of(NEVER, other) == "never_verified"


def test_later_pass_clears_what_was_before_it() -> None:
    before, same_time = a_closed_run(20, at(-3601)), a_closed_run(21, at(-3600))
    assert status_of(replace(GOOD, last_failed=before)) == "verified"
    assert status_of(replace(GOOD, last_failed=same_time)) == "failed"
    assert status_of(replace(GOOD, last_inconclusive=before)) == "verified"
    assert status_of(replace(GOOD, last_inconclusive=same_time)) == "inconclusive"


def test_a_check_that_is_run_again_and_again_without_a_verdict_is_inconclusive() -> None:
    """D4: a pass long ago does not cover it, and none of the runs need have been inconclusive."""
    for in_a_row, word in (
        (0, "verified"),
        (2, "verified"),
        (3, "inconclusive"),
        (7, "inconclusive"),
    ):
        given_up = replace(GOOD, runs_without_verdict=in_a_row, without_verdict_since=at(-500))
        standing = device_status(DeviceFacts(checks=(given_up,)), T0)
        assert standing.status.value == word
        if in_a_row >= 3:
            assert (standing.since, standing.runs_without_verdict) == (at(-500), in_a_row)
            assert (standing.check_id, standing.run_id) == ("a", None)


def test_failure_without_any_pass_is_failed() -> None:
    assert status_of(replace(NEVER, last_failed=FAILED)) == "failed"


def test_run_without_an_end_counts_from_its_start() -> None:
    assert status_of(replace(GOOD, last_failed=a_closed_run(20, None))) == "verified"


@pytest.mark.parametrize(
    ("lapsed_at", "word"),
    [(-3601, "verified"), (-3600, "verified"), (-3599, "lapsed")],
)
def test_lapse_shows_until_a_later_pass(lapsed_at: float, word: str) -> None:
    lapsed = replace(LAPSED, decided_at=at(lapsed_at))
    assert status_of(replace(GOOD, last_lapsed=lapsed)) == word


def test_lapse_shows_before_anybody_has_recorded_it() -> None:
    """D9: nothing waits for the sweeper."""
    assert status_of(with_undecided(LAPSED_UNTOLD)) == "lapsed"
    assert status_of(replace(NEVER, undecided=(LAPSED_UNTOLD,))) == "lapsed"


def test_reverified_containment_is_missed_no_more() -> None:
    reverified = a_containment(30, ContainmentState.REVERIFIED, at(-3600))
    facts = DeviceFacts(checks=(GOOD,), containments=(reverified,))
    assert device_status(facts, T0).status is DeviceStatus.VERIFIED


def test_oldest_of_several_open_containments_is_shown() -> None:
    cases = (CASE, a_containment(30, ContainmentState.OPEN, at(-3600)))
    standing = device_status(DeviceFacts(checks=(GOOD,), containments=cases), T0)
    assert standing.containment_id == "line1-C-30"


def test_what_falls_due_in_a_pause_is_not_asked_for() -> None:
    """R13, D56: not producing is not due; it is due when the line makes parts again, or excused."""
    in_pause = replace(DUE, due_at=at(-30))
    at_its_begin = replace(DUE, due_at=at(-60))
    covered = replace(LAPSED_UNTOLD, due_at=at(-59), closes_at=at(-10))
    for occurrence in (in_pause, at_its_begin, covered):
        assert status_of(with_undecided(occurrence), pause=PAUSE) == "excused"


def test_what_was_due_before_the_pause_is_still_asked_for() -> None:
    assert status_of(with_undecided(DUE), pause=PAUSE) == "due"
    assert status_of(with_undecided(LAPSED_UNTOLD), pause=PAUSE) == "lapsed"
    after = replace(OPEN, due_at=PAUSE.ends_at)
    assert status_of(with_undecided(after), pause=PAUSE) == "due"


def test_run_under_way_in_a_pause_keeps_its_occurrence() -> None:
    held = replace(DUE, due_at=at(-30), run_id=RunId("line1-R-5"), held_until=at(60))
    assert status_of(with_undecided(held), pause=PAUSE) == "due"


@pytest.mark.parametrize(("begins", "ends"), [(1, 60), (-60, 0)])
def test_pause_that_is_not_on_excuses_nothing_now(begins: float, ends: float) -> None:
    pause = replace(PAUSE, begins_at=at(begins), ends_at=at(ends))
    assert status_of(GOOD, pause=pause) == "verified"


def test_what_is_overdue_longest_is_told_whatever_stands_before_it() -> None:
    """D35: overdue is never hidden behind a case."""
    later = replace(OVERDUE, occurrence_id=OccurrenceId("line1-O-8"), grace_ends_at=at(-10))
    checks = (replace(FAILING, undecided=(later, DUE)), with_undecided(OVERDUE))
    found = longest_overdue(DeviceFacts(checks=checks, containments=(CASE,)), T0)
    assert found is not None
    assert (found.occurrence_id, found.since) == ("line1-O-4", at(-100))
    assert longest_overdue(LADDER["due"], T0) is None
