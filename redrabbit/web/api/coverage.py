"""What the plan in force proves, and where nothing proves it."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from redrabbit.domain.coverage import Coverage, Covered, Gap, GapKind
from redrabbit.domain.grade import Grade
from redrabbit.services.ports import Reader
from redrabbit.services.queries.coverage import coverage_now
from redrabbit.web.api.models import Model
from redrabbit.web.site import Site


class CoverageCell(Model):
    """A failure mode at a device, and a part of a check that shows it; or none."""

    line: str
    station: str
    device: str
    failure_mode: str
    check: str | None = Field(description="null: no check proves it.")
    plan_line: str | None
    part: str | None
    grade: Grade = Field(description="That a detection surely gets, if nothing goes wrong.")
    weak: bool = Field(description="Whether that is weaker than C.")
    demanded: Grade | None = Field(description="The lowest grade that counts; null: any.")
    due_at: datetime | None = Field(description="When the check is due next; null: not known.")
    gaps: list[GapKind]


class CoverageGap(Model):
    """One thing that is missing."""

    kind: GapKind
    line: str
    station: str
    device: str
    check: str | None
    part: str | None
    failure_mode: str | None
    at: datetime | None = Field(description="The due time that it is about.")


class CoverageMatrix(Model):
    """Everything that the plan in force covers, and its gaps."""

    control_plan: str
    revision: str
    cells: list[CoverageCell]
    gaps: list[CoverageGap]


def coverage_api_router(site: Site) -> APIRouter:
    """Return the coverage matrix."""
    router = APIRouter(tags=["plant"])

    @router.get("/coverage")
    async def read_coverage() -> CoverageMatrix:
        """Return which failure mode is proved where, by which part and grade, and the gaps."""
        plant, now = site.service.plant, site.clock.now()

        def asked(reader: Reader) -> Coverage:
            return coverage_now(reader, plant, now)

        found = await site.service.read(asked)
        return CoverageMatrix(
            control_plan=plant.plan.number,
            revision=plant.plan.revision,
            cells=[_cell(row) for row in found.rows],
            gaps=[_gap(gap) for gap in found.gaps],
        )

    return router


def _cell(row: Covered) -> CoverageCell:
    return CoverageCell(
        line=row.line,
        station=row.station,
        device=row.device,
        failure_mode=row.failure_mode,
        check=row.check,
        plan_line=row.plan_line,
        part=row.part,
        grade=row.grade,
        weak=row.is_weak,
        demanded=row.demanded,
        due_at=row.due_at,
        gaps=list(row.gaps),
    )


def _gap(gap: Gap) -> CoverageGap:
    return CoverageGap(
        kind=gap.kind,
        line=gap.line,
        station=gap.station,
        device=gap.device,
        check=gap.check,
        part=gap.part,
        failure_mode=gap.failure_mode,
        at=gap.at,
    )
