"""`/api/v1`, put together."""

from collections.abc import Iterator

from fastapi import APIRouter

from redrabbit.web.api.alarms import alarms_router, silences_router
from redrabbit.web.api.approvals import approvals_api_router
from redrabbit.web.api.calendars import calendars_router
from redrabbit.web.api.clock import clock_router
from redrabbit.web.api.containments import containments_router
from redrabbit.web.api.coverage import coverage_api_router
from redrabbit.web.api.events import events_router
from redrabbit.web.api.ledger import ledger_router
from redrabbit.web.api.obligations import obligations_router
from redrabbit.web.api.parts import parts_router
from redrabbit.web.api.pauses import pauses_router
from redrabbit.web.api.people import people_api_router
from redrabbit.web.api.people_at_stations import people_at_stations_router
from redrabbit.web.api.plans import plans_api_router
from redrabbit.web.api.plant import plant_router
from redrabbit.web.api.plant_events import plant_events_router
from redrabbit.web.api.pulses import pulses_router
from redrabbit.web.api.qualifications import qualifications_router
from redrabbit.web.api.receivers import receivers_router
from redrabbit.web.api.runs import runs_router
from redrabbit.web.api.session import session_router
from redrabbit.web.api.signatures import signatures_router
from redrabbit.web.site import Site


def api_routers(site: Site) -> Iterator[APIRouter]:
    """Yield the parts of the API, to be included under `/api/v1`."""
    yield session_router(site)
    yield people_api_router(site)
    yield qualifications_router(site)
    yield plant_router(site)
    yield coverage_api_router(site)
    yield plans_api_router(site)
    yield people_at_stations_router(site)
    yield pulses_router(site)
    yield parts_router(site)
    yield obligations_router(site)
    yield approvals_api_router(site)
    yield pauses_router(site)
    yield clock_router(site)
    yield plant_events_router(site)
    yield calendars_router(site)
    yield runs_router(site)
    yield containments_router(site)
    yield alarms_router(site)
    yield silences_router(site)
    yield receivers_router(site)
    yield ledger_router(site)
    yield signatures_router(site)
    yield events_router(site)
