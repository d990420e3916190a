"""The machine's clock in doubt, and that somebody confirms it (D43)."""

from fastapi import APIRouter

from redrabbit.domain import acts
from redrabbit.web.api.doing import By, do
from redrabbit.web.api.models import ClockDoubt, model_of
from redrabbit.web.api.problems import refuses
from redrabbit.web.api.requests import ClockSeen
from redrabbit.web.site import Site


def clock_router(site: Site) -> APIRouter:
    """Return the way to confirm the clock."""
    router = APIRouter(tags=["obligations"])

    @router.post(
        "/clock/confirm", openapi_extra=refuses("no_such_clock_doubt", "clock_too_far_back")
    )
    async def confirm_clock(body: ClockSeen, by: By) -> ClockDoubt:
        """Say that the clock is right after it was set; what waited for that lapses now."""
        return model_of(ClockDoubt, *await do(site, body, acts.ConfirmClock(doubt=body.doubt), by))

    return router
