"""Alarms: what is open, who took it, who was told of it; and silences (B21)."""

import json
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from redrabbit.domain import acts
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.identity import AlarmId, LineId, StationId
from redrabbit.domain.records import AlarmRecord, AlarmToldRecord, SilenceRecord
from redrabbit.services.ports import Reader, Where, equals
from redrabbit.services.queries.people import Names
from redrabbit.web.api.doing import By, do
from redrabbit.web.api.models import Model, Page, SilenceRef, Who, WhoHow, model_of
from redrabbit.web.api.paging import Limit, page_of
from redrabbit.web.api.problems import refuses
from redrabbit.web.api.reaction_models import Alarm
from redrabbit.web.api.requests import Act, NewSilence, OnAlarms
from redrabbit.web.api.values import AlarmInPath, Cursor, SilenceInPath
from redrabbit.web.site import Site

MOST_TOLD = 1000
"""Messages about one alarm that are listed, the first ones."""


class Telling(Model):
    """One message by which a step told receivers of an alarm, or that it was held back."""

    told_at: datetime
    step: int = Field(description="Of the plant's rule, from 1; 0: before the first one.")
    repeat: int = Field(description="How often that step was told before.")
    receivers: list[str] = Field(
        description="Names in the plant file, and numbers of people; empty: it was held back, or nobody could be told."
    )
    nobody_at: list[int] = Field(description="Steps of which nobody could be told.")
    unreached: list[str] = Field(description="Numbers of people who could not be told.")
    held_for: str | None = Field(
        description="The silence, or the alarm with whose next message it is told."
    )
    key: str | None = Field(description="Of the message.")


class Tellings(Model):
    """Who was told of an alarm by its steps: the last 1,000 entries of it, in their order."""

    told: list[Telling]
    is_cut: bool = Field(description="Whether there are earlier ones, which stand in the ledger.")


class Silence(Model):
    """Of which alarms nobody is told for a time; they are recorded and shown all the same."""

    silence_id: SilenceRef
    line: str | None = Field(description="null: all.")
    station: str | None = Field(description="null: all.")
    kind: AlarmKind | None = Field(description="null: all.")
    begins_at: datetime
    ends_at: datetime
    reason_text: str = Field(description="A person's words.")
    declared_by: Who
    declared_how: WhoHow
    ended_by: Who | None
    ended_how: WhoHow | None


def alarms_router(site: Site) -> APIRouter:
    """Return the alarms."""
    router = APIRouter(tags=["reaction"])

    @router.get("/alarms")
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
        return await site.service.read(
            lambda reader: page_of(
                reader, AlarmRecord, where, alarm_model, limit=limit, cursor=cursor
            )
        )

    @router.post(
        "/alarms/acknowledge",
        openapi_extra=refuses(
            "alarm_already_acknowledged", "alarm_of_administrators", "no_such_alarm"
        ),
    )
    async def acknowledge_alarms(body: OnAlarms, by: By) -> Alarm:
        """Take several alarms at once; those that somebody took meanwhile stay as they are. The last one is returned."""
        alarm_ids = tuple(AlarmId(each) for each in body.alarms)
        return alarm_model(*await do(site, body, acts.AcknowledgeAlarms(alarm_ids=alarm_ids), by))

    @router.post(
        "/alarms/{alarm_id}/acknowledge",
        openapi_extra=refuses("alarm_already_acknowledged", "alarm_of_administrators"),
    )
    async def acknowledge_alarm(alarm_id: AlarmInPath, body: Act, by: By) -> Alarm:
        """Take the alarm: nobody is told again; it hides nothing."""
        act = acts.AcknowledgeAlarm(alarm_id=alarm_id)
        return alarm_model(*await do(site, body, act, by))

    @router.get("/alarms/{alarm_id}/told")
    async def list_told(alarm_id: AlarmInPath) -> Tellings:
        """Return who was told of an alarm by the steps of the plant's rules, in order."""
        return await site.service.read(lambda reader: _tellings(reader, alarm_id))

    return router


def silences_router(site: Site) -> APIRouter:
    """Return the silences, and the ways to declare and end one."""
    router = APIRouter(tags=["reaction"])

    @router.get("/silences")
    async def list_silences(limit: Limit = 50, cursor: Cursor = None) -> Page[Silence]:
        """Return the silences, the latest to end first."""
        return await site.service.read(
            lambda reader: page_of(
                reader, SilenceRecord, [], silence_model, limit=limit, cursor=cursor
            )
        )

    @router.post(
        "/silences",
        status_code=201,
        openapi_extra=refuses(
            "alarm_of_administrators",
            "no_such_line",
            "no_such_station",
            "silence_ends_before_it_begins",
            "silence_too_long",
        ),
    )
    async def declare_silence(body: NewSilence, by: By) -> Silence:
        """Want nobody to be told of some alarms until a time; what is open then is told then."""
        act = acts.SilenceAlarms(
            line=LineId(body.line) if body.line is not None else None,
            station=StationId(body.station) if body.station is not None else None,
            kind=body.kind,
            ends_at=body.ends_at,
            reason=body.reason,
        )
        return silence_model(*await do(site, body, act, by))

    @router.post("/silences/{silence_id}/end", openapi_extra=refuses("silence_is_over"))
    async def end_silence(silence_id: SilenceInPath, body: Act, by: By) -> Silence:
        """End a silence now; what it held back is told at once."""
        return silence_model(*await do(site, body, acts.EndSilence(silence_id=silence_id), by))

    return router


def alarm_model(record: AlarmRecord, names: Names) -> Alarm:
    """Return an alarm as programs read it."""
    return model_of(Alarm, record, names)


def silence_model(record: SilenceRecord, names: Names) -> Silence:
    """Return a silence as programs read it."""
    return model_of(Silence, record, names)


def _tellings(reader: Reader, alarm_id: AlarmId) -> Tellings:
    if reader.get(AlarmRecord, alarm_id) is None:
        raise Refusal("no_such_alarm", alarm=alarm_id)
    told = reader.find(
        AlarmToldRecord,
        equals("alarm_id", alarm_id),
        order_by="entry",
        descending=True,
        limit=MOST_TOLD + 1,
    )
    return Tellings(
        told=[
            Telling(
                told_at=each.told_at,
                step=each.step,
                repeat=each.repeat,
                receivers=json.loads(each.receivers),
                nobody_at=json.loads(each.nobody_at),
                unreached=json.loads(each.unreached),
                held_for=each.held_for,
                key=each.key,
            )
            for each in reversed(told[:MOST_TOLD])
        ],
        is_cut=len(told) > MOST_TOLD,
    )
