"""The coverage matrix as page, as workbook and for programs: the same, in the reader's language."""

from io import BytesIO

import pytest
from openpyxl import load_workbook

from tests.web.conftest import Visitor


@pytest.mark.parametrize(("language", "title"), [("en", "Coverage"), ("zh-CN", "覆盖矩阵")])
def test_page_workbook_and_programs_say_the_same(
    onlooker: Visitor, language: str, title: str
) -> None:
    found = onlooker.client.get("/api/v1/coverage").json()
    assert found["cells"]
    text = onlooker.text("/coverage", language)
    assert f"<h1>{title}</h1>" in text
    for cell in found["cells"]:
        assert cell["check"] is None or cell["check"] in text
    assert text.count('href="/stations/') >= len(found["cells"]) + len(found["gaps"])
    answer = onlooker.client.get("/coverage.xlsx", headers={"Accept-Language": language})
    assert answer.headers["content-disposition"] == 'attachment; filename="coverage.xlsx"'
    book = load_workbook(BytesIO(answer.content))
    assert book.sheetnames[0] == title
    matrix, gaps = book.worksheets
    for sheet, rows in ((matrix, found["cells"]), (gaps, found["gaps"])):
        above = next(n for n in range(1, 9) if sheet.cell(n, 2).value)  # words stand in one cell
        assert sheet.max_row == above + len(rows)
        assert str(sheet.cell(above - 1, 1).value).endswith(f": {len(rows)}")
    assert "f" not in {cell.data_type for row in matrix.iter_rows() for cell in row}
