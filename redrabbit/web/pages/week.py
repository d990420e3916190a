"""`/schedule`: a week of one line, what was and will be due in it; a phone shows a day of it (R06, B16)."""

from asyncio import to_thread
from datetime import date, timedelta
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from redrabbit.domain.errors import Refusal
from redrabbit.domain.limits import EARLIEST, LATEST
from redrabbit.domain.shift_calendar import plant_date
from redrabbit.services.queries.week import WeekPage, week_page, whole_week
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.rendering import Visit
from redrabbit.web.site import Site
from redrabbit.web.values import day_from, optional_text_from, quotable
from redrabbit.web.workbooks import week_asked, week_workbook, workbook_answer

MOST_PRINTED: Final = 2_000
MOST_IN_WORKBOOK: Final = 10_000
"""Rows of one workbook, as of a list of scheduled checks."""

_FIRST = EARLIEST.date() + timedelta(weeks=1)
_LAST = LATEST.date() - timedelta(weeks=2)


def week_router(site: Site) -> APIRouter:
    """Return the page of a week."""
    router = APIRouter(include_in_schema=False)

    @router.get("/schedule")
    async def schedule(request: Request) -> HTMLResponse:
        visit, plant = site.visit(request), site.service.plant
        day, refused = plant_date(plant.zone, visit.now), None
        try:
            day = _day(request.query_params.get("day"), day)
        except Refusal as refusal:
            refused = refusal
        line = optional_text_from(request.query_params.get("line"))
        if not plant.lines:
            raise Refusal("no_such_page")
        try:
            content = await site.service.read(lambda r: week_page(r, plant, line, day, visit.now))
        except LookupError as error:
            raise _no_line(line) from error
        visit = visit if refused is None else visit.with_refusal(refused)
        status = 200 if refused is None else 400
        return await shell_page(site, visit, "week.html", content, status=status)

    async def whole(request: Request, most: int) -> tuple[Visit, WeekPage]:
        visit, plant = site.visit(request), site.service.plant
        day = _day(request.query_params.get("day"), plant_date(plant.zone, visit.now))
        line = optional_text_from(request.query_params.get("line"))
        if not plant.lines:
            raise Refusal("no_such_page")
        try:
            return visit, await site.service.read(
                lambda r: whole_week(r, plant, line, day, visit.now, most=most)
            )
        except LookupError as error:
            raise _no_line(line) from error

    @router.get("/schedule/print")
    async def printed(request: Request) -> HTMLResponse:
        visit, content = await whole(request, MOST_PRINTED)
        extra = {"filter_said": week_asked(visit.words, content)}
        return await shell_page(site, visit, "week_print.html", content, extra=extra)

    @router.get("/schedule.xlsx")
    async def workbook(request: Request) -> Response:
        visit, content = await whole(request, MOST_IN_WORKBOOK)
        plant = site.service.plant.name
        book = await to_thread(week_workbook, visit.words, plant, content)
        return workbook_answer(book, "schedule")

    return router


def _no_line(line: str | None) -> Refusal:
    return Refusal("no_such_line", line=quotable(line or ""))


def _day(text: str | None, today: date) -> date:
    """Return the day that is asked for, with a whole week on both sides."""
    return min(max(day_from(text), _FIRST), _LAST) if text else today
