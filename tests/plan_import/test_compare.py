"""A plan beside the one in force: nothing that is the same is told as a change, and nothing that changes is left out."""

import csv
import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redrabbit.domain.control_plan import Check, ControlPlan
from redrabbit.domain.identity import CheckId, PartId
from redrabbit.domain.plant import Plant
from redrabbit.domain.schedule_rules import (
    AWAITED,
    AfterEvent,
    Daily,
    EveryInterval,
    OnDemand,
    OneRule,
    ScheduleRule,
    Together,
    Weekly,
)
from redrabbit.domain.schedule_words import parse_schedule, schedule_text
from redrabbit.plan_import.compare import Comparison, compare
from redrabbit.plan_import.dry_run import DryRun, dry_run
from redrabbit.plan_import.finding import Kind
from redrabbit.plan_import.frequency import parse_frequency
from redrabbit.plan_import.frequency_text import frequency_text
from redrabbit.plan_import.open_book import open_book
from redrabbit.plan_import.trigger_rules import frequency_of, rule_of
from tests.domain.test_schedule_by_hand import one_rules
from tests.plants import OP20, OP30, a_check, a_plant, words

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
PARTS = ("RR-0001", "RR-0002", "GM-0001", "GM-0002")

due_rules: st.SearchStrategy[OneRule] = st.one_of(
    one_rules, st.sampled_from(sorted(AWAITED)).map(lambda event: AfterEvent(event=event))
)
rules: st.SearchStrategy[ScheduleRule] = st.one_of(
    due_rules,
    st.just(OnDemand()),
    st.lists(due_rules, min_size=2, max_size=3, unique=True).map(
        lambda found: Together(rules=tuple(found))
    ),
)
checks = st.builds(
    lambda station, rule, parts, pfmea: a_check(
        f"{station}-check", station, rule, parts=tuple(map(PartId, parts)), pfmea=pfmea
    ),
    st.sampled_from([OP20, OP30]),
    rules,
    st.lists(st.sampled_from(PARTS), min_size=1, unique=True),
    st.sampled_from(["12.4 rev C", "7.1 rev B"]),
)
plans = st.lists(checks, min_size=1, max_size=2, unique_by=lambda check: check.device).map(
    lambda found: [
        dataclasses.replace(check, plan_line=f"{number}0-2")
        for number, check in enumerate(found, 1)
    ]
)


def written(folder: Path, found: Sequence[Check], revision: str = "A") -> Path:
    """Write checks as a plant would keep them."""
    file = folder / "plan.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["Control Plan Number:", "CP-1", "Rev.:", revision])
        writer.writerow([])
        writer.writerow(
            [
                "Process No.",
                "No.",
                "Frequency",
                "Device ID",
                "Challenge parts",
                "Reaction plan",
                "PFMEA",
            ]
        )
        for check in found:
            process, number = check.plan_line.split("-")
            steps = "; ".join(step.en for step in check.reaction)
            writer.writerow(
                [
                    process,
                    number,
                    schedule_text(check.schedule),
                    check.device,
                    " ".join(check.parts),
                    steps,
                    check.pfmea,
                ]
            )
    return file


def triggers_of(check: Check) -> set[object]:
    """Return when a check is due, in whatever order its plan says it."""
    return set(frequency_of(check.schedule).triggers)


def plant_of(found: Sequence[Check]) -> Plant:
    return a_plant(*found)


def compared(file: Path, plant: Plant) -> tuple[DryRun, Comparison]:
    masters = frozenset(part.id for part in plant.parts if part.is_good_master)
    read = dry_run(file, masters=masters, read=open_book)
    return read, compare(read, plant, NOW)


@pytest.mark.parametrize("language", ["en", "zh"])
@given(rules | st.integers(1, 90).map(lambda minutes: EveryInterval(interval_s=minutes * 60.0)))
def test_a_schedule_is_the_same_by_its_triggers(language: str, schedule: ScheduleRule) -> None:
    """Both ways: as triggers, and as the words that a spreadsheet gets."""
    frequency = frequency_of(schedule)
    assert parse_frequency(frequency_text(frequency, language)).triggers == frequency.triggers
    again = rule_of(frequency)
    assert again is not None
    assert frequency_of(again) == frequency


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plans)
def test_the_plan_in_force_differs_in_nothing(tmp_path: Path, found: list[Check]) -> None:
    read, comparison = compared(written(tmp_path, found), plant_of(found))
    assert not read.has_errors
    assert comparison.changes == ()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=plans, after=plans)
def test_what_changes_is_told_and_nothing_else(
    tmp_path: Path, before: list[Check], after: list[Check]
) -> None:
    _, comparison = compared(written(tmp_path, after, "B"), plant_of(before))
    by_device = {check.device: check for check in before}
    expected = set()
    for check in after:
        was = by_device.pop(check.device, None)
        if was is None:
            expected.add(("new", check.device))
        elif triggers_of(was) != triggers_of(check) or (was.parts, was.pfmea) != (
            check.parts,
            check.pfmea,
        ):
            expected.add(("changed", check.device))
    expected |= {("left_out", device) for device in by_device}
    assert {(change.kind.value, change.device) for change in comparison.changes} == expected


def test_a_change_is_a_sentence(tmp_path: Path) -> None:
    before = [a_check(plan_line="10-2")]
    after = [
        dataclasses.replace(
            before[0],
            schedule=Daily(at=time(6)),
            parts=(PartId("GM-0001"), PartId("RR-0002")),
            reaction=(words("Stop the station"),),
        )
    ]
    read, comparison = compared(written(tmp_path, after, "B"), plant_of(before))
    (change,) = comparison.changes
    assert change.words == (
        "10-2 op20-torque: at each shift start becomes daily at 06:00; RR-0002 added; RR-0001 removed; "
        "the reaction has 1 steps, not 2"
    )
    assert not read.has_errors


def test_the_next_due_times_are_those_of_the_plants_calendar(tmp_path: Path) -> None:
    found = [a_check(plan_line="10-2")]
    _, comparison = compared(written(tmp_path, found), plant_of(found))
    (times_told,) = comparison.next_due.values()
    assert times_told[:2] == ("2026-11-27 14:00:00 UTC", "2026-11-27 22:00:00 UTC")
    assert len(times_told) == 5


def test_several_triggers_give_their_next_due_times_together(tmp_path: Path) -> None:
    schedule = parse_schedule("every shift start + daily at 15:30 + after changeover")
    found = [a_check(plan_line="10-2", schedule=schedule)]
    _, comparison = compared(written(tmp_path, found), plant_of(found))
    (times_told,) = comparison.next_due.values()
    assert times_told[:3] == (
        "2026-11-27 14:00:00 UTC",
        "2026-11-27 15:30:00 UTC",
        "2026-11-27 22:00:00 UTC",
    )


def test_an_interval_of_a_plan_file_counts_day_and_night_and_one_of_a_spreadsheet_work(
    tmp_path: Path,
) -> None:
    before = [a_check(plan_line="10-2", schedule=EveryInterval(interval_s=7_200.0))]
    _, comparison = compared(written(tmp_path, before, "B"), plant_of(before))
    (change,) = comparison.changes
    assert change.words == ("10-2 op20-torque: every 2 h, day and night becomes every 2 h of work")


def test_without_a_time_of_day_it_is_due_when_the_first_shift_begins(tmp_path: Path) -> None:
    check = a_check(plan_line="10-2", schedule=parse_schedule("weekly on sat at 06:00"))
    file = written(tmp_path, [check])
    text = file.read_text(encoding="utf-8").replace("weekly on sat at 06:00", "weekly on Saturday")
    file.write_text(text, encoding="utf-8")
    read, comparison = compared(file, plant_of([check]))
    (times_told,) = comparison.next_due.values()
    assert times_told[0] == "2026-11-28 06:00:00 UTC"
    assert "no_time_of_day" in {each.code for each in read.findings.by_kind[Kind.QUESTION]}


def test_a_shift_that_the_line_does_not_have_is_asked_for(tmp_path: Path) -> None:
    check = a_check(plan_line="10-2", schedule=parse_schedule("every shift start except day"))
    read, comparison = compared(written(tmp_path, [check]), plant_of([check]))
    asked = {each.code: each.words for each in read.findings.by_kind[Kind.QUESTION]}
    assert asked["unknown_shift"] == "which shift is day? The line has early, late, night"
    assert set(comparison.next_due.values()) == {()}


def test_the_same_revision_with_another_content_is_refused(tmp_path: Path) -> None:
    before = [a_check(plan_line="10-2")]
    after = [dataclasses.replace(before[0], schedule=Daily(at=time(6)))]
    read, _ = compared(written(tmp_path, after), plant_of(before))
    (error,) = read.findings.by_kind[Kind.ERROR]
    assert error.words == (
        "CP-1 rev A is in force with another content: 1 differences. Another content needs another revision"
    )


def test_who_is_not_known_is_asked_with_the_nearest(tmp_path: Path) -> None:
    check = a_check(plan_line="10-2", parts=(PartId("RR-0009"),))
    file = written(tmp_path, [check])
    file.write_text(
        file.read_text(encoding="utf-8").replace("op20-torque", "op20-torqe"), encoding="utf-8"
    )
    read, _ = compared(file, a_plant())
    asked = {each.code: each.words for each in read.findings.by_kind[Kind.QUESTION]}
    assert (
        asked["unknown_device"]
        == "device op20-torqe is not known in this plant; did you mean 'op20-torque'?"
    )
    assert asked["unknown_part"].startswith("part RR-0009 is not known in this plant; did you mean")


def test_a_check_that_is_left_out_must_be_answered(tmp_path: Path) -> None:
    before = [a_check(plan_line="10-2"), a_check("other", OP30, plan_line="20-2")]
    read, comparison = compared(written(tmp_path, before[:1], "B"), plant_of(before))
    assert [change.kind.value for change in comparison.changes] == ["left_out"]
    assert "check_left_out" in {each.code for each in read.findings.by_kind[Kind.QUESTION]}


@pytest.mark.parametrize("number", ["10.2", "10/2", "10-2"])
def test_a_line_is_the_same_however_its_number_is_parted(tmp_path: Path, number: str) -> None:
    check = a_check(plan_line="10-2")
    kept = dataclasses.replace(check, id=CheckId("kept"), plan_line=number)
    plan = ControlPlan(number="CP-1", revision="A", effective_from=None, checks=(kept,))
    _, comparison = compared(written(tmp_path, [check]), a_plant(plan=plan))
    assert comparison.changes == ()


def test_nothing_is_due_in_the_past(tmp_path: Path) -> None:
    found = [a_check(plan_line="10-2", schedule=Weekly(weekdays=(0, 4), at=time(12)))]
    _, comparison = compared(written(tmp_path, found), plant_of(found))
    (told,) = comparison.next_due.values()
    assert told[0] == f"{NOW.date() + timedelta(days=3)} 12:00:00 UTC"
