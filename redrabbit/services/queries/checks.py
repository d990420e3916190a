"""A check of the control plan, and a device that checks prove: words, next due times, history (R01, R05, B16)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from redrabbit.base.messages import Message
from redrabbit.domain.control_plan import Check
from redrabbit.domain.coverage import GapKind
from redrabbit.domain.grade import reachable
from redrabbit.domain.identity import DeviceId, PartId, StationId
from redrabbit.domain.observation import StationView
from redrabbit.domain.pauses import pauses_after
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import latest
from redrabbit.domain.records import CheckRecord, OccurrenceRecord, RunRecord
from redrabbit.domain.rotation import Rotation
from redrabbit.domain.run_words import Outcome
from redrabbit.domain.text import Text
from redrabbit.services.ports import Reader, equals
from redrabbit.services.queries.coverage import WORDS, coverage_now
from redrabbit.services.queries.device_filter import DeviceFilter, gaps_by_device
from redrabbit.services.queries.device_overview import DeviceOverview, device_overviews
from redrabbit.services.queries.place_names import (
    PlaceShown,
    failure_mode_name,
    known_check,
    line_name,
    place_today,
)
from redrabbit.services.queries.schedule_shown import RuleShown, schedule_shown
from redrabbit.services.queries.scheduled_checks import (
    ChecksWanted,
    End,
    count_ends,
    end_of,
    newest_checks,
)
from redrabbit.services.queries.why_due import WhyDue, why_made_due, why_planned
from redrabbit.services.queries.wording import message
from redrabbit.services.rotating import owed_parts
from redrabbit.services.unmade import DueLeft, adopted_checks, known_ahead, still_due

HISTORY = 60
"""Scheduled checks that are drawn as beads."""
LAPSES = 8
NEXT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Bead:
    """One scheduled check of a history."""

    occurrence: str
    end: End
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NextDue:
    """A due time that is to come, with its window."""

    check: str
    occurrence: str | None
    """None: it is planned, and not made yet."""
    why: WhyDue
    opens_at: datetime
    due_at: datetime
    grace_ends_at: datetime
    closes_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PartOfCheck:
    """A challenge part that a check takes."""

    part: str
    name: Text
    failure_mode: Text | None
    """None: a good master, which must be accepted."""
    storage: str
    is_next: bool
    """The next run takes it: its failure mode has its turn, or there is no rotation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPage:
    """One check."""

    now: datetime
    check: str
    line: str
    where: PlaceShown
    device: str
    retired_at: datetime | None
    plan: str
    plan_line: str | None
    pfmea: str | None
    special_characteristic: str | None
    special_name: Text | None
    """What that means; None where the plant does not say."""
    schedule: tuple[RuleShown, ...]
    """Empty where it was retired: then its last words stand in `schedule_as_written`."""
    schedule_as_written: str
    opens_before: timedelta | None
    grace: timedelta | None
    closes_after: timedelta | None
    next_due: tuple[NextDue, ...]
    rotation: Rotation | None
    """How its failure modes take turns; None: each run shows all."""
    parts: tuple[PartOfCheck, ...]
    reaction: tuple[Text, ...]
    beads: tuple[Bead, ...]
    """The oldest first."""
    counts: Mapping[End, int]
    last_pass: RunRecord | None
    lapses: tuple[Bead, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOfDevice:
    """A check, as the list of devices shows it."""

    check: str
    plan_line: str
    schedule: tuple[RuleShown, ...]
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """One error-proofing device."""

    device: str
    name: Text
    line: Text
    station: str
    operation: str
    kind: str
    failure_modes: tuple[Text, ...]
    checks: tuple[CheckOfDevice, ...]
    status: str
    last_pass: RunRecord | None
    next_due_at: datetime | None
    grade: str
    """The grade of evidence that its rule surely reaches (D28)."""
    gaps: tuple[Message, ...]
    """What of it nothing proves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicesPage:
    """The master list of devices."""

    now: datetime
    plan: str
    wanted: DeviceFilter
    lines: tuple[tuple[str, Text], ...]
    rows: tuple[DeviceRow, ...]
    root: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePage:
    """One device with its history."""

    now: datetime
    row: DeviceRow
    next_due: tuple[NextDue, ...]
    """Of all its checks together."""
    beads: tuple[Bead, ...]
    """The oldest first."""
    counts: Mapping[End, int]
    lapses: tuple[Bead, ...]


def check_page(reader: Reader, plant: Plant, check_id: str, now: datetime) -> CheckPage:
    """Return one check, be it retired; KeyError if there never was one of that id."""
    known = reader.find(CheckRecord, equals("check_id", check_id))
    check = known_check(plant, check_id)
    in_force = [each for each in known if check is not None and each.line == check.line]
    record = next(iter(in_force or known), None)
    if record is None:
        raise KeyError(check_id)
    wanted = ChecksWanted(check=check_id)
    is_retired = check is None or record.retired_at is not None
    return CheckPage(
        now=now,
        check=check_id,
        line=record.line,
        where=place_today(plant, record.line, record.station, record.device),
        device=record.device,
        retired_at=record.retired_at,
        plan=f"{record.plan_number} {record.plan_revision}",
        plan_line=record.plan_line,
        pfmea=record.pfmea,
        special_characteristic=record.special_characteristic,
        special_name=plant.special_name(record.special_characteristic),
        schedule=() if check is None else schedule_shown(check.schedule),
        schedule_as_written=record.schedule,
        opens_before=None if check is None else check.opens_before,
        grace=None if check is None else check.grace,
        closes_after=None if check is None else check.closes_after,
        next_due=()
        if check is None or is_retired
        else _next_due(reader, plant, check, record, now),
        rotation=None if check is None else check.rotation,
        parts=() if check is None else _parts(reader, plant, check, now),
        reaction=() if check is None else check.reaction,
        beads=_beads(reader, wanted, now, HISTORY)[::-1],
        counts=count_ends(reader, wanted, now),
        last_pass=_last_pass(reader, check_id),
        lapses=_beads(reader, ChecksWanted(check=check_id, ended=End.LAPSED), now, LAPSES),
    )


def devices_page(
    reader: Reader,
    plant: Plant,
    views: Mapping[StationId, StationView],
    now: datetime,
    wanted: DeviceFilter | None = None,
) -> DevicesPage:
    """Return every device of the plant, or those that are asked for, in the order of its files."""
    asked = wanted or DeviceFilter()
    head, overviews = reader.head(), device_overviews(reader, plant, views, now)
    gaps = gaps_by_device(coverage_now(reader, plant, now))
    return DevicesPage(
        now=now,
        plan=plant.plan.label,
        wanted=asked,
        lines=tuple((each.id, each.name) for each in plant.lines),
        rows=tuple(
            _row(plant, each, gaps)
            for each in overviews
            if asked.takes(each.station.line, each.device.kind)
            and (each.device.id in gaps or not asked.only_gaps)
        ),
        root=head.root,
        size=head.size,
    )


def device_page(
    reader: Reader,
    plant: Plant,
    views: Mapping[StationId, StationView],
    device: str,
    now: datetime,
) -> DevicePage:
    """Return one device; KeyError if the plant has none of that id."""
    plant.station_of(DeviceId(device))
    overviews = device_overviews(reader, plant, views, now)
    gaps = gaps_by_device(coverage_now(reader, plant, now))
    row = next(_row(plant, each, gaps) for each in overviews if each.device.id == device)
    wanted = ChecksWanted(device=device)
    coming = [
        each
        for check, record in adopted_checks(reader, plant)
        if check.device == device
        for each in _next_due(reader, plant, check, record, now)
    ]
    return DevicePage(
        now=now,
        row=row,
        next_due=tuple(sorted(coming, key=lambda each: (each.due_at, each.check))[:NEXT]),
        beads=_beads(reader, wanted, now, HISTORY)[::-1],
        counts=count_ends(reader, wanted, now),
        lapses=_beads(reader, ChecksWanted(device=device, ended=End.LAPSED), now, LAPSES),
    )


def _row(
    plant: Plant, overview: DeviceOverview, gaps: Mapping[str, tuple[GapKind, ...]]
) -> DeviceRow:
    station, device = overview.station, overview.device
    passed = [each.last_passed for each in overview.facts.checks if each.last_passed is not None]
    named = (failure_mode_name(plant, mode) for mode in device.failure_modes)
    return DeviceRow(
        device=device.id,
        name=device.name,
        line=line_name(plant, station.line),
        station=station.id,
        operation=station.operation,
        kind=device.kind.value,
        failure_modes=tuple(name for name in named if name is not None),
        checks=tuple(
            CheckOfDevice(
                check=check.id,
                plan_line=check.plan_line,
                schedule=schedule_shown(check.schedule),
                parts=tuple(check.parts),
            )
            for check in overview.checks
        ),
        status=overview.status,
        last_pass=max(passed, key=lambda run: run.started_at, default=None),
        next_due_at=overview.standing.next_due_at,
        grade=reachable(device.rule, station).grade.value,
        gaps=tuple(message(WORDS[kind]) for kind in gaps.get(device.id, ())),
    )


def _next_due(
    reader: Reader, plant: Plant, check: Check, record: CheckRecord, now: datetime
) -> tuple[NextDue, ...]:
    """Return what is still to be done: what is made as it stands, then what the plan says."""
    known = known_ahead(reader, now, equals("check_id", check.id))
    pauses, since = pauses_after(reader, now), record.adopted_at
    every = still_due(plant, check, since, known, pauses=pauses, now=now, count=NEXT)
    return tuple(_window(reader, plant, check, record, each) for each in every)


def _window(
    reader: Reader,
    plant: Plant,
    check: Check,
    record: CheckRecord,
    times: OccurrenceRecord | DueLeft,
) -> NextDue:
    if isinstance(times, DueLeft):
        made, why = None, why_planned(plant, check, record, times.first.due_at)
    else:
        made, why = times.occurrence_id, why_made_due(reader, plant, check, record, times)
    return NextDue(
        check=check.id,
        occurrence=made,
        why=why,
        opens_at=times.opens_at,
        due_at=times.due_at,
        grace_ends_at=times.grace_ends_at,
        closes_at=times.closes_at,
    )


def _parts(reader: Reader, plant: Plant, check: Check, now: datetime) -> tuple[PartOfCheck, ...]:
    following = owed_parts(reader, plant, check, now)
    return tuple(_part(plant, each, is_next=each in following) for each in check.parts)


def _part(plant: Plant, part_id: PartId, *, is_next: bool) -> PartOfCheck:
    part = plant.part(part_id)
    return PartOfCheck(
        part=part.id,
        name=part.name,
        failure_mode=failure_mode_name(plant, part.failure_mode),
        storage=part.storage,
        is_next=is_next,
    )


def _beads(reader: Reader, wanted: ChecksWanted, now: datetime, most: int) -> tuple[Bead, ...]:
    found, _ = newest_checks(reader, wanted, now, limit=most, after=None)
    return tuple(
        Bead(occurrence=each.occurrence_id, end=end_of(each, now), due_at=each.due_at)
        for each in found
    )


def _last_pass(reader: Reader, check_id: str) -> RunRecord | None:
    """Return the last run that passed and counts for the plan."""
    conditions = (
        equals("check_id", check_id),
        equals("outcome", Outcome.PASSED),
        equals("not_counted", None),
    )
    return latest(reader, RunRecord, *conditions, by="started_at")
