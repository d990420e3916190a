"""What happened in production and makes checks due: told by people and programs (R08)."""

from fastapi import APIRouter

from redrabbit.domain import acts
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import LineId, StationId
from redrabbit.domain.records import PlantEventRecord
from redrabbit.services.ports import equals
from redrabbit.services.queries.people import Names
from redrabbit.web.api.doing import By, do
from redrabbit.web.api.models import EventTold, Page, model_of
from redrabbit.web.api.paging import Limit, page_of
from redrabbit.web.api.problems import refuses
from redrabbit.web.api.requests import NewPlantEvent
from redrabbit.web.api.values import Cursor, Slug
from redrabbit.web.site import Site


def plant_events_router(site: Site) -> APIRouter:
    """Return the events of a line, and the way to tell of one."""
    router = APIRouter(tags=["obligations"])

    @router.get("/lines/{line_id}/events", openapi_extra=refuses("no_such_line"))
    async def list_plant_events(
        line_id: Slug, limit: Limit = 50, cursor: Cursor = None
    ) -> Page[EventTold]:
        """Return what happened at a line, the latest first."""
        if line_id not in {line.id for line in site.service.plant.lines}:
            raise Refusal("no_such_line", line=line_id)
        where = [equals("line", line_id)]
        return await site.service.read(
            lambda reader: page_of(
                reader, PlantEventRecord, where, event_model, limit=limit, cursor=cursor
            )
        )

    @router.post(
        "/lines/{line_id}/events",
        status_code=201,
        openapi_extra=refuses("no_such_line", "no_such_station"),
    )
    async def tell_of_event(line_id: Slug, body: NewPlantEvent, by: By) -> EventTold:
        """Tell what happened now: each check that waits for it is due. Told twice within two minutes it is one event."""
        act = acts.TellEvent(
            line=LineId(line_id),
            station=StationId(body.station) if body.station is not None else None,
            event=body.event,
            note=body.note,
        )
        return event_model(*await do(site, body, act, by))

    return router


def event_model(record: PlantEventRecord, names: Names) -> EventTold:
    """Return an event as programs read it."""
    return model_of(EventTold, record, names)
