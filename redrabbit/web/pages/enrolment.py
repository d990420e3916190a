"""`/enrol` and `/stations/{id}/screens`: a tablet becomes a station's own, once, and never signs out (B28)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import segno
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import ScreenId, StationId
from redrabbit.domain.one_time_code import LASTS, CodePurpose
from redrabbit.domain.people_acts import RevokeScreen
from redrabbit.domain.records import StationScreenRecord
from redrabbit.domain.text import Text
from redrabbit.services.enrolling import EnrolledScreen, enrol, make_code
from redrabbit.services.ports import Reader, equals
from redrabbit.services.queries.people import Person, names_in, person
from redrabbit.web.cookies import keep, kept
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.proxies import is_confidential
from redrabbit.web.rendering import Visit, page
from redrabbit.web.site import Site
from redrabbit.web.values import quotable
from redrabbit.web.visitor import SCREEN_COOKIE, actor, place_of

TEN_YEARS_S: Final = 10 * 365 * 24 * 3600
"""Without an end; see `keep_screen_longer`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolPage:
    """What a screen shows that is about to be enrolled."""

    is_confidential: bool
    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenRow:
    """One enrolled screen."""

    screen: ScreenId
    name: str
    enrolled_at: datetime
    enrolled_by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreensPage:
    """The screens of a station, and the code for another one."""

    station: StationId
    name: Text
    screens: tuple[ScreenRow, ...]
    code: str
    """In two groups; empty: none was made now."""
    until: datetime
    address: str
    qr: str


def enrolment_router(site: Site) -> APIRouter:
    """Return the pages."""
    router = APIRouter(include_in_schema=False)

    @router.get("/enrol")
    async def ask(request: Request) -> HTMLResponse:
        return _asked(site.visit(request), request.query_params.get("code", "")[:20], "")

    @router.post("/enrol")
    async def enrolled(request: Request) -> Response:
        form: dict[str, str] = {}
        try:
            form = await site.form(request)
            place = place_of(request)
            found = await enrol(
                site.sign_in, site.service, form.get("code", ""), form.get("name", ""), place
            )
        except Refusal as refusal:
            visit = site.visit(request).with_refusal(refusal)
            return _asked(visit, form.get("code", "")[:20], form.get("name", "")[:60])
        answer = RedirectResponse(f"/stations/{found.screen.station}", status_code=303)
        keep_screen(answer, request, found)
        return answer

    @router.get("/stations/{station_id}/screens")
    async def screens(request: Request, station_id: str) -> HTMLResponse:
        return await _screens(site, site.visit(request), station_id)

    @router.post("/stations/{station_id}/screens/code")
    async def code(request: Request, station_id: str) -> HTMLResponse:
        try:
            await site.form(request)
            station = _known(site, station_id)
            made = await make_code(
                site.sign_in, site.service, station, await actor(site.service, request, "")
            )
        except Refusal as refusal:
            return await _screens(site, site.visit(request).with_refusal(refusal), station_id)
        return await _screens(site, site.visit(request), station_id, made)

    @router.post("/stations/{station_id}/screens/revoke")
    async def revoke(request: Request, station_id: str) -> Response:
        try:
            form = await site.form(request)
            act = RevokeScreen(
                station=_known(site, station_id), screen_id=ScreenId(form.get("screen", ""))
            )
            await site.service.do(act, await actor(site.service, request, ""))
        except Refusal as refusal:
            return await _screens(site, site.visit(request).with_refusal(refusal), station_id)
        return RedirectResponse(f"/stations/{_known(site, station_id)}/screens", status_code=303)

    return router


def keep_screen(answer: Response, request: Request, found: EnrolledScreen) -> None:
    """Let the screen keep what shows that it is the station's."""
    keep(answer, request, SCREEN_COOKIE, found.secret, max_age_s=TEN_YEARS_S)


def keep_screen_longer(answer: Response, visit: Visit) -> None:
    """Let a screen keep it on: browsers forget after some 400 days, counted from the last answer."""
    secret = kept(visit.request, SCREEN_COOKIE)
    if secret is not None and visit.asker.screen is not None:
        keep(answer, visit.request, SCREEN_COOKIE, secret, max_age_s=TEN_YEARS_S)


def _asked(visit: Visit, code: str, name: str) -> HTMLResponse:
    content = EnrolPage(is_confidential=is_confidential(visit.request), code=code, name=name)
    return page(visit, "enrol.html", content, status=409 if visit.refused else 200)


def _known(site: Site, station_id: str) -> StationId:
    if station_id not in {station.id for station in site.service.plant.stations}:
        raise Refusal("no_such_station", station=quotable(station_id))
    return StationId(station_id)


async def _screens(site: Site, visit: Visit, station_id: str, code: str = "") -> HTMLResponse:
    station = site.service.plant.station(_known(site, station_id))

    def rows(reader: Reader) -> tuple[ScreenRow, ...]:
        names = names_in(reader)
        found = reader.find(StationScreenRecord, equals("station", station.id))
        return tuple(
            ScreenRow(
                screen=each.screen_id,
                name=each.name,
                enrolled_at=each.enrolled_at,
                enrolled_by=person(names, each.enrolled_by, each.enrolled_how, each.enrolled_entry),
            )
            for each in found
            if each.revoked_at is None
        )

    address = str(visit.request.base_url.replace(path="/enrol"))
    content = ScreensPage(
        station=station.id,
        name=station.name,
        screens=await site.service.read(rows),
        code=f"{code[:4]}-{code[4:]}" if code else "",
        until=visit.now + LASTS[CodePurpose.ENROL_SCREEN],
        address=address,
        qr=segno.make(f"{address}?code={code}", micro=False).svg_data_uri(scale=5, light="white"),
    )
    return await shell_page(
        site, visit, "screens.html", content, status=409 if visit.refused else 200
    )
