"""`/runs`: the records, and one run with what the station said drawn (R14, R22)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeVar
from urllib.parse import quote, urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from redrabbit.domain import acts
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import Letter, RunId
from redrabbit.domain.station import Station
from redrabbit.services.queries.run import PresentationShown, run_page
from redrabbit.services.queries.runs import RunFilter, runs_page
from redrabbit.web.pages.forms import carry_out
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.rendering import Visit
from redrabbit.web.site import Site
from redrabbit.web.timing_diagram import TimingDiagram, timing_diagram
from redrabbit.web.values import day_from, id_from, quotable, text_from

T = TypeVar("T")

OUTCOMES: Final = ("passed", "failed", "inconclusive", "aborted", "under_way")


def runs_router(site: Site) -> APIRouter:
    """Return the list of runs, and one run."""
    router = APIRouter(include_in_schema=False)

    @router.get("/runs")
    async def runs(request: Request) -> HTMLResponse:
        visit = site.visit(request)
        plant, now = site.service.plant, site.clock.now()
        wanted, refused = run_filter(dict(request.query_params))
        try:
            content = await site.service.read(lambda r: runs_page(r, plant, wanted, now))
        except Refusal as refusal:  # the cursor is of no run
            first, refused = replace(wanted, before=None), refusal
            content = await site.service.read(lambda r: runs_page(r, plant, first, now))
        if refused is not None:
            visit = visit.with_refusal(refused)
        status = 200 if refused is None else 400
        return await shell_page(
            site,
            visit,
            "runs.html",
            content,
            status=status,
            extra={"outcomes": OUTCOMES, "next_query": _query(wanted, content.next_before)},
        )

    @router.get("/runs/{run}")
    async def run(request: Request, run: str) -> HTMLResponse:
        return await _shown(site, site.visit(request), _id(run))

    @router.get("/runs/{run}/remarks")
    async def reloaded(run: str) -> Response:
        return RedirectResponse(_address(_id(run)), status_code=303)

    @router.post("/runs/{run}/remarks")
    async def remark(request: Request, run: str) -> Response:
        run_id = _id(run)
        try:
            form = await site.form(request)
            act = acts.RemarkOnRun(run_id=run_id, text=form.get("text", ""))
            await carry_out(site, request, form, act)
        except Refusal as refusal:
            return await _shown(site, site.visit(request).with_refusal(refusal), run_id)
        return RedirectResponse(_address(run_id), status_code=303)

    return router


def _id(text: str) -> RunId:
    found = id_from(text, Letter.RUN)
    if found is None:
        raise Refusal("no_such_page")
    return RunId(found)


def _address(run_id: RunId) -> str:
    return f"/runs/{quote(run_id, safe='')}"


async def _shown(site: Site, visit: Visit, run_id: RunId) -> HTMLResponse:
    plant, views, now = site.service.plant, site.service.views(), site.clock.now()
    try:
        content = await site.service.read(lambda r: run_page(r, plant, run_id, now, views))
    except KeyError as error:
        raise Refusal("no_such_run", run=run_id) from error
    station = next((s for s in plant.stations if s.id == content.run.station), None)
    drawn = [_drawn(shown, station) for shown in content.presentations]
    status = 409 if visit.refused else 200
    return await shell_page(site, visit, "run.html", content, status=status, extra={"drawn": drawn})


def run_filter(query: dict[str, str]) -> tuple[RunFilter, Refusal | None]:
    """Return what is asked for; what can't be read is left out and said."""
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

    wanted = RunFilter(
        line=asked("line", text_from),
        device=asked("device", text_from),
        from_date=asked("from", day_from),
        to_date=asked("to", day_from),
        outcome=query["outcome"] if query.get("outcome") in OUTCOMES else None,
        before=asked("before", _run_before),
    )
    return wanted, refused


def _run_before(text: str) -> RunId:
    found = id_from(text, Letter.RUN)
    if found is None:
        raise Refusal("not_a_cursor", cursor=quotable(text))
    return RunId(found)


def _query(wanted: RunFilter, before: str | None) -> str:
    """Return the query of the next page, with the same filter."""
    named = {
        "line": wanted.line,
        "device": wanted.device,
        "from": wanted.from_date.isoformat() if wanted.from_date else None,
        "to": wanted.to_date.isoformat() if wanted.to_date else None,
        "outcome": wanted.outcome,
        "before": before,
    }
    return urlencode({name: value for name, value in named.items() if value is not None})


def _drawn(shown: PresentationShown, station: Station | None) -> TimingDiagram | None:
    signals = station.signals if station is not None else ()
    return timing_diagram(shown.evidence, {str(spec.name): spec for spec in signals})
