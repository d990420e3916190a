"""The web application of one plant: pages, live streams, API, all behind the rules of access.

Everything is put together here by plain calls; routers are functions of the `Site`. Telemetry is
off, nothing is loaded from elsewhere, no forwarded header is trusted (D19).
"""

import logging
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Final

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from redrabbit import __version__
from redrabbit.base.clock import Clock
from redrabbit.domain.errors import Refusal
from redrabbit.domain.plant import Plant
from redrabbit.services.errors import (
    DamagedDatabase,
    NotRecordable,
    OutcomeUnknown,
    StoreTrouble,
)
from redrabbit.services.importing_people import ReadTable
from redrabbit.services.plan_looking import LookAtPlan
from redrabbit.services.plant_service import LocalPlantService
from redrabbit.services.remembered import RememberedState
from redrabbit.services.sign_in import SignIn
from redrabbit.services.station_link import StationLink
from redrabbit.services.verifying import VerificationState
from redrabbit.services.watched_from_outside import Watched
from redrabbit.services.ways import WaysKnown
from redrabbit.web.access import Access, AccessRules
from redrabbit.web.api.document import CONTACT, SERVERS, complete
from redrabbit.web.api.problems import DESCRIPTION, TAGS
from redrabbit.web.api.router import api_routers
from redrabbit.web.api.upkeep import Restarts, upkeep_router
from redrabbit.web.budget import WebBudgets
from redrabbit.web.fair_share import FairShare
from redrabbit.web.head import HeadOfGet
from redrabbit.web.live import live_router
from redrabbit.web.pages.account import account_router
from redrabbit.web.pages.alarms import alarms_router
from redrabbit.web.pages.approvals import approvals_router
from redrabbit.web.pages.board import board_router
from redrabbit.web.pages.calendar import calendar_router
from redrabbit.web.pages.certificate import certificate_router
from redrabbit.web.pages.containment import containment_router
from redrabbit.web.pages.coverage import coverage_router
from redrabbit.web.pages.devices import devices_router
from redrabbit.web.pages.due import due_router
from redrabbit.web.pages.enrolment import enrolment_router
from redrabbit.web.pages.ledger import ledger_page_router
from redrabbit.web.pages.people import people_router
from redrabbit.web.pages.people_import import people_import_router
from redrabbit.web.pages.plan import plan_router
from redrabbit.web.pages.plan_import import plan_import_router
from redrabbit.web.pages.receivers import receivers_router
from redrabbit.web.pages.runs import runs_router
from redrabbit.web.pages.sign_in import sign_in_router
from redrabbit.web.pages.signing import signing_router
from redrabbit.web.pages.station import station_router
from redrabbit.web.pages.today import today_router
from redrabbit.web.pages.try_out import try_out_router
from redrabbit.web.pages.verifications import verifications_router
from redrabbit.web.pages.week import week_router
from redrabbit.web.problems import (
    bug_answer,
    damage_answer,
    http_answer,
    never_answer,
    refusal_answer,
    trouble_answer,
    unknown_answer,
    validation_answer,
)
from redrabbit.web.proxies import Proxies
from redrabbit.web.reading_rights import API, ask_right
from redrabbit.web.rendering import page
from redrabbit.web.site import Site
from redrabbit.web.tls import Tls

log = logging.getLogger("redrabbit.web")

MAX_BODY_BYTES = 100_000
A_YEAR_S = 365 * 24 * 3600

PAGES: Final = (
    board_router,
    enrolment_router,
    station_router,
    due_router,
    today_router,
    week_router,
    devices_router,
    verifications_router,
    runs_router,
    sign_in_router,
    signing_router,
    approvals_router,
    alarms_router,
    containment_router,
    coverage_router,
    plan_import_router,  # before /plan/DIGEST
    try_out_router,
    plan_router,
    calendar_router,
    receivers_router,
    ledger_page_router,
    people_import_router,  # before /people/ID
    people_router,
    account_router,
    certificate_router,
)
"""The pages; the first one that has an address answers it."""


def create_app(
    service: LocalPlantService,
    *,
    clock: Clock,
    sign_in: SignIn,
    access: AccessRules | None = None,
    metrics: bool = True,
    supervisor: Restarts | None = None,
    links: Sequence[StationLink] = (),
    budgets: WebBudgets | None = None,
    verification: Callable[[], VerificationState] = VerificationState,
    remembered: Callable[[], RememberedState] = RememberedState,
    watched: Callable[[], Watched | None] = lambda: None,
    ways: WaysKnown | None = None,
    read_people: ReadTable | None = None,
    ledger_key: str = "",
    tls: Tls | None = None,
    revised: Callable[[str], Plant | str] = lambda _: "-",
    look_at_plan: LookAtPlan | None = None,
) -> FastAPI:
    """Return the application that serves one plant."""
    rules, budgets = access or AccessRules(), budgets or WebBudgets()
    site = Site(
        service=service,
        clock=clock,
        rules=rules,
        sign_in=sign_in,
        verification=verification,
        remembered=remembered,
        watched=watched,
        ways=ways or WaysKnown(),
        read_people=read_people,
        ledger_key=ledger_key,
        tls=tls,
        revised=revised,
        look_at_plan=look_at_plan,
    )

    async def may_read(request: Request) -> None:
        await ask_right(sign_in, request)

    app = _Application(
        dependencies=[Depends(may_read)],
        title="Red Rabbit",
        version=__version__,
        summary="Proves, day after day, that the devices which catch bad parts still catch them.",
        description=DESCRIPTION,
        openapi_tags=TAGS,
        contact=CONTACT,
        servers=SERVERS,
        license_info={"name": "Apache License 2.0", "identifier": "Apache-2.0"},
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        max_body_size=MAX_BODY_BYTES,
        generate_unique_id_function=lambda route: route.name,
    )
    for pages in PAGES:
        app.include_router(pages(site))
    app.include_router(live_router(site))
    for part in api_routers(site):
        app.include_router(part, prefix=API)
    app.include_router(
        upkeep_router(site, metrics=metrics, supervisor=supervisor, links=links, budgets=budgets)
    )
    _add_docs(app, site)
    _add_problems(app, site)
    _add_doors(app, site, budgets)
    return app


def _add_doors(app: FastAPI, site: Site, budgets: WebBudgets) -> None:
    """Add static files, and what every request passes before it is answered."""
    static = resources.files("redrabbit.web") / "static"
    app.mount("/static", _LongKept(directory=Path(str(static))), name="static")
    app.add_middleware(HeadOfGet)
    app.add_middleware(Access, rules=site.rules, answer=_refusing(site))
    app.add_middleware(FairShare, budgets=budgets, clock=site.clock)
    app.add_middleware(Proxies, networks=site.rules.behind_proxy)


class _Application(FastAPI):
    """The application; its OpenAPI document has the problems of every call."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        if self.openapi_schema is None:
            self.openapi_schema = super().openapi()
            complete(self.openapi_schema)
        return self.openapi_schema


def _refusing(site: Site) -> Any:
    def answer(scope: Scope, status: int, refusal: Refusal) -> ASGIApp:
        return refusal_answer(site, Request(scope), refusal, status)

    return answer


def _add_docs(app: FastAPI, site: Site) -> None:
    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> HTMLResponse:
        return page(site.visit(request), "docs.html", None)

    @app.get("/favicon.ico", include_in_schema=False)
    async def favicon() -> RedirectResponse:
        return RedirectResponse("/static/favicon.svg", status_code=308)


def _add_problems(app: FastAPI, site: Site) -> None:
    @app.exception_handler(Refusal)
    async def refused(request: Request, error: Refusal) -> Response:
        return refusal_answer(site, request, error)

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        return http_answer(site, request, error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        return validation_answer(site, request, error)

    @app.exception_handler(DamagedDatabase)
    async def damaged(request: Request, error: DamagedDatabase) -> Response:
        log.error("not answered, damaged: %s", error)
        return damage_answer(site, request)

    @app.exception_handler(NotRecordable)
    async def never(request: Request, error: NotRecordable) -> Response:
        log.error("not answered, not recordable: %s", error)
        return never_answer(site, request)

    @app.exception_handler(OutcomeUnknown)
    async def unknown(request: Request, error: OutcomeUnknown) -> Response:
        log.warning("answered that nobody knows yet: %s", error)
        return unknown_answer(site, request)

    @app.exception_handler(StoreTrouble)
    async def trouble(request: Request, error: StoreTrouble) -> Response:
        log.warning("not answered: %s", error)
        return trouble_answer(site, request)

    @app.exception_handler(Exception)
    async def bug(request: Request, error: Exception) -> Response:
        del error  # the server logs it
        return bug_answer(site, request)


class _LongKept(StaticFiles):
    """Static files: their address changes with their content, so browsers may keep them."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = f"public, max-age={A_YEAR_S}"
        return response
