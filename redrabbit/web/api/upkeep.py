"""Is it alive, is it ready, how does it fare: for supervisors and Prometheus (B20, B30)."""

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Protocol

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from redrabbit import __version__
from redrabbit.domain.containment_questions import IS_OPEN
from redrabbit.domain.device_status import DeviceStatus
from redrabbit.domain.identity import StationId
from redrabbit.domain.records import ClockDoubtRecord, ContainmentRecord
from redrabbit.services.agent_heartbeat import AgentHeartbeat
from redrabbit.services.catching_up import CatchingUp
from redrabbit.services.errors import StoreTrouble
from redrabbit.services.ports import Reader
from redrabbit.services.queries.counts import count_unacknowledged_alarms
from redrabbit.services.queries.device_overview import DeviceOverview, device_overviews
from redrabbit.services.queries.receivers import ReceiverRow, receiver_rows
from redrabbit.services.station_link import StationLink
from redrabbit.services.station_queue import Recording
from redrabbit.services.verifying import VerificationState
from redrabbit.web.api.ledger_models import verification_model
from redrabbit.web.api.upkeep_models import (
    NOT_READY,
    ClockInDoubt,
    Health,
    NotRecordingStation,
    ObligationsBehind,
    Readiness,
    StationRead,
)
from redrabbit.web.budget import RETRY_AFTER_S, WebBudgets
from redrabbit.web.opening import HealthStatus
from redrabbit.web.site import Site
from redrabbit.web.tls import Tls

log = logging.getLogger("redrabbit.web")


class Restarts(Protocol):
    """What is asked of the supervisor of tasks."""

    @property
    def restarts(self) -> Mapping[str, int]:
        """How often each task died and was started again."""
        ...


def upkeep_router(
    site: Site,
    *,
    metrics: bool,
    supervisor: Restarts | None,
    links: Sequence[StationLink],
    budgets: WebBudgets,
) -> APIRouter:
    """Return health, readiness and metrics."""
    router = APIRouter(tags=["upkeep"])

    @router.get("/health")
    async def health() -> Health:
        """Tell that the process answers; nothing about the plant."""
        return Health(status=HealthStatus.ALIVE, version=__version__)

    @router.get("/ready", responses=NOT_READY)
    async def ready(response: Response) -> Readiness:
        """Return whether stations are watched, recorded, and the records can be read; 503 if not."""
        if (
            site.service.heartbeat().not_recording is None
        ):  # else it is known, and nobody waits for it
            await site.service.read(lambda reader: reader.head())
        readiness = _readiness(site)
        if not readiness.ready:
            response.status_code = 503
            response.headers["retry-after"] = str(RETRY_AFTER_S)
        return readiness

    if metrics:

        @router.get("/metrics", include_in_schema=False)
        async def show_metrics() -> Response:
            service = site.service
            plant, views, heartbeat = service.plant, service.views(), service.heartbeat()
            recording = service.recording()
            now = site.clock.now()  # after them: what was read meanwhile must not be of the future

            about = _Figures(
                now=now,
                heartbeat=heartbeat,
                restarts=dict(supervisor.restarts) if supervisor is not None else {},
                links=tuple(links),
                recording=recording,
                budgets=budgets,
                verification=site.verification(),
                tls=site.tls,
            )

            def query(reader: Reader) -> "_Figures":
                return replace(
                    about,
                    device_overviews=device_overviews(reader, plant, views, now),
                    receivers=receiver_rows(reader, plant, now),
                    of_records={
                        LEDGER_ENTRIES: reader.head().size,
                        OPEN_CASES: reader.count(ContainmentRecord, IS_OPEN),
                        ALARMS: count_unacknowledged_alarms(reader),
                    },
                )

            try:
                figures = await service.read(query)
            except StoreTrouble as trouble:  # what it is about is told all the same
                log.warning("metrics without what is recorded: %s", trouble)
                figures = about
            text = await asyncio.to_thread(_exposition, figures)
            return Response(text, media_type=CONTENT_TYPE_LATEST)

    return router


def _readiness(site: Site) -> Readiness:
    heartbeat, recording = site.service.heartbeat(), site.service.recording()
    stuck, stopped = not_recording(recording), heartbeat.not_recording
    return Readiness(
        ready=heartbeat.not_watching_since is None and stopped is None and not stuck,
        not_watching_since=heartbeat.not_watching_since,
        not_recording_since=stopped.since if stopped is not None else None,
        not_recording_why=stopped.why if stopped is not None else None,
        last_reading_at=heartbeat.last_reading_at,
        stations=[
            StationRead(station=station, last_reading_at=one.last_reading_at)
            for station, one in recording.items()
        ],
        not_recording=stuck,
        catching_up=_catching_up(heartbeat.catching_up),
        clock_in_doubt=_clock_in_doubt(heartbeat.clock_doubt),
        verification=verification_model(site.verification()),
    )


def _catching_up(now: CatchingUp | None) -> ObligationsBehind | None:
    return ObligationsBehind(since=now.since, until=now.until) if now is not None else None


def _clock_in_doubt(doubt: ClockDoubtRecord | None) -> ClockInDoubt | None:
    if doubt is None:
        return None
    return ClockInDoubt(doubt=doubt.entry, stepped_at=doubt.stepped_at, set_to_at=doubt.set_to_at)


def not_recording(recording: Mapping[StationId, Recording]) -> list[NotRecordingStation]:
    """Return the stations of which nothing is recorded now, longest first."""
    stuck = [
        NotRecordingStation(station=station, since=one.not_recording_since)
        for station, one in recording.items()
        if one.not_recording_since is not None
    ]
    return sorted(stuck, key=lambda each: (each.since, each.station))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Figures(Collector):
    """One moment's figures as Prometheus metrics, in a registry of their own."""

    now: datetime
    heartbeat: AgentHeartbeat
    restarts: Mapping[str, int]
    links: Sequence[StationLink]
    recording: Mapping[StationId, Recording]
    budgets: WebBudgets
    verification: VerificationState
    tls: Tls | None
    device_overviews: Sequence[DeviceOverview] = ()
    receivers: Sequence[ReceiverRow] = ()
    of_records: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Figures that are counted in the records, by name and meaning; none where they can't be read."""

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        yield from self._gauges()
        yield self._devices()
        yield from self._beside_status()
        yield self._devices_read()
        yield from self._deliveries()
        yield from self._of_recording()
        restarts = CounterMetricFamily(
            "redrabbit_task_restarts", "Times a task died and was started again.", labels=["task"]
        )
        for task, count in sorted(self.restarts.items()):
            restarts.add_metric([task], count)
        yield restarts
        yield from self._of_links()
        yield from self._of_viewers()

    def _of_recording(self) -> Iterator[Metric]:
        """Yield by station whether what it says is recorded (decision 0011)."""
        since = GaugeMetricFamily(
            "redrabbit_station_not_recorded_seconds",
            "For how long nothing of the station could be recorded; 0 while it can.",
            labels=["station"],
        )
        waiting = GaugeMetricFamily(
            "redrabbit_station_waiting",
            "Readings and acts that wait for the one before them.",
            labels=["station"],
        )
        age = GaugeMetricFamily(
            "redrabbit_station_reading_age_seconds",
            "Age of the station's newest reading; none before the first.",
            labels=["station"],
        )
        faults = CounterMetricFamily(
            "redrabbit_station_faults",
            "Bugs met at a station, and records that the database will never take.",
            labels=["station"],
        )
        for station, one in self.recording.items():
            stuck = one.not_recording_since
            lasted_s = (self.now - stuck).total_seconds() if stuck is not None else 0.0
            since.add_metric([station], lasted_s)
            waiting.add_metric([station], one.waiting)
            faults.add_metric([station], one.faults)
            if one.last_reading_at is not None:
                age.add_metric([station], (self.now - one.last_reading_at).total_seconds())
        yield from (since, waiting, age, faults)

    def _gauges(self) -> Iterator[Metric]:
        not_watching = self.heartbeat.not_watching_since is not None
        yield GaugeMetricFamily(
            "redrabbit_watching", "1 while the agent's heart beats.", value=float(not not_watching)
        )
        stopped = self.heartbeat.not_recording
        yield GaugeMetricFamily(
            "redrabbit_recording",
            "1 while something was recorded within the last 5 s.",
            value=float(stopped is None),
        )
        yield GaugeMetricFamily(
            "redrabbit_not_recording_seconds",
            "How long ago something was recorded last, while nothing is; 0 while something is.",
            value=(self.now - stopped.since).total_seconds() if stopped is not None else 0.0,
        )
        if self.tls is not None:
            yield GaugeMetricFamily(
                "redrabbit_certificate_seconds_left",
                "For how long the certificate of the pages still holds; negative once it has ended.",
                value=self.tls.seconds_left(self.now),
            )
        behind = self.heartbeat.catching_up
        yield GaugeMetricFamily(
            "redrabbit_obligations_behind_seconds",
            "How long ago the first obligation was due that is not on record yet; 0 while all are.",
            value=max(0.0, (self.now - behind.since).total_seconds())
            if behind is not None
            else 0.0,
        )
        yield GaugeMetricFamily(
            "redrabbit_clock_in_doubt",
            "1 while the machine's clock was set by more than five minutes and nobody has confirmed it.",
            value=float(self.heartbeat.clock_doubt is not None),
        )
        if self.heartbeat.reading_age is not None:
            yield GaugeMetricFamily(
                "redrabbit_last_reading_age_seconds",
                "Age of the newest reading of any station.",
                value=self.heartbeat.reading_age.total_seconds(),
            )
        if self.verification.whole_at is not None:
            yield GaugeMetricFamily(
                "redrabbit_verification_age_seconds",
                "Age of the last whole verification.",
                value=(self.now - self.verification.whole_at).total_seconds(),
            )
        counted = {
            **self.of_records,
            VERIFIED: self.verification.verified_size,
            FINDINGS: len(self.verification.findings),
        }
        for (name, help_text), value in counted.items():
            yield GaugeMetricFamily(name, help_text, value=value)

    def _beside_status(self) -> Iterator[Metric]:
        """Yield what no status hides (D35)."""
        labels = ["line", "station", "device"]
        overdue = GaugeMetricFamily(
            "redrabbit_device_overdue",
            "1 while something is overdue, whatever the status is.",
            labels=labels,
        )
        cases = GaugeMetricFamily(
            "redrabbit_device_cases", "Cases that nobody has closed.", labels=labels
        )
        oldest = GaugeMetricFamily(
            "redrabbit_device_oldest_case_age_seconds",
            "Age of the oldest of them.",
            labels=labels,
        )
        unproved = GaugeMetricFamily(
            "redrabbit_unproved_parts",
            "Parts made so far while nothing proved the device, at least; none where nobody can tell.",
            labels=[*labels, "why"],
        )
        without_verdict = GaugeMetricFamily(
            "redrabbit_device_runs_without_verdict",
            "Runs in a row that were given up or inconclusive, of the check that had most.",
            labels=labels,
        )
        for overview in self.device_overviews:
            place = _place(overview)
            marks = overview.marks
            for made in overview.unproved:
                if made.parts is not None:
                    unproved.add_metric([*place, made.why.value], made.parts)
            without_verdict.add_metric(place, marks.runs_without_verdict)
            overdue.add_metric(place, float(marks.overdue is not None))
            cases.add_metric(place, len(marks.cases))
            for badge in marks.cases[:1]:
                oldest.add_metric(place, (self.now - badge.opened_at).total_seconds())
        yield from (overdue, cases, oldest, unproved, without_verdict)

    def _devices(self) -> Metric:
        family = GaugeMetricFamily(
            "redrabbit_device_status",
            "1 for the status that each device has (D10).",
            labels=["line", "station", "device", "status"],
        )
        for overview in self.device_overviews:
            place = _place(overview)
            for status in DeviceStatus:
                family.add_metric([*place, status.value], float(overview.standing.status is status))
        return family

    def _devices_read(self) -> Metric:
        family = GaugeMetricFamily(
            "redrabbit_device_read",
            "1 while every signal that the device is judged by is read, whatever its status (D32).",
            labels=["line", "station", "device"],
        )
        for overview in self.device_overviews:
            place = _place(overview)
            family.add_metric(place, float(overview.no_data is None))
        return family

    def _deliveries(self) -> Iterator[Metric]:
        name = "redrabbit_deliveries"
        pending = GaugeMetricFamily(f"{name}_pending", "Messages that wait.", labels=["target"])
        oldest = GaugeMetricFamily(
            f"{name}_oldest_seconds", "Age of the first that waits; 0: none.", labels=["target"]
        )
        parked = GaugeMetricFamily(
            f"{name}_parked", "Messages that are not tried any more.", labels=["target"]
        )
        reached = GaugeMetricFamily(
            "redrabbit_receiver_reached",
            "0 while an alarm says that the receiver is not reached.",
            labels=["target"],
        )
        for row in self.receivers:
            reached.add_metric([row.name], float(row.not_reached_at is None))
            since = self.now if row.oldest_at is None else row.oldest_at
            pending.add_metric([row.name], row.waiting)
            oldest.add_metric([row.name], max(0.0, (self.now - since).total_seconds()))
            parked.add_metric([row.name], row.parked)
        yield from (reached, pending, oldest, parked, self._checkpoints())

    def _checkpoints(self) -> Metric:
        age = GaugeMetricFamily(
            "redrabbit_checkpoint_age_seconds",
            "How long ago the receiver got a checkpoint of the ledger last, or was first to get one (D62).",
            labels=["target"],
        )
        for row in self.receivers:
            since = row.checkpoints.age(self.now) if row.checkpoints is not None else None
            if since is not None:
                age.add_metric([row.name], since.total_seconds())
        return age

    def _of_links(self) -> Iterator[Metric]:
        for attribute, help_text in LINK_COUNTERS.items():
            family = CounterMetricFamily(
                f"redrabbit_link_{attribute}", help_text, labels=["station"]
            )
            for link in self.links:
                for station, diagnostics in link.diagnostics.items():
                    family.add_metric([station], getattr(diagnostics, attribute))
            yield family
        failures = CounterMetricFamily(
            "redrabbit_link_failures", "Failed cycles by reason.", labels=["station", "reason"]
        )
        for link in self.links:
            for station, diagnostics in link.diagnostics.items():
                for reason, count in diagnostics.failures.items():
                    failures.add_metric([station, reason.value], count)
        yield failures

    def _of_viewers(self) -> Iterator[Metric]:
        used = GaugeMetricFamily(
            "redrabbit_web_in_use", "Connections and streams that are open now.", labels=["kind"]
        )
        most = GaugeMetricFamily(
            "redrabbit_web_limit", "How many may be open (D47).", labels=["kind"]
        )
        for budget in (self.budgets.connections, self.budgets.streams):
            used.add_metric([budget.kind], budget.in_use)
            most.add_metric([budget.kind], budget.most)
        refused = CounterMetricFamily(
            "redrabbit_web_refused", "Refused or cut off, by reason.", labels=["reason"]
        )
        for reason, count in self.budgets.refused.items():
            refused.add_metric([reason], count)
        yield from (used, most, refused)


LEDGER_ENTRIES: Final = "redrabbit_ledger_entries", "Entries in the ledger."
OPEN_CASES: Final = "redrabbit_containments_open", "Cases that nobody has closed."
ALARMS: Final = "redrabbit_alarms_unacknowledged", "Alarms nobody acknowledged."
VERIFIED: Final = (
    "redrabbit_verified_entries",
    "Entries, from the first one on, that were read and are as they were recorded.",
)
FINDINGS: Final = (
    "redrabbit_verification_findings",
    "What the verification beside the service found that is not as it was recorded.",
)

LINK_COUNTERS: Final = {
    "cycles": "Poll cycles, or messages.",
    "requests": "Requests sent.",
    "skipped_ticks": "Polls that were due while the one before was under way.",
    "reconnects": "Times the link was made anew.",
    "duplicates": "Messages that came twice.",
    "out_of_order": "Messages that came behind a later one, or from a station that counts anew.",
    "lost": "Messages that a sequence left out.",
}


def _place(overview: DeviceOverview) -> list[str]:
    """Return the labels `line`, `station`, `device` of a device."""
    return [overview.station.line, overview.station.id, overview.device.id]


def _exposition(figures: _Figures) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(figures)
    return generate_latest(registry)
