"""Pauses: a line declared not producing, by whom and why (R13, B17)."""

from fastapi import APIRouter

from redrabbit.domain.identity import LineId
from redrabbit.domain.records import PauseRecord
from redrabbit.web.api.models import Page, Pause
from redrabbit.web.api.paging import Limit, newest_first
from redrabbit.web.api.problems import ALWAYS, FOR_ACTS, FOR_LISTS, FOR_NEW
from redrabbit.web.api.requests import Act, NewPause
from redrabbit.web.api.values import Cursor, Number
from redrabbit.web.site import Site


def pauses_router(site: Site) -> APIRouter:
    """Return the pauses, and the ways to declare and end one."""
    router = APIRouter(tags=["obligations"], responses=ALWAYS)
    service = site.service

    @router.get("/pauses", responses=FOR_LISTS)
    async def list_pauses(limit: Limit = 50, cursor: Cursor = None) -> Page[Pause]:
        """Return the pauses, newest first."""
        found, following = await service.read(
            lambda reader: newest_first(
                reader, PauseRecord, "pause_id", [], limit=limit, cursor=cursor
            )
        )
        return Page(items=[Pause.model_validate(p) for p in found], next=following)

    @router.post("/pauses", status_code=201, responses=FOR_NEW)
    async def declare_pause(body: NewPause) -> Pause:
        """Declare a line not producing; what falls due meanwhile is excused and counted apart."""
        record = await service.declare_pause(
            line=LineId(body.line),
            begins_at=body.begins_at,
            ends_at=body.ends_at,
            reason=body.reason,
            actor=body.actor,
        )
        return Pause.model_validate(record)

    @router.post("/pauses/{pause_id}/end", responses=FOR_ACTS)
    async def end_pause(pause_id: Number, body: Act) -> Pause:
        """End a pause now."""
        return Pause.model_validate(await service.end_pause(pause_id, actor=body.actor))

    return router
