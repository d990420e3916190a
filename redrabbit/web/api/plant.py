"""Stations with live signals, devices with their status, checks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter

from redrabbit.domain import control_plan, station
from redrabbit.domain.device_status import DeviceStatus
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import CheckId, RunId
from redrabbit.domain.observation import Reason, StationView
from redrabbit.domain.pauses import PausesByLine, pauses_after
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import CheckRecord, OccurrenceRecord
from redrabbit.domain.schedule_words import schedule_text
from redrabbit.services.ports import Reader, Where, equals
from redrabbit.services.queries.device_overview import DeviceOverview, device_overviews
from redrabbit.services.runs_under_way import runs_under_way
from redrabbit.services.unmade import known_ahead, still_due
from redrabbit.web.api.models import Check, Page, in_words
from redrabbit.web.api.paging import Limit, part_of
from redrabbit.web.api.plant_models import Case, Device, SignalReading, Station, UnprovedParts
from redrabbit.web.api.problems import refuses
from redrabbit.web.api.values import IdCursor, Slug
from redrabbit.web.site import Site

NEXT_DUE_SHOWN = 5


def plant_router(site: Site) -> APIRouter:
    """Return what the plant consists of, as it stands now."""
    router = APIRouter(tags=["plant"])
    service = site.service

    def running(reader: Reader) -> dict[str, RunId]:
        return {run.station: run.run_id for run in runs_under_way(reader)}

    @router.get("/stations")
    async def list_stations(limit: Limit = 50, cursor: IdCursor = None) -> Page[Station]:
        """Return the stations with their live signals."""
        runs, views = await service.read(running), service.views()
        found, following = part_of(service.plant.stations, _id_of, limit=limit, cursor=cursor)
        return Page(
            items=[station_model(one, views.get(one.id), runs.get(one.id)) for one in found],
            next=following,
        )

    @router.get("/stations/{station_id}", openapi_extra=refuses("no_such_station"))
    async def read_station(station_id: Slug) -> Station:
        """Return one station with its live signals."""
        runs, views = await service.read(running), service.views()
        for one in service.plant.stations:
            if one.id == station_id:
                return station_model(one, views.get(one.id), runs.get(one.id))
        raise Refusal("no_such_station", station=station_id)

    @router.get("/devices")
    async def list_devices(limit: Limit = 50, cursor: IdCursor = None) -> Page[Device]:
        """Return the devices, each with its one status."""
        plant, views, now = service.plant, service.views(), site.clock.now()
        every = await service.read(lambda reader: device_overviews(reader, plant, views, now))
        found, following = part_of(
            every, lambda overview: overview.device.id, limit=limit, cursor=cursor
        )
        return Page(items=[device_model(overview) for overview in found], next=following)

    @router.get("/checks")
    async def list_checks(limit: Limit = 50, cursor: IdCursor = None) -> Page[Check]:
        """Return the checks of the control plan in force, with their next five due times."""
        now = site.clock.now()
        found, following = part_of(service.plant.plan.checks, _id_of, limit=limit, cursor=cursor)
        adopted, coming = await service.read(
            lambda reader: (reader.find(CheckRecord), _Coming.of(reader, now))
        )
        records = {(record.line, record.check_id): record for record in adopted}
        return Page(
            items=[
                coming.model(service.plant, check, records.get((check.line, check.id)))
                for check in found
            ],
            next=following,
        )

    @router.get("/checks/{check_id}", openapi_extra=refuses("no_such_check"))
    async def read_check(check_id: Slug) -> Check:
        """Return one check with its next five due times."""
        now = site.clock.now()
        try:
            check = service.plant.check(CheckId(check_id))
        except KeyError as error:
            raise Refusal("no_such_check", check=check_id) from error
        key, of_check = (check.line, check.id), equals("check_id", check.id)
        record, coming = await service.read(
            lambda reader: (reader.get(CheckRecord, *key), _Coming.of(reader, now, of_check))
        )
        return coming.model(service.plant, check, record)

    return router


def _id_of(one: station.Station | control_plan.Check) -> str:
    return one.id


def station_model(one: station.Station, view: StationView | None, run: RunId | None) -> Station:
    """Return a station as programs read it."""
    unread = view.worst if view is not None else None
    return Station(
        id=one.id,
        line=one.line,
        operation=one.operation,
        name=in_words(one.name),
        devices=[device.id for device in one.devices],
        no_data_since=unread.since if unread is not None else None,
        no_data_reason=unread.reason if unread is not None else None,
        no_data_signal=unread.signal if unread is not None else None,
        not_recorded_since=view.not_recorded_since if view is not None else None,
        run=run,
        signals=list(_readings(one, view)),
    )


def _readings(one: station.Station, view: StationView | None) -> Iterable[SignalReading]:
    for spec in one.signals:
        reading = view.readings.get(spec.name) if view is not None else None
        unread = Reason.NOT_YET_READ if reading is None else None
        yield SignalReading(
            signal=spec.name,
            value=reading.value if reading is not None else None,
            reason=reading.reason if reading is not None else unread,
            unit=spec.unit,
            acquired_at=reading.window.ended_at if reading is not None and reading.window else None,
            changed_at=reading.changed_at if reading is not None else None,
            retained=reading.retained if reading is not None else False,
        )


def device_model(overview: DeviceOverview) -> Device:
    """Return a device as programs read it."""
    standing, overdue = overview.standing, overview.marks.overdue
    unread = overview.no_data
    return Device(
        id=overview.device.id,
        line=overview.station.line,
        station=overview.station.id,
        name=in_words(overview.device.name),
        kind=overview.device.kind,
        failure_modes=list(overview.device.failure_modes),
        status=DeviceStatus(overview.status),
        since=standing.since,
        until=standing.until,
        next_due_at=standing.next_due_at,
        no_data_since=unread.since if unread is not None else None,
        no_data_reason=unread.reason if unread is not None else None,
        no_data_signal=unread.signal if unread is not None else None,
        check=standing.check_id,
        occurrence=standing.occurrence_id,
        run=standing.run_id,
        containment=standing.containment_id,
        overdue_since=overdue.since if overdue is not None else None,
        unproved=[
            UnprovedParts(why=made.why, since=made.since, parts=made.parts, at_least=made.at_least)
            for made in overview.unproved
        ],
        runs_without_verdict=overview.marks.runs_without_verdict,
        cases=[
            Case(
                containment=badge.containment_id,
                state=badge.state,
                opened_at=badge.opened_at,
                quantity=badge.quantity,
                at_least=badge.at_least,
            )
            for badge in overview.marks.cases
        ],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Coming:
    """By what is told what of checks is still to come."""

    known: tuple[OccurrenceRecord, ...]
    pauses: PausesByLine
    now: datetime

    @classmethod
    def of(cls, reader: Reader, now: datetime, *where: Where) -> "_Coming":
        pauses = pauses_after(reader, now)
        return cls(known=known_ahead(reader, now, *where), pauses=pauses, now=now)

    def model(self, plant: Plant, check: control_plan.Check, record: CheckRecord | None) -> Check:
        return check_model(plant, check, record, self.known, pauses=self.pauses, now=self.now)


def check_model(
    plant: Plant,
    check: control_plan.Check,
    record: CheckRecord | None,
    known: Iterable[OccurrenceRecord],
    *,
    pauses: PausesByLine,
    now: datetime,
) -> Check:
    """Return a check as programs read it; `known` are the occurrences that tell what of it is still to come."""
    since = record.adopted_at if record is not None else now
    coming = still_due(plant, check, since, known, pauses=pauses, now=now, count=NEXT_DUE_SHOWN)
    return Check(
        id=check.id,
        line=check.line,
        station=check.station,
        device=check.device,
        plan=plant.plan.label,
        plan_line=check.plan_line,
        pfmea=check.pfmea,
        parts=list(check.parts),
        schedule=schedule_text(check.schedule),
        opens_before_s=check.opens_before.total_seconds(),
        grace_s=check.grace.total_seconds(),
        closes_after_s=check.closes_after.total_seconds(),
        reaction=[in_words(step) for step in check.reaction],
        next_due=[each.due_at for each in coming],
        runs_without_verdict=record.runs_without_verdict if record is not None else 0,
        without_verdict_since=record.without_verdict_since if record is not None else None,
    )
