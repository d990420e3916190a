"""`/calendar`: a month or a year of a line by days, with its shifts and special days; setting one, and taking it back (D44)."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from redrabbit.domain import acts, calendar_acts
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.calendar_change import CalendarDayKind
from redrabbit.domain.identity import LineId
from redrabbit.services.queries.calendar import FIRST_YEAR, LAST_YEAR, MONTHS, calendar_page
from redrabbit.web.pages.forms import Form, carry_out, word
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.rendering import Visit
from redrabbit.web.site import Site, number_in
from redrabbit.web.values import day_from, optional_text_from


def calendar_router(site: Site) -> APIRouter:
    """Return the calendar's page, and its forms."""
    router = APIRouter(include_in_schema=False)

    @router.get("/calendar")
    async def calendar(request: Request) -> HTMLResponse:
        line = optional_text_from(request.query_params.get("line"))
        return await _shown(site, site.visit(request), line, request.query_params.get("when", ""))

    @router.get("/calendar/{act}")
    async def reloaded(act: str) -> Response:
        if act not in ACTS:
            raise Refusal("no_such_page")
        return RedirectResponse("/calendar", status_code=303)

    @router.post("/calendar/{act}")
    async def act(request: Request, act: str) -> Response:
        if act not in ACTS:
            raise Refusal("no_such_page")
        form: Form = {}
        try:
            form = await site.form(request)
            await carry_out(site, request, form, ACTS[act](form))
        except Refusal as refusal:
            visit = site.visit(request).with_refusal(refusal)
            line = form.get("line", "")
            known = line in {each.id for each in site.service.plant.lines}
            return await _shown(site, visit, line if known else None, "")
        asked = {"line": form.get("line", ""), "when": form.get("first", "")[:7]}
        there = urlencode({name: said for name, said in asked.items() if said})
        return RedirectResponse(f"/calendar?{there}", status_code=303)

    return router


async def _shown(site: Site, visit: Visit, line: str | None, when: str) -> HTMLResponse:
    plant = site.service.plant
    period = _period(when)
    try:
        content = await site.service.read(
            lambda reader: calendar_page(reader, plant, line, period, visit.now)
        )
    except KeyError as error:
        raise Refusal("no_such_page") from error
    extra = {"years": (FIRST_YEAR, LAST_YEAR), "kinds": tuple(CalendarDayKind)}
    status = 409 if visit.refused else 200
    return await shell_page(site, visit, "calendar.html", content, status=status, extra=extra)


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


def _set(form: Form) -> acts.Act[Any]:
    kind = word(CalendarDayKind, form.get("kind", ""))
    is_overtime, is_make_up = (
        kind is CalendarDayKind.OVERTIME,
        kind is CalendarDayKind.MAKE_UP_DAY,
    )
    last = form.get("last", "") if kind is CalendarDayKind.SHUTDOWN else ""
    return calendar_acts.ChangeCalendar(
        line=LineId(form.get("line", "")),
        kind=kind,
        first_date=_day(form.get("first", "")),
        last_date=_day(last) if last else None,
        weekday=number_in(form, "weekday") if is_make_up else None,
        starts_at=form.get("from", "") if is_overtime else None,
        ends_at=form.get("to", "") if is_overtime else None,
        reason=form.get("reason", ""),
    )


def _day(text: str) -> date:
    return day_from(text)


def _take_back(form: Form) -> acts.Act[Any]:
    return calendar_acts.TakeBackCalendarChange(
        line=LineId(form.get("line", "")),
        change_number=number_in(form, "change_number"),
        reason=form.get("reason", ""),
    )


ACTS: Final[Mapping[str, Callable[[Form], acts.Act[Any]]]] = {
    "set": _set,
    "take-back": _take_back,
}
"""What the forms of the page ask, by the last word of their address."""
