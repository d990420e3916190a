"""Pauses: a line declared not producing, by whom and why (R13, B17)."""

from fastapi import APIRouter

from redrabbit.domain import acts
from redrabbit.domain.identity import LineId
from redrabbit.domain.records import PauseRecord
from redrabbit.services.queries.people import Names
from redrabbit.web.api.doing import By, do
from redrabbit.web.api.models import Page, Pause, model_of
from redrabbit.web.api.paging import Limit, page_of
from redrabbit.web.api.problems import refuses
from redrabbit.web.api.requests import Act, NewPause
from redrabbit.web.api.values import Cursor, PauseInPath
from redrabbit.web.site import Site


def pauses_router(site: Site) -> APIRouter:
    """Return the pauses, and the ways to declare and end one."""
    router = APIRouter(tags=["obligations"])

    @router.get("/pauses")
    async def list_pauses(limit: Limit = 50, cursor: Cursor = None) -> Page[Pause]:
        """Return the pauses, the latest to begin first."""
        return await site.service.read(
            lambda reader: page_of(reader, PauseRecord, [], pause_model, limit=limit, cursor=cursor)
        )

    @router.post(
        "/pauses",
        status_code=201,
        openapi_extra=refuses("no_such_line", "pause_ends_before_it_begins", "pause_too_long"),
    )
    async def declare_pause(body: NewPause, by: By) -> Pause:
        """Declare a line not producing; what falls due meanwhile is due at its end, or excused where it lasts longer."""
        act = acts.DeclarePause(
            line=LineId(body.line),
            begins_at=body.begins_at,
            ends_at=body.ends_at,
            reason=body.reason,
        )
        return pause_model(*await do(site, body, act, by))

    @router.post("/pauses/{pause_id}/end", openapi_extra=refuses("pause_is_over"))
    async def end_pause(pause_id: PauseInPath, body: Act, by: By) -> Pause:
        """End a pause now."""
        return pause_model(*await do(site, body, acts.EndPause(pause_id=pause_id), by))

    return router


def pause_model(record: PauseRecord, names: Names) -> Pause:
    """Return a pause as programs read it."""
    return model_of(Pause, record, names)
