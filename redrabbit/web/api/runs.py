"""Runs: the list, one with its evidence, and the acts of an operator."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Response

from redrabbit.domain import acts
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import CheckId, ContainmentId, OccurrenceId, RunId
from redrabbit.domain.records import PartToldRecord, PresentationRecord, RemarkRecord, RunRecord
from redrabbit.domain.run_words import Outcome, RunState
from redrabbit.domain.subject import Subject
from redrabbit.services.ports import Reader, Where, equals
from redrabbit.services.queries.counts import RunsWanted, place_conditions
from redrabbit.services.queries.people import Names, names_in
from redrabbit.services.queries.plans import plan_label
from redrabbit.services.queries.signatures import signatures_of
from redrabbit.services.run_version import version_of
from redrabbit.services.runs_under_way import UNDER_WAY
from redrabbit.web.api.doing import By, do
from redrabbit.web.api.ledger_models import SignalsOfRun
from redrabbit.web.api.models import (
    Page,
    Presentation,
    Remark,
    Run,
    RunWithPresentations,
    ToldOfPart,
    model_of,
)
from redrabbit.web.api.paging import Limit, page_of
from redrabbit.web.api.problems import OF_MOVES, Answers, refuses
from redrabbit.web.api.requests import Act, NewRemark, Scan, StartRun, TellOfPart, WithReason
from redrabbit.web.api.signals import signals_of
from redrabbit.web.api.signatures import signature_model
from redrabbit.web.api.values import Cursor, Filter, RunInPath, Seen, Since, Until
from redrabbit.web.site import Site

OF_TAKING: Final = (
    "no_such_part",
    "part_expired",
    "part_is_out",
    "part_quarantined",
    "part_retired",
    "part_unreleased",
    "part_worn_out",
)
"""Why a part can't be taken now (L6, B25)."""

WITH_ETAG: Final[Answers] = {
    200: {
        "headers": {
            "ETag": {
                "description": "Another one whenever anything of the run has changed.",
                "schema": {"type": "string"},
            }
        }
    }
}


def runs_router(site: Site) -> APIRouter:
    """Return runs and what an operator does in one."""
    router = APIRouter(tags=["runs"])
    service = site.service

    @router.get("/runs")
    async def list_runs(
        *,
        line: Filter = None,
        station: Filter = None,
        device: Filter = None,
        outcome: Annotated[Outcome | None, Query()] = None,
        state: Annotated[RunState | None, Query()] = None,
        since: Since = None,
        until: Until = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[Run]:
        """Return runs, newest first; `from` and `to` are about their start."""
        where = _ended_so(outcome, state)
        where += [Where("started_at", ">=", since)] if since is not None else []
        where += [Where("started_at", "<", until)] if until is not None else []
        place = RunsWanted(line=line, station=station, device=device)

        def query(reader: Reader) -> Page[Run]:
            conditions = [*place_conditions(reader, place), *where]
            return page_of(reader, RunRecord, conditions, run_model, limit=limit, cursor=cursor)

        return await service.read(query)

    @router.get("/runs/{run_id}", responses=WITH_ETAG)
    async def read_run(run_id: RunInPath, response: Response) -> RunWithPresentations:
        """Return one run with its presentations and the evidence of each.

        An act that comes with its `ETag` as `If-Match` is done only while the run is as it is here.
        """
        run, version = await service.read(lambda reader: run_with_presentations(reader, run_id))
        response.headers["etag"] = f'"{version}"'
        return run

    @router.get("/runs/{run_id}/signals", openapi_extra=refuses("no_such_signals"))
    async def read_signals(run_id: RunInPath) -> SignalsOfRun:
        """Return all that the station's signals did from the run's start to its end."""
        return await service.read(lambda reader: signals_of(reader, run_id))

    _add_start(router, site)
    _add_acts(router, site)
    return router


def _ended_so(outcome: Outcome | None, state: RunState | None) -> list[Where]:
    """Return the conditions that both filters come to: a run has an outcome once it is closed.

    The indexes know outcomes: of a hundred thousand closed runs they leave out those, and find the few
    that are in another state.
    """
    if state is None or state is RunState.CLOSED:
        if outcome is not None:
            return [equals("outcome", outcome)]
        return [Where("outcome", "!=", None)] if state is not None else []
    if outcome is not None:
        return [Where("outcome", "in", ())]
    return [UNDER_WAY, equals("state", state)]


def _add_start(router: APIRouter, site: Site) -> None:
    @router.post(
        "/runs",
        status_code=201,
        openapi_extra=refuses(
            "containment_not_to_reverify",
            "device_no_data",
            "no_such_check",
            "no_such_containment",
            "no_such_occurrence",
            "no_such_station",
            "nobody_qualified",
            "not_qualified",
            "occurrence_not_open",
            "occurrence_under_way",
            "repair_not_recorded",
            "station_busy",
            "station_no_data",
            *OF_TAKING,
        ),
    )
    async def start_run(body: StartRun, by: By) -> Run:
        """Start a run: for an occurrence, to re-verify after a miss, or on demand."""
        act = acts.StartRun(
            check_id=CheckId(body.check),
            occurrence_id=OccurrenceId(body.occurrence) if body.occurrence else None,
            containment_id=ContainmentId(body.containment) if body.containment else None,
        )
        return run_model(*await do(site, body, act, by))


def _add_acts(router: APIRouter, site: Site) -> None:
    """Add the acts from the taking of a part to its answer."""

    @router.post(
        "/runs/{run_id}/scan",
        openapi_extra=refuses(*OF_MOVES, *OF_TAKING, "not_told", "verdict_open", "wrong_part"),
    )
    async def scan_part(run_id: RunInPath, body: Scan, by: By, seen: Seen = None) -> Run:
        """Take the part that the run asks for: it is issued, and the step is armed."""
        act = acts.ScanPart(run_id=run_id, code=body.code)
        return run_model(*await do(site, body, act, by, seen))

    @router.post(
        "/runs/{run_id}/tell",
        openapi_extra=refuses(*OF_MOVES, "label_of_a_part", "no_such_choice", "not_asked"),
    )
    async def tell_of_part(run_id: RunInPath, body: TellOfPart, by: By, seen: Seen = None) -> Run:
        """Tell what the station can't tell of the part, before it is scanned."""
        act = acts.TellOfPart(run_id=run_id, of=body.of, value=body.value)
        return run_model(*await do(site, body, act, by, seen))

    @router.post(
        "/runs/{run_id}/presented", openapi_extra=refuses(*OF_MOVES, "station_tells_presented")
    )
    async def part_presented(run_id: RunInPath, body: Act, by: By, seen: Seen = None) -> Run:
        """Say that the part is in front of the device, where the station can't say it itself."""
        return run_model(*await do(site, body, acts.SayPresented(run_id=run_id), by, seen))

    @router.post(
        "/runs/{run_id}/feed-held",
        openapi_extra=refuses(
            *OF_MOVES, "feed_not_asked", "feed_said_before", "station_tells_feed"
        ),
    )
    async def feed_held(run_id: RunInPath, body: Act, by: By, seen: Seen = None) -> Run:
        """Say that nothing is fed until the check is over, where the station can't tell it."""
        return run_model(*await do(site, body, acts.SayFeedHeld(run_id=run_id), by, seen))

    @router.post("/runs/{run_id}/not-the-part", openapi_extra=refuses(*OF_MOVES, "answer_came"))
    async def not_the_part(run_id: RunInPath, body: Act, by: By, seen: Seen = None) -> Run:
        """Say that what is before the device is not the part; only before its answer.

        The next reading decides it: what was answered before it was said stands.
        """
        return run_model(*await do(site, body, acts.SayNotThePart(run_id=run_id), by, seen))

    _add_endings(router, site)


def _add_endings(router: APIRouter, site: Site) -> None:
    """Add the acts from the part's return to the end."""

    @router.post("/runs/{run_id}/given-back", openapi_extra=refuses(*OF_MOVES, "wrong_part_back"))
    async def part_given_back(run_id: RunInPath, body: Scan, by: By, seen: Seen = None) -> Run:
        """Scan the part back into its place."""
        act = acts.GiveBackPart(run_id=run_id, code=body.code)
        return run_model(*await do(site, body, act, by, seen))

    @router.post(
        "/runs/{run_id}/confirm", openapi_extra=refuses("run_of_another", *OF_MOVES, "verdict_open")
    )
    async def confirm_run(run_id: RunInPath, body: Act, by: By, seen: Seen = None) -> Run:
        """Confirm the run; only then does a pass count.

        Refused with `verdict_open` for as long as the station may still take its answer back.
        """
        return run_model(*await do(site, body, acts.ConfirmRun(run_id=run_id), by, seen))

    @router.post(
        "/runs/{run_id}/abort",
        openapi_extra=refuses(
            "run_of_another", *OF_MOVES, "already_stopped", "answer_open", "verdict_open"
        ),
    )
    async def abort_run(run_id: RunInPath, body: WithReason, by: By, seen: Seen = None) -> Run:
        """Give the run up, with a reason; a part that is out must still be given back."""
        act = acts.AbortRun(run_id=run_id, reason=body.reason)
        return run_model(*await do(site, body, act, by, seen))

    @router.post("/runs/{run_id}/remarks", status_code=201)
    async def remark_on_run(
        run_id: RunInPath, body: NewRemark, by: By, seen: Seen = None
    ) -> Remark:
        """Keep a remark with the run; it changes nothing of it."""
        act = acts.RemarkOnRun(run_id=run_id, text=body.text)
        return model_of(Remark, *await do(site, body, act, by, seen))


def run_model(record: RunRecord, names: Names) -> Run:
    """Return a run as programs read it."""
    return model_of(Run, record, names, plan=plan_label(record))


def run_with_presentations(reader: Reader, run_id: RunId) -> tuple[RunWithPresentations, int]:
    """Return one run with everything that was shown and seen, and its version; refused for an unknown id."""
    run = reader.get(RunRecord, run_id)
    if run is None:
        raise Refusal("no_such_run", run=run_id)
    names = names_in(reader)
    of_run = equals("run_id", run_id)
    told, remarks = reader.find(PartToldRecord, of_run), reader.find(RemarkRecord, of_run)
    signatures = signatures_of(reader, names, Subject.RUN, run_id)
    whole = model_of(
        RunWithPresentations,
        run,
        names,
        plan=plan_label(run),
        presentations=[
            model_of(Presentation, one, names) for one in reader.find(PresentationRecord, of_run)
        ],
        told=[model_of(ToldOfPart, one, names) for one in told],
        remarks=[model_of(Remark, one, names) for one in remarks],
        signatures=[signature_model(one, names) for one in signatures],
    )
    return whole, version_of(run, told, remarks, [one.record for one in signatures])
