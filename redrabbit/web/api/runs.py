"""Runs: the list, one with its evidence, and the acts of an operator."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import CheckId, ContainmentId, OccurrenceId, RunId, run_label
from redrabbit.domain.records import PresentationRecord, RunRecord
from redrabbit.services.ports import Reader, Where, equals
from redrabbit.web.api.models import Page, Presentation, Run, RunWithPresentations
from redrabbit.web.api.paging import Limit, newest_first
from redrabbit.web.api.problems import ALWAYS, FOR_ACTS, FOR_LISTS, FOR_ONE
from redrabbit.web.api.requests import Act, Scan, StartRun, WithReason
from redrabbit.web.api.values import Cursor, Filter, Number, Since, Until
from redrabbit.web.site import Site

OutcomeWord = Literal["passed", "failed", "inconclusive", "aborted"]
StateWord = Literal[
    "awaiting_part", "armed", "presented", "awaiting_return", "awaiting_confirmation", "closed"
]


def runs_router(site: Site) -> APIRouter:
    """Return runs and what an operator does in one."""
    router = APIRouter(tags=["runs"], responses=ALWAYS)
    service = site.service

    @router.get("/runs", responses=FOR_LISTS)
    async def list_runs(
        *,
        line: Filter = None,
        station: Filter = None,
        device: Filter = None,
        outcome: Annotated[OutcomeWord | None, Query()] = None,
        state: Annotated[StateWord | None, Query()] = None,
        since: Since = None,
        until: Until = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[Run]:
        """Return runs, newest first; `from` and `to` are about their start."""
        named = {
            "line": line,
            "station": station,
            "device": device,
            "outcome": outcome,
            "state": state,
        }
        where = [equals(name, value) for name, value in named.items() if value is not None]
        where += [Where("started_at", ">=", since)] if since is not None else []
        where += [Where("started_at", "<", until)] if until is not None else []
        found, following = await service.read(
            lambda reader: newest_first(
                reader, RunRecord, "run_id", where, limit=limit, cursor=cursor
            )
        )
        return Page(items=[Run.model_validate(run) for run in found], next=following)

    @router.get("/runs/{run_id}", responses=FOR_ONE)
    async def read_run(run_id: Number) -> RunWithPresentations:
        """Return one run with its presentations and the evidence of each."""
        return await service.read(lambda reader: run_with_presentations(reader, run_id))

    @router.post("/runs", status_code=201, responses=FOR_ACTS)
    async def start_run(body: StartRun) -> Run:
        """Start a run: for an occurrence, to re-verify after a miss, or on demand."""
        record = await service.start_run(
            check_id=CheckId(body.check),
            occurrence_id=OccurrenceId(body.occurrence) if body.occurrence else None,
            containment_id=ContainmentId(body.containment) if body.containment else None,
            actor=body.actor,
        )
        return Run.model_validate(record)

    _add_acts(router, site)
    return router


def _add_acts(router: APIRouter, site: Site) -> None:
    service = site.service

    @router.post("/runs/{run_id}/scan", responses=FOR_ACTS)
    async def scan_part(run_id: Number, body: Scan) -> Run:
        """Take the part that the run asks for: it is issued, and the step is armed."""
        return Run.model_validate(
            await service.scan(RunId(run_id), code=body.code, actor=body.actor)
        )

    @router.post("/runs/{run_id}/presented", responses=FOR_ACTS)
    async def part_presented(run_id: Number, body: Act) -> Run:
        """Say that the part is in front of the device, where the station can't say it itself."""
        return Run.model_validate(await service.presented(RunId(run_id), actor=body.actor))

    @router.post("/runs/{run_id}/given-back", responses=FOR_ACTS)
    async def part_given_back(run_id: Number, body: Scan) -> Run:
        """Scan the part back into its place."""
        return Run.model_validate(
            await service.given_back(RunId(run_id), code=body.code, actor=body.actor)
        )

    @router.post("/runs/{run_id}/confirm", responses=FOR_ACTS)
    async def confirm_run(run_id: Number, body: Act) -> Run:
        """Confirm the run; only then does a pass count."""
        return Run.model_validate(await service.confirm(RunId(run_id), actor=body.actor))

    @router.post("/runs/{run_id}/abort", responses=FOR_ACTS)
    async def abort_run(run_id: Number, body: WithReason) -> Run:
        """Give the run up, with a reason; a part that is out must still be given back."""
        return Run.model_validate(
            await service.abort(RunId(run_id), reason=body.reason, actor=body.actor)
        )


def run_with_presentations(reader: Reader, run_id: int) -> RunWithPresentations:
    """Return one run with everything that was shown and seen; refused for an unknown number."""
    run = reader.get(RunRecord, run_id)
    if run is None:
        raise Refusal("no_such_run", run=run_label(run_id))
    shown = reader.find(PresentationRecord, equals("run_id", run_id))
    return RunWithPresentations(
        **Run.model_validate(run).model_dump(),
        presentations=[Presentation.model_validate(one) for one in shown],
    )
