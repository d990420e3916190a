"""What a tried-out plan comes to: an operator's minutes per shift, the parts between two proofs, challenge parts that do not last.

A figure that rests on something that is not known says so: minutes count the checks of which nobody knows how long they take,
parts are None where nobody knows what a station makes, and *at least* where the last proof before the time, or the first one
after it, lies outside of it.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise

from redrabbit.domain.challenge_part import ChallengePart, PartState, refuse_unfit
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import CheckId, DeviceId, FailureMode, LineId, PartId, StationId
from redrabbit.domain.parts_made import PartsMade
from redrabbit.domain.plant import Plant
from redrabbit.domain.schedule import DueTime
from redrabbit.domain.shift_calendar import ShiftWindow, plant_date, shift_windows
from redrabbit.domain.shift_of_due import ShiftsOfDues
from redrabbit.domain.station import Device, Station
from redrabbit.domain.try_out import Basis, Played
from redrabbit.domain.try_out_rotation import Shown, modes_of, shown_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Checks that somebody has to make, and how long they take."""

    checks: int = 0
    minutes: float = 0.0
    """Of those of which it is known."""
    without_minutes: int = 0
    """Checks of which nobody knows how long they take."""

    def and_more(self, other: "Work") -> "Work":
        """Return both together."""
        return Work(
            checks=self.checks + other.checks,
            minutes=self.minutes + other.minutes,
            without_minutes=self.without_minutes + other.without_minutes,
        )

    @property
    def size(self) -> tuple[float, int]:
        """What is compared: the more minutes the more work, then the more checks."""
        return self.minutes, self.checks


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftWork:
    """What one shift of a line has to make, and the moment at which most of it falls due."""

    shift: ShiftWindow
    work: Work
    peak_at: datetime | None
    """None: nothing is due in it."""
    peak: Work


@dataclass(frozen=True, slots=True, kw_only=True)
class LineWork:
    """What a line has to make over the time."""

    line: LineId
    shifts: tuple[ShiftWork, ...]
    """Every shift that shares a moment with the time, in order; those without a check, too."""
    outside: Work
    """Due while nobody works."""

    @property
    def all(self) -> Work:
        """Everything together."""
        return _sum([*(shift.work for shift in self.shifts), self.outside])


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """What is made between two checks that prove that a device catches a failure mode."""

    line: LineId
    station: StationId
    device: DeviceId
    failure_mode: FailureMode
    proofs: int
    """How often it is proved in the time."""
    worst: int | None
    """Parts; None: not known what the station makes."""
    worst_until: datetime | None
    """When those parts are made; None: not known, or nothing is made."""
    is_at_least: bool
    """The worst lies at the begin or the end of the time, or the count has holes: it may be more."""
    mean: float | None
    """Parts, over the times between two proofs that both lie in it; None: not known, or there is none."""
    longest: timedelta
    """The longest time without a proof."""
    ships_first: bool | None
    """Whether parts can leave the plant before a check would show that it is not caught; None: not known."""
    may_be_less: bool
    """Events or parts of which nothing is known make checks due beside: it may be proved more often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartUsed:
    """One challenge part or good master over the time."""

    part: PartId
    needed: int
    """Presentations."""
    used_before: int | None
    """None: not known; then it is counted from none."""
    valid_until: date
    limit: int | None
    unfit_code: str | None
    """Why it can't be taken any more; None: it lasts."""
    unfit_from: datetime | None
    """The first check that it is needed for, and can't be taken."""
    unfit_for: int
    """Presentations from then on."""


def work_of_lines(plant: Plant, basis: Basis, played: Sequence[Played]) -> tuple[LineWork, ...]:
    """Return what each line that has a check or a shift has to make, in the order of the plant."""
    return tuple(
        _work_of_line(
            plant, line.id, basis, [each for each in played if each.check.line == line.id]
        )
        for line in plant.lines
    )


def exposures(plant: Plant, basis: Basis, played: Sequence[Played]) -> tuple[Exposure, ...]:
    """Return for each failure mode of each device how much is made between two proofs, in the order of the plant."""
    at_device: dict[DeviceId, list[Played]] = {}
    for each in played:
        at_device.setdefault(each.check.device, []).append(each)
    return tuple(
        exposure
        for station in plant.stations
        for device in station.devices
        for exposure in _of_device(plant, basis, station, device, at_device.get(device.id, ()))
    )


def parts_used(plant: Plant, basis: Basis, played: Sequence[Played]) -> tuple[PartUsed, ...]:
    """Return how often each piece is needed, and from when on it can't be taken, in the order of the plant."""
    needed: dict[PartId, list[datetime]] = {}
    modes = modes_of(plant)
    for each in played:
        shown = shown_by(plant, basis, each)
        for part in each.check.parts:
            mode = modes.get(part)
            dues = each.due if mode is None else shown[mode]
            needed.setdefault(part, []).extend(due.due_at for due in dues)
    return tuple(
        _part_used(plant, basis, part, sorted(needed[part.id]))
        for part in plant.parts
        if needed.get(part.id)
    )


def proofs_of(shown: Iterable[Shown], mode: FailureMode) -> list[datetime]:
    """Return when checks prove that a failure mode is caught, in order, each instant once."""
    found = [each[mode] for each in shown if mode in each]
    if len(found) == 1:
        return [due.due_at for due in found[0]]
    return sorted({due.due_at for dues in found for due in dues})


def worst_parts(made: PartsMade, instants: Sequence[datetime]) -> int:
    """Return the most parts that are made between two of the instants that follow one another."""
    counts = [made.by(at) for at in instants]
    return max((after - before for before, after in pairwise(counts)), default=0)


def _work_of_line(plant: Plant, line: LineId, basis: Basis, played: Sequence[Played]) -> LineWork:
    windows = shift_windows(plant.calendars[line], basis.since, basis.until)
    shift_of = ShiftsOfDues(windows)
    found: list[dict[datetime, Work]] = [{} for _ in range(len(windows) + 1)]
    for due, work in _together(played, basis.minutes):
        for each in due:
            place = shift_of.within(each.due_at, each.trigger_key)
            at = found[-1 if place is None else place]  # the last: where nobody works
            before = at.get(each.due_at)
            at[each.due_at] = work if before is None else before.and_more(work)
    shifts = (_shift_work(window, at) for window, at in zip(windows, found, strict=False))
    return LineWork(line=line, shifts=tuple(shifts), outside=_sum(found[-1].values()))


def _together(
    played: Sequence[Played], minutes: Mapping[CheckId, float]
) -> list[tuple[Sequence[DueTime], Work]]:
    """Return the work of checks that are due together, by their due times."""
    found: dict[int, tuple[Sequence[DueTime], Work]] = {}
    for each in played:
        known = minutes.get(each.check.id)
        one = Work(checks=1, minutes=known or 0.0, without_minutes=int(known is None))
        _, before = found.get(id(each.due), ((), Work()))
        found[id(each.due)] = (each.due, before.and_more(one))
    return list(found.values())


def _shift_work(window: ShiftWindow, at: Mapping[datetime, Work]) -> ShiftWork:
    peak_at = max(at, key=lambda each: at[each].size, default=None)
    return ShiftWork(
        shift=window,
        work=_sum(at.values()),
        peak_at=peak_at,
        peak=Work() if peak_at is None else at[peak_at],
    )


def _sum(each: Iterable[Work]) -> Work:
    checks, minutes, without = 0, 0.0, 0
    for work in each:
        checks += work.checks
        minutes += work.minutes
        without += work.without_minutes
    return Work(checks=checks, minutes=minutes, without_minutes=without)


def _of_device(
    plant: Plant, basis: Basis, station: Station, device: Device, played: Sequence[Played]
) -> Iterator[Exposure]:
    made = basis.made.get(station.id)
    shown = [shown_by(plant, basis, each) for each in played]
    for mode in device.failure_modes:
        proofs = proofs_of(shown, mode)
        instants = [basis.since, *proofs, basis.until]
        longest = max(after - before for before, after in pairwise(instants))
        bare = Exposure(
            line=station.line,
            station=station.id,
            device=device.id,
            failure_mode=mode,
            proofs=len(proofs),
            worst=None,
            worst_until=None,
            is_at_least=False,
            mean=None,
            longest=longest,
            ships_first=_by_time_alone(longest, basis.to_shipping),
            may_be_less=any(
                each.not_known and mode in modes for each, modes in zip(played, shown, strict=True)
            ),
        )
        yield bare if made is None else _in_parts(bare, made, instants, basis.to_shipping)


def _by_time_alone(longest: timedelta, to_shipping: timedelta | None) -> bool | None:
    """Tell whether parts can leave before a proof where nobody knows when parts are made: only that none can is known."""
    return None if to_shipping is None or longest > to_shipping else False


def _in_parts(
    bare: Exposure, made: PartsMade, instants: Sequence[datetime], to_shipping: timedelta | None
) -> Exposure:
    counts = [made.by(at) for at in instants]
    gaps = [after - before for before, after in pairwise(counts)]
    worst = max(gaps)
    inner = gaps[1:-1]
    return replace(
        bare,
        worst=worst,
        worst_until=instants[gaps.index(worst) + 1] if worst else None,
        is_at_least=worst not in inner or not made.is_exact,
        mean=sum(inner) / len(inner) if inner else None,
        ships_first=None
        if to_shipping is None
        else any(
            _ships_first(made, before, after, to_shipping)
            for (before, after), parts in zip(pairwise(instants), gaps, strict=True)
            if parts and after - before > to_shipping
        ),
    )


def _ships_first(
    made: PartsMade, before: datetime, after: datetime, to_shipping: timedelta
) -> bool:
    """Tell whether the first part that is made after a proof can leave the plant before the next one."""
    first_at = made.when(made.by(before) + 1)
    return first_at is not None and after - first_at > to_shipping


def _part_used(
    plant: Plant, basis: Basis, part: ChallengePart, instants: Sequence[datetime]
) -> PartUsed:
    before = basis.uses.get(part.id)
    as_configured = PartState.RELEASED if part.released else PartState.UNRELEASED
    state = basis.states.get(part.id, as_configured)

    def why(number: int) -> str | None:
        today = plant_date(plant.zone, instants[number])
        try:
            refuse_unfit(part, state, uses=(before or 0) + number, today=today)
        except Refusal as refusal:
            return refusal.code
        return None

    first = bisect_left(range(len(instants)), True, key=lambda number: why(number) is not None)
    lasts = first == len(instants)
    return PartUsed(
        part=part.id,
        needed=len(instants),
        used_before=before,
        valid_until=part.valid_until,
        limit=part.wear_limit_uses,
        unfit_code=None if lasts else why(first),
        unfit_from=None if lasts else instants[first],
        unfit_for=len(instants) - first,
    )
