"""A plan that is brought and one that is checked in its folder are judged alike by a customer's minimum: the line, the minimum, its source, what to write."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redrabbit.config.plant import PLAN_YAML, PLANT_FILE, load_plant, read_configuration
from redrabbit.config.problem import ConfigurationProblems
from redrabbit.domain.special_characteristic import codes_by_mark
from redrabbit.plan_import.compare import compare
from redrabbit.plan_import.dry_run import dry_run
from redrabbit.plan_import.finding import Finding, Kind
from redrabbit.plan_import.open_book import open_book
from redrabbit.plan_import.plan_text import plan_text
from tests.plan_import.test_compare import NOW
from tests.store.sample_story import FIRST

FILES = read_configuration(FIRST)[1]
CLASSES = """\
special_characteristics:
  CC: {name: {en: Critical, zh: 关键特性}, symbols: [◆]}
"""
PROGRAMME = """\
customer_programmes:
  h5:
    name: {en: H5, zh: H5}
    minima:
      - {special: [CC], at_least: %s, document: Q-12 rev 3, clause: "4.2"}
"""
WORDS = (
    "each shift",
    "daily at 09:00",
    "every 4 h",
    "every 500 pcs",
    "end of shift",
    "每班",
    "after changeover",
)


def plant_file(least: str | None) -> str:
    return FILES[PLANT_FILE] + CLASSES + ("" if least is None else PROGRAMME % least)


def read_beside(folder: Path, frequency: str, mark: str, least: str) -> tuple[list[Finding], str]:
    """Return the errors of a line, and the text that the plan would be without any minimum."""
    file = folder / "plan.csv"
    file.write_text(
        "Control plan number,CP-7,,Revision,B\n\n"
        "Process number,Device ID,Challenge parts,Frequency,Reaction plan,Special characteristic\n"
        f'10.2,line1-op10-torque,"RR-0001, GM-0001",{frequency},Stop the station.,{mark}\n',
        encoding="utf-8",
    )
    found: list[list[Finding]] = []
    text = None
    for each in (None, least):
        plant = load_plant({**FILES, PLANT_FILE: plant_file(each)})
        known = codes_by_mark(plant.special_characteristics)
        read = dry_run(file, known_special=known, read=open_book)
        compare(read, plant, NOW)
        found.append(list(read.findings.by_kind[Kind.ERROR]))
        text = text or plan_text(read, plant, ())
    assert found[0] == []
    assert text is not None
    return found[1], text


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    frequency=st.sampled_from(WORDS),
    mark=st.sampled_from(["CC", "◆", ""]),
    least=st.sampled_from(["every shift", "every 4 h", "every 8 h", "every 500 parts"]),
)
def test_both_doors_refuse_the_same_plans(
    tmp_path: Path, frequency: str, mark: str, least: str
) -> None:
    errors, text = read_beside(tmp_path, frequency, mark, least)
    problems: tuple[object, ...] = ()
    try:
        load_plant({**FILES, PLANT_FILE: plant_file(least), PLAN_YAML: text})
    except ConfigurationProblems as refused:
        problems = tuple(refused.problems)
    assert len(errors) == len(problems)
    assert [(each.code, each.at) for each in errors] == [
        ("below_minimum", "row 4, column 1") for _ in problems
    ]
    if not mark:
        assert errors == []
    adopted = {**FILES, PLANT_FILE: plant_file(least), PLAN_YAML: text}
    assert len(load_plant(adopted, adopted=True).below) == len(problems)


@pytest.mark.parametrize("least", ["every shift", "every 4 h", "every 500 parts"])
def test_what_is_told_to_write_is_taken(tmp_path: Path, least: str) -> None:
    errors, _ = read_beside(tmp_path, "daily at 09:00", "CC", least)
    (error,) = errors
    for part in ("10.2", "h5", least, "Q-12 rev 3, 4.2"):
        assert part in str(error.words)
    written = str(error.words).partition("; write ")[2].split('"')
    assert len(written) == 5  # in both languages
    for words in (written[1], written[3]):
        assert read_beside(tmp_path, f'"{words}"', "CC", least)[0] == []
