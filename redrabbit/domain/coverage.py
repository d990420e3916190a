"""What the plan in force covers: failure mode by device by part by check, with the grade that the device can reach, and the gaps.

R01, R05, IATF 16949 10.2.4. A gap is what an auditor would ask about and what the product can know today: from the configuration, the plan
and the calendar, and, with a database, from what became of the parts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Final

from redrabbit.domain.challenge_part import ChallengePart, PartState
from redrabbit.domain.control_plan import Check
from redrabbit.domain.grade import Grade, reachable
from redrabbit.domain.identity import CheckId, DeviceId, FailureMode, LineId, PartId, StationId
from redrabbit.domain.plant import Plant
from redrabbit.domain.schedule import DueTime, next_dues
from redrabbit.domain.schedule_rules import (
    EveryInterval,
    PlantEvent,
    begun_rule,
    events_of,
    is_due_by_production,
    rules_of,
)
from redrabbit.domain.shift_calendar import plant_date
from redrabbit.domain.station import Device, Station

LOOKED_AHEAD: Final = 50
"""Due times of a check that are compared with each other: more than two weeks of three shifts a day."""
WEAKEST_GOOD: Final = Grade.C
"""A device that surely reaches less is marked as weak (D28)."""
_OF_THE_SOFTWARE: Final = frozenset({PlantEvent.FAILED_CHECK})
"""Events that the product itself knows of."""


class GapKind(StrEnum):
    """What is missing."""

    DEVICE_WITHOUT_CHECK = "device_without_check"
    MODE_WITHOUT_PART = "mode_without_part"
    """No challenge part of any check shows it to this device."""
    CHECK_WITHOUT_MASTER = "check_without_master"
    """A device that rejects everything would pass (R05)."""
    CHECK_NEVER_DUE = "check_never_due"
    """On demand only, or by a schedule that makes nothing due."""
    EVENT_WITHOUT_SIGNAL = "event_without_signal"
    """What makes it due is told by people and programs only: whoever forgets it makes nothing due."""
    PART_AT_SEVERAL_DEVICES = "part_at_several_devices"
    """It can be before one of them only."""
    PART_EXPIRES_FIRST = "part_expires_first"
    """Its certificate ends before the check is due next."""
    PART_UNFIT = "part_unfit"
    """It is not released, in quarantine or retired."""
    WINDOWS_OVERLAP = "windows_overlap"
    """The check is due again before its window is closed."""
    GRADE_BELOW_DEMANDED = "grade_below_demanded"
    """The device does not surely reach the grade that the plan demands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One gap, at the one place where it is mended."""

    kind: GapKind
    line: LineId
    station: StationId
    device: DeviceId
    check: CheckId | None = None
    part: PartId | None = None
    failure_mode: FailureMode | None = None
    at: datetime | None = None
    """Aware: the due time that it is about."""
    told: Mapping[str, str] = field(default_factory=dict)
    """More values for its sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """One cell of the matrix: a failure mode at a device, and a part of a check that shows it; or none."""

    line: LineId
    station: StationId
    device: DeviceId
    failure_mode: FailureMode
    check: CheckId | None
    plan_line: str | None
    part: PartId | None
    grade: Grade
    """That a detection surely gets, if nothing goes wrong."""
    demanded: Grade | None
    due_at: datetime | None
    """When the check is due next; None: never by itself, not known before it is adopted, or there is no check."""
    gaps: tuple[GapKind, ...]

    @property
    def is_weak(self) -> bool:
        """Tell whether the evidence is weaker than C."""
        return self.grade > WEAKEST_GOOD


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The matrix, in the order of the plant's stations, and its gaps."""

    rows: tuple[Covered, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What records say beside the configuration; without a database, nothing."""

    parts: Mapping[PartId, PartState] = field(default_factory=dict)
    """What became of a part; one that is not there is as the configuration says."""
    adopted_at: Mapping[CheckId, datetime] = field(default_factory=dict)
    """From when the intervals of a check count."""
    next_due: Mapping[CheckId, datetime | None] = field(default_factory=dict)
    """When a check that is adopted is to be made next, as pauses and what was made ahead have it; None: not in a long time."""


def coverage(plant: Plant, now: datetime, recorded: Recorded | None = None) -> Coverage:
    """Return what a plant's plan covers as of an instant; None: nothing is recorded."""
    look = _Look(plant=plant, now=now, recorded=recorded or Recorded())
    rows: list[Covered] = []
    gaps: list[Gap] = []
    for station in plant.stations:
        for device in station.devices:
            found = list(look.gaps_of(station, device))
            gaps += found
            rows += look.rows_of(station, device, found)
    return Coverage(rows=tuple(rows), gaps=tuple(gaps))


@dataclass(slots=True, kw_only=True)
class _Look:
    plant: Plant
    now: datetime
    recorded: Recorded
    _dues: dict[CheckId, list[DueTime]] = field(default_factory=dict)
    _checks: dict[DeviceId, list[Check]] = field(init=False)
    _devices: dict[PartId, list[DeviceId]] = field(init=False)

    def __post_init__(self) -> None:
        """Note which checks a device has, and before which devices a part goes."""
        self._checks, self._devices = {}, {}
        for check in self.plant.plan.checks:
            for step in check.steps:
                devices = self._devices.setdefault(step.part, [])
                if step.device not in devices:
                    devices.append(step.device)
            self._checks.setdefault(check.device, []).append(check)

    def gaps_of(self, station: Station, device: Device) -> Iterator[Gap]:
        """Yield the gaps of a device, those of its checks and parts among them."""
        checks = self._checks.get(device.id, [])
        bare = Gap(
            kind=GapKind.DEVICE_WITHOUT_CHECK,
            line=station.line,
            station=station.id,
            device=device.id,
        )
        if not checks:
            yield bare
            return
        for mode in device.failure_modes:
            if not any(self._shows(check, mode) for check in checks):
                yield replace(bare, kind=GapKind.MODE_WITHOUT_PART, failure_mode=mode)
        reached = reachable(device.rule, station).grade
        for check in checks:
            yield from self._check_gaps(check, reached, replace(bare, check=check.id))

    def _check_gaps(self, check: Check, reached: Grade, bare: Gap) -> Iterator[Gap]:
        dues = self._due_times(check)
        if not any(self.plant.part(part).is_good_master for part in check.parts):
            yield replace(bare, kind=GapKind.CHECK_WITHOUT_MASTER)
        events = events_of(check.schedule)
        if not dues and not events and not is_due_by_production(check.schedule):
            yield replace(bare, kind=GapKind.CHECK_NEVER_DUE)
        by_signal = {each.event for each in self.plant.station(check.station).events}
        for event in events:
            if event not in by_signal | _OF_THE_SOFTWARE:
                yield replace(bare, kind=GapKind.EVENT_WITHOUT_SIGNAL, told={"event": event.value})
        if (
            begun_rule(check.schedule) is not None
            and not self.plant.station(check.station).tells_running
        ):
            yield replace(bare, kind=GapKind.EVENT_WITHOUT_SIGNAL, told={"event": "first_part"})
        again = self._due_within_window(check, dues)
        if again is not None:
            yield replace(bare, kind=GapKind.WINDOWS_OVERLAP, at=again)
        if check.least_grade is not None and reached > check.least_grade:
            told = {"grade": reached.value, "demanded": check.least_grade.value}
            yield replace(bare, kind=GapKind.GRADE_BELOW_DEMANDED, told=told)
        for part in map(self.plant.part, check.parts):
            yield from self._part_gaps(check, part, replace(bare, part=part.id))

    def rows_of(self, station: Station, device: Device, gaps: Sequence[Gap]) -> Iterator[Covered]:
        """Yield the cells of a device: each failure mode with each part that shows it, or with none."""
        grade = reachable(device.rule, station).grade
        for mode in device.failure_modes:
            pairs: list[tuple[Check | None, PartId | None]] = [
                (check, part)
                for check in self._checks.get(device.id, [])
                for part in self._shows(check, mode)
            ]
            for check, part in pairs or [(None, None)]:
                yield Covered(
                    line=station.line,
                    station=station.id,
                    device=device.id,
                    failure_mode=mode,
                    check=None if check is None else check.id,
                    plan_line=None if check is None else check.plan_line,
                    part=part,
                    grade=grade,
                    demanded=None if check is None else check.least_grade,
                    due_at=self._next_due(check) if self._is_known(check) else None,
                    gaps=_kinds(gaps, check, part, mode),
                )

    def _shows(self, check: Check, mode: FailureMode) -> list[PartId]:
        return [part for part in check.parts if self.plant.part(part).failure_mode == mode]

    def _due_times(self, check: Check) -> list[DueTime]:
        if check.id not in self._dues:
            calendar = self.plant.calendars[check.line]
            anchor = self.recorded.adopted_at.get(check.id, self.now)
            self._dues[check.id] = next_dues(
                check.schedule, calendar, anchor, self.now, LOOKED_AHEAD
            )
        return self._dues[check.id]

    def _next_due(self, check: Check | None) -> datetime | None:
        """Return when it is to be made next; where nothing is recorded, as the plan says."""
        if check is None or check.id in self.recorded.next_due:
            return None if check is None else self.recorded.next_due[check.id]
        dues = self._due_times(check)
        return dues[0].due_at if dues else None

    def _is_known(self, check: Check | None) -> bool:
        """Tell whether the due times are known to the instant: an interval counts from the adoption of its check."""
        if check is None or check.id in self.recorded.adopted_at:
            return True
        return not any(isinstance(rule, EveryInterval) for rule in rules_of(check.schedule))

    def _due_within_window(self, check: Check, dues: Sequence[DueTime]) -> datetime | None:
        """Return the first due time at which the window of the one before is still open."""
        for one, following in pairwise(dues):
            if one.due_at + check.closes_after > following.due_at:
                return following.due_at
        return None

    def _part_gaps(self, check: Check, part: ChallengePart, bare: Gap) -> Iterator[Gap]:
        devices = self._devices[part.id]
        if len(devices) > 1:
            others = ", ".join(device for device in devices if device != check.device)
            yield replace(bare, kind=GapKind.PART_AT_SEVERAL_DEVICES, told={"others": others})
        needed_at = self._next_due(check) or self.now
        if plant_date(self.plant.zone, needed_at) > part.valid_until:
            told = {"valid_until": part.valid_until.isoformat()}
            yield replace(bare, kind=GapKind.PART_EXPIRES_FIRST, at=needed_at, told=told)
        as_configured = PartState.RELEASED if part.released else PartState.UNRELEASED
        state = self.recorded.parts.get(part.id, as_configured)
        if state is not PartState.RELEASED:
            yield replace(bare, kind=GapKind.PART_UNFIT, told={"state": state.value})


def _kinds(
    gaps: Sequence[Gap], check: Check | None, part: PartId | None, mode: FailureMode
) -> tuple[GapKind, ...]:
    """Return the gaps that a cell shares, each once: its device's, its mode's, its check's, its part's."""
    check_id = None if check is None else check.id
    return tuple(
        dict.fromkeys(
            gap.kind
            for gap in gaps
            if gap.check in {None, check_id}
            and gap.part in {None, part}
            and gap.failure_mode in {None, mode}
        )
    )
