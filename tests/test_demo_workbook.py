"""The workbook of the demo in the tree is what its script says, and comes in as the plan of the story."""

from openpyxl import Workbook, load_workbook

from redrabbit.plan_import.dry_run import dry_run
from redrabbit.plan_import.finding import Kind
from tests import demo_workbook


def told(book: Workbook) -> dict[str, object]:
    """Return what a person sees of a workbook."""
    return {
        sheet.title: (
            {cell.coordinate: cell.value for row in sheet.iter_rows() for cell in row},
            sorted(str(each) for each in sheet.merged_cells.ranges),
        )
        for sheet in book.worksheets
    }


def test_the_workbook_in_the_tree_is_what_its_script_says() -> None:
    """`python -m tests.demo_workbook` writes it anew."""
    assert told(load_workbook(demo_workbook.FILE)) == told(demo_workbook.workbook())


def test_it_leaves_nothing_to_ask_and_has_lines_of_every_kind() -> None:
    read = dry_run(demo_workbook.FILE)
    assert read.findings.by_kind[Kind.ERROR] == read.findings.by_kind[Kind.QUESTION] == []
    assert read.header_rows == (5, 6)
    lines = [line for operation in demo_workbook.PLAN for line in operation.lines]
    assert [line.device or "" for line in read.lines] == [line.device for line in lines]
    assert {line.device is None for line in read.lines} == {True, False}
    assert [list(line.parts) for line in read.lines if line.device] == [
        list(line.parts) for line in lines if line.device
    ]
