"""`/calendar`: a month or a year of a line by days, with its shifts and special days; setting one, and taking it back (D44)."""

import re
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from redrabbit.domain import acts, calendar_acts
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.calendar_change import CalendarDayKind
from redrabbit.domain.identity import LineId
from redrabbit.services.queries.calendar import FIRST_YEAR, LAST_YEAR, MONTHS, calendar_page
from redrabbit.web.pages.forms import Form, word
from redrabbit.web.pages.page_of_acts import Asked, page_of_acts
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.rendering import Visit
from redrabbit.web.site import Site, number_in
from redrabbit.web.values import day_from, optional_text_from


def calendar_router(site: Site) -> APIRouter:
    """Return the calendar's page, and its forms."""
    return page_of_acts(site, "/calendar", ACTS, _shown, there=_there)


async def _shown(site: Site, visit: Visit, form: Form) -> HTMLResponse:
    plant = site.service.plant
    asked = visit.request.query_params
    line = optional_text_from(form.get("line", "") if form else asked.get("line"))
    if form and line not in {each.id for each in plant.lines}:
        line = None  # the form is refused for it, and the page goes on without
    period = _period("" if form else asked.get("when", ""))
    try:
        content = await site.service.read(
            lambda reader: calendar_page(reader, plant, line, period, visit.now)
        )
    except KeyError as error:
        raise Refusal("no_such_page") from error
    extra = {"years": (FIRST_YEAR, LAST_YEAR), "kinds": tuple(CalendarDayKind)}
    status = 409 if visit.refused else 200
    return await shell_page(site, visit, "calendar.html", content, status=status, extra=extra)


def _there(form: Form) -> str:
    """Return what shows the line and the month that a form was about."""
    asked = {"line": form.get("line", ""), "when": form.get("first", "")[:7]}
    return "?" + urlencode({name: said for name, said in asked.items() if said})


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


ACTS: Final[Asked] = {
    "set": _set,
    "take-back": _take_back,
}
