"""`/plan/…/try-out`: a revision played over a month before it is approved, beside another plan; nothing is recorded.

The records are read once; what follows from them is worked out in a thread, one at a time, and bounded in what may be due.
"""

import asyncio
import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from redrabbit.domain.errors import Refusal
from redrabbit.domain.plant import Plant
from redrabbit.domain.tried_plan import tried_plan
from redrabbit.services.plan_revisions import revision_of
from redrabbit.services.queries.try_out import (
    Declared,
    TryOut,
    basis_of,
    coming_month,
    month_span,
)
from redrabbit.services.queries.try_out_page import (
    Tried,
    TryOutPage,
    plan_choices,
    try_out_page,
)
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.rendering import Visit
from redrabbit.web.site import Site
from redrabbit.web.values import day_from, quotable
from redrabbit.web.workbooks import try_out_workbook, workbook_answer

IN_FORCE: Final = "in-force"
MOST_DUE_TIMES: Final = 60_000
"""Of each plan, on a page: a second of work, and a workbook that opens."""
FIGURES: Final = ("per_hour", "minutes", "to_shipping")
"""What may be declared."""
_NUMBER: Final = re.compile(r"[0-9]{1,7}(\.[0-9]{1,3})?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What the address asks for."""

    month: date
    declared: Declared
    against: str
    """Empty: no other plan."""


def try_out_router(site: Site) -> APIRouter:
    """Return the page of a try-out, and its workbook."""
    router = APIRouter(include_in_schema=False)
    in_turn = asyncio.Semaphore(1)

    async def found(request: Request, said: str) -> tuple[Visit, TryOutPage, list[Tried]]:
        visit = site.visit(request)
        asked = _asked(request, said, site.service.plant, visit.now)
        names = [said, *([asked.against] if asked.against not in {"", said} else [])]
        plants = [await _plant_of(site, name) for name in names]
        async with in_turn:
            tried = [
                Tried(said=name, plant=plant, found=await _tried(site, plant, asked, visit.now))
                for name, plant in zip(names, plants, strict=True)
            ]
        in_force = site.service.plant
        choices = await site.service.read(lambda reader: plan_choices(reader, in_force))
        return visit, try_out_page(tried, asked.month, asked.declared, choices), tried

    @router.get("/plan/{digest}/try-out")
    async def shown(request: Request, digest: str) -> HTMLResponse:
        visit, content, _ = await found(request, digest)
        said = {name: request.query_params.get(name, "").strip() for name in FIGURES}
        query = urlencode({"month": f"{content.month:%Y-%m}", "against": content.against} | said)
        extra = {"said": said, "query": query}
        return await shell_page(site, visit, "try_out.html", content, extra=extra)

    @router.get("/plan/{digest}/try-out.xlsx")
    async def workbook(request: Request, digest: str) -> Response:
        visit, content, tried = await found(request, digest)
        name = site.service.plant.name
        book = await asyncio.to_thread(
            try_out_workbook, visit.words, name, content, tried, visit.now
        )
        return workbook_answer(book, "try-out")

    return router


async def _plant_of(site: Site, said: str) -> Plant:
    """Return the plant with a plan: the one in force, or a revision; Refusal where there is none, or it does not fit."""
    if said == IN_FORCE:
        return site.service.plant
    record = await site.service.read(lambda reader: revision_of(reader, said))
    revised = await asyncio.to_thread(site.revised, record.content)
    if not isinstance(revised, Plant):
        raise Refusal("plan_does_not_fit", plan=record.label)
    return revised


async def _tried(site: Site, plant: Plant, asked: _Asked, now: datetime) -> TryOut:
    span = month_span(plant, asked.month)

    basis, taken = await site.service.read(
        lambda reader: basis_of(reader, plant, span, asked.declared, now)
    )
    bounded = replace(basis, most=MOST_DUE_TIMES)
    return TryOut(
        tried=await asyncio.to_thread(tried_plan, plant, bounded), taken=taken, basis=bounded
    )


def _asked(request: Request, said: str, plant: Plant, now: datetime) -> _Asked:
    query = request.query_params
    month = query.get("month", "").strip()
    hours = _number(query.get("to_shipping"))
    minutes = _number(query.get("minutes"))
    return _Asked(
        month=day_from(f"{month}-01") if month else coming_month(plant, now),
        declared=Declared(
            per_hour=_number(query.get("per_hour")),
            minutes=None if minutes is None else float(minutes),
            to_shipping=None if hours is None else timedelta(hours=float(hours)),
        ),
        against=query.get("against", "" if said == IN_FORCE else IN_FORCE),
    )


def _number(text: str | None) -> Fraction | None:
    """Return a number above 0; None where none is said."""
    if text is None or not text.strip():
        return None
    if not _NUMBER.fullmatch(text.strip()) or not Fraction(text.strip()):
        raise Refusal("not_a_number", value=quotable(text))
    return Fraction(text.strip())
