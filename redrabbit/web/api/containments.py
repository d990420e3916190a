"""Containments and alarms."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import ContainmentId
from redrabbit.domain.records import AlarmRecord, ContainmentRecord
from redrabbit.services.ports import Where, equals
from redrabbit.web.api.models import Alarm, Containment, Page
from redrabbit.web.api.paging import Limit, newest_first
from redrabbit.web.api.problems import ALWAYS, FOR_ACTS, FOR_LISTS, FOR_ONE
from redrabbit.web.api.requests import Act, Tick
from redrabbit.web.api.values import Cursor, Number
from redrabbit.web.site import Site

CaseState = Literal["open", "reverified", "closed"]


def containments_router(site: Site) -> APIRouter:
    """Return the cases that misses opened, and the alarms."""
    router = APIRouter(tags=["reaction"], responses=ALWAYS)
    service = site.service

    @router.get("/containments", responses=FOR_LISTS)
    async def list_containments(
        state: Annotated[CaseState | None, Query()] = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[Containment]:
        """Return the cases, newest first."""
        where = [equals("state", state)] if state is not None else []
        found, following = await service.read(
            lambda reader: newest_first(
                reader, ContainmentRecord, "containment_id", where, limit=limit, cursor=cursor
            )
        )
        return Page(items=[Containment.model_validate(case) for case in found], next=following)

    @router.get("/containments/{containment_id}", responses=FOR_ONE)
    async def read_containment(containment_id: Number) -> Containment:
        """Return one case."""
        found = await service.read(lambda reader: reader.get(ContainmentRecord, containment_id))
        if found is None:
            raise Refusal("no_such_containment", containment=containment_id)
        return Containment.model_validate(found)

    @router.post("/containments/{containment_id}/stop", responses=FOR_ACTS)
    async def record_stop(containment_id: Number, body: Act) -> Containment:
        """Record that production was stopped: the end of the suspect window."""
        record = await service.record_stop(ContainmentId(containment_id), actor=body.actor)
        return Containment.model_validate(record)

    @router.post("/containments/{containment_id}/tick", responses=FOR_ACTS)
    async def tick_reaction(containment_id: Number, body: Tick) -> Containment:
        """Tick one step of the reaction."""
        record = await service.tick_reaction(
            ContainmentId(containment_id), step=body.step, actor=body.actor
        )
        return Containment.model_validate(record)

    @router.get("/alarms", responses=FOR_LISTS)
    async def list_alarms(
        acknowledged: Annotated[bool | None, Query()] = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[Alarm]:
        """Return the alarms, newest first."""
        where = (
            [Where("acknowledged_at", "!=" if acknowledged else "=", None)]
            if acknowledged is not None
            else []
        )
        found, following = await service.read(
            lambda reader: newest_first(
                reader, AlarmRecord, "alarm_id", where, limit=limit, cursor=cursor
            )
        )
        return Page(items=[Alarm.model_validate(alarm) for alarm in found], next=following)

    @router.post("/alarms/{alarm_id}/acknowledge", responses=FOR_ACTS)
    async def acknowledge_alarm(alarm_id: Number, body: Act) -> Alarm:
        """Say that somebody has seen the alarm; it hides nothing."""
        return Alarm.model_validate(await service.acknowledge(alarm_id, actor=body.actor))

    return router
