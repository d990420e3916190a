"""Parts made while nothing proves their device: which periods there are, and what their counts say."""

from dataclasses import replace
from typing import Any

import pytest

from redrabbit.domain.device_status import CheckFacts, DeviceFacts
from redrabbit.domain.identity import OccurrenceId
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.records import PauseRecord
from redrabbit.domain.unproved import (
    UnprovedParts,
    UnprovedPeriod,
    UnprovedWhy,
    unproved_parts,
    unproved_periods,
)
from tests.builders import T0, an_occurrence, at
from tests.domain.test_device_status import a_closed_run, paused
from tests.stored import bare

PASSED = a_closed_run(1, at(-3600))
OVERDUE = an_occurrence(due_at=at(-700), grace_ends_at=at(-100), closes_at=at(600))
LAPSED = an_occurrence(
    occurrence_id=OccurrenceId("line1-O-5"),
    grace_ends_at=at(-3000),
    outcome="lapsed",
    decided_at=at(-2000),
)
LAPSED_UNTOLD = an_occurrence(due_at=at(-900), grace_ends_at=at(-600), closes_at=at(-300))
PAUSE: PauseRecord = bare(
    PauseRecord, pause_id="line1-P-1", line="line1", begins_at=at(-60), ends_at=at(3600)
)


def periods(*checks: CheckFacts, pause: PauseRecord | None = None) -> list[tuple[str, float]]:
    """Return the periods, each by its reason and its seconds before now."""
    of_line = tuple(paused(check, pause) for check in checks)
    found = unproved_periods(DeviceFacts(checks=of_line, pause=pause), T0)
    return [(each.why.value, (each.since - T0).total_seconds()) for each in found]


def a_check(**facts: Any) -> CheckFacts:
    usual: dict[str, Any] = {"check_id": "a", "adopted_at": at(-9000), "last_passed": PASSED}
    return CheckFacts(**(usual | facts))


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (a_check(), []),
        (a_check(last_passed=None), [("never_verified", -9000)]),
        (a_check(last_passed=None, adopted_at=None), []),
        (a_check(undecided=(OVERDUE,)), [("overdue", -100)]),
        (a_check(first_lapsed=LAPSED), [("lapsed", -3000)]),
        (a_check(undecided=(LAPSED_UNTOLD,)), [("lapsed", -600)]),
        (a_check(undecided=(OVERDUE,), first_lapsed=LAPSED), [("lapsed", -3000)]),
        (a_check(undecided=(OVERDUE,), last_passed=a_closed_run(2, at(-50))), []),
    ],
    ids=[
        "verified",
        "never verified",
        "not in the plan",
        "overdue",
        "lapsed",
        "lapsed, not recorded yet",
        "the longest of a check",
        "passed since the grace was over",
    ],
)
def test_what_is_not_proved_and_since_when(
    check: CheckFacts, expected: list[tuple[str, float]]
) -> None:
    assert periods(check) == expected


def test_of_several_checks_the_longest_counts() -> None:
    assert periods(a_check(undecided=(OVERDUE,)), a_check(first_lapsed=LAPSED)) == [
        ("lapsed", -3000)
    ]


def test_a_device_that_was_verified_otherwise_is_not_said_never_to_be() -> None:
    """By another of its checks, or by a verdict that doesn't count for the plan."""
    facts = DeviceFacts(checks=(a_check(), a_check(last_passed=None)), was_verified=True)
    (period,) = unproved_periods(facts, T0)
    assert (period.why, period.since) == (UnprovedWhy.NOT_PASSED, at(-9000))


def test_a_pause_counts_by_itself() -> None:
    """R13: what falls due in it is excused because nothing is made, so what is made is shown."""
    assert periods(a_check(), pause=PAUSE) == [("paused", -60)]
    assert periods(a_check(undecided=(OVERDUE,)), pause=PAUSE) == [
        ("overdue", -100),
        ("paused", -60),
    ]
    assert periods(a_check(), pause=replace(PAUSE, begins_at=at(60))) == []


def test_what_falls_due_in_a_pause_is_not_overdue() -> None:
    due = replace(OVERDUE, due_at=at(-50), grace_ends_at=at(-10))
    assert periods(a_check(undecided=(due,)), pause=PAUSE) == [("paused", -60)]


PERIOD = UnprovedPeriod(why=UnprovedWhy.OVERDUE, since=at(0))


def a_count(made: int, epoch: int = 1) -> PartCount:
    return PartCount(value=made, made=made, epoch=epoch, fell_from=None)


@pytest.mark.parametrize(
    ("before", "after", "until", "is_read", "said"),
    [
        (a_count(100), a_count(100), a_count(141), True, (41, False)),
        (a_count(90), a_count(100), a_count(141), True, (41, True)),
        (None, a_count(100), a_count(141), True, (41, True)),
        (a_count(100), a_count(100), a_count(141, 2), True, (41, True)),
        (a_count(100), a_count(100), a_count(141), False, (41, True)),
        (a_count(100), None, a_count(141), True, (None, True)),
        (a_count(100), a_count(100), None, False, (None, True)),
        (a_count(100), a_count(100), a_count(90), True, (0, False)),
    ],
    ids=[
        "told at its begin",
        "told a little later",
        "never told before",
        "something skipped",
        "not read now",
        "not told since",
        "no count",
        "never fewer than none",
    ],
)
def test_what_was_made_is_told_as_exactly_as_it_is_known(
    before: PartCount | None,
    after: PartCount | None,
    until: PartCount | None,
    is_read: bool,
    said: tuple[int | None, bool],
) -> None:
    parts, at_least = said
    assert unproved_parts(
        PERIOD, before=before, after=after, until=until, is_read=is_read
    ) == UnprovedParts(why=UnprovedWhy.OVERDUE, since=PERIOD.since, parts=parts, at_least=at_least)
