"""`/coverage`: which failure mode is proved where, by which part and grade, and where nothing proves it; also as XLSX."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from redrabbit.services.queries.coverage import CoveragePage, coverage_page
from redrabbit.web.device_filters import device_filter, filter_shown
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.rendering import Visit
from redrabbit.web.site import Site
from redrabbit.web.workbooks import coverage_workbook, devices_asked, workbook_answer


def coverage_router(site: Site) -> APIRouter:
    """Return the coverage matrix, as a page and as a workbook."""
    router = APIRouter(include_in_schema=False)

    async def found(request: Request) -> tuple[Visit, CoveragePage]:
        visit, plant = site.visit(request), site.service.plant
        asked = device_filter(request)
        content = await site.service.read(lambda r: coverage_page(r, plant, visit.now, asked))
        return visit, content

    @router.get("/coverage")
    async def coverage(request: Request) -> HTMLResponse:
        visit, content = await found(request)
        extra = filter_shown(content.wanted) | {
            "filter_said": devices_asked(visit.words, content.wanted)
        }
        return await shell_page(site, visit, "coverage.html", content, extra=extra)

    @router.get("/coverage.xlsx")
    async def workbook(request: Request) -> Response:
        visit, content = await found(request)
        plant = site.service.plant.name
        book = coverage_workbook(visit.words, plant, content, visit.now)
        return workbook_answer(book, "coverage")

    return router
