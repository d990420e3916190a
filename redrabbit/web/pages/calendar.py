"""`/calendar`: a month or a year of a line by days, with its shifts, holidays, make-up days, overtime and shutdowns (D44)."""

import re

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from redrabbit.domain.errors import Refusal
from redrabbit.services.queries.calendar import FIRST_YEAR, LAST_YEAR, MONTHS, calendar_page
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.site import Site
from redrabbit.web.values import optional_text_from


def calendar_router(site: Site) -> APIRouter:
    """Return the calendar's page."""
    router = APIRouter(include_in_schema=False)

    @router.get("/calendar")
    async def calendar(request: Request) -> HTMLResponse:
        visit, plant = site.visit(request), site.service.plant
        line = optional_text_from(request.query_params.get("line"))
        year, month = _period(request.query_params.get("when", ""))
        try:
            content = calendar_page(plant, line, year, month, visit.now)
        except KeyError as error:
            raise Refusal("no_such_page") from error
        extra = {"years": (FIRST_YEAR, LAST_YEAR)}
        return await shell_page(site, visit, "calendar.html", content, extra=extra)

    return router


def _period(text: str) -> tuple[int | None, int | None]:
    """Return the year and the month of `2027-02` or `2027`; none of them where nothing is asked for. Refusal for anything else."""
    if not text:
        return None, None
    found = re.fullmatch(r"([0-9]{4})(?:-([0-9]{2}))?", text)
    if found is None or not FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
        raise Refusal("no_such_page")
    month = None if found[2] is None else int(found[2])
    if month is not None and month not in MONTHS:
        raise Refusal("no_such_page")
    return int(found[1]), month
