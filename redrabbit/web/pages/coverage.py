"""`/coverage`: which failure mode is proved where, by which part and grade, and where nothing proves it; also as XLSX."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from redrabbit.base.messages import Catalogue, catalogue
from redrabbit.base.text_workbook import new_workbook, packed, put_table
from redrabbit.services.queries.coverage import CoveragePage, coverage_page
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.site import Site

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MATRIX = (
    ("col.line", 14),
    ("col.station", 12),
    ("col.device", 28),
    ("coverage.mode", 28),
    ("coverage.plan_line", 10),
    ("coverage.check", 32),
    ("col.part", 14),
    ("coverage.grade", 10),
    ("coverage.demanded", 10),
    ("coverage.next", 24),
    ("coverage.gaps", 50),
)
_GAPS = (
    ("col.line", 14),
    ("col.station", 12),
    ("col.device", 28),
    ("coverage.check", 32),
    ("col.part", 14),
    ("coverage.gaps", 50),
    ("coverage.detail", 70),
)


def coverage_router(site: Site) -> APIRouter:
    """Return the coverage matrix, as a page and as a workbook."""
    router = APIRouter(include_in_schema=False)

    async def found() -> CoveragePage:
        plant, now = site.service.plant, site.clock.now()
        return await site.service.read(lambda reader: coverage_page(reader, plant, now))

    @router.get("/coverage")
    async def coverage(request: Request) -> HTMLResponse:
        return await shell_page(site, site.visit(request), "coverage.html", await found())

    @router.get("/coverage.xlsx")
    async def workbook(request: Request) -> Response:
        words = catalogue(site.visit(request).language, site.service.plant.zone)
        content = _workbook(await found(), words)
        named = {"Content-Disposition": 'attachment; filename="coverage.xlsx"'}
        return Response(content, media_type=XLSX, headers=named)

    return router


def _workbook(page: CoveragePage, words: Catalogue) -> bytes:
    def text(value: object) -> str:
        return "" if value is None else words.shown("", value, "zoned")

    book = new_workbook(words.gettext("nav.coverage"), words.gettext("coverage.gaps"))
    matrix, gaps = book.worksheets
    put_table(
        matrix,
        [words.gettext(code) for code, _ in _MATRIX],
        [
            [
                text(row.line),
                row.operation,
                text(row.device),
                text(row.failure_mode),
                text(row.cell.plan_line),
                text(row.cell.check),
                text(row.cell.part),
                row.cell.grade.value,
                text(row.cell.demanded),
                text(row.cell.due_at),
                "; ".join(map(text, row.gaps)),
            ]
            for row in page.rows
        ],
        [width for _, width in _MATRIX],
    )
    put_table(
        gaps,
        [words.gettext(code) for code, _ in _GAPS],
        [
            [
                text(row.line),
                row.operation,
                text(row.device),
                text(row.gap.check),
                text(row.gap.part),
                text(row.words),
                text(row.detail),
            ]
            for row in page.gaps
        ],
        [width for _, width in _GAPS],
    )
    return packed(book)
