"""`/devices` and `/checks/…`: the master list of error-proofing devices, one of them, and one check (R01, R02, B16)."""

from asyncio import to_thread

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from redrabbit.domain.errors import Refusal
from redrabbit.domain.text import MOST_CODE_CHARACTERS, clean_text
from redrabbit.services.queries.checks import DevicesPage, check_page, device_page, devices_page
from redrabbit.services.queries.scheduled_checks import End
from redrabbit.web.device_filters import device_filter, filter_shown
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.rendering import Visit
from redrabbit.web.site import Site
from redrabbit.web.values import quotable
from redrabbit.web.workbooks import devices_asked, devices_workbook, workbook_answer


def devices_router(site: Site) -> APIRouter:
    """Return the list of devices, one device, and one check."""
    router = APIRouter(include_in_schema=False)

    async def listed(request: Request) -> tuple[Visit, DevicesPage]:
        visit, plant, views = site.visit(request), site.service.plant, site.service.views()
        asked = device_filter(request)
        content = await site.service.read(lambda r: devices_page(r, plant, views, visit.now, asked))
        return visit, content

    @router.get("/devices")
    async def devices(request: Request) -> HTMLResponse:
        visit, content = await listed(request)
        extra = filter_shown(content.wanted) | {
            "filter_said": devices_asked(visit.words, content.wanted)
        }
        return await shell_page(site, visit, "devices.html", content, extra=extra)

    @router.get("/devices.xlsx")
    async def workbook(request: Request) -> Response:
        visit, content = await listed(request)
        plant = site.service.plant.name
        book = await to_thread(devices_workbook, visit.words, plant, content)
        return workbook_answer(book, "devices")

    @router.get("/devices/{device}")
    async def device(request: Request, device: str) -> HTMLResponse:
        plant, views, now = site.service.plant, site.service.views(), site.clock.now()
        try:
            content = await site.service.read(lambda r: device_page(r, plant, views, device, now))
        except KeyError as error:
            raise Refusal("no_such_page") from error
        extra = {"ends": tuple(End)}
        return await shell_page(site, site.visit(request), "device.html", content, extra=extra)

    @router.get("/checks/{check}")
    async def check(request: Request, check: str) -> HTMLResponse:
        if (
            clean_text(check, MOST_CODE_CHARACTERS) != check
        ):  # no database is asked for what it can't keep
            raise Refusal("no_such_check", check=quotable(check))
        plant, now = site.service.plant, site.clock.now()
        try:
            content = await site.service.read(lambda r: check_page(r, plant, check, now))
        except KeyError as error:
            raise Refusal("no_such_check", check=quotable(check)) from error
        extra = {"ends": tuple(End)}
        return await shell_page(site, site.visit(request), "check.html", content, extra=extra)

    return router
