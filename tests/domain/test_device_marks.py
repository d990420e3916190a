"""Two marks (D35): the status, and a badge for each case until a person closes it; overdue never hidden."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.device_marks import CaseBadge, case_badge, device_marks
from redrabbit.domain.device_status import (
    PRECEDENCE,
    CheckFacts,
    DeviceFacts,
    DeviceStatus,
    device_status,
)
from redrabbit.domain.facts.containment import ContainmentState
from redrabbit.domain.identity import ContainmentId, OccurrenceId, RunId
from redrabbit.domain.occurrence import OccurrenceStatus, status
from redrabbit.domain.records import ContainmentRecord, OccurrenceRecord, PauseRecord, RunRecord
from tests.builders import T0, an_occurrence, at
from tests.domain.test_device_status import (
    CASE,
    FAILING,
    GOOD,
    LADDER,
    OVERDUE,
    PAUSE,
    a_closed_run,
    a_containment,
    paused,
)

MINUTES = st.integers(-300, 300)
REVERIFIED = a_containment(30, ContainmentState.REVERIFIED, at(-3600))


def occurrences() -> st.SearchStrategy[OccurrenceRecord]:
    """Return an undecided occurrence anywhere around now, perhaps with a run under way for it."""

    def made(number: int, opens: int, spans: list[int], held: int | None) -> OccurrenceRecord:
        first, second, third = spans
        return an_occurrence(
            occurrence_id=OccurrenceId(f"line1-O-{number}"),
            opens_at=at(opens * 60),
            due_at=at((opens + first) * 60),
            grace_ends_at=at((opens + first + second) * 60),
            closes_at=at((opens + first + second + third) * 60),
            run_id=RunId("line1-R-1") if held is not None else None,
            held_until=at(held * 60) if held is not None else None,
        )

    spans = st.lists(st.integers(0, 200), min_size=3, max_size=3)
    return st.builds(made, st.integers(1, 99), MINUTES, spans, st.none() | MINUTES)


def runs() -> st.SearchStrategy[RunRecord | None]:
    return st.none() | st.builds(
        lambda number, ended: a_closed_run(number, at(ended * 60)), st.integers(1, 99), MINUTES
    )


def cases() -> st.SearchStrategy[ContainmentRecord]:
    def made(
        number: int, state: ContainmentState, opened: int, counted: int | None, *, stopped: bool
    ) -> ContainmentRecord:
        case = a_containment(number, state, at(-abs(opened) * 60))
        stopped_at = T0 if stopped else None
        return replace(case, quantity=counted, stopped_at=stopped_at)

    return st.builds(
        made,
        st.integers(1, 99),
        st.sampled_from(ContainmentState),
        MINUTES,
        st.none() | st.integers(0, 9999),
        stopped=st.booleans(),
    )


def pauses() -> st.SearchStrategy[PauseRecord | None]:
    def made(begins: int, length: int) -> PauseRecord:
        return replace(PAUSE, begins_at=at(begins * 60), ends_at=at((begins + length) * 60))

    return st.none() | st.builds(made, MINUTES, st.integers(1, 300))


DEVICES = st.builds(
    DeviceFacts,
    checks=st.lists(
        st.builds(
            CheckFacts,
            check_id=st.sampled_from(["a", "b", "c"]),
            undecided=st.lists(occurrences(), max_size=3).map(tuple),
            last_lapsed=st.none(),
            last_passed=runs(),
            last_failed=runs(),
            last_inconclusive=runs(),
            runs_without_verdict=st.integers(0, 5),
            without_verdict_since=MINUTES.map(lambda minutes: at(-abs(minutes) * 60)),
            next_due_at=st.none(),
        ),
        max_size=3,
    ).map(tuple),
    containments=st.lists(cases(), max_size=3).map(tuple),
    no_data_since=st.none() | MINUTES.map(lambda minutes: at(-abs(minutes) * 60)),
    bypassed_since=st.none(),
    pause=pauses(),
).map(
    lambda facts: replace(facts, checks=tuple(paused(check, facts.pause) for check in facts.checks))
)


def overdue_since(facts: DeviceFacts) -> list[object]:
    """Return since when things are overdue that a person must do: no pause excuses them."""
    owed = [o for check in facts.checks for o in check.undecided]
    return [o.grace_ends_at for o in owed if status(o, T0) is OccurrenceStatus.OVERDUE]


@given(DEVICES)
def test_overdue_is_never_hidden(facts: DeviceFacts) -> None:
    """D35: whatever the status is, a case least of all."""
    marks = device_marks(facts, T0)
    told = marks.standing if marks.standing.status is DeviceStatus.OVERDUE else marks.overdue_behind
    since = overdue_since(facts)
    assert (told is not None) == bool(since)
    if told is not None and told is not marks.standing:
        assert told.since == min(since)  # type: ignore[type-var]  # instants


@given(DEVICES)
def test_each_case_has_its_badge_until_it_is_closed(facts: DeviceFacts) -> None:
    shown = device_marks(facts, T0).cases
    unclosed = [c for c in facts.containments if c.state != "closed"]
    assert sorted(shown, key=repr) == sorted(map(case_badge, unclosed), key=repr)
    assert [badge.opened_at for badge in shown] == sorted(badge.opened_at for badge in shown)


@given(DEVICES)
def test_a_case_that_was_verified_again_changes_no_status(facts: DeviceFacts) -> None:
    """The status says whether the device can be trusted now, and nothing of the parts."""
    waiting = replace(facts, containments=tuple(c for c in facts.containments if c.state != "open"))
    without = replace(facts, containments=())
    assert device_marks(waiting, T0).standing == device_status(without, T0)


@given(DEVICES)
def test_a_device_whose_check_never_comes_to_a_verdict_is_never_plainly_fine(
    facts: DeviceFacts,
) -> None:
    """F9, D4: nobody gives up a check again and again behind a green mark."""
    most = max((check.runs_without_verdict for check in facts.checks), default=0)
    marks = device_marks(facts, T0)
    assert marks.runs_without_verdict == most
    if most >= 3:
        assert PRECEDENCE[marks.standing.status] <= PRECEDENCE[DeviceStatus.INCONCLUSIVE]
    said = marks.standing.runs_without_verdict is not None
    of_one = most == 1 and marks.standing.status is DeviceStatus.INCONCLUSIVE
    assert marks.without_verdict_behind == (0 if said or of_one else most)


def test_a_device_verified_again_is_verified_with_its_case_beside_it() -> None:
    marks = device_marks(DeviceFacts(checks=(GOOD,), containments=(REVERIFIED,)), T0)
    assert marks.standing.status is DeviceStatus.VERIFIED
    assert [(badge.containment_id, badge.state) for badge in marks.cases] == [
        ("line1-C-30", "reverified")
    ]


def test_overdue_stands_beside_missed() -> None:
    """Scenario 7: the 08:00 check becomes overdue; it is to be seen beside the badge."""
    checks = (replace(FAILING, undecided=(OVERDUE,)),)
    marks = device_marks(DeviceFacts(checks=checks, containments=(CASE,)), T0)
    assert marks.standing.status is DeviceStatus.MISSED
    assert marks.overdue_behind is not None
    assert (marks.overdue_behind.since, marks.overdue_behind.until) == (at(-100), at(600))
    assert marks.overdue_behind.occurrence_id == "line1-O-4"


@pytest.mark.parametrize("word", LADDER)
def test_overdue_is_behind_a_worse_status_only(word: str) -> None:
    facts = LADDER[word]
    late = replace(facts, checks=(*facts.checks, CheckFacts(check_id="z", undecided=(OVERDUE,))))
    worse = word in {"missed", "failed"}
    assert (device_marks(late, T0).overdue_behind is not None) == worse
    assert device_marks(facts, T0).overdue_behind is None


@pytest.mark.parametrize(
    ("stopped", "lower_bound", "at_least"),
    [(None, False, True), (None, True, True), (T0, True, True), (T0, False, False)],
)
def test_a_badge_says_at_least_while_there_may_be_more(
    stopped: object, lower_bound: bool, at_least: bool
) -> None:
    """D34: an open window is a lower bound."""
    case = replace(
        a_containment(31, ContainmentState.OPEN, T0 - timedelta(days=2)),
        quantity=96,
        quantity_is_lower_bound=lower_bound,
        stopped_at=stopped,  # type: ignore[arg-type]  # an instant or none
    )
    assert case_badge(case) == CaseBadge(
        containment_id=ContainmentId("line1-C-31"),
        state=ContainmentState.OPEN,
        opened_at=T0 - timedelta(days=2),
        quantity=96,
        at_least=at_least,
    )
