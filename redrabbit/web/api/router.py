"""`/api/v1`, put together."""

from fastapi import APIRouter

from redrabbit.web.api.containments import containments_router
from redrabbit.web.api.events import events_router
from redrabbit.web.api.ledger import ledger_router
from redrabbit.web.api.obligations import obligations_router
from redrabbit.web.api.plant import plant_router
from redrabbit.web.api.runs import runs_router
from redrabbit.web.site import Site


def api_router(site: Site) -> APIRouter:
    """Return the whole API."""
    router = APIRouter(prefix="/api/v1")
    for part in (
        plant_router,
        obligations_router,
        runs_router,
        containments_router,
        ledger_router,
        events_router,
    ):
        router.include_router(part(site))
    return router
