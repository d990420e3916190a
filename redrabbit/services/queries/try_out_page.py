"""A tried-out plan as the page shows it, beside another one where that is asked for: each figure of both in one row."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, TypeVar

from redrabbit.base.messages import Message
from redrabbit.domain.facts.plan_revision import PlanState
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import PlanRevisionRecord
from redrabbit.domain.text import Text
from redrabbit.domain.try_out import Played
from redrabbit.domain.try_out_figures import Exposure, PartUsed, ShiftWork, Work
from redrabbit.domain.try_out_savings import Merge, Turns
from redrabbit.services.ports import Reader
from redrabbit.services.queries.place_names import line_name
from redrabbit.services.queries.try_out import (
    Declared,
    From,
    MinutesTaken,
    RateTaken,
    Taken,
    TryOut,
)
from redrabbit.services.queries.wording import message

SHOWN: Final = 40
"""Due times of a check that the page lists; the workbook has all."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChoice:
    """A plan that can stand beside."""

    said: str
    """By what the address names it."""
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftCell:
    """All shifts of one name, under one plan."""

    shifts: int
    checks: float
    """In the mean."""
    most: ShiftWork
    peak: ShiftWork


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftRow:
    """The shifts of one name of a line."""

    line: Text
    shift: Text | str
    cells: tuple[ShiftCell | None, ...]
    """Of each plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureRow:
    """One failure mode of a device."""

    station: str
    device: Text | str
    failure_mode: Text | str
    cells: tuple[Exposure | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRow:
    """One piece that does not last under one of the plans."""

    part: str
    cells: tuple[PartUsed | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRow:
    """When one check is due under the plan that is tried."""

    played: Played
    device: Text | str
    first: tuple[datetime, ...]
    more: int
    """Due times that are not listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TryOutPage:
    """One plan over one month, or two side by side."""

    said: str
    """By what the address names the plan."""
    month: date
    since: datetime
    until: datetime
    labels: tuple[str, ...]
    works: tuple[Work, ...]
    """Of each plan, all lines together."""
    outside: tuple[Work, ...]
    shifts: tuple[ShiftRow, ...]
    exposures: tuple[ExposureRow, ...]
    parts: tuple[PartRow, ...]
    merges: tuple[Merge, ...]
    """Of the plan that is tried."""
    turns: tuple[Turns, ...]
    checks: tuple[CheckRow, ...]
    taken: tuple[Message, ...]
    declared: Declared
    against: str
    choices: tuple[PlanChoice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What is shown: the plan, by what it is named, and its plant."""

    said: str
    plant: Plant
    found: TryOut


def plan_choices(reader: Reader, in_force: Plant) -> tuple[PlanChoice, ...]:
    """Return the plans that can be tried out: the one in force, then the revisions that may come, the last stored first."""
    known = sorted(reader.find(PlanRevisionRecord), key=lambda one: one.stored_entry, reverse=True)
    return (
        PlanChoice(said="in-force", label=in_force.plan.label),
        *(
            PlanChoice(said=each.digest, label=each.label)
            for each in known
            if each.state not in {PlanState.DISCARDED, PlanState.IN_FORCE}
        ),
    )


def try_out_page(
    tried: Sequence[Tried],
    month: date,
    declared: Declared,
    choices: tuple[PlanChoice, ...],
) -> TryOutPage:
    """Return what the plans come to, row by row; the first is the one that is tried."""
    first = tried[0]
    return TryOutPage(
        said=first.said,
        month=month,
        since=first.found.basis.since,
        until=first.found.basis.until,
        labels=tuple(each.plant.plan.label for each in tried),
        works=tuple(_sum(line.all for line in each.found.tried.lines) for each in tried),
        outside=tuple(_sum(line.outside for line in each.found.tried.lines) for each in tried),
        shifts=tuple(_shift_rows(tried)),
        exposures=tuple(_exposure_rows(tried)),
        parts=tuple(_part_rows(tried)),
        merges=tuple(first.found.tried.merges),
        turns=tuple(first.found.tried.turns),
        checks=tuple(_check_row(first.plant, each) for each in first.found.tried.played),
        taken=taken_messages(first.found.taken),
        declared=declared,
        against=tried[1].said if len(tried) > 1 else "",
        choices=choices,
    )


def taken_messages(taken: Taken) -> tuple[Message, ...]:
    """Return all that is taken for granted, and what is not known."""
    told = [message(f"tryout.taken.{word}") for word in ("on_time", "pauses", "calendar", "new")]
    for rate, stations in _alike(taken.rates, lambda each: each.station, _without_station):
        told.append(_rate(rate, stations))
    for length, checks in _alike(taken.minutes, lambda each: each.check, _without_check):
        told.append(_length(length, checks))
    if taken.events is None:
        told.append(message("tryout.taken.events_unknown"))
    else:
        told.append(message("tryout.taken.events", n=taken.events))
    if not taken.uses_known:
        told.append(message("tryout.taken.uses_unknown"))
    if taken.to_shipping is None:
        told.append(message("tryout.taken.shipping_unknown"))
    else:
        told.append(message("tryout.taken.shipping", length=taken.to_shipping))
    return tuple(told)


def figure(value: float) -> str:
    """Return a number with one decimal, where it has one."""
    return f"{value:.1f}".removesuffix(".0")


def _rate(rate: RateTaken, stations: str) -> Message:
    params = {"stations": stations, "since": rate.since, "until": rate.until}
    per_hour = "" if rate.per_hour is None else figure(rate.per_hour)
    match rate.source:
        case From.NOT_KNOWN:
            return message("tryout.taken.parts_unknown", stations=stations)
        case From.DECLARED:
            return message("tryout.taken.parts_declared", stations=stations, rate=per_hour)
        case From.RATE:
            exact = "" if rate.is_exact else "_at_least"
            return message(f"tryout.taken.parts_rate{exact}", rate=per_hour, **params)
        case _:
            exact = "" if rate.is_exact else "_at_least"
            return message(f"tryout.taken.parts_counted{exact}", **params)


def _length(length: MinutesTaken, checks: str) -> Message:
    minutes = "" if length.minutes is None else figure(length.minutes)
    if length.source is From.DECLARED:
        return message("tryout.taken.minutes_declared", checks=checks, minutes=minutes)
    if length.source is From.RUNS:
        return message("tryout.taken.minutes_runs", checks=checks, minutes=minutes, n=length.runs)
    return message("tryout.taken.minutes_unknown", checks=checks)


def _without_station(each: RateTaken) -> Hashable:
    return each.source, each.per_hour, each.since, each.until, each.is_exact


def _without_check(each: MinutesTaken) -> Hashable:
    return each.source, each.minutes, each.runs


def _alike(
    found: Iterable[_T], name: Callable[[_T], str], value: Callable[[_T], Hashable]
) -> list[tuple[_T, str]]:
    """Return one of those that are alike, with the names of all of them."""
    groups: dict[Hashable, list[_T]] = {}
    for each in found:
        groups.setdefault(value(each), []).append(each)
    return [(each[0], ", ".join(name(one) for one in each)) for each in groups.values()]


def _sum(works: Iterable[Work]) -> Work:
    found = Work()
    for each in works:
        found = found.and_more(each)
    return found


def _shift_rows(tried: Sequence[Tried]) -> list[ShiftRow]:
    each_plan: list[dict[tuple[str, str], ShiftCell]] = []
    for one in tried:
        by_name: dict[tuple[str, str], list[ShiftWork]] = {}
        for line in one.found.tried.lines:
            for shift in line.shifts:
                by_name.setdefault((line.line, shift.shift.name), []).append(shift)
        each_plan.append({key: _shift_cell(shifts) for key, shifts in by_name.items()})
    plant = tried[0].plant
    return [
        ShiftRow(
            line=line_name(plant, line),
            shift=_shift_label(plant, line, shift),
            cells=tuple(cells.get((line, shift)) for cells in each_plan),
        )
        for line, shift in _keys(each_plan)
    ]


def _shift_cell(shifts: Sequence[ShiftWork]) -> ShiftCell:
    return ShiftCell(
        shifts=len(shifts),
        checks=sum(each.work.checks for each in shifts) / len(shifts),
        most=max(shifts, key=lambda each: each.work.size),
        peak=max(shifts, key=lambda each: each.peak.size),
    )


def _shift_label(plant: Plant, line: str, shift: str) -> Text | str:
    labels = {
        each.name: each.label
        for of_line, calendar in plant.calendars.items()
        if of_line == line
        for each in calendar.shifts
    }
    return labels.get(shift) or shift


def _exposure_rows(tried: Sequence[Tried]) -> list[ExposureRow]:
    each_plan = [
        {(e.station, e.device, e.failure_mode): e for e in one.found.tried.exposures}
        for one in tried
    ]
    plant = tried[0].plant
    return [
        ExposureRow(
            station=station,
            device=_device(plant, device),
            failure_mode=plant.failure_modes.get(mode, mode),
            cells=tuple(cells.get((station, device, mode)) for cells in each_plan),
        )
        for station, device, mode in _keys(each_plan)
    ]


def _part_rows(tried: Sequence[Tried]) -> list[PartRow]:
    each_plan = [{e.part: e for e in one.found.tried.parts} for one in tried]
    unfit = {part for cells in each_plan for part, e in cells.items() if e.unfit_code is not None}
    return [
        PartRow(part=part, cells=tuple(cells.get(part) for cells in each_plan))
        for part in _keys(each_plan)
        if part in unfit
    ]


def _check_row(plant: Plant, played: Played) -> CheckRow:
    return CheckRow(
        played=played,
        device=_device(plant, played.check.device),
        first=tuple(each.due_at for each in played.due[:SHOWN]),
        more=max(0, len(played.due) - SHOWN),
    )


def _device(plant: Plant, device: str) -> Text | str:
    names = (d.name for station in plant.stations for d in station.devices if d.id == device)
    return next(names, device)


_K = TypeVar("_K")


def _keys(each_plan: Sequence[Mapping[_K, object]]) -> list[_K]:
    return list(dict.fromkeys(key for cells in each_plan for key in cells))
