"""How each device stands at an instant, with what its status rests on (D10, D35).

The facts are gathered here, judged by `redrabbit.domain.device_marks`. What is open is read once
for all devices; what came last is asked for check by check, so that the time does not grow with
what was recorded long ago (B30).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from redrabbit.domain.challenge_part import ChallengePart
from redrabbit.domain.containment_questions import missed_in, open_containments
from redrabbit.domain.control_plan import Check
from redrabbit.domain.device_marks import DeviceMarks, device_marks
from redrabbit.domain.device_status import (
    CheckFacts,
    DeviceFacts,
    DeviceStanding,
    DeviceStatus,
    ended_at,
)
from redrabbit.domain.facts.occurrence import OccurrenceOutcome
from redrabbit.domain.good_checks import last_good_check
from redrabbit.domain.grade import Grade
from redrabbit.domain.identity import OccurrenceId, SignalName, StationId
from redrabbit.domain.observation import NoData, Reason, StationView
from redrabbit.domain.occurrence import OccurrenceStatus, status
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.pauses import PausesByLine, pauses_after, pauses_at, undecided
from redrabbit.domain.plant import Plant
from redrabbit.domain.presentation_questions import was_silent
from redrabbit.domain.record_query import latest
from redrabbit.domain.records import (
    CheckRecord,
    ContainmentRecord,
    DeviceRecord,
    OccurrenceRecord,
    PauseRecord,
    PresentationRecord,
    RunRecord,
    StationRecord,
)
from redrabbit.domain.run_words import Outcome
from redrabbit.domain.station import Device, Station
from redrabbit.domain.unproved import UnprovedParts, unproved_parts, unproved_periods
from redrabbit.services.ports import Reader, Where, equals
from redrabbit.services.rotating import owed_parts
from redrabbit.services.runs_under_way import runs_under_way
from redrabbit.services.telling_counts import last_told, told_by, told_since
from redrabbit.services.unmade import decided_ahead, dues_left


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceOverview:
    """One device with everything that its status rests on."""

    station: Station
    device: Device
    marks: DeviceMarks
    """Its status, its cases, and what is overdue behind a worse status (D35)."""
    facts: DeviceFacts
    not_recorded_since: datetime | None
    """Since when nothing of its station could be recorded; None while it can (decision 0011)."""
    no_data: NoData | None
    """Since when and why nothing can be told by its signals (D32); None: they are read."""
    unproved: tuple[UnprovedParts, ...]
    """What was made while nothing proved it; empty where a valid verification does, or nothing counts."""
    checks: tuple[Check, ...]
    undecided: tuple[OccurrenceRecord, ...]
    """Its occurrences that are not decided, by due time, as the pauses of its line have them."""
    occurrence_status: Mapping[OccurrenceId, OccurrenceStatus]
    """Of each undecided occurrence."""
    occurrence: OccurrenceRecord | None
    """The one that its status speaks of."""
    last_good: PresentationRecord | None
    """Its last detection."""
    containment: ContainmentRecord | None
    """The one that its status speaks of."""
    missed_silently: bool
    """Whether that case began with a device that said nothing, not with one that accepted (decision 0016)."""
    grade: Grade | None
    """Of the evidence for the verdict that its status tells; None where it tells none, or has none (D28)."""
    run: RunRecord | None
    """Under way for this device."""
    first_part: ChallengePart | None
    """The first part of the check that its status speaks of, to be taken from its place."""

    @property
    def standing(self) -> DeviceStanding:
        """Its status, since when, what it is about and what is next."""
        return self.marks.standing

    @property
    def status(self) -> str:
        """The status word (D10)."""
        return self.standing.status.value


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """Who asks, about when, and what is open: read once for all devices."""

    reader: Reader
    plant: Plant
    views: Mapping[StationId, StationView]
    now: datetime

    undecided: list[OccurrenceRecord]
    decided_ahead: list[OccurrenceRecord]
    """What was decided before its due time: it is not next any more."""
    containments: list[ContainmentRecord]
    runs: list[RunRecord]
    pauses: list[PauseRecord]
    pauses_to_come: PausesByLine
    """And those that are on."""
    stations: dict[tuple[str, str], StationRecord]
    """By line and id: what moved to another line left a retired record on the old one."""
    devices: dict[tuple[str, str], DeviceRecord]
    """By line and id; a device that could always be judged has none."""
    checks: dict[tuple[str, str], CheckRecord]


def device_overviews(
    reader: Reader, plant: Plant, views: Mapping[StationId, StationView], now: datetime
) -> tuple[DeviceOverview, ...]:
    """Return how every device of the plant stands, in the order of the plant's files."""
    scene = _scene(reader, plant, views, now)
    return tuple(
        _overview(scene, station, device)
        for station in plant.stations
        for device in station.devices
    )


def device_overviews_at(
    reader: Reader,
    plant: Plant,
    views: Mapping[StationId, StationView],
    station: Station,
    now: datetime,
) -> tuple[DeviceOverview, ...]:
    """Return how the devices of one station stand."""
    scene = _scene(reader, plant, views, now)
    return tuple(_overview(scene, station, device) for device in station.devices)


def _scene(
    reader: Reader, plant: Plant, views: Mapping[StationId, StationView], now: datetime
) -> _Scene:
    return _Scene(
        reader=reader,
        plant=plant,
        views=views,
        now=now,
        undecided=undecided(reader, now),
        decided_ahead=decided_ahead(reader, now),
        containments=open_containments(reader),
        runs=runs_under_way(reader),
        pauses=pauses_at(reader, now),
        pauses_to_come=pauses_after(reader, now),
        stations={(each.line, each.station_id): each for each in reader.find(StationRecord)},
        devices={(each.line, each.device_id): each for each in reader.find(DeviceRecord)},
        checks={(each.line, each.check_id): each for each in reader.find(CheckRecord)},
    )


def _overview(scene: _Scene, station: Station, device: Device) -> DeviceOverview:
    plant, now = scene.plant, scene.now
    undecided = tuple(o for o in scene.undecided if o.device == device.id)
    checks = tuple(check for check in plant.plan.checks if check.device == device.id)
    view = scene.views.get(station.id)
    no_data = _no_data(scene, station, device)
    of_checks = tuple(_facts(scene, check, undecided) for check in checks)
    last_good = last_good_check(scene.reader, device.id)
    facts = DeviceFacts(
        checks=of_checks,
        containments=tuple(c for c in scene.containments if c.device == device.id),
        no_data_since=no_data.since if no_data is not None else None,
        pause=next((p for p in scene.pauses if p.line == station.line), None),
        was_verified=last_good is not None or any(_has_passed(scene, each) for each in of_checks),
    )
    marks = device_marks(facts, now, view.counted_last if view is not None else None)
    standing = marks.standing
    asked = next((check for check in checks if check.id == standing.check_id), None)
    case = next(
        (c for c in facts.containments if c.containment_id == standing.containment_id), None
    )
    missed = missed_in(scene.reader, case) if case is not None else None
    last_good = last_good_check(scene.reader, device.id)
    return DeviceOverview(
        station=station,
        device=device,
        marks=marks,
        facts=facts,
        not_recorded_since=view.not_recorded_since if view is not None else None,
        no_data=no_data,
        unproved=tuple(_unproved(scene, station, facts)),
        checks=checks,
        undecided=undecided,
        occurrence_status={o.occurrence_id: status(o, now) for o in undecided},
        occurrence=next((o for o in undecided if o.occurrence_id == standing.occurrence_id), None),
        last_good=last_good,
        containment=case,
        missed_silently=missed is not None and was_silent(missed),
        grade=_grade(facts, standing, last_good, missed),
        run=next((run for run in scene.runs if run.device == device.id), None),
        first_part=_first_part(scene, asked, case),
    )


def _first_part(
    scene: _Scene, asked: Check | None, case: ContainmentRecord | None
) -> ChallengePart | None:
    """Return the part that the next run of a check begins with; a re-verification takes all."""
    if asked is None:
        return None
    taken = () if case is not None else owed_parts(scene.reader, scene.plant, asked, scene.now)
    return scene.plant.part((taken or asked.parts)[0])


def _grade(
    facts: DeviceFacts,
    standing: DeviceStanding,
    last_good: PresentationRecord | None,
    missed: PresentationRecord | None,
) -> Grade | None:
    match standing.status:
        case DeviceStatus.VERIFIED:
            return last_good.grade if last_good is not None else None
        case DeviceStatus.MISSED:
            return missed.grade if missed is not None else None
        case DeviceStatus.FAILED:
            failed = (check.last_failed for check in facts.checks)
            return next((r.grade for r in failed if r and r.run_id == standing.run_id), None)
        case _:
            return None


def _facts(scene: _Scene, check: Check, undecided: Iterable[OccurrenceRecord]) -> CheckFacts:
    reader = scene.reader
    adopted = scene.checks.get((check.line, check.id))
    of_check = tuple(o for o in undecided if o.check_id == check.id)
    made = (*of_check, *scene.decided_ahead)
    due = (
        next(
            dues_left(
                scene.plant,
                check,
                adopted.adopted_at,
                made,
                pauses=scene.pauses_to_come,
                now=scene.now,
            ),
            None,
        )
        if adopted is not None
        else None
    )
    passed, lapsed = _last_run(reader, check.id, Outcome.PASSED), _last_lapsed(reader, check.id)
    return CheckFacts(
        check_id=check.id,
        adopted_at=adopted.adopted_at if adopted is not None else None,
        undecided=of_check,
        first_lapsed=_first_lapsed(reader, check.id, passed) if lapsed is not None else None,
        last_lapsed=lapsed,
        last_passed=passed,
        last_failed=_last_run(reader, check.id, Outcome.FAILED),
        last_inconclusive=_last_run(reader, check.id, Outcome.INCONCLUSIVE),
        runs_without_verdict=adopted.runs_without_verdict if adopted is not None else 0,
        without_verdict_since=adopted.without_verdict_since if adopted is not None else None,
        next_due_at=due.due_at if due is not None else None,
    )


def _last_lapsed(reader: Reader, check_id: str) -> OccurrenceRecord | None:
    conditions = equals("check_id", check_id), equals("outcome", OccurrenceOutcome.LAPSED)
    return latest(reader, OccurrenceRecord, *conditions, by="due_at")


def _first_lapsed(
    reader: Reader, check_id: str, passed: RunRecord | None
) -> OccurrenceRecord | None:
    """Return the first that lapsed since the check passed last; of one that never did, none."""
    if passed is None:
        return None
    found = reader.find(
        OccurrenceRecord,
        equals("check_id", check_id),
        equals("outcome", OccurrenceOutcome.LAPSED),
        Where("grace_ends_at", ">", ended_at(passed)),
        order_by="grace_ends_at",
        limit=1,
    )
    return found[0] if found else None


def _unproved(scene: _Scene, station: Station, facts: DeviceFacts) -> Iterator[UnprovedParts]:
    """Yield what was made in each period in which nothing proves the device."""
    if station.part_counter is None:
        return
    view = scene.views.get(station.id)
    place = (scene.reader, station.line, station.id)
    for period in unproved_periods(facts, scene.now):
        before, after = told_by(*place, period.since), told_since(*place, period.since)
        yield unproved_parts(
            period,
            before=before.count if before is not None else None,
            after=after.count if after is not None else None,
            until=_counted_last(scene, station),
            is_read=view is not None and view.count is not None,
        )


def _counted_last(scene: _Scene, station: Station) -> PartCount | None:
    """Return what a station was seen to have counted last: a lost link takes none of it back."""
    view = scene.views.get(station.id)
    if view is not None and view.counted_last is not None:
        return view.counted_last
    told = last_told(scene.reader, station.line, station.id)
    return told.count if told is not None else None


def _has_passed(scene: _Scene, check: CheckFacts) -> bool:
    """Tell whether a check ever passed, be it in a way that doesn't count for the plan."""
    conditions = equals("check_id", check.check_id), equals("outcome", Outcome.PASSED)
    return check.last_passed is not None or bool(scene.reader.find(RunRecord, *conditions, limit=1))


def _last_run(reader: Reader, check_id: str, outcome: Outcome) -> RunRecord | None:
    """Return the latest closed run of this outcome; a pass that doesn't count for the plan is none."""
    counts = (equals("not_counted", None),) if outcome is Outcome.PASSED else ()
    conditions = (equals("check_id", check_id), equals("outcome", outcome))
    return latest(reader, RunRecord, *conditions, *counts, by="started_at")


def _no_data(scene: _Scene, station: Station, device: Device) -> NoData | None:
    """Return since when and why the device can't be judged: live where it is watched, else as recorded."""
    view = scene.views.get(station.id)
    if view is not None:
        return view.blind.get(device.id)
    whole = scene.stations.get((station.line, station.id))
    if whole is not None and whole.no_data_since is not None:
        return _recorded(whole.no_data_since, whole.reason, None)
    own = scene.devices.get((station.line, device.id))
    if own is None or own.no_data_since is None:
        return None
    return _recorded(own.no_data_since, own.reason, own.signal)


def _recorded(since: datetime, reason: str | None, signal: str | None) -> NoData:
    return NoData(
        since=since,
        reason=Reason(reason or Reason.EXPIRED),
        signal=None if signal is None else SignalName(signal),
    )
