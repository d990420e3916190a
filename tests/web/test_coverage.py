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
    assert (matrix.max_row, gaps.max_row) == (len(found["cells"]) + 1, len(found["gaps"]) + 1)
    assert "f" not in {cell.data_type for row in matrix.iter_rows() for cell in row}
