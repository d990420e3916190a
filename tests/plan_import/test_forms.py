"""The same plan in ever other forms: the same values come out of it, or an error; never other values."""

from pathlib import Path

import pytest

from redrabbit.plan_import.dry_run import DryRun, dry_run
from redrabbit.plan_import.finding import Kind
from redrabbit.plan_import.frequency import parse_frequency
from redrabbit.plan_import.open_book import open_book
from tests.plan_import.plans import DATED, FREQUENCIES, LINES, NUMBER, REVISION, make

IN_CI = 60
FULL = 500
UNHEADED = {"missing_column", "column_without_header", "no_device"}
"""Somebody is asked what a column is: it is not taken before."""
FEWEST_READ = 0.8
"""Of the forms so many must come in: refusing everything would be right, too."""


def expected() -> list[object]:
    return [
        (
            f"{line.process}-{line.number}",
            line.device or None,
            line.parts,
            parse_frequency(FREQUENCIES[line.often][0]).triggers,
            line.reaction,
        )
        for line in LINES
    ]


def found(read: DryRun) -> list[object]:
    return [
        (line.line, line.device, line.parts, line.frequency.triggers, line.reaction)
        for line in read.lines
    ]


def outcome(folder: Path, seed: int) -> bool:
    """Return whether the plan of a seed came in; where it did, with its values."""
    read = dry_run(make(folder, seed), read=open_book)
    if read.has_errors:
        return False
    asked = {question.code for question in read.findings.by_kind[Kind.QUESTION]}
    if asked & UNHEADED:
        return False
    assert found(read) == expected(), (seed, asked)
    assert read.plan["number"] == NUMBER or "no_plan_number" in asked, seed
    assert read.plan["revision"] == REVISION or "no_revision" in asked, seed
    assert read.plan["date"] in {DATED.isoformat(), None} or "ambiguous_date" in asked, seed
    return True


def read_all(folder: Path, seeds: range) -> float:
    return sum(outcome(folder, seed) for seed in seeds) / len(seeds)


def test_a_plan_in_another_form_has_the_same_values_or_is_refused(tmp_path: Path) -> None:
    assert read_all(tmp_path, range(IN_CI)) >= FEWEST_READ


@pytest.mark.slow
def test_500_forms_of_a_plan_have_the_same_values_or_are_refused(tmp_path: Path) -> None:
    assert read_all(tmp_path, range(1_000, 1_000 + FULL)) >= FEWEST_READ
