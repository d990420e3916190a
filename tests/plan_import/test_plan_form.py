"""Our own form: what is filled in comes back as what was meant, and nothing is asked that the form could have answered."""

from pathlib import Path

import pytest
from openpyxl import load_workbook

from redrabbit.config.plant import load_plant
from redrabbit.plan_import.dry_run import DryRun, dry_run
from redrabbit.plan_import.finding import Kind
from redrabbit.plan_import.form_choices import USUAL, choices_of
from redrabbit.plan_import.frequency import parse_frequency
from redrabbit.plan_import.header_words import LABELS as KNOWN_LABELS
from redrabbit.plan_import.header_words import Column, columns_said
from redrabbit.plan_import.open_book import open_book
from redrabbit.plan_import.plan_form import (
    HEADER_ROW,
    HEADINGS,
    LABELS,
    LANGUAGES,
    PHASES,
    Choices,
    empty_form,
)
from redrabbit.plan_import.write_form import SHEETS, write_form

CONFIGURATION = Path(__file__).parents[2] / "station_configs"
LINE = {
    Column.PROCESS_NUMBER: "020",
    Column.CHARACTERISTIC_NUMBER: "07",
    Column.DEVICE: "line1-op20-torque",
    Column.PARTS: "GM-0001, RR-0001",
    Column.FREQUENCY: "daily at 06:00",
    Column.OPENS_BEFORE: "30 min",
    Column.GRACE: "30 min",
    Column.CLOSES_AFTER: "4 h",
    Column.LEAST_GRADE: "B",
    Column.REACTION: "1. Stop; hold the parts\n2. Call maintenance",
    Column.REACTION_ALSO: "1. 停止\n2. 呼叫维修",
    Column.PFMEA: "12.4 rev C",
    Column.SPECIAL: "CC",
}


def said(read: DryRun) -> list[tuple[str, str]]:
    return [(each.code, each.words) for found in read.findings.by_kind.values() for each in found]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_header_and_label_of_the_form_is_known_to_the_import(language: str) -> None:
    for heading in HEADINGS:
        assert columns_said(heading.header[language])[0].column in {
            heading.column,
            Column.REACTION,  # of two reactions in one language each, the first is the reaction
        }
    for label, names in LABELS.items():
        assert names[language].lower() in KNOWN_LABELS[label].split("|")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_empty_form_is_told_in_one_sentence(tmp_path: Path, language: str) -> None:
    file = tmp_path / "form.xlsx"
    write_form(file, empty_form(language, choices_of(load_plant(CONFIGURATION), language)))
    assert said(dry_run(file, read=open_book)) == [("no_lines", "no line stands below the header")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_filled_form_is_asked_nothing(tmp_path: Path, language: str) -> None:
    file = tmp_path / "form.xlsx"
    form = empty_form(language, Choices())
    write_form(file, form)
    book = load_workbook(file)
    sheet = book.worksheets[0]
    for column, heading in enumerate(form.headings, 1):
        if heading.column in LINE:
            sheet.cell(HEADER_ROW + 1, column, LINE[heading.column])
    for row, (one, other) in enumerate(
        (("CP-1", "B"), ("2026-11-02", "2026-12-01"), ("204711", "")), 1
    ):
        sheet.cell(row, 2, one)
        sheet.cell(row, 5, other)
    sheet.cell(3, 5, PHASES[language][0])
    book.save(file)
    read = dry_run(file, read=open_book)
    assert said(read) == []
    assert dict(read.plan) == {
        "number": "CP-1",
        "revision": "B",
        "date": "2026-11-02",
        "effective_from": "2026-12-01",
        "date_original": None,
        "phase": "production",
        "part_numbers": ["204711"],
        "change_levels": [],
    }
    (line,) = read.lines
    assert (line.line, line.device, line.parts) == (
        "020-07",
        "line1-op20-torque",
        ("GM-0001", "RR-0001"),
    )
    assert line.reaction == ("Stop; hold the parts", "Call maintenance")
    assert line.reaction_also == ("停止", "呼叫维修")
    assert line.terms.as_json() | {"check": None} == {
        "check": None,
        "opens_before": "30 min",
        "grace": "30 min",
        "closes_after": "4 h",
        "least_grade": "B",
        "arming_timeout": None,
        "return_timeout": None,
        "run_timeout": None,
        "inconclusive_runs": None,
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_lists_offer_what_there_is(tmp_path: Path, language: str) -> None:
    plant = load_plant(CONFIGURATION)
    file = tmp_path / "form.xlsx"
    write_form(file, empty_form(language, choices_of(plant, language)))
    book = load_workbook(file)
    assert tuple(book.sheetnames) == SHEETS[language]
    lists = book[SHEETS[language][2]]
    offered = {
        lists.cell(row, column).value
        for row in range(2, lists.max_row + 1)
        for column in range(1, 5)
    }
    assert {part.id for part in plant.parts} <= offered
    assert {check.device for check in plant.plan.checks} <= offered
    validations = book.worksheets[0].data_validations.dataValidation
    assert len(validations) == 5
    assert all(SHEETS[language][2] in each.formula1 for each in validations[:4])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_frequency_that_is_offered_is_understood(language: str) -> None:
    for words in choices_of(None, language).frequencies:
        assert not any(trigger.lacks_time for trigger in parse_frequency(words).triggers)
    assert len(choices_of(None, language).frequencies) == len(USUAL)


@pytest.mark.parametrize(
    ("column", "text", "code"),
    [
        (Column.GRACE, "soon", "span_not_understood"),
        (Column.CLOSES_AFTER, "30", "span_not_understood"),
        (Column.LEAST_GRADE, "F", "grade_not_understood"),
        (Column.REACTION_ALSO, "1. 停止", "reaction_differs"),
    ],
)
def test_a_term_that_is_not_understood_is_an_error_with_its_cell(
    tmp_path: Path, column: Column, text: str, code: str
) -> None:
    file = tmp_path / "form.xlsx"
    form = empty_form("en", Choices())
    write_form(file, form)
    book = load_workbook(file)
    for number, heading in enumerate(form.headings, 1):
        if heading.column in LINE:
            wanted = text if heading.column is column else LINE[heading.column]
            book.worksheets[0].cell(HEADER_ROW + 1, number, wanted)
            place = book.worksheets[0].cell(HEADER_ROW + 1, number).coordinate
            at = place if heading.column is column else ""
            if at:
                wrong_at = f"Control plan!{at}"
    book.save(file)
    (error,) = dry_run(file, read=open_book).findings.by_kind[Kind.ERROR]
    assert (error.code, error.at) == (code, wrong_at)
