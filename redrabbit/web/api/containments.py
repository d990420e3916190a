"""Containments and alarms."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from redrabbit.domain import acts
from redrabbit.domain.containment_questions import reaction_of
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.containment import ContainmentState
from redrabbit.domain.identity import ContainmentId
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.records import ApprovalRecord, ContainmentRecord
from redrabbit.domain.window_moves import is_at_least, so_far
from redrabbit.services.ports import Reader, Where, equals
from redrabbit.services.queries.containment import Views, count_seen
from redrabbit.services.queries.people import Names, name_then, names_in
from redrabbit.web.api.approval_models import OF_REQUESTS, WAITS, waiting_answer
from redrabbit.web.api.doing import By, do
from redrabbit.web.api.models import Page, model_of
from redrabbit.web.api.paging import Limit, page_of
from redrabbit.web.api.problems import refuses
from redrabbit.web.api.reaction_models import Containment, ReactionStep
from redrabbit.web.api.requests import Act, Alternate, Repair, Stop, Tick
from redrabbit.web.api.values import ContainmentInPath, Cursor
from redrabbit.web.site import Site

OF_WINDOW_END: Final = (
    "already_stopped_production",
    "containment_closed",
    "stop_before_window",
    "stop_to_come",
)


def containments_router(site: Site) -> APIRouter:
    """Return the cases that misses opened."""
    router = APIRouter(tags=["reaction"])
    service = site.service

    @router.get("/containments")
    async def list_containments(
        state: Annotated[ContainmentState | None, Query()] = None,
        closed: Annotated[
            bool | None, Query(description="false: all that nobody has closed, in whatever state.")
        ] = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[Containment]:
        """Return the cases, newest first."""
        where = _in_states(state, closed)
        views = service.views()

        def counting(record: ContainmentRecord, names: Names) -> Containment:
            return containment_model(record, names, count_seen(views, record))

        return await service.read(
            lambda reader: page_of(
                reader, ContainmentRecord, where, counting, limit=limit, cursor=cursor
            )
        )

    @router.get("/containments/{containment_id}")
    async def read_containment(containment_id: ContainmentInPath) -> Containment:
        """Return one case."""
        views = service.views()
        return await service.read(lambda reader: _containment(reader, containment_id, views))

    @router.post(
        "/containments/{containment_id}/tick",
        openapi_extra=refuses("containment_closed", "no_such_step", "step_already_done"),
    )
    async def tick_reaction(containment_id: ContainmentInPath, body: Tick, by: By) -> Containment:
        """Tick one step of the reaction."""
        act = acts.TickReaction(containment_id=containment_id, step=body.step)
        return containment_model(*await do(site, body, act, by))

    @router.post(
        "/containments/{containment_id}/repair",
        openapi_extra=refuses("already_reverified", "containment_closed", "repair_words_required"),
    )
    async def record_repair(containment_id: ContainmentInPath, body: Repair, by: By) -> Containment:
        """Say what was repaired: a re-verification can't be started before. The last word counts."""
        act = acts.RecordRepair(containment_id=containment_id, repair=body.repair, text=body.text)
        return containment_model(*await do(site, body, act, by))

    @router.post(
        "/containments/{containment_id}/close",
        response_model=Containment,
        responses=WAITS,
        openapi_extra=refuses(*OF_REQUESTS, "containment_closed", "containment_not_done"),
    )
    async def close_containment(
        containment_id: ContainmentInPath, body: Act, by: By
    ) -> Containment | Response:
        """Close the case: verified again, its window ended, every step of its reaction done."""
        act = acts.CloseContainment(containment_id=containment_id)
        done, names = await do(site, body, act, by)
        if isinstance(done, ApprovalRecord):
            return await waiting_answer(site, done)
        return containment_model(done, names)

    _end_windows(router, site)
    return router


def _in_states(state: ContainmentState | None, closed: bool | None) -> list[Where]:
    """Return the one condition that both filters come to."""
    if state is None and closed is None:
        return []
    wanted = [
        each
        for each in ContainmentState
        if state in {None, each} and closed in {None, each is ContainmentState.CLOSED}
    ]
    return [equals("state", wanted[0]) if len(wanted) == 1 else Where("state", "in", tuple(wanted))]


def _end_windows(router: APIRouter, site: Site) -> None:
    """Add the acts that end a suspect window."""

    @router.post("/containments/{containment_id}/stop", openapi_extra=refuses(*OF_WINDOW_END))
    async def record_stop(containment_id: ContainmentInPath, body: Stop, by: By) -> Containment:
        """Record that production was stopped: the end of the suspect window."""
        act = acts.RecordStop(
            containment_id=containment_id,
            stopped_at=body.stopped_at,
            reason=body.reason,
            box_label=body.box_label,
        )
        return containment_model(*await do(site, body, act, by))

    @router.post("/containments/{containment_id}/alternate", openapi_extra=refuses(*OF_WINDOW_END))
    async def record_alternate(
        containment_id: ContainmentInPath, body: Alternate, by: By
    ) -> Containment:
        """Record the first piece under an approved alternate control: the end of the suspect window."""
        act = acts.RecordAlternate(
            containment_id=containment_id,
            began_at=body.began_at,
            reason=body.reason,
            box_label=body.box_label,
        )
        return containment_model(*await do(site, body, act, by))


def _containment(reader: Reader, containment_id: ContainmentId, views: Views) -> Containment:
    found = reader.get(ContainmentRecord, containment_id)
    if found is None:
        raise Refusal("no_such_containment", containment=containment_id)
    return containment_model(found, names_in(reader), count_seen(views, found))


def containment_model(
    record: ContainmentRecord, names: Names, count: PartCount | None = None
) -> Containment:
    """Return a case as programs read it; `count` is what its station counted last."""
    reaction = [
        ReactionStep(
            en=step.en,
            zh=step.zh,
            done_at=step.done_at,
            done_by=name_then(names, step.done_by, step.done_at) if step.done_by else None,
            done_how=step.done_how,
        )
        for step in reaction_of(record)
    ]
    return model_of(
        Containment,
        record,
        names,
        reaction=reaction,
        quantity_is_lower_bound=is_at_least(record),
        quantity_so_far=so_far(record, count).quantity,
    )
