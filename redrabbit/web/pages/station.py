"""`/stations/{id}`: the operator's page, and the acts of a run (R19: recorded as stated)."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from redrabbit.domain import acts
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import (
    CheckId,
    ContainmentId,
    Letter,
    LineId,
    OccurrenceId,
    RunId,
    SignalName,
    StationId,
)
from redrabbit.domain.schedule_rules import PlantEvent
from redrabbit.domain.text import MOST_CODE_CHARACTERS
from redrabbit.services.queries.station import StationPage, station_page, stations_page
from redrabbit.web.cookies import forget, keep
from redrabbit.web.pages.containment import repair_in
from redrabbit.web.pages.enrolment import keep_screen_longer
from redrabbit.web.pages.forms import Form, carry_out, word
from redrabbit.web.pages.people_at_station import (
    AtScreen,
    named,
    prove,
    scanned_here,
    taught_in,
    told,
)
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.rendering import Visit, page
from redrabbit.web.shown_to import BADGE_COOKIE
from redrabbit.web.site import Site, id_in, number_in, optional_id_in
from redrabbit.web.values import quotable, text_from


def station_router(site: Site) -> APIRouter:
    """Return the list of stations, the operator's page, and its forms.

    Below the address of a station that is none nothing is shown, and nothing done.
    """

    async def refuse_unknown(request: Request) -> None:
        _refuse_unknown(site, request.path_params.get("station_id"))

    router = APIRouter(include_in_schema=False, dependencies=[Depends(refuse_unknown)])

    async def done(request: Request, station_id: str, what: AtScreen) -> Response:
        try:
            await what(site, request, await site.form(request), station_id)
        except Refusal as refusal:
            return await _shown(site, site.visit(request).with_refusal(refusal), station_id)
        return _back_to(station_id)

    @router.get("/stations")
    async def stations(request: Request) -> HTMLResponse:
        plant, views, now = site.service.plant, site.service.views(), site.clock.now()
        content = await site.service.read(lambda r: stations_page(r, plant, views, now))
        return await shell_page(site, site.visit(request), "stations.html", content)

    @router.get("/stations/{station_id}")
    async def station(request: Request, station_id: str) -> Response:
        return await _shown(site, site.visit(request), station_id)

    @router.get("/stations/{station_id}/{act}")
    async def reloaded(station_id: str, act: str) -> Response:
        if act not in {*ACTS, "who", "pin", "teach-in"}:
            raise Refusal("no_such_page")
        return _back_to(station_id)

    @router.post("/stations/{station_id}/who")
    async def who(request: Request, station_id: str) -> Response:
        try:
            sent = await site.form(request, by_whoever=True)
            name = await named(site, request, sent, station_id)
        except Refusal as refusal:
            return await _shown(site, site.visit(request).with_refusal(refusal), station_id)
        answer = _back_to(station_id)
        if name:
            keep(answer, request, BADGE_COOKIE, quote(name), max_age_s=None)
        else:
            forget(answer, request, BADGE_COOKIE)
        return answer

    @router.post("/stations/{station_id}/pin")
    async def pin(request: Request, station_id: str) -> Response:
        return await done(request, station_id, prove)

    @router.post("/stations/{station_id}/teach-in")
    async def teach_in(request: Request, station_id: str) -> Response:
        return await done(request, station_id, taught_in)

    @router.post("/stations/{station_id}/{act}")
    async def act(request: Request, station_id: str, act: str) -> Response:
        if act not in ACTS:
            raise Refusal("no_such_page")
        try:
            sent = await site.form(request, by_whoever=True)
            await _do(site, request, sent, act, station_id)
        except Refusal as refusal:
            return await _shown(site, site.visit(request).with_refusal(refusal), station_id)
        return _back_to(station_id)

    return router


async def _do(site: Site, request: Request, sent: Form, act: str, station_id: str) -> None:
    """Do what a station's page sent, in the name of who is there; nothing, where it was only a badge."""
    meant = await scanned_here(site, request, sent, station_id)
    if meant.form is None:
        return
    asked = ACTS[act](meant.form)
    try:
        await carry_out(site, request, meant.form, asked, at=station_id)
    except Refusal as refusal:
        if refusal.code in NOT_THE_PART and meant.counted_at is not None:
            raise Refusal("scan_unknown", **refusal.params) from refusal
        raise
    if isinstance(asked, acts.TellOfPart):
        await told(site, meant)


async def station_content(site: Site, station_id: str) -> StationPage:
    """Return a station's page as it stands now; refused for an unknown station."""
    _refuse_unknown(site, station_id)
    plant, now = site.service.plant, site.clock.now()
    views = site.service.views(StationId(station_id))
    return await site.service.read(
        lambda reader: station_page(reader, plant, views, StationId(station_id), now)
    )


def _refuse_unknown(site: Site, station_id: str | None) -> None:
    """Refuse a station that the plant has not; None names none."""
    if station_id is not None and station_id not in {s.id for s in site.service.plant.stations}:
        raise Refusal("no_such_station", station=quotable(station_id))


async def _shown(site: Site, visit: Visit, station_id: str) -> HTMLResponse:
    content = await station_content(site, station_id)
    status = 409 if visit.refused else 200
    answer = page(visit, "station.html", content, status=status, entries=content.entries)
    keep_screen_longer(answer, visit)
    return answer


def _back_to(station_id: str) -> RedirectResponse:
    return RedirectResponse(f"/stations/{quote(station_id, safe='')}", status_code=303)


def _start(form: Form) -> acts.StartRun:
    occurrence = optional_id_in(form, "occurrence", Letter.OCCURRENCE)
    containment = optional_id_in(form, "containment", Letter.CONTAINMENT)
    return acts.StartRun(
        check_id=CheckId(form.get("check", "")),
        occurrence_id=OccurrenceId(occurrence) if occurrence is not None else None,
        containment_id=ContainmentId(containment) if containment is not None else None,
    )


def _scan(form: Form) -> acts.ScanPart | acts.GiveBackPart:
    """Return what this scan means: take the part, or give it back.

    The page says which it asked for, so that a scan which comes late is named, not reinterpreted.
    """
    run, code = _run(form), form.get("code", "").strip()
    if not code:
        raise Refusal("nothing_scanned")
    code = text_from(code, MOST_CODE_CHARACTERS)
    if form.get("expected") == "give_back":
        return acts.GiveBackPart(run_id=run, code=code)
    return acts.ScanPart(run_id=run, code=code)


def _tell(form: Form) -> acts.TellOfPart:
    value = form.get("code", "").strip()
    if not value:
        raise Refusal("nothing_scanned")
    told = text_from(value, MOST_CODE_CHARACTERS)
    return acts.TellOfPart(run_id=_run(form), of=form.get("of", ""), value=told)


def _run(form: Form) -> RunId:
    return RunId(id_in(form, "run", Letter.RUN))


def _case(form: Form) -> ContainmentId:
    return ContainmentId(id_in(form, "containment", Letter.CONTAINMENT))


def _pulse(form: Form) -> acts.DecidePulse:
    return acts.DecidePulse(
        station=StationId(form.get("station", "")),
        signal=SignalName(form.get("signal", "")),
        proposed_entry=number_in(form, "proposed_entry"),
        confirmed=form.get("decision") == "confirm",
    )


def _event(form: Form) -> acts.TellEvent:
    return acts.TellEvent(
        line=LineId(form.get("line", "")),
        station=StationId(form["station"]) if form.get("station") else None,
        event=word(PlantEvent, form.get("event", "")),
    )


NOT_THE_PART: Final = frozenset({"wrong_part", "wrong_part_back"})
"""So a scan is refused that is not the part; one that is nothing known may have been meant as a badge."""

ACTS: Final[Mapping[str, Callable[[Form], acts.Act[Any]]]] = {
    "start": _start,
    "scan": _scan,
    "tell": _tell,
    "presented": lambda form: acts.SayPresented(run_id=_run(form)),
    "feed-held": lambda form: acts.SayFeedHeld(run_id=_run(form)),
    "not-the-part": lambda form: acts.SayNotThePart(run_id=_run(form)),
    "confirm": lambda form: acts.ConfirmRun(run_id=_run(form)),
    "stop": lambda form: acts.RecordStop(containment_id=_case(form)),
    "tick": lambda form: acts.TickReaction(
        containment_id=_case(form), step=number_in(form, "step")
    ),
    "repair": lambda form: repair_in(form, _case(form)),
    "pulse": _pulse,
    "event": _event,
    "abort": lambda form: acts.AbortRun(run_id=_run(form), reason=form.get("reason", "")),
}
"""What the forms of the page ask, by the last word of their address."""
