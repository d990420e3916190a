"""`/verifications`: every scheduled check of a period with its one end; one of them; and why it lapsed (R14, R22, B32)."""

from asyncio import to_thread
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Final, TypeVar
from urllib.parse import quote, urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from redrabbit.domain import acts
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import Letter, OccurrenceId
from redrabbit.domain.shift_calendar import plant_date
from redrabbit.services.queries.scheduled_check import scheduled_check_page
from redrabbit.services.queries.scheduled_checks import End
from redrabbit.services.queries.verifications import (
    CheckFilter,
    WholeList,
    checks_page,
    month_of,
    whole_list,
)
from redrabbit.web.pages.forms import carry_out
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.rendering import Visit
from redrabbit.web.site import Site
from redrabbit.web.values import day_from, id_from, quotable, text_from
from redrabbit.web.workbooks import checks_asked, checks_workbook, workbook_answer

T = TypeVar("T")

MOST_PRINTED: Final = 2_000
"""Rows of one printed list: some eighty sheets."""
MOST_IN_WORKBOOK: Final = 10_000
"""Rows of one workbook: a month of a hundred checks a shift; three seconds of work."""


def verifications_router(site: Site) -> APIRouter:
    """Return the list of scheduled checks, and one of them."""
    router = APIRouter(include_in_schema=False)

    @router.get("/verifications")
    async def listed(request: Request) -> HTMLResponse:
        visit, wanted = _wanted(site, request)
        plant, now = site.service.plant, visit.now
        try:
            content = await site.service.read(lambda r: checks_page(r, plant, wanted, now))
        except Refusal as refusal:  # the cursor is of none
            visit, first = visit.with_refusal(refusal), replace(wanted, before=None)
            content = await site.service.read(lambda r: checks_page(r, plant, first, now))
        return await shell_page(
            site,
            visit,
            "verifications.html",
            content,
            status=200 if visit.refused is None else 400,
            extra={
                "ends": tuple(End),
                "asked": _asking(content.wanted),
                "filter_said": checks_asked(visit.words, content.wanted),
            },
        )

    @router.get("/verifications/print")
    async def printed(request: Request) -> HTMLResponse:
        visit, content = await _all(site, request, MOST_PRINTED)
        asked = content.wanted
        extra = {
            "ends": tuple(End),
            "asked": _asking(asked),
            "filter_said": checks_asked(visit.words, asked),
        }
        return await shell_page(site, visit, "verifications_print.html", content, extra=extra)

    @router.get("/verifications.xlsx")
    async def workbook(request: Request) -> Response:
        visit, content = await _all(site, request, MOST_IN_WORKBOOK)
        plant = site.service.plant.name
        book = await to_thread(checks_workbook, visit.words, plant, content)
        return workbook_answer(book, "verifications")

    @router.get("/verifications/{occurrence}")
    async def one(request: Request, occurrence: str) -> HTMLResponse:
        return await _shown(site, site.visit(request), _id(occurrence))

    @router.get("/verifications/{occurrence}/reasons")
    async def reloaded(occurrence: str) -> Response:
        return RedirectResponse(_address(_id(occurrence)), status_code=303)

    @router.post("/verifications/{occurrence}/reasons")
    async def explain(request: Request, occurrence: str) -> Response:
        occurrence_id = _id(occurrence)
        try:
            form = await site.form(request)
            act = acts.ExplainLapse(occurrence_id=occurrence_id, text=form.get("text", ""))
            await carry_out(site, request, form, act)
        except Refusal as refusal:
            return await _shown(site, site.visit(request).with_refusal(refusal), occurrence_id)
        return RedirectResponse(_address(occurrence_id), status_code=303)

    return router


async def _all(site: Site, request: Request, most: int) -> tuple[Visit, WholeList]:
    """Return all that is asked for; what can't be read is refused, because it is not left out of what is kept in a binder."""
    visit, wanted = _wanted(site, request)
    if visit.refused is not None:
        raise visit.refused
    plant, asked = site.service.plant, replace(wanted, before=None)
    return visit, await site.service.read(lambda r: whole_list(r, plant, asked, visit.now, most))


def _id(text: str) -> OccurrenceId:
    found = id_from(text, Letter.OCCURRENCE)
    if found is None:
        raise Refusal("no_such_page")
    return OccurrenceId(found)


def _address(occurrence_id: OccurrenceId) -> str:
    return f"/verifications/{quote(occurrence_id, safe='')}"


async def _shown(site: Site, visit: Visit, occurrence_id: OccurrenceId) -> HTMLResponse:
    plant, now = site.service.plant, site.clock.now()
    try:
        content = await site.service.read(
            lambda r: scheduled_check_page(r, plant, occurrence_id, now)
        )
    except KeyError as error:
        raise Refusal("no_such_occurrence", occurrence=occurrence_id) from error
    status = 409 if visit.refused else 200
    return await shell_page(site, visit, "scheduled_check.html", content, status=status)


def _wanted(site: Site, request: Request) -> tuple[Visit, CheckFilter]:
    visit = site.visit(request)
    today = plant_date(site.service.plant.zone, visit.now)
    wanted, refused = check_filter(dict(request.query_params), today)
    return (visit if refused is None else visit.with_refusal(refused)), wanted


def check_filter(query: dict[str, str], today: date) -> tuple[CheckFilter, Refusal | None]:
    """Return what is asked for; what can't be read is left out and said.

    Whoever names no period gets this month; an empty date is no bound.
    """
    refused: Refusal | None = None

    def asked(name: str, parse: Callable[[str], T]) -> T | None:
        nonlocal refused
        if not query.get(name):
            return None
        try:
            return parse(query[name])
        except Refusal as refusal:
            refused = refusal
            return None

    first, last = month_of(today)
    named = "from" in query or "to" in query
    wanted = CheckFilter(
        line=asked("line", text_from),
        device=asked("device", text_from),
        check=asked("check", text_from),
        from_date=asked("from", day_from) if named else first,
        to_date=asked("to", day_from) if named else last,
        ended=End(query["end"]) if query.get("end") in set(End) else None,
        before=asked("before", _before),
    )
    return wanted, refused


def _before(text: str) -> OccurrenceId:
    found = id_from(text, Letter.OCCURRENCE)
    if found is None:
        raise Refusal("not_a_cursor", cursor=quotable(text))
    return OccurrenceId(found)


def _asking(wanted: CheckFilter) -> Callable[..., str]:
    """Return what makes the query of a link: the same filter, with some of it changed."""

    def query(**changed: object) -> str:
        named: dict[str, object] = {
            "line": wanted.line,
            "device": wanted.device,
            "check": wanted.check,
            "from": wanted.from_date or "",
            "to": wanted.to_date or "",
            "end": wanted.ended,
        }
        named |= {name.rstrip("_"): value for name, value in changed.items()}
        return urlencode(
            {
                name: str(value)
                for name, value in named.items()
                if value is not None and (value != "" or name in {"from", "to"})
            }
        )

    return query
