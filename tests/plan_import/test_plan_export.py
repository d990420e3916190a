"""A plan that is written out and read again is the same plan; where the form can't say it, nothing is written."""

import dataclasses
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from redrabbit.config.plant import load_plant
from redrabbit.domain.challenge_part import ChallengePart
from redrabbit.domain.control_plan import Check, ControlPlan
from redrabbit.domain.grade import Grade
from redrabbit.domain.identity import CheckId, PartId
from redrabbit.domain.plant import Plant
from redrabbit.domain.text import Text, clean_text
from redrabbit.plan_import.cell_words import pfmea_of, span_length
from redrabbit.plan_import.compare import compare
from redrabbit.plan_import.dry_run import DryRun, dry_run
from redrabbit.plan_import.finding import Kind
from redrabbit.plan_import.form_choices import choices_of
from redrabbit.plan_import.header_words import Column
from redrabbit.plan_import.open_book import open_book
from redrabbit.plan_import.plan_export import NotTheSame, export_plan
from redrabbit.plan_import.plan_form import HEADER_ROW, HEADINGS
from redrabbit.plan_import.trigger_rules import frequency_of
from tests.plan_import.test_compare import NOW, rules
from tests.plants import OP20, OP30, a_check, a_part, a_plant

CONFIGURATION = Path(__file__).parents[2] / "station_configs"
PARTS = ("RR-0001", "RR-0002", "GM-0001", "GM-0002", "cat", "204.7")

spans = st.integers(0, 5_000_000).map(lambda ms: timedelta(milliseconds=ms)) | st.integers(
    1, 100
).map(lambda hours: timedelta(hours=hours))
marks = st.sampled_from(["", "=1+1;", "-2 ", "@a", "+49", "'=", "1. ", "; ", "2) ", "#N/A"])
letters = st.characters(
    categories=["L", "N", "P", "S"], exclude_characters="\u3164\uffa0\u115f\u1160\ufffc\ufffd\u2800"
)
texts = (
    st.tuples(marks, st.text(letters, min_size=1, max_size=20))
    .map("".join)
    .map(lambda text: clean_text(text, 60))
    .filter(lambda text: isinstance(text, str))
    .map(str)
)
steps = st.builds(Text, en=texts, zh=texts)


def checks(
    number: st.SearchStrategy[str], step: st.SearchStrategy[Text]
) -> st.SearchStrategy[Check]:
    return st.builds(
        lambda station, line, rule, parts, opens, length, grade, special, reaction: a_check(
            f"{station}-check",
            station,
            rule,
            plan_line=line,
            parts=tuple(map(PartId, parts)),
            opens_before=opens,
            grace=length,
            closes_after=length + timedelta(minutes=1),
            least_grade=grade,
            special_characteristic=special,
            reaction=tuple(reaction),
        ),
        st.sampled_from([OP20, OP30]),
        number,
        rules,
        st.lists(st.sampled_from(PARTS), min_size=1, unique=True),
        spans,
        spans,
        st.none() | st.sampled_from(list(Grade)),
        st.none() | st.sampled_from(["CC", "SC", "D/TLD"]),
        st.lists(step, min_size=1, max_size=3),
    )


def plants(
    found: st.SearchStrategy[Check], number: st.SearchStrategy[str]
) -> st.SearchStrategy[Plant]:
    parts: tuple[ChallengePart, ...] = tuple(
        a_part(part, None if part.startswith("GM") else "torque_low") for part in PARTS
    )
    return st.builds(
        lambda several, number, revision: a_plant(
            parts=parts,
            plan=ControlPlan(
                number=number,
                revision=revision,
                effective_from=NOW,
                checks=tuple(
                    dataclasses.replace(check, id=CheckId(f"check-{n}"))
                    for n, check in enumerate(several)
                ),
            ),
        ),
        st.lists(found, min_size=1, max_size=3),
        number,
        number,
    )


plain_numbers = st.from_regex(r"[1-9][0-9]{0,2}([-.][1-9][0-9]?)?", fullmatch=True)
plain_steps = st.builds(
    Text,
    en=st.sampled_from(
        ["=HYPERLINK(1)", "Stop; hold the parts", "1. Stop", "-5 °C", "@shift leader", "+1 part"]
    ),
    zh=st.sampled_from(["停线；隔离", "=1", "呼叫维修。"]),
)
ordinary = plants(
    checks(plain_numbers, plain_steps),
    st.from_regex(r"(CP|PLP|KP)-[0-9]{2,4}(/[A-Z])?", fullmatch=True),
)
odd = plants(checks(texts, steps), texts)


def read_again(file: Path, plant: Plant) -> DryRun:
    masters = frozenset(part.id for part in plant.parts if part.is_good_master)
    return dry_run(file, masters=masters, known_parts=frozenset(PARTS), read=open_book)


def written(file: Path, plant: Plant, language: str) -> None:
    export_plan(file, plant, language, choices_of(plant, language), NOW)


def assert_same(read: DryRun, plant: Plant) -> None:
    """Compare value by value, by other means than the product's own comparison."""
    assert (read.plan["number"], read.plan["revision"]) == (plant.plan.number, plant.plan.revision)
    for line, check in zip(read.lines, plant.plan.checks, strict=True):
        terms = line.terms
        assert (terms.check, line.device, line.parts) == (check.id, check.device, check.parts)
        assert line.line == check.plan_line
        assert line.frequency == frequency_of(check.schedule)
        assert line.pfmea == pfmea_of(check.pfmea)
        assert (line.special or None) == check.special_characteristic
        windows = (terms.opens_before, terms.grace, terms.closes_after)
        assert [span_length(each or "") for each in windows] == [
            check.opens_before,
            check.grace,
            check.closes_after,
        ]
        assert terms.least_grade == (
            "any" if check.least_grade is None else check.least_grade.value
        )
        assert {(line.reaction, line.reaction_also)} <= {
            (tuple(s.en for s in check.reaction), tuple(s.zh for s in check.reaction)),
            (tuple(s.zh for s in check.reaction), tuple(s.en for s in check.reaction)),
        }


@pytest.mark.parametrize("name", ["plan.xlsx", "plan.csv"])
@pytest.mark.parametrize("language", ["en", "zh"])
@settings(
    max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(ordinary)
def test_a_plan_that_is_written_out_comes_back_as_it_was(
    tmp_path: Path, name: str, language: str, plant: Plant
) -> None:
    written(tmp_path / name, plant, language)
    read = read_again(tmp_path / name, plant)
    assert_same(read, plant)
    assert compare(read, plant, NOW).changes == ()
    assert read.findings.by_kind[Kind.ERROR] == read.findings.by_kind[Kind.QUESTION] == []


@pytest.mark.parametrize("name", ["plan.xlsx", "plan.csv"])
@settings(
    max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(odd)
def test_whatever_a_plan_says_it_comes_back_or_is_not_written(
    tmp_path: Path, name: str, plant: Plant
) -> None:
    file = tmp_path / name
    file.unlink(missing_ok=True)
    with suppress(NotTheSame):
        written(file, plant, "en")
    assert [each for each in tmp_path.iterdir() if each != file] == []
    if file.exists():
        assert compare(read_again(file, plant), plant, NOW).changes == ()


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    step = Text(en='=HYPERLINK("http://a.example")', zh="+1")
    plant = a_plant(a_check(reaction=(step,), pfmea="=1+1", plan_line="-5"))
    written(tmp_path / "plan.xlsx", plant, "en")
    cells = [
        cell
        for sheet in load_workbook(tmp_path / "plan.xlsx").worksheets
        for row in sheet.iter_rows()
        for cell in row
    ]
    assert "f" not in {cell.data_type for cell in cells}
    assert {"=1+1", "-5"} <= {cell.value for cell in cells}
    written(tmp_path / "plan.csv", plant, "en")
    text = (tmp_path / "plan.csv").read_text(encoding="utf-8-sig")
    assert "'=1+1" in text
    assert ",=" not in text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_example_is_written_with_all_that_its_lines_hold(tmp_path: Path, language: str) -> None:
    plant = load_plant(CONFIGURATION)
    written(tmp_path / "plan.xlsx", plant, language)
    sheet = load_workbook(tmp_path / "plan.xlsx").worksheets[0]
    header = [cell.value for cell in sheet[HEADER_ROW]]
    assert header == [heading.header[language] for heading in HEADINGS]
    device = header.index(next(h.header[language] for h in HEADINGS if h.column is Column.MACHINE))
    names = [row[device].value for row in sheet.iter_rows(min_row=HEADER_ROW + 1)]
    assert names == [
        plant.station_of(check.device)[1].name.in_language(language) for check in plant.plan.checks
    ]


def test_what_the_form_cant_say_is_told_and_not_written(tmp_path: Path) -> None:
    plan = ControlPlan(
        number="CP-1",
        revision="A",
        effective_from=datetime(2026, 11, 1, 6, 0, 30, tzinfo=UTC),
        checks=(a_check(),),
    )
    with pytest.raises(NotTheSame) as refused:
        written(tmp_path / "plan.xlsx", a_plant(plan=plan), "en")
    assert refused.value.problems == (
        "effective from '2026-11-01 06:00:30' would be read as '2026-11-01 06:00'",
    )
    assert list(tmp_path.iterdir()) == []


def test_several_checks_of_one_plan_line_are_several_rows(tmp_path: Path) -> None:
    several = [a_check("one", plan_line="10-2"), a_check("two", plan_line="10-2")]
    plant = a_plant(*several)
    written(tmp_path / "plan.xlsx", plant, "en")
    assert_same(read_again(tmp_path / "plan.xlsx", plant), plant)
