"""A configuration whose control plan is a workbook: what is in it, what is wrong by cell, and when it is taken (D44, D66)."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from redrabbit.config.plant import CALENDAR_DAYS, PLAN_TABLE, PLAN_WORKBOOK, PLAN_YAML
from redrabbit.config.problem import ConfigurationProblems
from redrabbit.configuration_folder import advice_in, configuration_in, workbook_of
from redrabbit.domain.plant import Plant
from redrabbit.plan_at_start import PlanAtStart, plan_at_start
from redrabbit.services.taking_up import open_life
from redrabbit.store.memory import MemoryDatabase
from simulators.scenarios.demo.story import write_configuration
from simulators.virtual_clock import VirtualClock
from tests.plants import a_memory_database
from tests.simulators.test_demo_story import PORTS

BEGIN = datetime(2026, 11, 27, 6, tzinfo=UTC)
CHECKS = 12


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workbook")
    write_configuration(folder, PORTS)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "config")


def changed(folder: Path, cell: str, text: str) -> None:
    book = load_workbook(folder / PLAN_WORKBOOK)
    assert book.worksheets[0][cell].value != text
    book.worksheets[0][cell] = text
    book.save(folder / PLAN_WORKBOOK)


def problems_of(folder: Path) -> list[str]:
    with pytest.raises(ConfigurationProblems) as refused:
        configuration_in(folder)
    return str(refused.value).split("\n")


def test_a_workbook_is_read_as_a_plan_file_would_be(folder: Path) -> None:
    found = configuration_in(folder)
    assert len(found.plant.plan.checks) == CHECKS
    assert found.plant.plan.label == "CP-204 rev F-demo"
    text = found.files[PLAN_YAML]
    assert workbook_of(text) == found.workbook
    assert workbook_of("control_plan: A\n") is None
    assert configuration_in(folder).files == found.files
    (folder / PLAN_WORKBOOK).unlink()
    (folder / PLAN_YAML).write_text(text, encoding="utf-8")
    from_text = configuration_in(folder)
    assert (from_text.plant, from_text.workbook) == (found.plant, None)
    assert advice_in(folder)[0] == found.plant


def test_what_is_wrong_is_told_by_cell(folder: Path) -> None:
    changed(folder, "K8", "each blue moon")
    (told,) = problems_of(folder)
    assert told.startswith("control_plan.xlsx:控制计划!K8: 'each blue moon' is no frequency I know")


def test_what_the_import_would_ask_is_to_be_said_in_the_workbook(folder: Path) -> None:
    changed(folder, "K16", "daily")
    (told,) = problems_of(folder)
    assert "control_plan.xlsx:控制计划!K16: at which time of day?" in told
    assert told.endswith("expected the answer in the workbook itself: nobody is asked at a start")


def test_what_does_not_fit_the_stations_is_told_by_cell_too(folder: Path) -> None:
    changed(folder, "Q8", "10 s")  # it would lapse before it is overdue
    told = problems_of(folder)
    assert all(each.startswith("control_plan.xlsx:控制计划!A8: ") for each in told), told


def test_problems_of_other_files_and_of_the_workbook_come_at_once(folder: Path) -> None:
    changed(folder, "K8", "each blue moon")
    station = folder / "line1-op10.yaml"
    station.write_text(station.read_text("utf-8") + "\nendpont: 1\n", "utf-8")
    told = "\n".join(problems_of(folder))
    assert "line1-op10.yaml:" in told
    assert "control_plan.xlsx:控制计划!K8: " in told


@pytest.mark.parametrize("name", [PLAN_YAML, PLAN_TABLE])
def test_there_is_one_plan_only(folder: Path, name: str) -> None:
    (folder / name).write_text("control_plan: CP-1\n", encoding="utf-8")
    assert f"{name}:1:1: {name} beside control_plan.xlsx; expected exactly one" in "\n".join(
        problems_of(folder)
    )


def test_what_people_set_of_the_calendars_is_no_file_of_a_folder(folder: Path) -> None:
    (folder / CALENDAR_DAYS).write_text("lines: {}\n", encoding="utf-8")
    (told,) = problems_of(folder)
    assert told.startswith("calendar_days.yaml:1:1: a file that the database owns; expected ")


def test_what_is_no_workbook_is_refused(folder: Path) -> None:
    (folder / PLAN_WORKBOOK).write_bytes(b"PK no workbook")
    (told,) = problems_of(folder)
    assert told.startswith("control_plan.xlsx:1:1: ")


def test_a_plan_that_counts_later_says_so(folder: Path) -> None:
    for cell, text in (("J3", "生效日期 Effective from"), ("M3", "2027-01-04 06:00")):
        changed(folder, cell, text)
    assert configuration_in(folder).plant.plan.effective_from == datetime(
        2027, 1, 3, 22, tzinfo=UTC
    )


def asked(database: MemoryDatabase, folder: Path, clock: VirtualClock) -> PlanAtStart:
    found = configuration_in(folder)
    return database.read_now(
        lambda reader: plan_at_start(
            reader, found.plant, found.files, clock.now(), workbook=found.workbook
        )
    )


def test_a_workbook_is_taken_at_the_first_start_and_a_new_one_is_told(folder: Path) -> None:
    clock = VirtualClock(BEGIN)
    plant: Plant = configuration_in(folder).plant
    database = a_memory_database(plant, clock)
    first = asked(database, folder, clock)
    assert (first.plant, first.not_taken) == (plant, None)
    database.write_now(lambda uow: open_life(uow, first.plant, first.files, "test", before=None))
    again = asked(database, folder, clock)
    assert (again.files, again.not_taken) == (first.files, None)
    changed(folder, "J2", "G-demo")
    later = asked(database, folder, clock)
    assert (later.files, later.not_taken) == (first.files, "CP-204 rev G-demo")
