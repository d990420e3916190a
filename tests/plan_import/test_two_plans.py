"""Two files of plans: what differs is said, whichever form they have, and nothing else."""

import dataclasses
from datetime import time, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings

from redrabbit.domain.control_plan import Check, ControlPlan
from redrabbit.domain.grade import Grade
from redrabbit.domain.identity import PartId
from redrabbit.domain.schedule import Daily
from redrabbit.plan_import.dry_run import DryRun, dry_run
from redrabbit.plan_import.form_choices import choices_of
from redrabbit.plan_import.open_book import open_book
from redrabbit.plan_import.plan_export import export_plan
from redrabbit.plan_import.two_plans import compare_plans
from tests.plan_import.test_compare import NOW, plans
from tests.plants import OP30, a_check, a_plant, words


def read(file: Path, found: list[Check], revision: str = "A") -> DryRun:
    plan = ControlPlan(number="CP-1", revision=revision, effective_from=None, checks=tuple(found))
    plant = a_plant(plan=plan)
    export_plan(file, plant, "en", choices_of(plant, "en"), NOW)
    return dry_run(file, read=open_book)


@settings(
    max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(before=plans, after=plans)
def test_what_differs_from_one_to_the_other_differs_backwards(
    tmp_path: Path, before: list[Check], after: list[Check]
) -> None:
    one, other = read(tmp_path / "one.xlsx", before), read(tmp_path / "other.csv", after)
    there, back = compare_plans(one, other), compare_plans(other, one)
    turned = {"new": "left_out", "left_out": "new", "changed": "changed"}
    assert sorted((turned[c.kind.value], c.device) for c in there.lines) == sorted(
        (c.kind.value, c.device) for c in back.lines
    )
    assert there.are_the_same == (before == after)


@settings(
    max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(plans)
def test_a_plan_is_the_same_in_another_form(tmp_path: Path, found: list[Check]) -> None:
    one, other = read(tmp_path / "one.xlsx", found), read(tmp_path / "other.csv", found)
    assert compare_plans(one, other).are_the_same


def test_each_change_is_a_sentence(tmp_path: Path) -> None:
    check = a_check(plan_line="10-2")
    changed = dataclasses.replace(
        check,
        schedule=Daily(at=time(6)),
        parts=(PartId("RR-0001"), PartId("RR-0002")),
        grace=timedelta(minutes=30),
        closes_after=timedelta(hours=4),
        least_grade=Grade.B,
        pfmea="12.5 rev D",
        reaction=(words("Stop the line"), words("Hold the parts")),
    )
    gone = a_check("other", OP30, plan_line="20-2")
    compared = compare_plans(
        read(tmp_path / "one.xlsx", [check, gone]), read(tmp_path / "other.xlsx", [changed], "B")
    )
    assert compared.head == ("revision A becomes B",)
    assert [change.words for change in compared.lines] == [
        (
            "10-2 op20-torque: at each shift start becomes daily at 06:00; RR-0002 added; GM-0001 removed; "
            "step 1 of the reaction is reworded; PFMEA 12.4 rev C becomes 12.5 rev D; grace 20 min becomes 30 min; "
            "closes after 1 h becomes 4 h; least grade any becomes B"
        ),
        "20-2 op30-torque: left out: check other",
    ]


def test_a_span_is_the_same_in_another_unit(tmp_path: Path) -> None:
    one = read(tmp_path / "one.csv", [a_check(plan_line="10-2", closes_after=timedelta(hours=1))])
    text = (tmp_path / "one.csv").read_text(encoding="utf-8-sig").replace(",1 h,", ",60 min,")
    (tmp_path / "other.csv").write_text(text, encoding="utf-8")
    other = dry_run(tmp_path / "other.csv", read=open_book)
    assert other.lines[0].terms.closes_after == "60 min"
    assert compare_plans(one, other).are_the_same


def test_what_the_later_file_does_not_say_is_a_difference(tmp_path: Path) -> None:
    one = read(tmp_path / "one.csv", [a_check(plan_line="10-2")])
    text = (tmp_path / "one.csv").read_text(encoding="utf-8-sig").replace("12.4 rev C", "")
    (tmp_path / "other.csv").write_text(text, encoding="utf-8")
    compared = compare_plans(one, dry_run(tmp_path / "other.csv", read=open_book))
    assert [change.words for change in compared.lines] == [
        "10-2 op20-torque: PFMEA 12.4 rev C becomes -"
    ]
