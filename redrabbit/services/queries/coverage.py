"""What the plan in force proves, and where nothing proves it (R01, R05)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from redrabbit.base.messages import Message
from redrabbit.domain.coverage import Coverage, Covered, Gap, GapKind, Recorded, coverage
from redrabbit.domain.identity import CheckId, PartId
from redrabbit.domain.pauses import pauses_after
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import ChallengePartRecord, CheckRecord
from redrabbit.domain.text import Text
from redrabbit.services.ports import Reader
from redrabbit.services.queries.device_filter import DeviceFilter, kind_of
from redrabbit.services.queries.wording import message
from redrabbit.services.unmade import adopted_checks, known_ahead, still_due

WORDS: Final = {
    GapKind.DEVICE_WITHOUT_CHECK: "gap.device_without_check",
    GapKind.MODE_WITHOUT_PART: "gap.mode_without_part",
    GapKind.CHECK_WITHOUT_MASTER: "gap.check_without_master",
    GapKind.CHECK_NEVER_DUE: "gap.check_never_due",
    GapKind.EVENT_WITHOUT_SIGNAL: "gap.event_without_signal",
    GapKind.PART_AT_SEVERAL_DEVICES: "gap.part_at_several_devices",
    GapKind.PART_EXPIRES_FIRST: "gap.part_expires_first",
    GapKind.PART_UNFIT: "gap.part_unfit",
    GapKind.WINDOWS_OVERLAP: "gap.windows_overlap",
    GapKind.GRADE_BELOW_DEMANDED: "gap.grade_below_demanded",
}
"""How pages call what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageRow:
    """A cell of the matrix, with names."""

    cell: Covered
    line: Text
    operation: str
    device: Text
    failure_mode: Text | str
    gaps: tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GapRow:
    """One gap, with names."""

    gap: Gap
    line: Text
    operation: str
    device: Text
    words: Message
    detail: Message | None
    """What more there is to say of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveragePage:
    """The matrix of the plan in force, and its gaps."""

    plan: str
    wanted: DeviceFilter
    lines: tuple[tuple[str, Text], ...]
    rows: tuple[CoverageRow, ...]
    gaps: tuple[GapRow, ...]


def recorded_in(reader: Reader, plant: Plant, now: datetime) -> Recorded:
    """Return what became of the parts, from when the checks hold, and when each is to be made next."""
    known, pauses = known_ahead(reader, now), pauses_after(reader, now)
    coming = (
        (check.id, still_due(plant, check, r.adopted_at, known, pauses=pauses, now=now, count=1))
        for check, r in adopted_checks(reader, plant)
    )
    return Recorded(
        parts={PartId(part.part_id): part.state for part in reader.find(ChallengePartRecord)},
        adopted_at={
            CheckId(check.check_id): check.adopted_at
            for check in reader.find(CheckRecord)
            if check.retired_at is None
        },
        next_due={check: due[0].due_at if due else None for check, due in coming},
    )


def coverage_now(reader: Reader, plant: Plant, now: datetime) -> Coverage:
    """Return what the plan in force covers."""
    return coverage(plant, now, recorded_in(reader, plant, now))


def coverage_page(
    reader: Reader, plant: Plant, now: datetime, wanted: DeviceFilter | None = None
) -> CoveragePage:
    """Return the matrix and its gaps, with names; of the whole plant, or as far as is asked for."""
    asked = wanted or DeviceFilter()

    def is_asked(at: Covered | Gap) -> bool:
        return asked.takes(at.line, kind_of(plant, at.device))

    found = coverage_now(reader, plant, now)
    return CoveragePage(
        plan=plant.plan.label,
        wanted=asked,
        lines=tuple((each.id, each.name) for each in plant.lines),
        rows=tuple(
            _row(cell, plant)
            for cell in found.rows
            if is_asked(cell) and (cell.gaps or not asked.only_gaps)
        ),
        gaps=tuple(_gap(gap, plant) for gap in found.gaps if is_asked(gap)),
    )


def _row(cell: Covered, plant: Plant) -> CoverageRow:
    names = plant.place_names(cell.station, cell.device)
    return CoverageRow(
        cell=cell,
        line=names.line,
        operation=names.operation,
        device=_device(cell, plant),
        failure_mode=plant.failure_modes.get(cell.failure_mode, cell.failure_mode),
        gaps=tuple(message(WORDS[kind]) for kind in cell.gaps),
    )


def _gap(gap: Gap, plant: Plant) -> GapRow:
    names = plant.place_names(gap.station, gap.device)
    return GapRow(
        gap=gap,
        line=names.line,
        operation=names.operation,
        device=_device(gap, plant),
        words=message(WORDS[gap.kind]),
        detail=_detail(gap, plant),
    )


def _device(at: Covered | Gap, plant: Plant) -> Text:
    return plant.station(at.station).device(at.device).name


def _detail(gap: Gap, plant: Plant) -> Message | None:
    match gap.kind:
        case GapKind.MODE_WITHOUT_PART if gap.failure_mode is not None:
            mode = plant.failure_modes.get(gap.failure_mode, gap.failure_mode)
            return message("gap.detail.mode", mode=mode)
        case GapKind.PART_AT_SEVERAL_DEVICES:
            return message("gap.detail.others", part=gap.part, others=gap.told["others"])
        case GapKind.PART_EXPIRES_FIRST:
            return message(
                "gap.detail.expires", part=gap.part, until=gap.told["valid_until"], at=gap.at
            )
        case GapKind.PART_UNFIT:
            return message("gap.detail.unfit", part=gap.part, state=gap.told["state"])
        case GapKind.WINDOWS_OVERLAP:
            return message("gap.detail.again", at=gap.at)
        case GapKind.GRADE_BELOW_DEMANDED:
            return message(
                "gap.detail.grade", demanded=gap.told["demanded"], reached=gap.told["grade"]
            )
        case _:
            return None
