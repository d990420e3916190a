"""`/schedule`: a week of one line, what was and will be due in it; a phone shows a day of it (R06, B16)."""

from datetime import date, timedelta

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from redrabbit.domain.errors import Refusal
from redrabbit.domain.limits import EARLIEST, LATEST
from redrabbit.domain.shift_calendar import plant_date
from redrabbit.services.queries.week import week_page
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.site import Site
from redrabbit.web.values import day_from, optional_text_from, quotable

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
            raise Refusal("no_such_line", line=quotable(line or "")) from error
        visit = visit if refused is None else visit.with_refusal(refused)
        status = 200 if refused is None else 400
        return await shell_page(site, visit, "week.html", content, status=status)

    return router


def _day(text: str | None, today: date) -> date:
    """Return the day that is asked for, with a whole week on both sides."""
    return min(max(day_from(text), _FIRST), _LAST) if text else today
